/* rlp.h - RLP (Recursive Length Prefix), read and written in its one canonical form only. */
#ifndef DP_ETHEREUM_RLP_H
#define DP_ETHEREUM_RLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_RLP_DEPTH_MAX 256 /* lists inside one another that dp_rlp_is_list looks into */

/* One item; payload points into the input. */
struct dp_rlp_item {
    bool is_list;
    const uint8_t *payload;
    size_t len;  /* of the payload: a string's bytes, or a list's items one after the other */
    size_t size; /* of header and payload together */
};

/**
 * Read the item that the input begins with. What follows it, and what a list holds, is not looked
 * at.
 *
 * Out: out  all zero unless DP_OK
 * Returns: DP_OK
 *          DP_EFORMAT  no input, less of it than the header says, a length in more bytes than it
 *                      needs, or a single byte below 0x80 with a header
 */
DP_MUST_CHECK
enum dp_err dp_rlp_read(struct dp_rlp_item *out, const uint8_t *in, size_t len);

/* Is the input one list, to its last byte and through all its items? Linear in len. Where lists
 * stand deeper than DP_RLP_DEPTH_MAX the answer is yes, as callers refuse what is a list. */
bool dp_rlp_is_list(const uint8_t *in, size_t len);

/* Each adds one item; a failure sticks in out->err. */
void dp_rlp_add_string(struct dp_buf *out, const void *data, size_t len);
void dp_rlp_add_list(struct dp_buf *out, const void *items, size_t len);

/* The same for a number of len bytes, big-endian: a string without leading zeros. */
void dp_rlp_add_number(struct dp_buf *out, const uint8_t *number, size_t len);
void dp_rlp_add_uint64(struct dp_buf *out, uint64_t number);

#endif
