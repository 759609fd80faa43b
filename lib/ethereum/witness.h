/* witness.h - several nodes asked for one thing: a block that all agree on, and what is proven by
 * it.
 */
/*
 * All of these return DP_ETIMEOUT past a node's deadline, name the node at fault in detail->field,
 * and say in detail->text what it did.
 */
#ifndef DP_ETHEREUM_WITNESS_H
#define DP_ETHEREUM_WITNESS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ethereum/header.h"
#include "ethereum/node.h"
#include "ethereum/proof.h"
#include "ethereum/rpc.h"

#define DP_WITNESS_LAG_MAX 1024   /* blocks that one may be behind the foremost */
#define DP_WITNESS_SLOTS_MAX 64   /* that are asked for at once */
#define DP_WITNESS_CODE_MAX 65536 /* bytes; no chain takes more in a contract */

struct dp_witness {
    struct dp_rpc rpc;
    const char *name; /* what may be shown of the URL; borrowed */
    int64_t deadline; /* of all calls together, by dp_clock_mono_us */
};

/* How sure it is that a block stays, the surest first. */
enum dp_witness_tag { DP_TAG_FINALIZED, DP_TAG_SAFE, DP_TAG_LATEST, DP_TAG_COUNT };

/* As the execution API has it. Static. */
const char *dp_witness_tag_name(enum dp_witness_tag tag);

struct dp_agreed {
    uint64_t chain_id;
    struct dp_header block;
    enum dp_witness_tag tag; /* what the block is */
    const char *lacking;     /* the name of one who has no block of a surer tag that was wanted, so
                                that this one was taken; NULL: the wanted tag */
};

/**
 * Find a block that all witnesses have under one hash: the newest of the wanted tag that even the
 * hindmost has. Where one has no block of a tag the next less sure tag is tried.
 *
 * In:  count  at least 1
 * Out: out    undefined unless DP_OK
 * Returns: DP_OK, or what dp_rpc_call does
 *          DP_ECONFLICT  another chain, or another hash for the same number
 *          DP_EFORMAT    a header that does not hash to the block's hash; one that is far behind
 */
DP_MUST_CHECK
enum dp_err dp_witness_agree(struct dp_agreed *out, struct dp_witness *witnesses, size_t count,
                             enum dp_witness_tag wanted, struct dp_detail *detail);

/**
 * Prove an account and words of its storage in the state of the block. One who refuses, as it has
 * forgotten that state, is passed over; one who sends a bad proof ends it.
 *
 * Out: words  slots_count of them; undefined unless DP_OK
 * In:  slots_count  any; NULL with 0
 * Returns: DP_OK, or what dp_rpc_call or dp_proof_answer do
 */
DP_MUST_CHECK
enum dp_err dp_witness_prove(struct dp_proof_account *account, uint8_t (*words)[DP_WORD_LEN],
                             struct dp_witness *witnesses, size_t count,
                             const struct dp_agreed *agreed,
                             const uint8_t address[static DP_ADDRESS_LEN],
                             const uint8_t (*slots)[DP_WORD_LEN], size_t slots_count,
                             struct dp_detail *detail);

/**
 * The code of an account that is proven, held against its hash.
 *
 * Out: out  added to; its limit should be DP_WITNESS_CODE_MAX
 * Returns: DP_OK, what dp_rpc_call does, DP_EFORMAT (it has another hash)
 */
DP_MUST_CHECK
enum dp_err dp_witness_code(struct dp_buf *out, struct dp_witness *witnesses, size_t count,
                            const struct dp_agreed *agreed,
                            const uint8_t address[static DP_ADDRESS_LEN],
                            const struct dp_proof_account *account, struct dp_detail *detail);

/**
 * Call a contract in the state of the block, by every witness. What comes back is proven by nothing
 * but that all say the same.
 *
 * Out: out  added to
 * Returns: DP_OK, what dp_rpc_call does, DP_ECONFLICT (one says another thing than the first)
 */
DP_MUST_CHECK
enum dp_err dp_witness_call(struct dp_buf *out, struct dp_witness *witnesses, size_t count,
                            const struct dp_agreed *agreed, const struct dp_node_message *message,
                            struct dp_detail *detail);

#endif
