/* info.c - the answer to Info, computed from the files. */
#include "info.h"

#include "base/hex.h"
#include "base/json.h"
#include "log_json.h"
#include "measure.h"

static void add_bytes_as_text(struct json_object *object, const char *name, struct dp_slice text)
{
    dp_json_add(object, name,
                json_object_new_string_len(text.data != NULL ? text.data : "", (int)text.len));
}

static void add_registers(struct json_object *tcb, const char *quote)
{
    static const char *const names[] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

    sim_add_hex(tcb, "mrtd", (struct dp_slice){quote + SIM_MR_TD, SIM_REGISTER_LEN});
    for (size_t i = 0; i < 4; i++)
        sim_add_hex(tcb, names[i],
                    (struct dp_slice){quote + SIM_RTMR0 + i * SIM_REGISTER_LEN, SIM_REGISTER_LEN});
}

/* Members that stand in the answer and again in its tcb_info. */
struct shared {
    char mr_aggregated[65], os_image_hash[65], device_id[65];
    struct dp_slice compose_hash;
};

static void add_shared(struct json_object *object, const struct shared *shared)
{
    dp_json_add_text(object, "mr_aggregated", shared->mr_aggregated);
    dp_json_add_text(object, "os_image_hash", shared->os_image_hash);
    sim_add_hex(object, "compose_hash", shared->compose_hash);
    dp_json_add_text(object, "device_id", shared->device_id);
}

static struct shared shared_of(const struct dp_blob *blob)
{
    struct shared shared = {.os_image_hash = ""};
    uint8_t digest[32];

    sim_mr_aggregated(digest, blob);
    dp_hex_encode(shared.mr_aggregated, digest, sizeof(digest));
    if (sim_image_hash(digest, blob))
        dp_hex_encode(shared.os_image_hash, digest, sizeof(digest));
    sim_device_id(digest);
    dp_hex_encode(shared.device_id, digest, sizeof(digest));
    shared.compose_hash = dp_blob_payload(blob, "compose-hash");
    return shared;
}

static void add_tcb_info(struct json_object *info, const struct sim_info_parts *parts,
                         const struct shared *shared)
{
    struct json_object *tcb = json_object_new_object();

    add_registers(tcb, parts->blob->quote.data);
    add_shared(tcb, shared);
    dp_json_add(tcb, "event_log", sim_log_json(parts->blob));
    add_bytes_as_text(tcb, "app_compose", parts->app_compose);
    dp_json_add_text(info, "tcb_info",
                     json_object_to_json_string_ext(tcb, JSON_C_TO_STRING_PRETTY |
                                                             JSON_C_TO_STRING_SPACED |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(tcb);
}

enum dp_err sim_info_write(struct dp_buf *out, const struct sim_info_parts *parts)
{
    const struct dp_blob *blob = parts->blob;
    struct json_object *info;
    struct shared shared;

    if (!sim_is_tdx_v4(blob->quote))
        return DP_EFORMAT;
    shared = shared_of(blob);
    info = json_object_new_object();
    sim_add_hex(info, "app_id", dp_blob_payload(blob, "app-id"));
    sim_add_hex(info, "instance_id", dp_blob_payload(blob, "instance-id"));
    dp_json_add_text(info, "app_cert", "");
    if (parts->hides_tcb)
        dp_json_add_text(info, "tcb_info", "");
    else
        add_tcb_info(info, parts, &shared);
    dp_json_add_text(info, "app_name", parts->app_name);
    add_shared(info, &shared);
    add_bytes_as_text(info, "key_provider_info", dp_blob_payload(blob, "key-provider"));
    dp_json_add_text(info, "vm_config", parts->hides_tcb ? "" : parts->vm_config);
    dp_json_add_text(info, "cloud_vendor", "");
    dp_json_add_text(info, "cloud_product", "");
    dp_json_write(out, info);
    json_object_put(info);
    return out->err;
}
