/* yaml.c - YAML from strangers: libyaml behind rules that leave one meaning. */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    struct dp_tree *tree;
    uint32_t parent; /* the open mapping or sequence */
    size_t depth;
    struct dp_slice key; /* of the member that comes next; data is NULL while its name is due */
    uint32_t key_line;
    bool done;
    struct dp_detail *detail;
};

static unsigned long line_of(const yaml_mark_t *mark)
{
    return (unsigned long)mark->line + 1;
}

static enum dp_err refuse(struct reader *r, const yaml_event_t *event, const char *what)
{
    return dp_fail(r->detail, DP_EFORMAT, NULL, "Line %lu: %s.", line_of(&event->start_mark), what);
}

static bool in_mapping(const struct reader *r)
{
    return r->parent != DP_NODE_NONE && r->tree->nodes[r->parent].kind == DP_NODE_OBJECT;
}

static bool name_is_due(const struct reader *r)
{
    return in_mapping(r) && r->key.data == NULL;
}

static enum dp_err keep_text(struct reader *r, struct dp_slice *out, const yaml_event_t *event)
{
    size_t len = event->data.scalar.length;
    char *room = dp_tree_text_room(r->tree, len);

    if (room == NULL)
        return dp_fail(r->detail, DP_ETOOBIG, NULL, "Line %lu: its texts are too long.",
                       line_of(&event->start_mark));
    memcpy(room, event->data.scalar.value, len);
    *out = dp_tree_text_end(r->tree, len);
    return DP_OK;
}

static enum dp_err add(struct reader *r, enum dp_node_kind kind, const yaml_event_t *event,
                       uint32_t *index)
{
    struct dp_node node = {.kind = kind, .line = (uint32_t)line_of(&event->start_mark)};
    enum dp_err err = DP_OK;

    if (in_mapping(r)) {
        node.key = r->key;
        node.line = r->key_line;
    }
    r->key = (struct dp_slice){NULL, 0};
    if (kind >= DP_NODE_TEXT)
        err = keep_text(r, &node.text, event);
    return err == DP_OK ? dp_tree_add(r->tree, index, r->parent, &node) : err;
}

static enum dp_err take_name(struct reader *r, const yaml_event_t *event)
{
    enum dp_err err = keep_text(r, &r->key, event);

    r->key_line = (uint32_t)line_of(&event->start_mark);
    if (err == DP_OK && dp_slice_is(r->key, "<<"))
        return refuse(r, event, "a merge key (\"<<\"); write out what it would merge");
    if (err == DP_OK && memchr(r->key.data, '\0', r->key.len) != NULL)
        return refuse(r, event, "a NUL in a name");
    return err;
}

static enum dp_err take_scalar(struct reader *r, const yaml_event_t *event)
{
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    uint32_t index;

    if (event->data.scalar.anchor != NULL)
        return refuse(r, event, "an anchor; write out what it stands for wherever it is meant");
    if (event->data.scalar.tag != NULL)
        return refuse(r, event, "a tag; leave it out");
    if (name_is_due(r))
        return take_name(r, event);
    return add(r, plain ? DP_NODE_PLAIN : DP_NODE_TEXT, event, &index);
}

static enum dp_err open_level(struct reader *r, const yaml_event_t *event)
{
    bool mapping = event->type == YAML_MAPPING_START_EVENT;
    const void *anchor =
        mapping ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const void *tag = mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    uint32_t index;
    enum dp_err err;

    if (anchor != NULL)
        return refuse(r, event, "an anchor; write out what it stands for wherever it is meant");
    if (tag != NULL)
        return refuse(r, event, "a tag; leave it out");
    if (name_is_due(r))
        return refuse(r, event, "a name that is a list or a mapping");
    if (r->depth++ == DP_YAML_DEPTH_MAX)
        return refuse(r, event, "too deep a nesting");
    err = add(r, mapping ? DP_NODE_OBJECT : DP_NODE_LIST, event, &index);
    if (err == DP_OK)
        r->parent = index;
    return err;
}

