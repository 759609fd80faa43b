/* memo.h - short values by the tag of what they were made from, for as many as there are places. */
/*
 * For what costs much to compute again and is no secret. A tag names its value: whoever makes one
 * sees to it that two inputs do not share it. Where a place is needed, an older value goes.
 */
#ifndef DP_BASE_MEMO_H
#define DP_BASE_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DP_MEMO_TAG_LEN 16 /* bytes of a hash or a MAC, any of them as good as random */

struct dp_memo;

/**
 * An empty memo. A place costs tag and value, and memory only once it is used.
 *
 * In:  places     a power of two, at least 8
 *      value_len  bytes of each value
 * Returns: DP_OK, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_memo_open(struct dp_memo **out, size_t places, size_t value_len);

/* No call may be under way. Takes NULL. */
void dp_memo_close(struct dp_memo *memo);

/* Copy the value of a tag, or leave it as it is where there is none. Any thread may call at any
 * time, as the call below. */
bool dp_memo_find(struct dp_memo *memo, void *value, const uint8_t tag[static DP_MEMO_TAG_LEN]);

/* Keep a value. One tag has one value: keeping it again changes nothing. */
void dp_memo_keep(struct dp_memo *memo, const uint8_t tag[static DP_MEMO_TAG_LEN],
                  const void *value);

#endif
