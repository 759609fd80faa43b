/* abi.c - parameter lists: read from JSON or text, and written as signatures. */
#include "ethereum/abi.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "crypto/keccak.h"
#include "ethereum/abi_node.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$"
#define DIGITS "0123456789"
#define TYPE_NAME_MAX 16 /* characters of the longest elementary type, and more */
#define LENGTH_DIGITS_MAX 6
#define TYPES_MAX (256 * 1024) /* characters of a signature */

static enum dp_err refuse(struct dp_detail *detail, const char *sentence, const char *text,
                          size_t len)
{
    return dp_fail(detail, DP_EFORMAT, NULL, "%s: %.*s", sentence, len < 80 ? (int)len : 80, text);
}

static enum dp_err too_big(struct dp_detail *detail, const char *sentence)
{
    return dp_fail(detail, DP_ETOOBIG, NULL, "%s", sentence);
}

/* --- nodes --- */

static enum dp_err add_node(struct dp_abi *abi, uint32_t *index, enum dp_abi_kind kind,
                            struct dp_detail *detail)
{
    if (abi->count == DP_ABI_NODES_MAX)
        return too_big(detail, "too many types in one list.");
    if (abi->count == abi->cap) {
        uint32_t cap = abi->cap == 0 ? 16 : 2 * abi->cap;
        struct dp_abi_node *nodes = realloc(abi->nodes, cap * sizeof(*nodes));

        if (nodes == NULL)
            return DP_ENOMEM;
        abi->nodes = nodes;
        abi->cap = cap;
    }
    *index = abi->count++;
    abi->nodes[*index] = (struct dp_abi_node){.kind = kind,
                                              .name = {"", 0},
                                              .first = DP_ABI_NONE,
                                              .next = DP_ABI_NONE,
                                              .head = DP_WORD_LEN};
    return DP_OK;
}

static enum dp_err limit(const struct dp_abi_node *node, struct dp_detail *detail)
{
    if (node->depth > DP_ABI_DEPTH_MAX)
        return too_big(detail, "types are nested too deep.");
    if (node->head > DP_ABI_HEAD_MAX)
        return too_big(detail, "a type of fixed size is too large.");
    return DP_OK;
}

/* An array of what *index is; then *index is the array. */
static enum dp_err wrap(struct dp_abi *abi, uint32_t *index, int32_t length,
                        struct dp_detail *detail)
{
    const uint32_t item = *index;
    struct dp_abi_node *array;
    enum dp_err err = add_node(abi, index, DP_ABI_ARRAY, detail);

    if (err != DP_OK)
        return err;
    array = &abi->nodes[*index];
    array->first = item;
    array->count = 1;
    array->length = length;
    array->depth = abi->nodes[item].depth + 1;
    array->is_dynamic = length == DP_ABI_ANY || abi->nodes[item].is_dynamic;
    if (!array->is_dynamic)
        array->head = (size_t)length * abi->nodes[item].head;
    return limit(array, detail);
}

/* The brackets at *at, up to end. */
static enum dp_err wrap_all(struct dp_abi *abi, uint32_t *index, const char **at, const char *end,
                            struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    while (err == DP_OK && *at < end && **at == '[') {
        const char *digits = *at + 1;
        size_t len = strspn(digits, DIGITS);

        if (digits + len >= end || digits[len] != ']' || len > LENGTH_DIGITS_MAX ||
            (len > 0 && digits[0] == '0'))
            return refuse(detail, "no length of an array", *at, (size_t)(end - *at));
        err = wrap(abi, index, len > 0 ? (int32_t)strtol(digits, NULL, 10) : DP_ABI_ANY, detail);
        *at = digits + len + 1;
    }
    return err;
}

static enum dp_err add_elementary(struct dp_abi *abi, uint32_t *index, const char *name, size_t len,
                                  struct dp_detail *detail)
{
    char text[TYPE_NAME_MAX] = "";
    struct dp_value_type type;
    enum dp_err err;

    if (len < sizeof(text))
        memcpy(text, name, len);
    if (dp_value_type_parse(&type, text) != DP_OK)
        return refuse(detail, "no type of Solidity's ABI", name, len);
    err = add_node(abi, index, DP_ABI_ELEMENTARY, detail);
    if (err != DP_OK)
        return err;
    abi->nodes[*index].type = type;
    abi->nodes[*index].is_dynamic = type.kind == DP_VALUE_STRING || type.kind == DP_VALUE_BYTES;
    return DP_OK;
}

/* A new last member, under its name. Members are added before anything is read of the tuple. */
static void add_member(struct dp_abi *abi, uint32_t tuple, uint32_t *last, uint32_t member,
                       struct dp_slice name)
{
    abi->nodes[member].name = name;
    if (*last == DP_ABI_NONE)
        abi->nodes[tuple].first = member;
    else
        abi->nodes[*last].next = member;
    abi->nodes[tuple].count++;
    *last = member;
}

