/* proof.h - accounts and storage proven against a block's state root (EIP-1186; yellow paper, 4.1).
 */
#ifndef DP_ETHEREUM_PROOF_H
#define DP_ETHEREUM_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/keccak.h"
#include "ethereum/address.h"
#include "ethereum/integer.h"
#include "ethereum/trie.h"

#define DP_PROOF_BYTES_MAX (64 * 1024) /* of the nodes of one proof */

/* An account; one that does not exist has no nonce, balance, storage and code. */
struct dp_proof_account {
    bool exists;
    uint64_t nonce;
    uint8_t balance[DP_WORD_LEN]; /* wei, big-endian */
    uint8_t storage_root[DP_KECCAK_LEN], code_hash[DP_KECCAK_LEN];
};

/**
 * Prove what a state has at an address, or that it has nothing there.
 *
 * Out: out  all zero unless DP_OK
 * In:  nodes, count  as dp_trie_prove takes them
 * Returns: DP_OK, DP_EFORMAT (as dp_trie_prove, or what is proven is no account)
 */
DP_MUST_CHECK
enum dp_err dp_proof_account(struct dp_proof_account *out,
                             const uint8_t state_root[static DP_KECCAK_LEN],
                             const uint8_t address[static DP_ADDRESS_LEN],
                             const struct dp_slice *nodes, size_t count, struct dp_detail *detail);

/**
 * Prove the word of a storage slot: zero where the trie has none, or has zero there.
 *
 * Out: word  all zero unless DP_OK
 * In:  slot  not hashed
 * Returns: as dp_proof_account
 */
DP_MUST_CHECK
enum dp_err dp_proof_storage(uint8_t word[static DP_WORD_LEN],
                             const uint8_t storage_root[static DP_KECCAK_LEN],
                             const uint8_t slot[static DP_WORD_LEN], const struct dp_slice *nodes,
                             size_t count, struct dp_detail *detail);

/**
 * Check an answer of eth_getProof: every proof in it, and that what it claims beside the proofs is
 * what they prove.
 *
 * Out: account  as dp_proof_account
 *      words    slots_count of them, in the order of slots; undefined unless DP_OK
 *      detail   says what is wrong; may be NULL
 * In:  slots    that were asked for, in that order
 * Returns: DP_OK, DP_EFORMAT, DP_ETOOBIG (a proof of more than DP_TRIE_NODES_MAX nodes or
 *          DP_PROOF_BYTES_MAX bytes), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_proof_answer(struct dp_proof_account *account, uint8_t (*words)[DP_WORD_LEN],
                            struct json_object *answer,
                            const uint8_t state_root[static DP_KECCAK_LEN],
                            const uint8_t address[static DP_ADDRESS_LEN],
                            const uint8_t (*slots)[DP_WORD_LEN], size_t slots_count,
                            struct dp_detail *detail);

#endif
