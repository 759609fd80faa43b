/* compose_hash.c - the hash of an app-compose.json: dstack's, and the one that the SDKs compute. */
#include "dstack/compose_hash.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/json_number.h"
#include "base/json_tree.h"

#define NO_INDEX UINT64_MAX

enum dp_err dp_compose_hash(uint8_t out[static DP_COMPOSE_HASH_LEN], const void *data, size_t len)
{
    if (EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1)
        return DP_OK;
    memset(out, 0, DP_COMPOSE_HASH_LEN);
    return DP_ECRYPTO;
}

/* --- order --- */

/* The number that a name is as an array index: 0 to 4294967294 without a leading zero. */
static uint64_t array_index(struct dp_slice key)
{
    uint64_t value = 0;

    if (key.len == 0 || key.len > 10 || (key.len > 1 && key.data[0] == '0'))
        return NO_INDEX;
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] < '0' || key.data[i] > '9')
            return NO_INDEX;
        value = value * 10 + (uint64_t)(key.data[i] - '0');
    }
    return value < UINT32_MAX ? value : NO_INDEX;
}

/* The first UTF-16 unit of a character, and behind it room for the second. */
static uint32_t units(uint32_t c)
{
    if (c < 0x10000)
        return c << 16;
    c -= 0x10000;
    return (0xd800 + (c >> 10)) << 16 | (0xdc00 + (c & 0x3ff));
}

static int utf16_order(struct dp_slice a, struct dp_slice b)
{
    size_t at = 0, a_step, b_step;

    /* As long as the texts are the same, so are their bytes: one place serves both. */
    while (at < a.len && at < b.len) {
        uint32_t x = units(dp_json_tree_char(a.data + at, &a_step));
        uint32_t y = units(dp_json_tree_char(b.data + at, &b_step));

        if (x != y)
            return x < y ? -1 : 1;
        at += a_step;
    }
    return (a.len > b.len) - (a.len < b.len);
}

int dp_compose_key_order(struct dp_slice a, struct dp_slice b)
{
    uint64_t x = array_index(a), y = array_index(b);

    if (x != NO_INDEX || y != NO_INDEX)
        return (x > y) - (x < y);
    return utf16_order(a, b);
}

struct member {
    struct dp_slice key;
    uint32_t node, place; /* place: among the members of its object, as written */
};

static int by_key_and_place(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = dp_compose_key_order(x->key, y->key);

    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static int by_index_and_place(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    uint64_t i = array_index(x->key), j = array_index(y->key);

    if (i != j)
        return i < j ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Of members with one name the last value stays, at the place of the first. Returns: how many */
static uint32_t merge_duplicates(struct member *members, uint32_t count)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (kept > 0 && dp_slice_compare(members[kept - 1].key, members[i].key) == 0)
            members[kept - 1].node = members[i].node;
        else
            members[kept++] = members[i];
    }
    return kept;
}

static void link_members(struct dp_tree *tree, uint32_t object, const struct member *members,
                         uint32_t count)
{
    struct dp_node *up = &tree->nodes[object];

    up->count = count;
    up->first = count > 0 ? members[0].node : DP_NODE_NONE;
    up->last = count > 0 ? members[count - 1].node : DP_NODE_NONE;
    for (uint32_t i = 0; i < count; i++)
        tree->nodes[members[i].node].next = i + 1 < count ? members[i + 1].node : DP_NODE_NONE;
}

/* members has room for all of the object's. own_order: JavaScript's, as the SDK left it alone. */
static void sort_object(struct dp_tree *tree, uint32_t object, struct member *members,
                        bool own_order)
{
    uint32_t count = 0;

    for (uint32_t i = tree->nodes[object].first; i != DP_NODE_NONE; i = tree->nodes[i].next) {
        /* Assigned to an object this name sets its prototype, which is not written. */
        if (own_order || !dp_slice_is(tree->nodes[i].key, "__proto__")) {
            members[count] = (struct member){tree->nodes[i].key, i, count};
            count++;
        }
    }
    qsort(members, count, sizeof(*members), by_key_and_place);
    count = merge_duplicates(members, count);
    if (own_order)
        qsort(members, count, sizeof(*members), by_index_and_place);
    link_members(tree, object, members, count);
}

enum dp_err dp_compose_sort(struct dp_tree *tree)
{
    struct member *members = calloc(tree->len, sizeof(*members));
    bool *own_order = calloc(tree->len, sizeof(*own_order));
    enum dp_err err = members != NULL && own_order != NULL ? DP_OK : DP_ENOMEM;

    /* Parents stand before their children, so each finds its parent's flag set. */
    for (uint32_t i = 0; err == DP_OK && i < tree->len; i++) {
        const struct dp_node *node = &tree->nodes[i];

        own_order[i] = (node->parent != DP_NODE_NONE && own_order[node->parent]) ||
                       dp_tree_find(tree, i, "constructor") != DP_NODE_NONE;
        if (node->kind == DP_NODE_OBJECT && node->count > 0)
            sort_object(tree, i, members, own_order[i]);
    }
    free(own_order);
    free(members);
    return err;
}

/* --- text --- */

static void write_plain(struct dp_buf *out, struct dp_slice text)
{
    char number[DP_JSON_NUMBER_SIZE];
    double value;

    if (strchr("tfn", text.data[0]) != NULL) {
        dp_buf_add(out, text.data, text.len);
        return;
    }
    value = strtod(text.data, NULL);
    if (!isfinite(value)) {
        dp_buf_add_text(out, "null");
        return;
    }
    dp_json_number(number, value);
    dp_buf_add_text(out, number);
}

