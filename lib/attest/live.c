/* live.c - what the report data of a live check commits to. */
#include "attest/live.h"

#include <string.h>

#include <openssl/sha.h>

#define TAG "devproof-live:"
#define TAG_LEN (sizeof(TAG) - 1)

void dp_live_report_data(uint8_t out[static DP_REPORT_DATA_LEN],
                         const uint8_t nonce[static DP_LIVE_NONCE_LEN],
                         const uint8_t key[static DP_LIVE_KEY_LEN])
{
    uint8_t in[TAG_LEN + DP_LIVE_NONCE_LEN + DP_LIVE_KEY_LEN];

    _Static_assert(SHA512_DIGEST_LENGTH == DP_REPORT_DATA_LEN, "the hash fills it");
    memcpy(in, TAG, TAG_LEN);
    memcpy(in + TAG_LEN, nonce, DP_LIVE_NONCE_LEN);
    memcpy(in + TAG_LEN + DP_LIVE_NONCE_LEN, key, DP_LIVE_KEY_LEN);
    SHA512(in, sizeof(in), out);
}
