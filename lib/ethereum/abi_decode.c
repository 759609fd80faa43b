/* abi_decode.c - what the contract ABI holds, as JSON values. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "ethereum/abi_node.h"
#include "ethereum/address.h"

struct decoder {
    const struct dp_abi *abi;
    const uint8_t *data;
    size_t len;
    size_t budget; /* what may still be charged, see DP_ABI_DECODED_MAX */
};

/* Each value costs a word and its bytes: offsets may let one byte of data stand for many values. */
static enum dp_err charge(struct decoder *d, size_t bytes)
{
    if (bytes > d->budget || d->budget - bytes < DP_WORD_LEN)
        return DP_ETOOBIG;
    d->budget -= bytes + DP_WORD_LEN;
    return DP_OK;
}

static bool is_inside(const struct decoder *d, size_t at, size_t len)
{
    return at <= d->len && len <= d->len - at;
}

/* The number at `at`, which must not lead out of the data. */
static enum dp_err read_size(const struct decoder *d, size_t *out, size_t at)
{
    uint64_t value;

    if (!is_inside(d, at, DP_WORD_LEN) || dp_integer_read(&value, d->data + at) != DP_OK ||
        value > d->len)
        return DP_EFORMAT;
    *out = (size_t)value;
    return DP_OK;
}

/* --- elementary values --- */

static enum dp_err make_hex(struct json_object **out, const uint8_t *bytes, size_t len)
{
    char *text = malloc(DP_HEX0X_SIZE(len));

    if (text == NULL)
        return DP_ENOMEM;
    dp_hex0x_encode(text, bytes, len);
    *out = json_object_new_string(text);
    free(text);
    return *out != NULL ? DP_OK : DP_ENOMEM;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static enum dp_err decode_integer(struct json_object **out, const uint8_t *word,
                                  struct dp_value_type type)
{
    const struct dp_integer_type integer = {type.size, type.kind == DP_VALUE_INT};
    char text[DP_INTEGER_TEXT_SIZE];

    if (!dp_integer_fits(word, integer))
        return DP_EFORMAT;
    dp_integer_format(text, word, integer.is_signed);
    *out = json_object_new_string(text);
    return *out != NULL ? DP_OK : DP_ENOMEM;
}

static enum dp_err decode_address(struct json_object **out, const uint8_t *word)
{
    char text[DP_ADDRESS_TEXT_SIZE];

    if (!is_zero(word, DP_WORD_LEN - DP_ADDRESS_LEN))
        return DP_EFORMAT;
    dp_address_format(text, word + DP_WORD_LEN - DP_ADDRESS_LEN);
    *out = json_object_new_string(text);
    return *out != NULL ? DP_OK : DP_ENOMEM;
}

static enum dp_err decode_word(struct json_object **out, const uint8_t *word,
                               struct dp_value_type type)
{
    switch (type.kind) {
    case DP_VALUE_UINT:
    case DP_VALUE_INT:
        return decode_integer(out, word, type);
    case DP_VALUE_ADDRESS:
        return decode_address(out, word);
    case DP_VALUE_BOOL:
        if (!is_zero(word, DP_WORD_LEN - 1) || word[DP_WORD_LEN - 1] > 1)
            return DP_EFORMAT;
        *out = json_object_new_boolean(word[DP_WORD_LEN - 1]);
        return *out != NULL ? DP_OK : DP_ENOMEM;
    case DP_VALUE_FIXED_BYTES:
        return is_zero(word + type.size, DP_WORD_LEN - type.size) ? make_hex(out, word, type.size)
                                                                  : DP_EFORMAT;
    case DP_VALUE_STRING:
    case DP_VALUE_BYTES:
        break;
    }
    assert(!"a type of one word");
    return DP_EINVAL;
}

static enum dp_err decode_bytes(struct decoder *d, struct json_object **out,
                                enum dp_value_kind kind, size_t at)
{
    const char *text;
    size_t len;
    enum dp_err err = read_size(d, &len, at);

