/* compose_diff.h - what changed between two app-compose.json, field by field. */
#ifndef DP_DSTACK_COMPOSE_DIFF_H
#define DP_DSTACK_COMPOSE_DIFF_H

#include "base/tree.h"

/* Changes past this many are counted, not told. */
#define DP_COMPOSE_CHANGES_MAX 1000
/* Longer pointers and values are cut there, with "..." behind. */
#define DP_COMPOSE_SHOWN_MAX 512

struct dp_compose_change {
    const char *pointer; /* JSON pointer of the member */
    const char *from;    /* canonical JSON; NULL where it was added */
    const char *to;      /* canonical JSON; NULL where it was removed */
    const char *lines; /* of two texts with lines: "-" or "+", line number, " ", line; else NULL */
};

/* Told of each change; what it points to lives for the call. */
typedef void dp_compose_change_fn(const struct dp_compose_change *change, void *arg);

/**
 * Compare two JSON documents: members by name, items of lists by place.
 *
 * In/out: from, to  of dp_json_tree_parse; put into canonical order (dp_compose_sort)
 * Out:    count     of changes, told or not
 * Returns: DP_OK, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_compose_diff(size_t *count, struct dp_tree *from, struct dp_tree *to,
                            dp_compose_change_fn *tell, void *arg);

/* Add the lines that differ between two texts, in the form of dp_compose_change. Where the texts
 * are too different for a good match (over 4 million pairs of lines) all between the first and the
 * last difference counts as changed. */
void dp_compose_diff_lines(struct dp_buf *out, struct dp_slice from, struct dp_slice to);

#endif