/* What a tuple is by its members. */
static enum dp_err close_tuple(struct dp_abi *abi, uint32_t index, struct dp_detail *detail)
{
    struct dp_abi_node *tuple = &abi->nodes[index];
    size_t head = 0;

    for (uint32_t i = tuple->first; i != DP_ABI_NONE; i = abi->nodes[i].next) {
        const struct dp_abi_node *member = &abi->nodes[i];

        head += member->head;
        tuple->is_dynamic = tuple->is_dynamic || member->is_dynamic;
        if (tuple->depth <= member->depth)
            tuple->depth = member->depth + 1;
    }
    tuple->head = tuple->is_dynamic ? DP_WORD_LEN : head;
    return limit(tuple, detail);
}

/* --- from JSON: each call goes one level down in the document --- */

static enum dp_err read_tuple(struct dp_abi *abi, uint32_t tuple, struct json_object *params,
                              unsigned level, struct dp_detail *detail);

/* A string without a NUL in it, or "". */
static struct dp_slice text_of(struct json_object *object, const char *name)
{
    struct dp_slice text;

    if (!json_object_is_type(object, json_type_object) ||
        dp_json_optional_string(&text, object, name, NULL) != DP_OK || text.data == NULL ||
        strlen(text.data) != text.len)
        return (struct dp_slice){"", 0};
    return text;
}

static enum dp_err read_param(struct dp_abi *abi, uint32_t *index, struct json_object *param,
                              unsigned level, struct dp_detail *detail)
{
    struct dp_slice type = text_of(param, "type");
    const char *at = type.data + strcspn(type.data, "["), *end = type.data + type.len;
    struct json_object *components;
    enum dp_err err;

    if (strncmp(type.data, "tuple", 5) != 0 || at != type.data + 5) {
        err = add_elementary(abi, index, type.data, (size_t)(at - type.data), detail);
    } else {
        components = json_object_object_get(param, "components");
        if (!json_object_is_type(components, json_type_array) || dp_json_count(components) == 0)
            return refuse(detail, "a tuple without components", type.data, type.len);
        err = add_node(abi, index, DP_ABI_TUPLE, detail);
        if (err == DP_OK)
            err = read_tuple(abi, *index, components, level + 1, detail);
    }
    if (err == DP_OK)
        err = wrap_all(abi, index, &at, end, detail);
    return err == DP_OK && at != end ? refuse(detail, "no type", type.data, type.len) : err;
}

static enum dp_err read_tuple(struct dp_abi *abi, uint32_t tuple, struct json_object *params,
                              unsigned level, struct dp_detail *detail)
{
    uint32_t last = DP_ABI_NONE, index = 0;

    if (level > DP_ABI_DEPTH_MAX)
        return too_big(detail, "types are nested too deep.");
    for (size_t i = 0; i < json_object_array_length(params); i++) {
        struct json_object *param = json_object_array_get_idx(params, i);
        enum dp_err err = read_param(abi, &index, param, level, detail);

        if (err != DP_OK)
            return err;
        add_member(abi, tuple, &last, index, text_of(param, "name"));
    }
    return close_tuple(abi, tuple, detail);
}

/* --- from text: each call goes into one more pair of parentheses --- */

struct reader {
    struct dp_abi *abi;
    const char *at, *end;
    unsigned level;
    struct dp_detail *detail;
};

static void skip_blanks(struct reader *r)
{
    r->at += strspn(r->at, " ");
}

