/* yaml.h - YAML from strangers: libyaml behind rules that leave one meaning. */
#ifndef DP_BASE_YAML_H
#define DP_BASE_YAML_H

#include "base/tree.h"

#define DP_YAML_DEPTH_MAX 32
#define DP_YAML_LEN_MAX (256 * 1024)

/**
 * Read one YAML document into a tree. Refused, as what they mean depends on the reader or cannot
 * be seen where it counts: anchors, aliases, merge keys ("<<"), explicit tags, a second document,
 * names given twice, names that are no scalar, UTF-16.
 *
 * Plain scalars are DP_NODE_PLAIN with their text as it stands, whatever type it may spell; quoted
 * ones and blocks are DP_NODE_TEXT. An empty document is one plain scalar without text.
 *
 * Out: tree    to be freed by dp_tree_free; all zero unless DP_OK
 *      detail  one sentence with the line; may be NULL
 * Returns: DP_OK
 *          DP_EFORMAT     no YAML, or what is refused
 *          DP_EDUPLICATE  a name twice in one mapping; detail->field is the name
 *          DP_ETOOBIG     over DP_YAML_LEN_MAX bytes
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_yaml_parse(struct dp_tree *tree, const char *text, size_t len,
                          struct dp_detail *detail);

#endif
