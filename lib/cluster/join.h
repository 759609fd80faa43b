/* join.h - enter this node into a cluster: find its seat, sign, send, see it in a block. */
#ifndef DP_CLUSTER_JOIN_H
#define DP_CLUSTER_JOIN_H

#include "base/buf.h"
#include "base/err.h"
#include "cluster/voucher.h"
#include "dstack/guest.h"
#include "ethereum/witness.h"

#define DP_JOIN_TOKENS_MAX 4096 /* tokens that are looked through for this node's */
#define DP_JOIN_VALID_S 600     /* seconds that a voucher is good for, from the newest block on */

struct dp_join {
    struct dp_guest *guest;
    struct dp_witness *witnesses;
    size_t count;
    uint8_t contract[DP_ADDRESS_LEN], app_id[DP_ADDRESS_LEN], instance_id[DP_ADDRESS_LEN];
    uint64_t token_id; /* 0: look for the one that names this instance */
    enum dp_peer_network network;
    char endpoint[DP_PEER_ENDPOINT_MAX + 1];
    uint8_t wireguard_key[DP_WORD_LEN];
    unsigned timeout_s; /* of sending */
};

/* A call of the contract that anybody may send. */
struct dp_join_call {
    struct dp_buf data; /* to be freed by dp_buf_free in any case */
    uint64_t chain_id, token_id, deadline;
};

/**
 * Sign a voucher for this node.
 *
 * Returns: DP_OK, DP_EGUEST, DP_ESIGNATURE, DP_ENOMEM, what dp_witness_call does
 *          DP_ENOTFOUND   no token names this instance
 *          DP_EDUPLICATE  several do, and the caller has not said which
 */
DP_MUST_CHECK
enum dp_err dp_join_voucher(const struct dp_join *join, struct dp_join_call *out,
                            struct dp_detail *detail);

/* The same for a lease that runs. Returns: the same; DP_ENOTFOUND: this node is no peer */
DP_MUST_CHECK
enum dp_err dp_join_renewal(const struct dp_join *join, struct dp_join_call *out,
                            struct dp_detail *detail);

/* What the contract has of this node in the newest block. */
struct dp_join_seen {
    uint64_t token_id; /* 0: it is no peer, and the rest is zero */
    struct dp_peer peer;
    bool is_wanted; /* is it entered with the endpoint, network and key that it has? */
    uint64_t block_time, lease_s; /* Unix seconds; seconds of a new lease */
};

/* Returns: what dp_witness_agree and dp_witness_call do, DP_EFORMAT */
DP_MUST_CHECK
enum dp_err dp_join_look(const struct dp_join *join, struct dp_join_seen *out,
                         struct dp_detail *detail);

/* The account of this node, which pays for dp_join_send. Returns: DP_OK, DP_EGUEST, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_join_account(const struct dp_join *join, uint8_t out[static DP_ADDRESS_LEN]);

/**
 * Send such a call to the first witness, and wait for its receipt.
 *
 * Returns: DP_OK, what dp_sender_send does (DP_ERPC: there is too little for gas)
 *          DP_EFORBIDDEN  also: it reverted on the chain
 */
DP_MUST_CHECK
enum dp_err dp_join_send(const struct dp_join *join, const struct dp_join_call *call,
                         struct dp_node_receipt *receipt, uint8_t hash[static DP_KECCAK_LEN],
                         struct dp_detail *detail);

/* Did the contract take it? Returns: DP_OK, DP_EFORBIDDEN */
DP_MUST_CHECK
enum dp_err dp_join_judge(const struct dp_node_receipt *receipt, struct dp_detail *detail);

#endif
