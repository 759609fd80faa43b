/* abi_encode.c - JSON values as the contract ABI has them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ethereum/abi_node.h"

#define PATH_SIZE 160

struct encoder {
    const struct dp_abi *abi;
    struct dp_buf *out;
    struct dp_detail *detail;
    char path[PATH_SIZE]; /* of the value that is being encoded */
    size_t path_len;
};

/* --- the path, for messages --- */

static size_t enter(struct encoder *e, const struct dp_abi_node *node, size_t index)
{
    const size_t before = e->path_len, left = sizeof(e->path) - before;
    int len = node != NULL && node->name.len > 0
                  ? snprintf(e->path + before, left, "%s%.*s", before > 0 ? "." : "",
                             node->name.len < PATH_SIZE ? (int)node->name.len : PATH_SIZE,
                             node->name.data)
                  : snprintf(e->path + before, left, "[%zu]", index);

    e->path_len += (size_t)len < left ? (size_t)len : left - 1;
    return before;
}

static void leave(struct encoder *e, size_t before)
{
    e->path_len = before;
    e->path[before] = '\0';
}

static enum dp_err refuse(const struct encoder *e, const char *fmt, ...) DP_PRINTF(2, 3);

static enum dp_err refuse(const struct encoder *e, const char *fmt, ...)
{
    char sentence[DP_VALUE_WHY_SIZE + 64];
    va_list args;

    va_start(args, fmt);
    vsnprintf(sentence, sizeof(sentence), fmt, args);
    va_end(args);
    return dp_fail(e->detail, DP_EFORMAT, e->path, "%s%s%s", e->path, e->path_len > 0 ? ": " : "",
                   sentence);
}

/* --- words --- */

static enum dp_err add_zeros(struct encoder *e, size_t len)
{
    char *room = dp_buf_room(e->out, len);

    if (room == NULL)
        return e->out->err;
    memset(room, 0, len);
    dp_buf_grew(e->out, len);
    return DP_OK;
}

/* Write a number over the word at `at`. */
static void put_size(struct encoder *e, size_t at, size_t value)
{
    for (size_t i = DP_WORD_LEN; i > 0 && value > 0; i--, value >>= 8)
        e->out->data[at + i - 1] = (char)(value & 0xff);
}

/* --- values: each call goes one level down in the types --- */

static enum dp_err encode_into(struct encoder *e, const struct dp_abi_node *node,
                               struct json_object *value, size_t at, size_t base);

static const struct dp_abi_node *child(const struct encoder *e, uint32_t index)
{
    return &e->abi->nodes[index];
}

/* The value of a tuple's member, by name or by position. */
static struct json_object *member_value(struct json_object *value, const struct dp_abi_node *member,
                                        size_t index)
{
    char name[PATH_SIZE];

    if (json_object_is_type(value, json_type_array))
        return json_object_array_get_idx(value, index);
    snprintf(name, sizeof(name), "%.*s", (int)member->name.len, member->name.data);
    return json_object_object_get(value, name);
}

static bool has_member(const struct encoder *e, const struct dp_abi_node *tuple, const char *name)
{
    for (uint32_t i = tuple->first; i != DP_ABI_NONE; i = child(e, i)->next) {
        const struct dp_slice own = child(e, i)->name;

        if (own.len == strlen(name) && own.len < PATH_SIZE && memcmp(own.data, name, own.len) == 0)
            return true;
    }
    return false;
}

/* An object has each member once, as JSON has no member twice, and no other. */
static enum dp_err check_members(const struct encoder *e, const struct dp_abi_node *tuple,
                                 struct json_object *value)
{
    size_t count;

    if (json_object_is_type(value, json_type_array)) {
        count = json_object_array_length(value);
        return count == tuple->count
                   ? DP_OK
                   : refuse(e, "%u values are due, not %zu.", tuple->count, count);
    }
    if (!json_object_is_type(value, json_type_object))
        return refuse(e, "an array or an object with %u members is due.", tuple->count);
    json_object_object_foreach(value, name, ignored)
    {
        (void)ignored;
        if (!has_member(e, tuple, name))
            return refuse(e, "there is no member %.60s.", name);
    }
    for (uint32_t i = tuple->first; i != DP_ABI_NONE; i = child(e, i)->next) {
        if (member_value(value, child(e, i), 0) == NULL)
            return refuse(e, "the member %.*s is missing, or null.",
                          child(e, i)->name.len < 60 ? (int)child(e, i)->name.len : 60,
                          child(e, i)->name.data);
    }
    return DP_OK;
}

static enum dp_err encode_members(struct encoder *e, const struct dp_abi_node *tuple,
                                  struct json_object *value, size_t at, size_t base)
{
    size_t index = 0;
    enum dp_err err = check_members(e, tuple, value);

    for (uint32_t i = tuple->first; err == DP_OK && i != DP_ABI_NONE; i = child(e, i)->next) {
        size_t before = enter(e, child(e, i), index);

        err = encode_into(e, child(e, i), member_value(value, child(e, i), index), at, base);
        at += child(e, i)->head;
        index++;
        if (err == DP_OK)
            leave(e, before);
    }
    return err;
}