    if (err == DP_OK && !is_inside(d, at + DP_WORD_LEN, len))
        err = DP_EFORMAT;
    if (err == DP_OK)
        err = charge(d, len);
    if (err != DP_OK)
        return err;
    if (kind == DP_VALUE_BYTES)
        return make_hex(out, d->data + at + DP_WORD_LEN, len);
    text = (const char *)d->data + at + DP_WORD_LEN;
    if (!dp_utf8_is(text, len))
        return DP_EFORMAT;
    *out = json_object_new_string_len(text, (int)len);
    return *out != NULL ? DP_OK : DP_ENOMEM;
}

/* --- arrays and tuples: each call goes one level down in the types --- */

static enum dp_err decode_at(struct decoder *d, struct json_object **out,
                             const struct dp_abi_node *node, size_t at, size_t base);

static const struct dp_abi_node *child(const struct decoder *d, uint32_t index)
{
    return &d->abi->nodes[index];
}

/* The next value of a list, whose head is at `at`. */
static enum dp_err decode_next(struct decoder *d, struct json_object *list,
                               const struct dp_abi_node *node, size_t at, size_t base)
{
    struct json_object *value = NULL;
    enum dp_err err = decode_at(d, &value, node, at, base);

    if (err == DP_OK && json_object_array_add(list, value) != 0)
        err = DP_ENOMEM;
    if (err != DP_OK)
        json_object_put(value);
    return err;
}

/* The values of a tuple or an array of count items, whose heads begin at `at`. */
static enum dp_err decode_list(struct decoder *d, struct json_object **out,
                               const struct dp_abi_node *node, size_t count, size_t at, size_t base)
{
    uint32_t index = node->first;
    enum dp_err err = charge(d, 0);

    *out = NULL;
    if (err != DP_OK)
        return err;
    *out = json_object_new_array();
    if (*out == NULL)
        return DP_ENOMEM;
    for (size_t i = 0; err == DP_OK && i < count; i++) {
        err = decode_next(d, *out, child(d, index), at, base);
        at += child(d, index)->head;
        if (node->kind == DP_ABI_TUPLE)
            index = child(d, index)->next;
    }
    if (err != DP_OK) {
        json_object_put(*out);
        *out = NULL;
    }
    return err;
}

/* What a dynamic type's head points to. */
static enum dp_err decode_tail(struct decoder *d, struct json_object **out,
                               const struct dp_abi_node *node, size_t at)
{
    size_t count;
    enum dp_err err;

    if (node->kind == DP_ABI_ELEMENTARY)
        return decode_bytes(d, out, node->type.kind, at);
    if (node->kind == DP_ABI_TUPLE)
        return decode_list(d, out, node, node->count, at, at);
    if (node->length != DP_ABI_ANY)
        return decode_list(d, out, node, (size_t)node->length, at, at);
    err = read_size(d, &count, at);
    at += DP_WORD_LEN;
    return err == DP_OK ? decode_list(d, out, node, count, at, at) : err;
}

static enum dp_err decode_at(struct decoder *d, struct json_object **out,
                             const struct dp_abi_node *node, size_t at, size_t base)
{
    size_t offset;
    enum dp_err err;

    if (node->is_dynamic) {
        err = read_size(d, &offset, at);
        /* base and offset are within the data each, so their sum does not wrap. */
        return err == DP_OK ? decode_tail(d, out, node, base + offset) : err;
    }
    if (node->kind != DP_ABI_ELEMENTARY)
        return decode_list(d, out, node,
                           node->kind == DP_ABI_TUPLE ? node->count : (size_t)node->length, at,
                           base);
    if (!is_inside(d, at, DP_WORD_LEN))
        return DP_EFORMAT;
    err = charge(d, 0);
    return err == DP_OK ? decode_word(out, d->data + at, node->type) : err;
}

enum dp_err dp_abi_decode(const struct dp_abi *abi, struct json_object **values,
                          const uint8_t *data, size_t len)
{
    struct decoder d = {.abi = abi, .data = data, .len = len, .budget = DP_ABI_DECODED_MAX};
    const struct dp_abi_node *root = &abi->nodes[abi->root];

    return decode_list(&d, values, root, root->count, 0, 0);
}
