/* compose_diff.c - what changed between two app-compose.json, field by field. */
#include "dstack/compose_diff.h"

#include <stdlib.h>
#include <string.h>

#include "dstack/compose_hash.h"

#define LINES_MAX (1024 * 1024) /* of text in one change */

/* Two nodes at the same place; the worklist of the comparison, in the order of the documents. */
struct pair {
    uint32_t from, to;
};

struct diff {
    struct dp_tree *from, *to;
    struct pair *work;
    size_t work_len, count;
    dp_compose_change_fn *tell;
    void *arg;
    enum dp_err err;
};

/* --- one change --- */

static void cut(struct dp_buf *text)
{
    size_t len = DP_COMPOSE_SHOWN_MAX;

    if (text->data == NULL || text->len <= len)
        return;
    while (len > 0 && ((unsigned char)text->data[len] & 0xc0) == 0x80)
        len--;
    text->len = len;
    text->data[len] = '\0';
    dp_buf_add_text(text, "...");
}

/* Canonical JSON of a node, cut; NULL for DP_NODE_NONE. */
static const char *show(struct dp_buf *out, const struct dp_tree *tree, uint32_t node)
{
    if (node == DP_NODE_NONE)
        return NULL;
    dp_compose_write(out, tree, node);
    cut(out);
    return out->data;
}

static bool has_lines(const struct dp_tree *tree, uint32_t node)
{
    return node != DP_NODE_NONE && tree->nodes[node].kind == DP_NODE_TEXT &&
           memchr(tree->nodes[node].text.data, '\n', tree->nodes[node].text.len) != NULL;
}

static void tell(struct diff *d, uint32_t from, uint32_t to)
{
    struct dp_buf pointer = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX), lines = DP_BUF_INIT(LINES_MAX),
                  old = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX),
                  new = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    struct dp_compose_change change = {.pointer = ""};

    if (d->count++ >= DP_COMPOSE_CHANGES_MAX)
        return;
    dp_tree_pointer(&pointer, to != DP_NODE_NONE ? d->to : d->from, to != DP_NODE_NONE ? to : from);
    cut(&pointer);
    if (pointer.data != NULL)
        change.pointer = pointer.data;
    change.from = show(&old, d->from, from);
    change.to = show(&new, d->to, to);
    if (has_lines(d->from, from) && has_lines(d->to, to)) {
        dp_compose_diff_lines(&lines, d->from->nodes[from].text, d->to->nodes[to].text);
        if (lines.err == DP_OK)
            change.lines = lines.data;
    }
    if (pointer.err != DP_OK || old.err != DP_OK || new.err != DP_OK)
        d->err = DP_ENOMEM;
    else
        d->tell(&change, d->arg);
    dp_buf_free(&pointer);
    dp_buf_free(&lines);
    dp_buf_free(&old);
    dp_buf_free(&new);
}

/* --- the walk --- */

/* Scalars are the same where they are written the same in canonical form: 1.0 is 1. */
static bool same_scalar(struct diff *d, uint32_t from, uint32_t to)
{
    const struct dp_node *a = &d->from->nodes[from], *b = &d->to->nodes[to];
    struct dp_buf x = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX),
                  y = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    bool same;

    if (a->kind != b->kind || dp_slice_compare(a->text, b->text) == 0)
        return a->kind == b->kind;
    if (a->kind == DP_NODE_TEXT)
        return false;
    dp_compose_write(&x, d->from, from);
    dp_compose_write(&y, d->to, to);
    if (x.err != DP_OK || y.err != DP_OK)
        d->err = DP_ENOMEM;
    same = d->err == DP_OK && x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    dp_buf_free(&x);
    dp_buf_free(&y);
    return same;
}

static void compare(struct diff *d, uint32_t from, uint32_t to)
{
    enum dp_node_kind kind = d->from->nodes[from].kind;

    if (kind == d->to->nodes[to].kind && kind <= DP_NODE_LIST)
        d->work[d->work_len++] = (struct pair){from, to};
    else if (!same_scalar(d, from, to))
        tell(d, from, to);
}

/* Which of the two stands first, or both at once where they are 0. */
static int order(const struct diff *d, bool by_name, uint32_t from, uint32_t to)
{
    if (from == DP_NODE_NONE || to == DP_NODE_NONE)
        return from == DP_NODE_NONE ? 1 : -1;
    return by_name ? dp_compose_key_order(d->from->nodes[from].key, d->to->nodes[to].key) : 0;
}

static void compare_children(struct diff *d, struct pair pair)
{
    bool by_name = d->from->nodes[pair.from].kind == DP_NODE_OBJECT;
    uint32_t a = d->from->nodes[pair.from].first, b = d->to->nodes[pair.to].first;

    while (d->err == DP_OK && (a != DP_NODE_NONE || b != DP_NODE_NONE)) {
        int which = order(d, by_name, a, b);

        if (which < 0)
            tell(d, a, DP_NODE_NONE);
        else if (which > 0)
            tell(d, DP_NODE_NONE, b);
        else
            compare(d, a, b);
        if (which <= 0)
            a = d->from->nodes[a].next;
        if (which >= 0)
            b = d->to->nodes[b].next;
    }
}