static enum dp_err encode_items(struct encoder *e, const struct dp_abi_node *array,
                                struct json_object *value, size_t at, size_t base)
{
    const struct dp_abi_node *item = child(e, array->first);
    enum dp_err err = DP_OK;

    for (size_t i = 0; err == DP_OK && i < json_object_array_length(value); i++) {
        size_t before = enter(e, NULL, i);

        err = encode_into(e, item, json_object_array_get_idx(value, i), at, base);
        at += item->head;
        if (err == DP_OK)
            leave(e, before);
    }
    return err;
}

static enum dp_err check_items(const struct encoder *e, const struct dp_abi_node *array,
                               struct json_object *value)
{
    size_t count;

    if (!json_object_is_type(value, json_type_array))
        return refuse(e, "an array is due.");
    count = json_object_array_length(value);
    if (array->length != DP_ABI_ANY && count != (size_t)array->length)
        return refuse(e, "%d items are due, not %zu.", array->length, count);
    return DP_OK;
}

/* Heads at the end of what is encoded so far, then what they point to. */
static enum dp_err encode_sequence(struct encoder *e, const struct dp_abi_node *node,
                                   struct json_object *value)
{
    const size_t base = e->out->len;
    size_t heads = 0;
    enum dp_err err = DP_OK;

    if (node->kind == DP_ABI_ARRAY)
        heads = json_object_array_length(value) * child(e, node->first)->head;
    for (uint32_t i = node->first; node->kind == DP_ABI_TUPLE && i != DP_ABI_NONE;
         i = child(e, i)->next)
        heads += child(e, i)->head;
    err = add_zeros(e, heads);
    if (err != DP_OK)
        return err;
    return node->kind == DP_ABI_ARRAY ? encode_items(e, node, value, base, base)
                                      : encode_members(e, node, value, base, base);
}

/* Length, bytes, and zeros up to a whole word. */
static enum dp_err encode_bytes(struct encoder *e, const struct dp_abi_node *node,
                                struct json_object *value)
{
    const size_t at = e->out->len;
    char why[DP_VALUE_WHY_SIZE];
    enum dp_err err = add_zeros(e, DP_WORD_LEN);

    if (err == DP_OK)
        err = dp_value_bytes(e->out, why, node->type, value);
    if (err == DP_EFORMAT)
        return refuse(e, "%s", why);
    if (err != DP_OK)
        return err;
    put_size(e, at, e->out->len - at - DP_WORD_LEN);
    return add_zeros(e, (DP_WORD_LEN - e->out->len + at) % DP_WORD_LEN);
}

/* What a dynamic type's head points to. */
static enum dp_err encode_tail(struct encoder *e, const struct dp_abi_node *node,
                               struct json_object *value)
{
    enum dp_err err = DP_OK;

    if (node->kind == DP_ABI_ELEMENTARY)
        return encode_bytes(e, node, value);
    if (node->kind == DP_ABI_ARRAY)
        err = check_items(e, node, value);
    if (err == DP_OK && node->kind == DP_ABI_ARRAY && node->length == DP_ABI_ANY) {
        size_t at = e->out->len;

        err = add_zeros(e, DP_WORD_LEN);
        if (err == DP_OK)
            put_size(e, at, json_object_array_length(value));
    }
    return err == DP_OK ? encode_sequence(e, node, value) : err;
}

static enum dp_err encode_word(struct encoder *e, const struct dp_abi_node *node,
                               struct json_object *value, size_t at)
{
    uint8_t word[DP_WORD_LEN];
    char why[DP_VALUE_WHY_SIZE];

    if (dp_value_word(word, why, node->type, value) != DP_OK)
        return refuse(e, "%s", why);
    memcpy(e->out->data + at, word, sizeof(word));
    return DP_OK;
}

/* At `at` there are zeros; offsets count from base. */
static enum dp_err encode_into(struct encoder *e, const struct dp_abi_node *node,
                               struct json_object *value, size_t at, size_t base)
{
    enum dp_err err;

    if (node->is_dynamic) {
        put_size(e, at, e->out->len - base);
        return encode_tail(e, node, value);
    }
    switch (node->kind) {
    case DP_ABI_ARRAY:
        err = check_items(e, node, value);
        return err == DP_OK ? encode_items(e, node, value, at, base) : err;
    case DP_ABI_TUPLE:
        return encode_members(e, node, value, at, base);
    case DP_ABI_ELEMENTARY:
        break;
    }
    return encode_word(e, node, value, at);
}

enum dp_err dp_abi_encode(const struct dp_abi *abi, struct dp_buf *out, struct json_object *values,
                          struct dp_detail *detail)
{
    struct encoder e = {.abi = abi, .out = out, .detail = detail};

    return encode_sequence(&e, &abi->nodes[abi->root], values);
}
