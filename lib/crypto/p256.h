/* p256.h - ECDSA signatures over P-256 and SHA-256, as r || s. */
#ifndef DP_CRYPTO_P256_H
#define DP_CRYPTO_P256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/err.h"

#define DP_P256_POINT_LEN 64 /* x (32 bytes), y (32 bytes), big-endian */
#define DP_P256_SIG_LEN 64   /* r (32 bytes), s (32 bytes), big-endian */

/**
 * A public key.
 *
 * Out: out  to be freed by EVP_PKEY_free; NULL unless DP_OK
 * Returns: DP_OK, DP_EPUBKEY (not a point of the curve), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_p256_key(EVP_PKEY **out, const uint8_t point[static DP_P256_POINT_LEN]);

/* Is this a key over P-256? Takes NULL. */
bool dp_p256_is(const EVP_PKEY *key);

/* Does the signature over SHA-256 of the data hold? s may be in either half. */
bool dp_p256_verify(EVP_PKEY *key, const uint8_t sig[static DP_P256_SIG_LEN], const void *data,
                    size_t len);

#endif
