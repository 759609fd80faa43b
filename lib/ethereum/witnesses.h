/* witnesses.h - the nodes that are asked together, as options and settings name them. */
#ifndef DP_ETHEREUM_WITNESSES_H
#define DP_ETHEREUM_WITNESSES_H

#include "base/err.h"
#include "ethereum/node_url.h"
#include "ethereum/witness.h"

#define DP_WITNESSES_MAX 8
#define DP_WITNESSES_WITHIN_MS 20000 /* of one call */

/* Begin with zeros, and leave it where it is: the list refers to the names. */
struct dp_witnesses {
    struct dp_witness list[DP_WITNESSES_MAX];
    size_t count;
    char names[DP_WITNESSES_MAX][DP_NODE_NAME_SIZE];
};

/**
 * Add a node.
 *
 * In:  url         borrowed for the life of the set
 *      answer_max  bytes of one answer
 * Returns: DP_OK, DP_ECONFIG (no http:// or https://, one too many, one twice: a sentence without
 *          the URL, which may hold a key)
 */
DP_MUST_CHECK
enum dp_err dp_witnesses_add(struct dp_witnesses *set, const char *url, size_t answer_max,
                             struct dp_detail *detail);

/**
 * Add all of a list with commas or blanks between.
 *
 * In: text  is cut in place, and borrowed for the life of the set
 * Returns: as above; DP_ECONFIG also where it names none
 */
DP_MUST_CHECK
enum dp_err dp_witnesses_add_list(struct dp_witnesses *set, char *text, size_t answer_max,
                                  struct dp_detail *detail);

/* Give all of them that many seconds from now on, for all calls together. */
void dp_witnesses_start(struct dp_witnesses *set, unsigned seconds);

#endif
