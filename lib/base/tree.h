/* tree.h - a document of objects, lists and scalars that keeps how each scalar was written. */
#ifndef DP_BASE_TREE_H
#define DP_BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_NODE_NONE UINT32_MAX /* no such node */
#define DP_NODE_ROOT 0

enum dp_node_kind {
    DP_NODE_OBJECT,
    DP_NODE_LIST,
    DP_NODE_TEXT,  /* a string; of YAML one in quotes, or a block */
    DP_NODE_PLAIN, /* without quotes: a number, true, null, or any other plain scalar of YAML */
};

/* Indices, not pointers: the array moves while it grows. text and key are followed by a NUL, may
 * hold others, and live as long as the tree. */
struct dp_node {
    enum dp_node_kind kind;
    uint32_t parent, first, last, next; /* DP_NODE_NONE where there is none */
    uint32_t count;                     /* of children */
    uint32_t line;                      /* where it, or its name, begins, from 1 */
    struct dp_slice key;                /* its name where the parent is an object */
    struct dp_slice text;               /* of a scalar, decoded */
};

struct dp_tree {
    struct dp_node *nodes;
    uint32_t len, cap;
    char *texts; /* all keys and texts, each with a NUL behind it */
    size_t texts_len, texts_cap;
};

/* An empty tree with room for texts of texts_max bytes, NULs included. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_tree_init(struct dp_tree *tree, size_t texts_max);

/* Takes one that is all zero, too. */
void dp_tree_free(struct dp_tree *tree);

/* Room for a text of up to len bytes and its NUL; NULL where there is none left. dp_tree_text_end
 * takes what of it was used. */
char *dp_tree_text_room(struct dp_tree *tree, size_t len);
struct dp_slice dp_tree_text_end(struct dp_tree *tree, size_t len);

/**
 * Add a node as the last child of parent, which is an object or a list; DP_NODE_NONE for the root.
 *
 * Out: index  of the new node
 * In:  node   kind, key, text and line; the rest is filled in
 * Returns: DP_OK, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_tree_add(struct dp_tree *tree, uint32_t *index, uint32_t parent,
                        const struct dp_node *node);

/* The last member of that name; DP_NODE_NONE where there is none or node is no object. */
uint32_t dp_tree_find(const struct dp_tree *tree, uint32_t node, const char *key);

/* Add the JSON pointer (RFC 6901) of a node; nothing for the root. */
void dp_tree_pointer(struct dp_buf *out, const struct dp_tree *tree, uint32_t node);

bool dp_slice_is(struct dp_slice slice, const char *text);
int dp_slice_compare(struct dp_slice a, struct dp_slice b); /* by byte, as memcmp */

#endif
