/* ssz.c - trees of SHA-256. */
#include "ethereum/ssz.h"

#include <assert.h>
#include <string.h>

#include <nettle/sha2.h>

void dp_ssz_pair(struct dp_ssz_node *out, const struct dp_ssz_node *left,
                 const struct dp_ssz_node *right)
{
    struct sha256_ctx hash;

    sha256_init(&hash);
    sha256_update(&hash, DP_SSZ_LEN, left->bytes);
    sha256_update(&hash, DP_SSZ_LEN, right->bytes);
    sha256_digest(&hash, DP_SSZ_LEN, out->bytes);
}

struct dp_ssz_node dp_ssz_number(uint64_t value)
{
    struct dp_ssz_node out = {{0}};

    for (int i = 0; i < 8; i++)
        out.bytes[i] = (uint8_t)(value >> (8 * i));
    return out;
}

struct dp_ssz_node dp_ssz_bytes(const uint8_t *bytes, size_t len)
{
    struct dp_ssz_node out = {{0}};

    assert(len <= DP_SSZ_LEN);
    memcpy(out.bytes, bytes, len);
    return out;
}

/* Where a level has an odd number of nodes, zero is what has no leaf below, at that height. */
struct dp_ssz_node dp_ssz_root(struct dp_ssz_node *leaves, size_t count, unsigned depth)
{
    struct dp_ssz_node zero = {{0}};

    assert(depth <= DP_SSZ_DEPTH_MAX && count >= 1 && count <= (size_t)1 << depth);
    for (; depth > 0; depth--) {
        for (size_t i = 0; i < count; i += 2)
            dp_ssz_pair(&leaves[i / 2], &leaves[i], i + 1 < count ? &leaves[i + 1] : &zero);
        count = (count + 1) / 2;
        dp_ssz_pair(&zero, &zero, &zero);
    }
    return leaves[0];
}

bool dp_ssz_branch_holds(const struct dp_ssz_node *root, const struct dp_ssz_node *leaf,
                         const struct dp_ssz_node *branch, unsigned index)
{
    struct dp_ssz_node node = *leaf;

    for (; index > 1; index /= 2, branch++) {
        if (index % 2 == 1)
            dp_ssz_pair(&node, branch, &node);
        else
            dp_ssz_pair(&node, &node, branch);
    }
    return dp_ssz_equal(&node, root);
}

unsigned dp_ssz_depth(unsigned index)
{
    unsigned depth = 0;

    for (; index > 1; index /= 2)
        depth++;
    return depth;
}

bool dp_ssz_equal(const struct dp_ssz_node *a, const struct dp_ssz_node *b)
{
    return memcmp(a->bytes, b->bytes, DP_SSZ_LEN) == 0;
}
