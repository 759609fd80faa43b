/* tree.c - a document of objects, lists and scalars that keeps how each scalar was written. */
#include "base/tree.h"

#include <stdlib.h>
#include <string.h>

/* Deeper than any reader lets a document be. */
#define POINTER_DEPTH_MAX 512

enum dp_err dp_tree_init(struct dp_tree *tree, size_t texts_max)
{
    *tree = (struct dp_tree){.texts_cap = texts_max};
    tree->texts = malloc(texts_max + 1);
    return tree->texts != NULL ? DP_OK : DP_ENOMEM;
}

void dp_tree_free(struct dp_tree *tree)
{
    free(tree->nodes);
    free(tree->texts);
    *tree = (struct dp_tree){.nodes = NULL};
}

char *dp_tree_text_room(struct dp_tree *tree, size_t len)
{
    return len < tree->texts_cap - tree->texts_len ? tree->texts + tree->texts_len : NULL;
}

struct dp_slice dp_tree_text_end(struct dp_tree *tree, size_t len)
{
    struct dp_slice text = {tree->texts + tree->texts_len, len};

    tree->texts[tree->texts_len + len] = '\0';
    tree->texts_len += len + 1;
    return text;
}

static enum dp_err grow(struct dp_tree *tree)
{
    uint32_t cap = tree->cap != 0 ? 2 * tree->cap : 64;
    struct dp_node *nodes = realloc(tree->nodes, cap * sizeof(*nodes));

    if (nodes == NULL)
        return DP_ENOMEM;
    tree->nodes = nodes;
    tree->cap = cap;
    return DP_OK;
}

enum dp_err dp_tree_add(struct dp_tree *tree, uint32_t *index, uint32_t parent,
                        const struct dp_node *node)
{
    struct dp_node *added;

    if (tree->len == tree->cap && grow(tree) != DP_OK)
        return DP_ENOMEM;
    *index = tree->len++;
    added = &tree->nodes[*index];
    *added = *node;
    added->parent = parent;
    added->first = added->last = added->next = DP_NODE_NONE;
    added->count = 0;
    if (parent != DP_NODE_NONE) {
        struct dp_node *up = &tree->nodes[parent];

        if (up->last != DP_NODE_NONE)
            tree->nodes[up->last].next = *index;
        else
            up->first = *index;
        up->last = *index;
        up->count++;
    }
    return DP_OK;
}

uint32_t dp_tree_find(const struct dp_tree *tree, uint32_t node, const char *key)
{
    uint32_t found = DP_NODE_NONE;

    if (node == DP_NODE_NONE || tree->nodes[node].kind != DP_NODE_OBJECT)
        return DP_NODE_NONE;
    for (uint32_t i = tree->nodes[node].first; i != DP_NODE_NONE; i = tree->nodes[i].next) {
        if (dp_slice_is(tree->nodes[i].key, key))
            found = i;
    }
    return found;
}

static void add_step(struct dp_buf *out, struct dp_slice key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] == '~')
            dp_buf_add_text(out, "~0");
        else if (key.data[i] == '/')
            dp_buf_add_text(out, "~1");
        else
            dp_buf_add(out, key.data + i, 1);
    }
}

static unsigned long place_in_list(const struct dp_tree *tree, uint32_t node)
{
    unsigned long place = 0;
    uint32_t i = tree->nodes[tree->nodes[node].parent].first;

    for (; i != node; i = tree->nodes[i].next)
        place++;
    return place;
}

void dp_tree_pointer(struct dp_buf *out, const struct dp_tree *tree, uint32_t node)
{
    uint32_t path[POINTER_DEPTH_MAX];
    size_t depth = 0;

    for (; node != DP_NODE_ROOT && depth < POINTER_DEPTH_MAX; node = tree->nodes[node].parent)
        path[depth++] = node;
    while (depth > 0) {
        uint32_t step = path[--depth];

        dp_buf_add_text(out, "/");
        if (tree->nodes[tree->nodes[step].parent].kind == DP_NODE_OBJECT)
            add_step(out, tree->nodes[step].key);
        else
            dp_buf_addf(out, "%lu", place_in_list(tree, step));
    }
}

bool dp_slice_is(struct dp_slice slice, const char *text)
{
    return slice.len == strlen(text) &&
           (slice.len == 0 || memcmp(slice.data, text, slice.len) == 0);
}

int dp_slice_compare(struct dp_slice a, struct dp_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}
