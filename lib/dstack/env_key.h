/* env_key.h - the X25519 key that an app's environment is encrypted to: who says it is the KMS's?
 */
#ifndef DP_DSTACK_ENV_KEY_H
#define DP_DSTACK_ENV_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/secp.h"
#include "dstack/chain.h"

#define DP_ENV_KEY_LEN 32
#define DP_ENV_KEY_AGE_S 300  /* a dated signature is taken for so long, as the SDKs do */
#define DP_ENV_KEY_AHEAD_S 60 /* and where its clock is ahead by so much */

/* A key as a KMS gives it out. */
struct dp_env_key {
    uint8_t key[DP_ENV_KEY_LEN];
    uint8_t signature[DP_SECP_SIG_LEN]; /* r || s || v, by the KMS root */
    uint64_t signed_at;                 /* Unix seconds, where it is dated */
    bool is_dated;                      /* signature_v1; without it, the form of older releases */
};

/* What the KMS root signs: keccak-256("dstack-env-encrypt-pubkey:" app_id [u64be(signed_at)] key).
 */
void dp_env_key_digest(uint8_t out[static 32], const struct dp_env_key *key,
                       const uint8_t app_id[static DP_APP_ID_LEN]);

/**
 * Who signed a key for an app. This trusts nothing: the caller compares root with the one it
 * trusts.
 *
 * Out: root  all zero unless DP_OK
 * In:  now   Unix seconds
 * Returns: DP_OK
 *          DP_ESIGNATURE  malformed, of high s, or of no key
 *          DP_ETIMEOUT    dated, and not within DP_ENV_KEY_AGE_S before now and DP_ENV_KEY_AHEAD_S
 *                         after
 */
DP_MUST_CHECK
enum dp_err dp_env_key_root(uint8_t root[static DP_SECP_PUB_LEN], const struct dp_env_key *key,
                            const uint8_t app_id[static DP_APP_ID_LEN], uint64_t now);

#endif
