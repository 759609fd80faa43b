/* sender.h - a transaction's way into a block: tried, priced, signed, sent, replaced, awaited. */
#ifndef DP_ETHEREUM_SENDER_H
#define DP_ETHEREUM_SENDER_H

#include <stdbool.h>

#include "base/err.h"
#include "ethereum/node.h"
#include "ethereum/transaction.h"

#define DP_SENDER_TRIES_MAX 4 /* a transaction and its replacements */

/**
 * Gas that a message needs, and a fifth more, as the chain may change until the block.
 *
 * Returns: DP_OK, what dp_rpc_call does (DP_ERPC where it would revert), DP_EFORMAT (out of bounds)
 */
DP_MUST_CHECK
enum dp_err dp_sender_gas(struct dp_rpc *rpc, uint64_t *gas, const struct dp_node_message *message,
                          struct dp_detail *detail);

/* Fees by what the node says now. Returns: as dp_sender_gas */
DP_MUST_CHECK
enum dp_err dp_sender_price(struct dp_rpc *rpc, struct dp_transaction *transaction,
                            struct dp_detail *detail);

/**
 * Wait until one of several transactions is in a block; a node that does not answer for a while is
 * asked again.
 *
 * Out: found  false where the deadline came first; receipt and which are undefined then
 *      which  the index of its hash
 * In:  deadline  by dp_clock_mono_us
 * Returns: DP_OK, what dp_rpc_call does
 */
DP_MUST_CHECK
enum dp_err dp_sender_wait(struct dp_rpc *rpc, struct dp_node_receipt *receipt, bool *found,
                           size_t *which, const uint8_t (*hashes)[DP_KECCAK_LEN], size_t count,
                           int64_t deadline, struct dp_detail *detail);

/* Who sends. */
struct dp_sender {
    struct dp_rpc *rpc;
    uint64_t chain_id;
    uint8_t from[DP_ADDRESS_LEN];
    /* Signs a transaction's digest: r || s || recovery id. */
    enum dp_err (*sign)(void *arg, uint8_t sig[static DP_SECP_SIG_LEN],
                        const uint8_t digest[static DP_KECCAK_LEN]);
    void *arg;
    /* What a contract said on reverting, as a sentence, static; NULL: it is not known. */
    const char *(*explain)(const struct dp_buf *revert);
    unsigned timeout_s; /* of all of it: divided among DP_SENDER_TRIES_MAX tries */
};

/**
 * Try a call of a contract, send it and wait for its receipt. One that is in no block when its try
 * is over is replaced by one of the same nonce at a quarter more; whichever comes into a block
 * counts.
 *
 * Out: hash  of the transaction that receipt is of; undefined unless DP_OK
 * In:  message  from is the sender's in any case
 * Returns: DP_OK         receipt->succeeded says whether the contract took it
 *          DP_EFORBIDDEN  the contract would revert: nothing was sent
 *          DP_ETIMEOUT   in no block; it may still get there. A node that is too slow before
 *                        anything was sent is DP_EIO
 *          DP_ECONFLICT  the node names another hash than the transaction has
 *          what dp_rpc_call and sender->sign do
 */
DP_MUST_CHECK
enum dp_err dp_sender_send(struct dp_sender *sender, struct dp_node_receipt *receipt,
                           uint8_t hash[static DP_KECCAK_LEN],
                           const struct dp_node_message *message, struct dp_detail *detail);

#endif
