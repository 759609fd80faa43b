/* rlp.h - read RLP (Recursive Length Prefix), in its one canonical form only. */
#ifndef DP_ETHEREUM_RLP_H
#define DP_ETHEREUM_RLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

#endif
