/* env_key.c - the digest that a KMS root signs of an environment key, and who signed it. */
#include "dstack/env_key.h"

#include <string.h>

#include "crypto/keccak.h"

static const char tag[] = "dstack-env-encrypt-pubkey:";

static void put_u64be(uint8_t out[static 8], uint64_t value)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)value;
        value >>= 8;
    }
}

void dp_env_key_digest(uint8_t out[static 32], const struct dp_env_key *key,
                       const uint8_t app_id[static DP_APP_ID_LEN])
{
    uint8_t signed_at[8];
    struct dp_keccak k;

    put_u64be(signed_at, key->signed_at);
    dp_keccak_init(&k);
    dp_keccak_add(&k, tag, strlen(tag));
    dp_keccak_add(&k, app_id, DP_APP_ID_LEN);
    if (key->is_dated)
        dp_keccak_add(&k, signed_at, sizeof(signed_at));
    dp_keccak_add(&k, key->key, DP_ENV_KEY_LEN);
    dp_keccak_final(&k, out);
}

static bool is_of_now(const struct dp_env_key *key, uint64_t now)
{
    return key->signed_at > now ? key->signed_at - now <= DP_ENV_KEY_AHEAD_S
                                : now - key->signed_at <= DP_ENV_KEY_AGE_S;
}

enum dp_err dp_env_key_root(uint8_t root[static DP_SECP_PUB_LEN], const struct dp_env_key *key,
                            const uint8_t app_id[static DP_APP_ID_LEN], uint64_t now)
{
    uint8_t digest[32];
    enum dp_err err;

    memset(root, 0, DP_SECP_PUB_LEN);
    if (key->is_dated && !is_of_now(key, now))
        return DP_ETIMEOUT;
    dp_env_key_digest(digest, key, app_id);
    err = dp_chain_signer(root, key->signature, digest);
    if (err != DP_OK)
        memset(root, 0, DP_SECP_PUB_LEN);
    return err;
}
