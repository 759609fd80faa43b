/* live.h - what the report data of a live check commits to. */
#ifndef DP_ATTEST_LIVE_H
#define DP_ATTEST_LIVE_H

#include <stdint.h>

#include "base/err.h"

#define DP_LIVE_NONCE_LEN 32
#define DP_LIVE_KEY_LEN 32 /* SHA-256 of a SubjectPublicKeyInfo */
#define DP_REPORT_DATA_LEN 64

/**
 * SHA-512("devproof-live:" || nonce || key): the shape of dstack's own tags ("ratls-cert:"), over
 * parts of fixed length, so that no other use of a quote can be taken for this one.
 *
 * In: nonce  chosen by who checks, new each time
 *     key    of the TLS key that the service is served with; all zero where there is no TLS
 */
void dp_live_report_data(uint8_t out[static DP_REPORT_DATA_LEN],
                         const uint8_t nonce[static DP_LIVE_NONCE_LEN],
                         const uint8_t key[static DP_LIVE_KEY_LEN]);

#endif
