/* measure.c - what dstack's KMS and its contracts call a TD by. */
#include "attest/measure.h"

#include <string.h>

#include <openssl/sha.h>

#define PARTS_MAX 8 /* of 48 bytes */

/* What is hashed, part by part. */
struct parts {
    uint8_t data[PARTS_MAX * DP_RTMR_LEN];
    size_t len;
};

static void add(struct parts *parts, const uint8_t *data, size_t len)
{
    memcpy(parts->data + parts->len, data, len);
    parts->len += len;
}

static void add_boot(struct parts *parts, const struct dp_td_report *td)
{
    add(parts, td->mr_td, sizeof(td->mr_td));
    for (int i = 0; i < DP_RTMR_RUNTIME; i++)
        add(parts, td->rtmr[i], DP_RTMR_LEN);
}

void dp_measure_system(uint8_t out[static DP_MEASURE_LEN], const struct dp_td_report *td,
                       struct dp_slice key_provider)
{
    uint8_t provider[SHA256_DIGEST_LENGTH] = {0};
    struct parts parts = {.len = 0};

    if (key_provider.data != NULL)
        SHA256((const uint8_t *)key_provider.data, key_provider.len, provider);
    add_boot(&parts, td);
    add(&parts, provider, sizeof(provider));
    SHA256(parts.data, parts.len, out);
}

void dp_measure_aggregated(uint8_t out[static DP_MEASURE_LEN], const struct dp_td_report *td,
                           const uint8_t rtmr3[static DP_RTMR_LEN])
{
    static const uint8_t zeros[DP_RTMR_LEN];
    struct parts parts = {.len = 0};

    add_boot(&parts, td);
    add(&parts, rtmr3, DP_RTMR_LEN);
    if (memcmp(td->mr_config_id, zeros, sizeof(zeros)) != 0 ||
        memcmp(td->mr_owner, zeros, sizeof(zeros)) != 0 ||
        memcmp(td->mr_owner_config, zeros, sizeof(zeros)) != 0) {
        add(&parts, td->mr_config_id, sizeof(td->mr_config_id));
        add(&parts, td->mr_owner, sizeof(td->mr_owner));
        add(&parts, td->mr_owner_config, sizeof(td->mr_owner_config));
    }
    SHA256(parts.data, parts.len, out);
}