/* Takes a character where it is the next. */
static bool next_is(struct reader *r, char c)
{
    skip_blanks(r);
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

static enum dp_err parse_members(struct reader *r, uint32_t tuple);

static enum dp_err parse_type(struct reader *r, uint32_t *index)
{
    size_t len;
    enum dp_err err;

    if (next_is(r, '(')) {
        if (++r->level > DP_ABI_DEPTH_MAX)
            return too_big(r->detail, "types are nested too deep.");
        err = add_node(r->abi, index, DP_ABI_TUPLE, r->detail);
        if (err == DP_OK)
            err = parse_members(r, *index);
        if (err == DP_OK && !next_is(r, ')'))
            err = refuse(r->detail, "a parenthesis is due before", r->at, strlen(r->at));
        r->level--;
    } else {
        len = strspn(r->at, LETTERS DIGITS);
        err = add_elementary(r->abi, index, r->at, len, r->detail);
        r->at += len;
    }
    return err == DP_OK ? wrap_all(r->abi, index, &r->at, r->end, r->detail) : err;
}

static struct dp_slice parse_name(struct reader *r)
{
    struct dp_slice name;

    skip_blanks(r);
    name = (struct dp_slice){r->at, strspn(r->at, LETTERS DIGITS)};
    r->at += name.len;
    return name;
}

/* At least one member. */
static enum dp_err parse_members(struct reader *r, uint32_t tuple)
{
    uint32_t last = DP_ABI_NONE, index = 0;

    do {
        enum dp_err err = parse_type(r, &index);

        if (err != DP_OK)
            return err;
        add_member(r->abi, tuple, &last, index, parse_name(r));
    } while (next_is(r, ','));
    return close_tuple(r->abi, tuple, r->detail);
}

static enum dp_err parse_list(struct reader *r)
{
    enum dp_err err = DP_OK;

    skip_blanks(r);
    if (r->at != r->end)
        err = parse_members(r, r->abi->root);
    skip_blanks(r);
    if (err == DP_OK && r->at != r->end)
        err = refuse(r->detail, "no list of types from here on", r->at, strlen(r->at));
    return err;
}

/* --- the list --- */

static enum dp_err open_list(struct dp_abi **out, struct dp_detail *detail)
{
    *out = calloc(1, sizeof(**out));
    return *out != NULL ? add_node(*out, &(*out)->root, DP_ABI_TUPLE, detail) : DP_ENOMEM;
}

static enum dp_err finish(struct dp_abi **out, enum dp_err err)
{
    if (err != DP_OK) {
        dp_abi_free(*out);
        *out = NULL;
    }
    return err;
}

enum dp_err dp_abi_read(struct dp_abi **out, struct json_object *params, struct dp_detail *detail)
{
    enum dp_err err = open_list(out, detail);

    if (err == DP_OK && !json_object_is_type(params, json_type_array))
        err = dp_fail(detail, DP_EFORMAT, NULL, "a list of parameters is due.");
    if (err == DP_OK)
        err = read_tuple(*out, (*out)->root, params, 0, detail);
    return finish(out, err);
}

enum dp_err dp_abi_parse(struct dp_abi **out, const char *text, struct dp_detail *detail)
{
    struct reader r = {.at = text, .end = text + strlen(text), .detail = detail};
    enum dp_err err = open_list(out, detail);

    r.abi = *out;
    if (err == DP_OK)
        err = parse_list(&r);
    return finish(out, err);
}

void dp_abi_free(struct dp_abi *abi)
{
    if (abi == NULL)
        return;
    free(abi->nodes);
    free(abi);
}

static const struct dp_abi_node *param(const struct dp_abi *abi, size_t index)
{
    const struct dp_abi_node *node = &abi->nodes[abi->nodes[abi->root].first];

    while (index-- > 0)
        node = &abi->nodes[node->next];
    return node;
}

size_t dp_abi_count(const struct dp_abi *abi)
{
    return abi->nodes[abi->root].count;
}

struct dp_slice dp_abi_name(const struct dp_abi *abi, size_t index)
{
    return param(abi, index)->name;
}

bool dp_abi_is_plain(const struct dp_abi *abi, size_t index)
{
    return param(abi, index)->kind == DP_ABI_ELEMENTARY;
}

/* --- signatures --- */

static void write_type(struct dp_buf *out, const struct dp_abi *abi, const struct dp_abi_node *node)
{
    switch (node->kind) {
    case DP_ABI_ELEMENTARY:
        dp_value_type_write(out, node->type);
        break;
    case DP_ABI_ARRAY:
        write_type(out, abi, &abi->nodes[node->first]);
        if (node->length == DP_ABI_ANY)
            dp_buf_add_text(out, "[]");
        else
            dp_buf_addf(out, "[%d]", node->length);
        break;
    case DP_ABI_TUPLE:
        dp_buf_add_text(out, "(");
        for (uint32_t i = node->first; i != DP_ABI_NONE; i = abi->nodes[i].next) {
            if (i != node->first)
                dp_buf_add_text(out, ",");
            write_type(out, abi, &abi->nodes[i]);
        }
        dp_buf_add_text(out, ")");
        break;
    }
}

void dp_abi_type(struct dp_buf *out, const struct dp_abi *abi, size_t index)
{
    write_type(out, abi, param(abi, index));
}

void dp_abi_types(struct dp_buf *out, const struct dp_abi *abi)
{
    write_type(out, abi, &abi->nodes[abi->root]);
}

enum dp_err dp_abi_selector(uint8_t out[static DP_ABI_SELECTOR_LEN], const char *name,
                            const struct dp_abi *abi)
{
    struct dp_buf text = DP_BUF_INIT(TYPES_MAX);
    uint8_t digest[DP_KECCAK_LEN];
    enum dp_err err;

    dp_buf_add_text(&text, name);
    dp_abi_types(&text, abi);
    err = text.err;
    if (err == DP_OK) {
        dp_keccak256(digest, text.data, text.len);
        memcpy(out, digest, DP_ABI_SELECTOR_LEN);
    }
    dp_buf_free(&text);
    return err;
}
