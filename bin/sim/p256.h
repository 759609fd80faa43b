/* p256.h - P-256 keys out of 32 bytes, and their signatures as r || s. May hold a secret. */
#ifndef DP_SIM_P256_H
#define DP_SIM_P256_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/p256.h"

#define SIM_SCALAR_LEN 32

/**
 * The key pair of a private key.
 *
 * Out: out     to be freed by EVP_PKEY_free; NULL unless DP_OK
 * In:  scalar  big-endian
 * Returns: DP_OK, DP_EINVAL (zero, or not below the group order), DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err sim_p256_key(EVP_PKEY **out, const uint8_t scalar[static SIM_SCALAR_LEN]);

/**
 * Sign SHA-256 of the data.
 *
 * Out: sig  all zero unless DP_OK
 * Returns: DP_OK, DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err sim_p256_sign(uint8_t sig[static DP_P256_SIG_LEN], EVP_PKEY *key, const void *data,
                          size_t len);

/**
 * The public key as x || y.
 *
 * Returns: DP_OK, DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err sim_p256_point(uint8_t point[static DP_P256_POINT_LEN], const EVP_PKEY *key);

#endif
