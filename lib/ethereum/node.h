/* node.h - the questions that an Ethereum node is asked, and what it answers, typed. */
#ifndef DP_ETHEREUM_NODE_H
#define DP_ETHEREUM_NODE_H

#include <stdbool.h>

#include "crypto/keccak.h"
#include "ethereum/address.h"
#include "ethereum/header.h"
#include "ethereum/rpc.h"

/* Each returns what dp_rpc_call does; DP_EFORMAT also for an answer of another form. Blocks are the
 * latest unless a parameter names one. */

/* A call that is not sent: who calls whom with what. */
struct dp_node_message {
    const uint8_t *from; /* DP_ADDRESS_LEN bytes; NULL: nobody in particular */
    const uint8_t *to;   /* the same; NULL makes a contract */
    const void *data;    /* data_len bytes; NULL with 0 */
    size_t data_len;
    const uint8_t *value; /* wei, a word of DP_WORD_LEN bytes; NULL: none */
};

struct dp_node_fees {
    uint64_t base, priority; /* wei a unit of gas: of the latest block; what the node proposes */
};

struct dp_node_receipt {
    bool succeeded;
    bool has_contract;
    uint8_t contract[DP_ADDRESS_LEN]; /* what was made */
    uint64_t block, gas_used;
};

/* A transaction in a block. */
struct dp_node_transaction {
    bool creates; /* is there no receiver? */
    uint8_t from[DP_ADDRESS_LEN], to[DP_ADDRESS_LEN];
    uint64_t nonce;
    struct dp_buf input; /* to be freed by dp_buf_free */
};

DP_MUST_CHECK
enum dp_err dp_node_chain_id(struct dp_rpc *rpc, uint64_t *out, struct dp_detail *detail);

/* The nonce of the account's next transaction, those that wait to be mined counted. */
DP_MUST_CHECK
enum dp_err dp_node_next_nonce(struct dp_rpc *rpc, uint64_t *out,
                               const uint8_t address[static DP_ADDRESS_LEN],
                               struct dp_detail *detail);

/* The same once all of a block had happened. */
DP_MUST_CHECK
enum dp_err dp_node_nonce_after(struct dp_rpc *rpc, uint64_t *out,
                                const uint8_t address[static DP_ADDRESS_LEN], uint64_t block,
                                struct dp_detail *detail);

/* Added to out: the code of a contract; nothing where there is none. */
DP_MUST_CHECK
enum dp_err dp_node_code(struct dp_rpc *rpc, struct dp_buf *out,
                         const uint8_t address[static DP_ADDRESS_LEN], struct dp_detail *detail);

/**
 * What a call answers, added to out; for one that makes a contract, its code.
 *
 * In:  block    a number, or NULL: the latest
 * Out: refusal  as of dp_rpc_call: what the contract says where it reverts
 */
DP_MUST_CHECK
enum dp_err dp_node_call(struct dp_rpc *rpc, struct dp_buf *out, struct dp_rpc_refusal *refusal,
                         const struct dp_node_message *message, const uint64_t *block,
                         struct dp_detail *detail);

DP_MUST_CHECK
enum dp_err dp_node_estimate_gas(struct dp_rpc *rpc, uint64_t *out,
                                 const struct dp_node_message *message, struct dp_detail *detail);

DP_MUST_CHECK
enum dp_err dp_node_fees(struct dp_rpc *rpc, struct dp_node_fees *out, struct dp_detail *detail);

/* Send a signed transaction. hash is what the node calls it. */
DP_MUST_CHECK
enum dp_err dp_node_send(struct dp_rpc *rpc, uint8_t hash[static DP_KECCAK_LEN], const void *data,
                         size_t len, struct dp_detail *detail);

/* Let the node sign and send: it must hold the key of message->from, as development nodes do. */
DP_MUST_CHECK
enum dp_err dp_node_send_unlocked(struct dp_rpc *rpc, uint8_t hash[static DP_KECCAK_LEN],
                                  const struct dp_node_message *message, uint64_t gas,
                                  struct dp_detail *detail);

/* found is false where the transaction is in no block. */
DP_MUST_CHECK
enum dp_err dp_node_get_receipt(struct dp_rpc *rpc, struct dp_node_receipt *out, bool *found,
                                const uint8_t hash[static DP_KECCAK_LEN], struct dp_detail *detail);

/* found is false where the node does not know the transaction; out->input is made in any case, with
 * input_max as its limit. */
DP_MUST_CHECK
enum dp_err dp_node_get_transaction(struct dp_rpc *rpc, struct dp_node_transaction *out,
                                    size_t input_max, bool *found,
                                    const uint8_t hash[static DP_KECCAK_LEN],
                                    struct dp_detail *detail);

/**
 * A block's header, its hash checked.
 *
 * Out: found  false where the node has no such block; out is all zero then
 * In:  block  a number as a quantity, or "latest", "safe", "finalized"
 */
DP_MUST_CHECK
enum dp_err dp_node_header(struct dp_rpc *rpc, struct dp_header *out, bool *found,
                           const char *block, struct dp_detail *detail);

/* The same as dp_node_code once all of a block had happened. */
DP_MUST_CHECK
enum dp_err dp_node_code_after(struct dp_rpc *rpc, struct dp_buf *out,
                               const uint8_t address[static DP_ADDRESS_LEN], uint64_t block,
                               struct dp_detail *detail);

/* What the node answers to eth_getProof, for dp_proof_answer. Out: answer  to be freed by
 * json_object_put */
DP_MUST_CHECK
enum dp_err dp_node_proof(struct dp_rpc *rpc, struct json_object **answer,
                          const uint8_t address[static DP_ADDRESS_LEN],
                          const uint8_t (*slots)[DP_WORD_LEN], size_t slots_count, uint64_t block,
                          struct dp_detail *detail);

#endif
