/* bls.c - keys summed up, and two pairings compared. */
#include "bls/bls.h"

#include <stdlib.h>

#include "bls/hash.h"
#include "bls/pairing.h"

#define TAG "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"

struct dp_bls_keys {
    size_t count;
    struct dp_g1 points[];
};

static bool is_valid_key(struct dp_g1 *out, const uint8_t key[static DP_BLS_PUBLIC_LEN])
{
    return dp_g1_decode(out, key) == DP_OK && !dp_g1_is_infinity(out) && dp_g1_is_in_subgroup(out);
}

enum dp_err dp_bls_keys_open(struct dp_bls_keys **out, const uint8_t (*keys)[DP_BLS_PUBLIC_LEN],
                             size_t count, struct dp_detail *detail)
{
    struct dp_bls_keys *opened;

    *out = NULL;
    if (count == 0 || count > DP_BLS_KEYS_MAX)
        return dp_fail(detail, DP_EINVAL, NULL, "1 to %d public keys are needed", DP_BLS_KEYS_MAX);
    opened = malloc(sizeof(*opened) + count * sizeof(opened->points[0]));
    if (opened == NULL)
        return DP_ENOMEM;
    opened->count = count;
    for (size_t i = 0; i < count; i++) {
        if (!is_valid_key(&opened->points[i], keys[i])) {
            free(opened);
            return dp_fail(detail, DP_EFORMAT, NULL, "public key %zu is not valid", i);
        }
    }
    *out = opened;
    return DP_OK;
}

void dp_bls_keys_free(struct dp_bls_keys *keys)
{
    free(keys);
}

static void sum_up(struct dp_g1 *out, const struct dp_bls_keys *keys, const uint8_t *who)
{
    *out = (struct dp_g1){0};
    for (size_t i = 0; i < keys->count; i++) {
        if (who == NULL || (who[i / 8] >> (i % 8) & 1) != 0)
            dp_g1_add(out, out, &keys->points[i]);
    }
}

/* e(sum, hash) = e(generator, signature), with both on one side. */
bool dp_bls_verify(const struct dp_bls_keys *keys, const uint8_t *who, const void *message,
                   size_t len, const uint8_t sig[static DP_BLS_SIG_LEN])
{
    struct dp_g1 ps[2];
    struct dp_g2 qs[2];

    sum_up(&ps[0], keys, who);
    if (dp_g1_is_infinity(&ps[0]) || dp_g2_decode(&qs[1], sig) != DP_OK ||
        !dp_g2_is_in_subgroup(&qs[1]))
        return false;
    dp_bls_hash_to_g2(&qs[0], message, len, TAG);
    dp_g1_negative_generator(&ps[1]);
    return dp_pairing_product_is_one(ps, qs, 2);
}