static void write_close(struct dp_buf *out, const struct dp_node *node)
{
    dp_buf_add_text(out, node->kind == DP_NODE_OBJECT ? "}" : "]");
}

/* A scalar, or how an object or a list begins; an empty one ends here, too. */
static void write_head(struct dp_buf *out, const struct dp_node *node)
{
    if (node->kind == DP_NODE_TEXT) {
        dp_json_tree_string(out, node->text);
    } else if (node->kind == DP_NODE_PLAIN) {
        write_plain(out, node->text);
    } else {
        dp_buf_add_text(out, node->kind == DP_NODE_OBJECT ? "{" : "[");
        if (node->first == DP_NODE_NONE)
            write_close(out, node);
    }
}

static void write_tree(struct dp_buf *out, const struct dp_tree *tree, uint32_t top)
{
    for (uint32_t at = top; out->err == DP_OK;) {
        const struct dp_node *node = &tree->nodes[at];

        if (at != top && tree->nodes[node->parent].kind == DP_NODE_OBJECT) {
            dp_json_tree_string(out, node->key);
            dp_buf_add_text(out, ":");
        }
        write_head(out, node);
        if (node->kind <= DP_NODE_LIST && node->first != DP_NODE_NONE) {
            at = node->first;
            continue;
        }
        while (at != top && tree->nodes[at].next == DP_NODE_NONE) {
            at = tree->nodes[at].parent;
            write_close(out, &tree->nodes[at]);
        }
        if (at == top)
            return;
        dp_buf_add_text(out, ",");
        at = tree->nodes[at].next;
    }
}

/* A caller's locale may write and read a comma for the point. */
struct plain_locale {
    locale_t plain, before;
};

static bool locale_enter(struct plain_locale *locale)
{
    locale->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale->plain == (locale_t)0)
        return false;
    locale->before = uselocale(locale->plain);
    return true;
}

static void locale_leave(const struct plain_locale *locale)
{
    uselocale(locale->before);
    freelocale(locale->plain);
}

void dp_compose_write(struct dp_buf *out, const struct dp_tree *tree, uint32_t node)
{
    struct plain_locale locale;

    if (!locale_enter(&locale)) {
        out->err = DP_ENOMEM;
        return;
    }
    write_tree(out, tree, node);
    locale_leave(&locale);
}

enum dp_err dp_compose_canonical_tree(struct dp_buf *out, struct dp_tree *tree)
{
    enum dp_err err = dp_compose_sort(tree);

    if (err == DP_OK)
        dp_compose_write(out, tree, DP_NODE_ROOT);
    return err != DP_OK ? err : out->err;
}

/* --- normalize --- */

static bool is_falsy(const struct dp_node *node)
{
    if (node->kind == DP_NODE_TEXT)
        return node->text.len == 0;
    if (node->kind != DP_NODE_PLAIN || node->text.data[0] == 't')
        return false;
    return node->text.data[0] == 'n' || node->text.data[0] == 'f' ||
           strtod(node->text.data, NULL) == 0;
}

static bool text_is(const struct dp_tree *tree, uint32_t node, const char *text)
{
    return node != DP_NODE_NONE && tree->nodes[node].kind == DP_NODE_TEXT &&
           dp_slice_is(tree->nodes[node].text, text);
}

static void drop(struct dp_tree *tree, const char *key)
{
    uint32_t before = DP_NODE_NONE, next;
    struct dp_node *root = &tree->nodes[DP_NODE_ROOT];

    for (uint32_t i = root->first; i != DP_NODE_NONE; i = next) {
        next = tree->nodes[i].next;
        if (!dp_slice_is(tree->nodes[i].key, key)) {
            before = i;
            continue;
        }
        if (before == DP_NODE_NONE)
            root->first = next;
        else
            tree->nodes[before].next = next;
        root->count--;
    }
    root->last = before;
}

static enum dp_err normalize_tree(struct dp_tree *tree)
{
    struct plain_locale locale;
    uint32_t runner = dp_tree_find(tree, DP_NODE_ROOT, "runner");
    uint32_t script = dp_tree_find(tree, DP_NODE_ROOT, "pre_launch_script");

    if (!locale_enter(&locale))
        return DP_ENOMEM;
    if (text_is(tree, runner, "bash"))
        drop(tree, "docker_compose_file");
    else if (text_is(tree, runner, "docker-compose"))
        drop(tree, "bash_script");
    if (script != DP_NODE_NONE && is_falsy(&tree->nodes[script]))
        drop(tree, "pre_launch_script");
    locale_leave(&locale);
    return DP_OK;
}

enum dp_err dp_compose_canonical(struct dp_buf *out, const char *text, size_t len, bool normalize,
                                 struct dp_detail *detail)
{
    struct dp_tree tree;
    enum dp_err err;

    if (len > DP_COMPOSE_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "It has more than %d bytes, which dstack refuses.",
                       DP_COMPOSE_MAX);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    err = dp_json_tree_parse(&tree, text, len, detail);
    if (err != DP_OK)
        return err;
    if (tree.nodes[DP_NODE_ROOT].kind != DP_NODE_OBJECT)
        err = dp_fail(detail, DP_EJSON, NULL, "It is not a JSON object.");
    if (err == DP_OK && normalize)
        err = normalize_tree(&tree);
    if (err == DP_OK)
        err = dp_compose_canonical_tree(out, &tree);
    dp_tree_free(&tree);
    return err;
}
