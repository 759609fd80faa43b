/* chain.h - dstack's signature chain: KMS root -> app key -> derived key, checked offline. */
#ifndef DP_DSTACK_CHAIN_H
#define DP_DSTACK_CHAIN_H

#include <stdint.h>

#include "base/err.h"
#include "crypto/secp.h"

#define DP_APP_ID_LEN 20

/* The digest that the app key signs: keccak-256(purpose ":" hex(compressed derived key)). */
void dp_chain_app_digest(uint8_t out[static 32], const char *purpose,
                         const uint8_t derived[static DP_SECP_PUB_COMPRESSED_LEN]);

/* The digest that the KMS root signs:
 * keccak-256("dstack-kms-issued:" app_id compressed-app-key). */
void dp_chain_kms_digest(uint8_t out[static 32], const uint8_t app_id[static DP_APP_ID_LEN],
                         const uint8_t app_pub[static DP_SECP_PUB_COMPRESSED_LEN]);

/**
 * Who signed a digest as dstack's keys do.
 *
 * Out: signer  undefined unless DP_OK
 * In:  sig     v 0, 1, 27 or 28; high s is refused
 * Returns: DP_OK, DP_ESIGNATURE (malformed, or it recovers to no key)
 */
DP_MUST_CHECK
enum dp_err dp_chain_signer(uint8_t signer[static DP_SECP_PUB_LEN],
                            const uint8_t sig[static DP_SECP_SIG_LEN],
                            const uint8_t digest[static 32]);

/* What a chain says once its signatures are taken apart. */
struct dp_chain {
    uint8_t app_pub[DP_SECP_PUB_LEN];  /* recovered from the app signature */
    uint8_t root_pub[DP_SECP_PUB_LEN]; /* recovered from the KMS signature over that app key */
};

/**
 * Recover the app key and the KMS root of a chain. This trusts nothing and proves nothing by
 * itself: the caller compares root_pub with the root it trusts.
 *
 * Out: chain     all zero unless DP_OK
 * In:  derived   public key at the end of the chain
 *      app_sig, kms_sig  65 bytes each, v 0, 1, 27 or 28; high s is refused
 * Returns: DP_OK, DP_ESIGNATURE (a signature is malformed or recovers to no key)
 */
DP_MUST_CHECK
enum dp_err dp_chain_recover(struct dp_chain *chain, const uint8_t derived[static DP_SECP_PUB_LEN],
                             const char *purpose, const uint8_t app_id[static DP_APP_ID_LEN],
                             const uint8_t app_sig[static DP_SECP_SIG_LEN],
                             const uint8_t kms_sig[static DP_SECP_SIG_LEN]);

#endif
