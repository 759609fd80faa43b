/* ssz.h - roots of Ethereum's consensus objects, and branches to their parts (consensus-specs,
 * SSZ).
 */
#ifndef DP_ETHEREUM_SSZ_H
#define DP_ETHEREUM_SSZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_SSZ_LEN 32      /* bytes of a root, and of a leaf */
#define DP_SSZ_DEPTH_MAX 9 /* of a tree that is built here */

/* A leaf or a root. */
struct dp_ssz_node {
    uint8_t bytes[DP_SSZ_LEN];
};

/* SHA-256 of both, one after the other. Out may be either. */
void dp_ssz_pair(struct dp_ssz_node *out, const struct dp_ssz_node *left,
                 const struct dp_ssz_node *right);

/* The leaf of a number. */
struct dp_ssz_node dp_ssz_number(uint64_t value);

/* The leaf of a short vector of bytes: len at most DP_SSZ_LEN. */
struct dp_ssz_node dp_ssz_bytes(const uint8_t *bytes, size_t len);

/**
 * The root of a tree of 2^depth leaves, of which those past count are zero.
 *
 * In: leaves  count of them, 1 to 2^depth; they are overwritten
 *     depth   at most DP_SSZ_DEPTH_MAX
 */
struct dp_ssz_node dp_ssz_root(struct dp_ssz_node *leaves, size_t count, unsigned depth);

/**
 * Is that the root of the tree that has leaf at the generalized index, and the branch beside the
 * way up? As many nodes, the lowest first, as the index has bits below its highest.
 */
bool dp_ssz_branch_holds(const struct dp_ssz_node *root, const struct dp_ssz_node *leaf,
                         const struct dp_ssz_node *branch, unsigned index);

/* How many nodes the branch of a generalized index has. */
unsigned dp_ssz_depth(unsigned index);

bool dp_ssz_equal(const struct dp_ssz_node *a, const struct dp_ssz_node *b);

#endif