enum dp_err dp_compose_diff(size_t *count, struct dp_tree *from, struct dp_tree *to,
                            dp_compose_change_fn *tell_fn, void *arg)
{
    struct diff d = {.from = from, .to = to, .tell = tell_fn, .arg = arg};

    *count = 0;
    if (dp_compose_sort(from) != DP_OK || dp_compose_sort(to) != DP_OK)
        return DP_ENOMEM;
    /* Each node stands in at most one pair. */
    d.work = calloc(from->len, sizeof(*d.work));
    if (d.work == NULL)
        return DP_ENOMEM;
    compare(&d, DP_NODE_ROOT, DP_NODE_ROOT);
    for (size_t i = 0; d.err == DP_OK && i < d.work_len; i++)
        compare_children(&d, d.work[i]);
    free(d.work);
    *count = d.count;
    return d.err;
}

/* --- lines --- */

#define PAIRS_MAX (4 * 1024 * 1024)

struct lines {
    struct dp_slice *list;
    size_t len;
};

static bool split(struct lines *lines, struct dp_slice text)
{
    size_t count = 1, at = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n';
    lines->list = calloc(count, sizeof(*lines->list));
    lines->len = 0;
    if (lines->list == NULL)
        return false;
    while (at < text.len) {
        const char *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end != NULL ? (size_t)(end - (text.data + at)) : text.len - at;

        lines->list[lines->len++] = (struct dp_slice){text.data + at, len};
        at += len + 1;
    }
    return true;
}

static bool same_line(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
    return dp_slice_compare(a->list[i], b->list[j]) == 0;
}

static void add_line(struct dp_buf *out, char sign, const struct lines *lines, size_t at)
{
    dp_buf_addf(out, "%c%zu ", sign, at + 1);
    dp_buf_add(out, lines->list[at].data, lines->list[at].len);
    dp_buf_add_text(out, "\n");
}

/* The part of two texts between their common beginning and their common end. */
struct middle {
    size_t from, a_end, b_end;
};

static struct middle trim(const struct lines *a, const struct lines *b)
{
    struct middle m = {0, a->len, b->len};

    while (m.from < m.a_end && m.from < m.b_end && same_line(a, m.from, b, m.from))
        m.from++;
    while (m.a_end > m.from && m.b_end > m.from && same_line(a, m.a_end - 1, b, m.b_end - 1)) {
        m.a_end--;
        m.b_end--;
    }
    return m;
}

/* Longest common subsequence: lcs[i * (cols + 1) + j] is its length from line i and j on. */
static uint16_t *common_lengths(const struct lines *a, const struct lines *b,
                                const struct middle *m)
{
    size_t rows = m->a_end - m->from, cols = m->b_end - m->from;
    uint16_t *lcs;

    if (rows >= UINT16_MAX || cols >= UINT16_MAX || (rows + 1) * (cols + 1) > PAIRS_MAX)
        return NULL;
    lcs = calloc((rows + 1) * (cols + 1), sizeof(*lcs));
    for (size_t i = rows; lcs != NULL && i-- > 0;) {
        for (size_t j = cols; j-- > 0;) {
            uint16_t *here = &lcs[i * (cols + 1) + j];

            if (same_line(a, m->from + i, b, m->from + j))
                *here = (uint16_t)(here[cols + 2] + 1);
            else
                *here = here[1] > here[cols + 1] ? here[1] : here[cols + 1];
        }
    }
    return lcs;
}

static void add_middle(struct dp_buf *out, const struct lines *a, const struct lines *b,
                       const struct middle *m, const uint16_t *lcs)
{
    size_t i = m->from, j = i, width = m->b_end - m->from + 1;

    while (i < m->a_end || j < m->b_end) {
        const uint16_t *here = lcs != NULL ? &lcs[(i - m->from) * width + (j - m->from)] : NULL;

        if (here != NULL && i < m->a_end && j < m->b_end && same_line(a, i, b, j)) {
            i++;
            j++;
        } else if (i < m->a_end && (j == m->b_end || here == NULL || here[width] >= here[1])) {
            add_line(out, '-', a, i++);
        } else {
            add_line(out, '+', b, j++);
        }
    }
}

void dp_compose_diff_lines(struct dp_buf *out, struct dp_slice from, struct dp_slice to)
{
    struct lines a = {NULL, 0}, b = {NULL, 0};
    uint16_t *lcs = NULL;

    if (split(&a, from) && split(&b, to)) {
        struct middle m = trim(&a, &b);

        lcs = common_lengths(&a, &b, &m);
        add_middle(out, &a, &b, &m, lcs);
    } else {
        out->err = DP_ENOMEM;
    }
    free(lcs);
    free(b.list);
    free(a.list);
}
