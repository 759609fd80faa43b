/* rpc.h - a client of an Ethereum node: JSON-RPC 2.0 over HTTP(S), bounded in size and time. */
/*
 * A node is a stranger: what it says is checked for its form here, and for its truth by the caller.
 */
#ifndef DP_ETHEREUM_RPC_H
#define DP_ETHEREUM_RPC_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"
#include "ethereum/integer.h"
#include "ethereum/tape.h"

#define DP_RPC_REVERT_MAX (64 * 1024) /* bytes that are kept of what a contract says on failing */

struct dp_rpc {
    const char *url;    /* http:// or https://, borrowed; may hold a key, so it is never printed */
    unsigned within_ms; /* of one call */
    size_t answer_max;  /* bytes of one answer */
    uint64_t last_id;   /* of the last call; begin with any */
    struct dp_tape
        *tape; /* keeps what is said, or says what was kept instead of the node; or NULL */
};

/* What a node says that refuses. */
struct dp_rpc_refusal {
    int64_t code;         /* JSON-RPC's; 3 where a contract has reverted */
    struct dp_buf revert; /* what the contract said, to be freed by dp_buf_free; often empty */
};

/**
 * Call a method.
 *
 * Out: result   to be freed by json_object_put; may be NULL, which is JSON's null, even if DP_OK
 *      refusal  filled where DP_ERPC; may be NULL. Its buffer is made here.
 *      detail   what happened, in one sentence, with the node's own words in it; may be NULL
 * In:  params   an array, freed by this call
 * Returns: DP_OK
 *          DP_ERPC     the node answers that it will not
 *          DP_EIO      no connection, a certificate that does not verify, an HTTP status but 200
 *          DP_ETIMEOUT
 *          DP_ETOOBIG  the answer is over rpc->answer_max
 *          DP_EFORMAT  what came is no answer to this call
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_rpc_call(struct dp_rpc *rpc, struct json_object **result,
                        struct dp_rpc_refusal *refusal, const char *method,
                        struct json_object *params, struct dp_detail *detail);

/* Read an answer to the call with that id. Parameters and returns as of dp_rpc_call. */
DP_MUST_CHECK
enum dp_err dp_rpc_read_answer(struct json_object **result, struct dp_rpc_refusal *refusal,
                               const char *text, size_t len, uint64_t id, struct dp_detail *detail);

/**
 * Quantities, as the execution API has them: 0x and hex digits without leading zeros.
 *
 * In: value  NULL is JSON's null
 * Returns: DP_OK, DP_EFORMAT (no quantity), DP_ETOOBIG (over 64 or 256 bits); *out is zero then
 */
DP_MUST_CHECK
enum dp_err dp_rpc_quantity(uint64_t *out, struct json_object *value);
DP_MUST_CHECK
enum dp_err dp_rpc_big_quantity(uint8_t out[static DP_WORD_LEN], struct json_object *value);

/* Unformatted data: 0x and two digits a byte. Returns: DP_OK, DP_EFORMAT, or as out says */
DP_MUST_CHECK
enum dp_err dp_rpc_data(struct dp_buf *out, struct json_object *value);

/* The same for exactly len bytes. Returns: DP_OK, DP_EFORMAT */
DP_MUST_CHECK
enum dp_err dp_rpc_fixed(uint8_t *out, size_t len, struct json_object *value);

/* Values as parameters and members want them; an allocation failure ends the process. */
struct json_object *dp_rpc_make_quantity(uint64_t value);
struct json_object *dp_rpc_make_big_quantity(const uint8_t word[static DP_WORD_LEN]);
struct json_object *dp_rpc_make_data(const void *data, size_t len);

#endif