static enum dp_err take(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(r, event);
    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return open_level(r, event);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        r->depth--;
        r->parent = r->tree->nodes[r->parent].parent;
        return DP_OK;
    case YAML_ALIAS_EVENT:
        return refuse(r, event, "an alias; write out what it stands for");
    case YAML_DOCUMENT_START_EVENT:
        return r->tree->len == 0 ? DP_OK : refuse(r, event, "a second document");
    case YAML_STREAM_END_EVENT:
        r->done = true;
        return DP_OK;
    default:
        return DP_OK;
    }
}

static enum dp_err read_event(struct reader *r)
{
    yaml_event_t event;
    enum dp_err err;

    if (!yaml_parser_parse(&r->parser, &event)) {
        if (r->parser.error == YAML_MEMORY_ERROR)
            return DP_ENOMEM;
        return dp_fail(r->detail, DP_EFORMAT, NULL, "Line %lu: it is not YAML: %s.",
                       line_of(&r->parser.problem_mark),
                       r->parser.problem != NULL ? r->parser.problem : "unreadable");
    }
    err = take(r, &event);
    yaml_event_delete(&event);
    return err;
}

/* --- names given twice --- */

struct name {
    uint32_t parent, line;
    struct dp_slice key;
};

static int by_parent_and_key(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int order;

    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    order = dp_slice_compare(x->key, y->key);
    return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static enum dp_err find_duplicate(const struct dp_tree *tree, struct dp_detail *detail)
{
    struct name *names = calloc(tree->len, sizeof(*names));
    enum dp_err err = DP_OK;
    size_t len = 0;

    if (names == NULL)
        return DP_ENOMEM;
    for (uint32_t i = 0; i < tree->len; i++) {
        const struct dp_node *node = &tree->nodes[i];

        if (node->key.data != NULL)
            names[len++] = (struct name){node->parent, node->line, node->key};
    }
    qsort(names, len, sizeof(*names), by_parent_and_key);
    for (size_t i = 1; err == DP_OK && i < len; i++) {
        if (names[i].parent == names[i - 1].parent &&
            dp_slice_compare(names[i].key, names[i - 1].key) == 0)
            err = dp_fail(detail, DP_EDUPLICATE, names[i].key.data,
                          "Line %lu: %.100s is given twice.", (unsigned long)names[i].line,
                          names[i].key.data);
    }
    free(names);
    return err;
}

static enum dp_err read_all(struct reader *r, const char *text, size_t len)
{
    static const struct dp_node nothing = {.kind = DP_NODE_PLAIN, .line = 1};
    enum dp_err err = DP_OK;
    uint32_t index;

    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    while (err == DP_OK && !r->done)
        err = read_event(r);
    if (err == DP_OK && r->tree->len == 0)
        err = dp_tree_add(r->tree, &index, DP_NODE_NONE, &nothing);
    return err == DP_OK ? find_duplicate(r->tree, r->detail) : err;
}

enum dp_err dp_yaml_parse(struct dp_tree *tree, const char *text, size_t len,
                          struct dp_detail *detail)
{
    struct reader r = {.tree = tree, .parent = DP_NODE_NONE, .detail = detail};
    enum dp_err err;

    *tree = (struct dp_tree){.nodes = NULL};
    if (len > DP_YAML_LEN_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "It is longer than %d bytes.", DP_YAML_LEN_MAX);
    if (!yaml_parser_initialize(&r.parser))
        return DP_ENOMEM;
    /* An escape such as "\L" is two bytes and decodes to three; an empty value has a NUL only. */
    err = dp_tree_init(tree, 2 * len + 16);
    if (err == DP_OK)
        err = read_all(&r, text, len);
    yaml_parser_delete(&r.parser);
    if (err != DP_OK)
        dp_tree_free(tree);
    return err;
}
