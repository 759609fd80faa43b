/* json_tree.c - JSON read without loss: numbers as they are spelt, lone surrogates, duplicates. */
#include "base/json_tree.h"

#include <string.h>

#include "base/json_scan.h"
#include "base/utf8.h"

/* Where the reader stands in a text that the scanner has found to be JSON. */
struct reader {
    const char *p, *end;
    struct dp_tree *tree;
    uint32_t parent, line;
};

static void skip(struct reader *r)
{
    for (; r->p < r->end && strchr(" \t\r\n,:", *r->p) != NULL; r->p++)
        r->line += *r->p == '\n';
}

static uint32_t hex4(const char *p)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        uint32_t c = (unsigned char)p[i];

        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* What follows a backslash; p is moved behind it. */
static uint32_t escape(const char **p)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    char c = *(*p)++;
    const char *found;
    uint32_t high, low;

    if (c != 'u') {
        found = strchr(from, c);
        return (unsigned char)(found != NULL ? to[found - from] : c);
    }
    high = hex4(*p);
    *p += 4;
    if (high < 0xd800 || high > 0xdbff || (*p)[0] != '\\' || (*p)[1] != 'u')
        return high;
    low = hex4(*p + 2);
    if (low < 0xdc00 || low > 0xdfff)
        return high;
    *p += 6;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* The reader stands on a quote, and the closing one is there. */
static struct dp_slice string(struct reader *r)
{
    const char *p = r->p + 1;
    char *out = dp_tree_text_room(r->tree, 0);
    size_t len = 0;

    while (*p != '"') {
        if (*p == '\\') {
            p++;
            len += dp_utf8_put(out + len, escape(&p));
        } else {
            out[len++] = *p++;
        }
    }
    r->p = p + 1;
    return dp_tree_text_end(r->tree, len);
}

static struct dp_slice plain(struct reader *r)
{
    const char *from = r->p;
    size_t len;

    while (r->p < r->end && strchr(" \t\r\n,]}", *r->p) == NULL)
        r->p++;
    len = (size_t)(r->p - from);
    memcpy(dp_tree_text_room(r->tree, 0), from, len);
    return dp_tree_text_end(r->tree, len);
}

/* One value; an object or a list becomes the parent of what follows. */
static enum dp_err value(struct reader *r)
{
    struct dp_node node = {.kind = DP_NODE_PLAIN, .line = r->line};
    bool opens = false;
    uint32_t index;
    enum dp_err err;

    if (r->parent != DP_NODE_NONE && r->tree->nodes[r->parent].kind == DP_NODE_OBJECT) {
        node.key = string(r);
        skip(r);
    }
    if (*r->p == '{' || *r->p == '[') {
        node.kind = *r->p++ == '{' ? DP_NODE_OBJECT : DP_NODE_LIST;
        opens = true;
    } else if (*r->p == '"') {
        node.kind = DP_NODE_TEXT;
        node.text = string(r);
    } else {
        node.text = plain(r);
    }
    err = dp_tree_add(r->tree, &index, r->parent, &node);
    if (err == DP_OK && opens)
        r->parent = index;
    return err;
}

/* Of a text that the scanner has passed. */
static enum dp_err read_tree(struct dp_tree *tree, const char *text, size_t len)
{
    struct reader r = {text, text + len, tree, DP_NODE_NONE, 1};
    /* No text is longer decoded than written, and each NUL has a bracket, quote or comma. */
    enum dp_err err = dp_tree_init(tree, len + 2);

    for (skip(&r); err == DP_OK && r.p < r.end; skip(&r)) {
        if (*r.p == '}' || *r.p == ']') {
            r.p++;
            r.parent = tree->nodes[r.parent].parent;
        } else {
            err = value(&r);
        }
    }
    if (err != DP_OK)
        dp_tree_free(tree);
    return err;
}

/* The scanner speaks of a request's body; here it is a file. */
static enum dp_err reword(enum dp_err err, const struct dp_detail *from, struct dp_detail *detail)
{
    static const char body[] = "The body ";
    const char *text = from->text;

    if (err == DP_EDUPLICATE)
        return dp_fail(detail, err, from->field, "The field %s is given twice in one object.",
                       from->field);
    if (strncmp(text, body, sizeof(body) - 1) == 0)
        return dp_fail(detail, err, NULL, "It %s", text + sizeof(body) - 1);
    return dp_fail(detail, err, NULL, "%s", text);
}

typedef enum dp_err scan_fn(const char *text, size_t len, size_t depth_max,
                            struct dp_detail *detail);

static enum dp_err parse(struct dp_tree *tree, const char *text, size_t len, scan_fn *scan,
                         struct dp_detail *detail)
{
    struct dp_detail scanned = {"", ""};
    enum dp_err err;

    *tree = (struct dp_tree){.nodes = NULL};
    if (len > DP_JSON_TREE_LEN_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "It is longer than %d bytes.",
                       DP_JSON_TREE_LEN_MAX);
    err = scan(text, len, DP_JSON_TREE_DEPTH_MAX, &scanned);
    return err == DP_OK ? read_tree(tree, text, len) : reword(err, &scanned, detail);
}

enum dp_err dp_json_tree_parse(struct dp_tree *tree, const char *text, size_t len,
                               struct dp_detail *detail)
{
    return parse(tree, text, len, dp_json_scan_loose, detail);
}

enum dp_err dp_json_tree_parse_strict(struct dp_tree *tree, const char *text, size_t len,
                                      struct dp_detail *detail)
{
    return parse(tree, text, len, dp_json_scan, detail);
}

uint32_t dp_json_tree_char(const char *p, size_t *step)
{
    const unsigned char *u = (const unsigned char *)p;

    *step = u[0] < 0x80 ? 1 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    switch (*step) {
    case 1:
        return u[0];
    case 2:
        return (u[0] & 0x1fU) << 6 | (u[1] & 0x3fU);
    case 3:
        return (u[0] & 0xfU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU);
    default:
        return (u[0] & 7U) << 18 | (u[1] & 0x3fU) << 12 | (u[2] & 0x3fU) << 6 | (u[3] & 0x3fU);
    }
}

void dp_json_tree_string(struct dp_buf *out, struct dp_slice text)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    size_t step;

    dp_buf_add_text(out, "\"");
    for (size_t at = 0; at < text.len; at += step) {
        uint32_t c = dp_json_tree_char(text.data + at, &step);
        const char *found = c > 0 && c < 0x80 ? strchr(from, (int)c) : NULL;

        if (found != NULL)
            dp_buf_addf(out, "\\%c", to[found - from]);
        else if (c < 0x20 || (c >= 0xd800 && c <= 0xdfff))
            dp_buf_addf(out, "\\u%04x", (unsigned)c);
        else
            dp_buf_add(out, text.data + at, step);
    }
    dp_buf_add_text(out, "\"");
}
