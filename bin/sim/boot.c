/* boot.c - what the machine says of itself to the contract that decides over its keys. */
#include "boot.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/json.h"
#include "ethereum/abi.h"
#include "ethereum/address.h"
#include "ethereum/rpc.h"
#include "measure.h"
#include "pck_extension.h"

#define HASH_LEN 32

static const char parameters[] =
    "(address appId, bytes32 composeHash, address instanceId, bytes32 deviceId, "
    "bytes32 mrAggregated, bytes32 mrSystem, bytes32 osImageHash, string tcbStatus, "
    "string[] advisoryIds) bootInfo";

static enum dp_err add_logged(struct json_object *info, const char *name,
                              const struct dp_blob *blob, const char *event, size_t len)
{
    struct dp_slice payload = dp_blob_payload(blob, event);
    uint8_t value[HASH_LEN] = {0};

    if (payload.data != NULL && payload.len > len)
        return DP_EFORMAT;
    if (payload.data != NULL)
        memcpy(value + len - payload.len, payload.data, payload.len);
    dp_json_add(info, name, dp_rpc_make_data(value, len));
    return DP_OK;
}

/* As a KMS sees the device: by the PPID in the certificate of the platform that has signed. */
static void add_device(struct json_object *info)
{
    static const uint8_t ppid[SIM_PPID_LEN];
    uint8_t hash[HASH_LEN];

    SHA256(ppid, sizeof(ppid), hash);
    dp_json_add(info, "deviceId", dp_rpc_make_data(hash, sizeof(hash)));
}

static void add_measured(struct json_object *info, const struct dp_blob *blob)
{
    uint8_t hash[HASH_LEN];

    sim_mr_aggregated(hash, blob);
    dp_json_add(info, "mrAggregated", dp_rpc_make_data(hash, sizeof(hash)));
    sim_mr_system(hash, blob);
    dp_json_add(info, "mrSystem", dp_rpc_make_data(hash, sizeof(hash)));
    memset(hash, 0, sizeof(hash));
    /* False leaves the zeros: no image is claimed. */
    (void)sim_image_hash(hash, blob);
    dp_json_add(info, "osImageHash", dp_rpc_make_data(hash, sizeof(hash)));
}

static void add_item(struct json_object *array, struct json_object *item)
{
    if (item == NULL || json_object_array_add(array, item) != 0)
        abort();
}

static void add_platform(struct json_object *info, const struct sim_tcb *tcb)
{
    struct json_object *advisories = json_object_new_array();

    if (tcb->advisory != NULL)
        add_item(advisories, json_object_new_string(tcb->advisory));
    dp_json_add_text(info, "tcbStatus", tcb->status);
    dp_json_add(info, "advisoryIds", advisories);
}

static enum dp_err boot_info(struct json_object *info, const struct dp_blob *blob,
                             const struct sim_tcb *tcb)
{
    enum dp_err err = add_logged(info, "appId", blob, "app-id", DP_ADDRESS_LEN);

    if (err == DP_OK)
        err = add_logged(info, "composeHash", blob, "compose-hash", HASH_LEN);
    if (err == DP_OK)
        err = add_logged(info, "instanceId", blob, "instance-id", DP_ADDRESS_LEN);
    add_device(info);
    add_measured(info, blob);
    add_platform(info, tcb);
    return err;
}

static enum dp_err encode(struct dp_buf *out, struct json_object *values)
{
    uint8_t selector[DP_ABI_SELECTOR_LEN];
    struct dp_abi *abi;
    enum dp_err err = dp_abi_parse(&abi, parameters, NULL);

    if (err == DP_OK)
        err = dp_abi_selector(selector, SIM_BOOT_FUNCTION, abi);
    if (err == DP_OK) {
        dp_buf_add(out, selector, sizeof(selector));
        err = dp_abi_encode(abi, out, values, NULL);
    }
    dp_abi_free(abi);
    return err == DP_OK ? out->err : err;
}

enum dp_err sim_boot_call(struct dp_buf *out, const struct dp_blob *blob, const struct sim_tcb *tcb)
{
    struct json_object *values = json_object_new_array(), *info = json_object_new_object();
    enum dp_err err;

    if (values == NULL)
        abort();
    add_item(values, info);
    err = boot_info(info, blob, tcb);
    if (err == DP_OK)
        err = encode(out, values);
    json_object_put(values);
    return err;
}
