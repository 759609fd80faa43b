/* trie.h - proofs that a Merkle-Patricia trie has, or has not, a value (yellow paper, appendix D).
 */
#ifndef DP_ETHEREUM_TRIE_H
#define DP_ETHEREUM_TRIE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/keccak.h"

#define DP_TRIE_KEY_MAX 32 /* bytes; each node of a proof takes at least half of one */
#define DP_TRIE_NODES_MAX (2 * DP_TRIE_KEY_MAX + 1) /* in one proof */

/* keccak-256 of the RLP of an empty string: the root of a trie without entries. */
extern const uint8_t dp_trie_empty_root[DP_KECCAK_LEN];

/**
 * Follow a key from the root through the nodes of a proof, each of which must be what the one
 * before it names, and all of which must be needed.
 *
 * Out: value   points into a node; data is NULL where it is proven that the trie has no such key,
 *              and unless DP_OK
 *      detail  says which node is wrong, and how; may be NULL
 * In:  key     key_len bytes, at most DP_TRIE_KEY_MAX, as the trie has it: Ethereum's state hashes
 *              addresses and slots before
 *      nodes   root first; RLP. For an empty trie no node, or the RLP of an empty string: nodes of
 *              the network differ in this.
 * Returns: DP_OK
 *          DP_EFORMAT  a node that does not hash to what names it, that is none, that nothing
 *                      needs, or that is missing
 *          DP_ETOOBIG  a longer key
 * Linear in the nodes' bytes.
 */
DP_MUST_CHECK
enum dp_err dp_trie_prove(struct dp_slice *value, const uint8_t root[static DP_KECCAK_LEN],
                          const uint8_t *key, size_t key_len, const struct dp_slice *nodes,
                          size_t count, struct dp_detail *detail);

#endif
