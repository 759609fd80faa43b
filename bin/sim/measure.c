/* measure.c - what a TDX quote of version 4 and its event log say of the machine. */
#include "measure.h"

#include <string.h>

#include <openssl/sha.h>

#include "base/hex.h"
#include "base/json.h"

bool sim_is_tdx_v4(struct dp_slice quote)
{
    static const uint8_t version_and_key_type[] = {4, 0, 2, 0};
    static const uint8_t tee_type[] = {0x81, 0, 0, 0};

    return quote.len >= SIM_QUOTE_LEN_MIN &&
           memcmp(quote.data, version_and_key_type, sizeof(version_and_key_type)) == 0 &&
           memcmp(quote.data + 4, tee_type, sizeof(tee_type)) == 0;
}

static bool all_zero(const char *in, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (in[i] != 0)
            return false;
    return true;
}

void sim_mr_aggregated(uint8_t out[static 32], const struct dp_blob *blob)
{
    const char *quote = blob->quote.data;
    uint8_t in[8 * SIM_REGISTER_LEN];
    size_t len = 5 * SIM_REGISTER_LEN;

    memcpy(in, quote + SIM_MR_TD, SIM_REGISTER_LEN);
    memcpy(in + SIM_REGISTER_LEN, quote + SIM_RTMR0, 4 * SIM_REGISTER_LEN);
    if (!all_zero(quote + SIM_MR_CONFIG_ID, 3 * SIM_REGISTER_LEN)) {
        memcpy(in + len, quote + SIM_MR_CONFIG_ID, 3 * SIM_REGISTER_LEN);
        len += 3 * SIM_REGISTER_LEN;
    }
    SHA256(in, len, out);
}

void sim_mr_system(uint8_t out[static 32], const struct dp_blob *blob)
{
    struct dp_slice provider = dp_blob_payload(blob, "key-provider");
    uint8_t in[4 * SIM_REGISTER_LEN + 32] = {0};

    memcpy(in, blob->quote.data + SIM_MR_TD, SIM_REGISTER_LEN);
    memcpy(in + SIM_REGISTER_LEN, blob->quote.data + SIM_RTMR0, 3 * SIM_REGISTER_LEN);
    if (provider.data != NULL)
        SHA256((const uint8_t *)provider.data, provider.len, in + 4 * SIM_REGISTER_LEN);
    SHA256(in, sizeof(in), out);
}

void sim_device_id(uint8_t out[static 32])
{
    SHA256((const uint8_t *)"", 0, out);
}

static struct json_object *parse(const char *text, size_t len)
{
    struct json_object *out;

    return dp_json_parse(&out, text, len, NULL) == DP_OK ? out : NULL;
}

/* The blob's config is a VM configuration, or a system configuration that holds one as text. */
static struct json_object *vm_config_of(struct dp_slice config)
{
    struct json_object *outer = parse(config.data, config.len);
    struct json_object *inner = NULL;
    struct dp_slice text;

    if (outer == NULL || dp_json_string(&text, outer, "vm_config", NULL) != DP_OK)
        return outer;
    inner = parse(text.data, text.len);
    json_object_put(outer);
    return inner;
}

bool sim_image_hash(uint8_t out[static 32], const struct dp_blob *blob)
{
    struct json_object *vm_config = vm_config_of(blob->config);
    struct dp_slice text;
    bool found = vm_config != NULL &&
                 dp_json_string(&text, vm_config, "os_image_hash", NULL) == DP_OK &&
                 dp_hex_decode_exact(out, 32, text.data) == DP_OK;

    json_object_put(vm_config);
    return found;
}
