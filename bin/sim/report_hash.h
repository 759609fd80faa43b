/* report_hash.h - the hashes by which Tappd makes report data. */
#ifndef DP_SIM_REPORT_HASH_H
#define DP_SIM_REPORT_HASH_H

#include <stdint.h>

#include "attest/blob.h"
#include "base/buf.h"
#include "base/err.h"

/**
 * H(prefix || ":" || data), padded with zeros.
 *
 * In:  algorithm  "sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512", "keccak256",
 *                 "keccak384" or "keccak512"
 * Returns: DP_OK, DP_EINVAL (another algorithm), DP_ECRYPTO, DP_ENOMEM, DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err sim_report_hash(uint8_t out[static DP_BLOB_REPORT_DATA_LEN], struct dp_slice algorithm,
                            struct dp_slice prefix, struct dp_slice data, struct dp_detail *detail);

#endif
