/* config_id.c - mr_config_id: what a TD was started to run, in the quote itself. */
#include "attest/config_id.h"

#include <string.h>

#include <openssl/sha.h>

#include "crypto/keccak.h"

#define VERSION_MAX 3

enum dp_err dp_config_id_read(struct dp_config_id *out, const uint8_t in[static DP_CONFIG_ID_LEN])
{
    static const uint8_t zeros[DP_CONFIG_ID_LEN];
    size_t from = in[0] == 0 ? 0 : 1 + DP_CONFIG_DIGEST_LEN;

    out->version = in[0];
    memcpy(out->digest, in + 1, DP_CONFIG_DIGEST_LEN);
    if (in[0] > VERSION_MAX || memcmp(in + from, zeros, DP_CONFIG_ID_LEN - from) != 0)
        return DP_EFORMAT;
    return DP_OK;
}

static void write(uint8_t out[static DP_CONFIG_ID_LEN], uint8_t version,
                  const uint8_t digest[static DP_CONFIG_DIGEST_LEN])
{
    memset(out, 0, DP_CONFIG_ID_LEN);
    out[0] = version;
    memcpy(out + 1, digest, DP_CONFIG_DIGEST_LEN);
}

void dp_config_id_v1(uint8_t out[static DP_CONFIG_ID_LEN],
                     const uint8_t compose_hash[static DP_EVENT_HASH_LEN])
{
    write(out, 1, compose_hash);
}

enum dp_err dp_config_id_v2(uint8_t out[static DP_CONFIG_ID_LEN],
                            const uint8_t compose_hash[static DP_EVENT_HASH_LEN],
                            const uint8_t app_id[static DP_EVENT_APP_ID_LEN],
                            const struct dp_key_provider *provider)
{
    static const struct {
        const char *name;
        uint8_t kind;
    } kinds[] = {{"none", 0}, {"local", 1}, {"local-sgx", 1}, {"kms", 2}, {"tpm", 3}};
    uint8_t digest[DP_CONFIG_DIGEST_LEN];
    struct dp_keccak k;
    size_t i = 0;

    while (i < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[i].name, provider->name) != 0)
        i++;
    if (i == sizeof(kinds) / sizeof(kinds[0]))
        return DP_EINVAL;
    dp_keccak_init(&k);
    dp_keccak_add(&k, compose_hash, DP_EVENT_HASH_LEN);
    dp_keccak_add(&k, app_id, DP_EVENT_APP_ID_LEN);
    dp_keccak_add(&k, &kinds[i].kind, 1);
    dp_keccak_add(&k, provider->id, provider->id_len);
    dp_keccak_final(&k, digest);
    write(out, 2, digest);
    return DP_OK;
}

enum dp_err dp_config_id_v3(uint8_t out[static DP_CONFIG_ID_LEN], struct dp_slice document)
{
    static const char tag[] = "dstack-mr-config-v3:"; /* its NUL is part of what is hashed */
    struct dp_buf text = DP_BUF_INIT(sizeof(tag) + DP_CONFIG_DOCUMENT_MAX);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    enum dp_err err;

    dp_buf_add(&text, tag, sizeof(tag));
    dp_buf_add(&text, document.data, document.len);
    err = text.err;
    if (err == DP_OK) {
        SHA256((const uint8_t *)text.data, text.len, digest);
        write(out, 3, digest);
    }
    dp_buf_free(&text);
    return err;
}

enum dp_config_verdict dp_config_id_judge(const uint8_t in[static DP_CONFIG_ID_LEN],
                                          const struct dp_event_facts *facts)
{
    struct dp_config_id id;
    struct dp_key_provider provider;
    uint8_t want[DP_CONFIG_ID_LEN];

    if (dp_config_id_read(&id, in) != DP_OK)
        return DP_CONFIG_DIFFERS;
    if (id.version == 0)
        return DP_CONFIG_UNUSED;
    if (id.version == 3)
        return DP_CONFIG_DOCUMENT;
    if (facts->compose_hash.len != DP_EVENT_HASH_LEN || facts->app_id.len != DP_EVENT_APP_ID_LEN)
        return DP_CONFIG_DIFFERS;
    if (id.version == 1)
        dp_config_id_v1(want, (const uint8_t *)facts->compose_hash.data);
    else if (dp_key_provider_read(&provider, facts->key_provider) != DP_OK ||
             dp_config_id_v2(want, (const uint8_t *)facts->compose_hash.data,
                             (const uint8_t *)facts->app_id.data, &provider) != DP_OK)
        return DP_CONFIG_DIFFERS;
    return memcmp(want, in, DP_CONFIG_ID_LEN) == 0 ? DP_CONFIG_AGREES : DP_CONFIG_DIFFERS;
}
