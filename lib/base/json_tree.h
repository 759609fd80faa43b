/* json_tree.h - JSON read without loss: numbers as they are spelt, lone surrogates, duplicates. */
#ifndef DP_BASE_JSON_TREE_H
#define DP_BASE_JSON_TREE_H

#include "base/tree.h"

#define DP_JSON_TREE_DEPTH_MAX 256
#define DP_JSON_TREE_LEN_MAX (16 * 1024 * 1024)

/**
 * Read one JSON value. json-c would round numbers, put U+FFFD for a lone surrogate and end names
 * at a NUL, all of which changes what is hashed.
 *
 * Strings are decoded to UTF-8, a lone surrogate to the three bytes it would have there (WTF-8);
 * numbers, true, false and null are DP_NODE_PLAIN with the text they have in the source. Members
 * given twice are both in the tree.
 *
 * Out: tree    to be freed by dp_tree_free; all zero unless DP_OK
 *      detail  says where and why; may be NULL
 * Returns: DP_OK
 *          DP_EJSON   not one JSON value, or too deep
 *          DP_ETOOBIG longer than DP_JSON_TREE_LEN_MAX
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_json_tree_parse(struct dp_tree *tree, const char *text, size_t len,
                               struct dp_detail *detail);

/* The same for what is strict JSON (dp_json_scan): no duplicates, no lone surrogates. Returns also
 * DP_EDUPLICATE; detail->field is the member. */
DP_MUST_CHECK
enum dp_err dp_json_tree_parse_strict(struct dp_tree *tree, const char *text, size_t len,
                                      struct dp_detail *detail);

/* Add a decoded text as a JSON string, in quotes, as JavaScript's JSON.stringify writes it. */
void dp_json_tree_string(struct dp_buf *out, struct dp_slice text);

/* The code point at p and, in *step, its bytes: 1 to 4. Takes WTF-8 that the parser made. */
uint32_t dp_json_tree_char(const char *p, size_t *step);

#endif
