/* eip712.c - the digest of typed data (EIP-712), as eth_signTypedData_v4 takes it. */
#include "ethereum/eip712.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ethereum/eip712_types.h"
#include "ethereum/value.h"

/* A place in the document, as a chain up to its root; it becomes text only where one is refused. */
struct place {
    const struct place *up;
    const char *name; /* of a member, or NULL for an array's item */
    size_t index;     /* of the item */
    unsigned depth;
};

struct encoder {
    struct dp_eip712_types *types;
    struct dp_detail *detail;
};

static struct place member_of(const struct place *up, const char *name)
{
    return (struct place){.up = up, .name = name, .depth = up->depth + 1};
}

static struct place item_of(const struct place *up, size_t index)
{
    return (struct place){.up = up, .index = index, .depth = up->depth + 1};
}

static void write_place(char *out, size_t size, const struct place *place)
{
    const struct place *chain[DP_JSON_DEPTH_MAX + 2];
    size_t count = 0, at = 0;

    do
        chain[count++] = place;
    while ((place = place->up) != NULL && count < sizeof(chain) / sizeof(chain[0]));
    while (count-- > 0 && at < size) {
        const struct place *p = chain[count];
        int len = p->name != NULL
                      ? snprintf(out + at, size - at, "%s%s", at > 0 ? "." : "", p->name)
                      : snprintf(out + at, size - at, "[%zu]", p->index);

        at += (size_t)len;
    }
}

static enum dp_err refuse(const struct encoder *e, const struct place *place, const char *fmt, ...)
    DP_PRINTF(3, 4);

static enum dp_err refuse(const struct encoder *e, const struct place *place, const char *fmt, ...)
{
    char path[sizeof(e->detail->field)], sentence[sizeof(e->detail->text)];
    va_list args;

    if (e->detail == NULL)
        return DP_ETYPEDDATA;
    write_place(path, sizeof(path), place);
    va_start(args, fmt);
    vsnprintf(sentence, sizeof(sentence), fmt, args);
    va_end(args);
    return dp_fail(e->detail, DP_ETYPEDDATA, path, "%s: %s", path, sentence);
}

/* --- atomic values --- */

static enum dp_err encode_word(const struct encoder *e, const struct place *place,
                               uint8_t word[static DP_WORD_LEN],
                               const struct dp_eip712_member *member, struct json_object *value)
{
    char why[DP_VALUE_WHY_SIZE];

    if (dp_value_word(word, why, dp_eip712_value_type(member), value) != DP_OK)
        return refuse(e, place, "%s", why);
    return DP_OK;
}

/* What has any length is hashed. */
static enum dp_err encode_bytes(const struct encoder *e, const struct place *place,
                                uint8_t word[static DP_WORD_LEN],
                                const struct dp_eip712_member *member, struct json_object *value)
{
    struct dp_buf bytes = DP_BUF_INIT(SIZE_MAX / 2); /* the document has a limit */
    char why[DP_VALUE_WHY_SIZE];
    enum dp_err err = dp_value_bytes(&bytes, why, dp_eip712_value_type(member), value);

    if (err == DP_EFORMAT)
        err = refuse(e, place, "%s", why);
    if (err == DP_OK)
        dp_keccak256(word, bytes.data, bytes.len);
    dp_buf_free(&bytes);
    return err;
}

/* --- structs and arrays: each call goes one level down in the document --- */

static enum dp_err encode_value(const struct encoder *e, const struct place *place,
                                uint8_t word[static DP_WORD_LEN],
                                const struct dp_eip712_member *member, unsigned dimensions,
                                struct json_object *value);

/* hashStruct */
static enum dp_err encode_struct(const struct encoder *e, const struct place *place,
                                 uint8_t word[static DP_WORD_LEN], size_t index,
                                 struct json_object *value)
{
    const struct dp_eip712_type *type = dp_eip712_types_get(e->types, index);
    struct dp_keccak k;
    enum dp_err err;

    if (!json_object_is_type(value, json_type_object))
        return refuse(e, place, "an object of type %s is due.", type->name);
    err = dp_eip712_type_hash(e->types, word, index, e->detail);
    dp_keccak_init(&k);
    dp_keccak_add(&k, word, DP_WORD_LEN);
    for (size_t i = 0; err == DP_OK && i < type->count; i++) {
        const struct dp_eip712_member *member = &type->members[i];
        struct place at = member_of(place, member->name);

        err = encode_value(e, &at, word, member, member->dimensions,
                           json_object_object_get(value, member->name));
        dp_keccak_add(&k, word, DP_WORD_LEN);
    }
    dp_keccak_final(&k, word);
    return err;
}

static enum dp_err encode_array(const struct encoder *e, const struct place *place,
                                uint8_t word[static DP_WORD_LEN],
                                const struct dp_eip712_member *member, unsigned dimensions,
                                struct json_object *value)
{
    int32_t length = member->lengths[dimensions - 1];
    struct dp_keccak k;
    size_t count;
    enum dp_err err = DP_OK;

    if (!json_object_is_type(value, json_type_array))
        return refuse(e, place, "an array is due.");
    count = json_object_array_length(value);
    if (length != DP_EIP712_DYNAMIC && count != (size_t)length)
        return refuse(e, place, "%d items are due, not %zu.", length, count);
    dp_keccak_init(&k);
    for (size_t i = 0; err == DP_OK && i < count; i++) {
        struct place at = item_of(place, i);

        err =
            encode_value(e, &at, word, member, dimensions - 1, json_object_array_get_idx(value, i));
        dp_keccak_add(&k, word, DP_WORD_LEN);
    }
    dp_keccak_final(&k, word);
    return err;
}

/* encodeData of one value; dimensions: brackets of the member's type that are still closed. */
static enum dp_err encode_value(const struct encoder *e, const struct place *place,
                                uint8_t word[static DP_WORD_LEN],
                                const struct dp_eip712_member *member, unsigned dimensions,
                                struct json_object *value)
{
    if (value == NULL)
        return refuse(e, place, "missing, or null.");
    if (place->depth > DP_JSON_DEPTH_MAX)
        return refuse(e, place, "nested too deep.");
    if (dimensions > 0)
        return encode_array(e, place, word, member, dimensions, value);
    switch (member->kind) {
    case DP_EIP712_STRUCT:
        return encode_struct(e, place, word, member->size, value);
    case DP_EIP712_STRING:
    case DP_EIP712_BYTES:
        return encode_bytes(e, place, word, member, value);
    default:
        return encode_word(e, place, word, member, value);
    }
}

/* --- the document --- */

/* The text of a string value, or NULL. */
static const char *string_of(struct json_object *value, size_t *len)
{
    if (!json_object_is_type(value, json_type_string))
        return NULL;
    *len = (size_t)json_object_get_string_len(value);
    return json_object_get_string(value);
}

struct document {
    struct json_object *types, *domain, *message;
    const char *primary_type;
};

static enum dp_err part(const struct encoder *e, const struct place *root, struct json_object **out,
                        struct json_object *document, const char *name)
{
    struct place at = member_of(root, name);

    *out = json_object_object_get(document, name);
    return json_object_is_type(*out, json_type_object) ? DP_OK
                                                       : refuse(e, &at, "an object is due.");
}

static enum dp_err open_document(const struct encoder *e, const struct place *root,
                                 struct document *d, struct json_object *document)
{
    struct json_object *primary = json_object_object_get(document, "primaryType");
    struct place at = member_of(root, "primaryType");
    size_t len;
    enum dp_err err = part(e, root, &d->types, document, "types");

    d->primary_type = string_of(primary, &len);
    if (err == DP_OK && (d->primary_type == NULL || strlen(d->primary_type) != len))
        err = refuse(e, &at, "the name of one of types is due.");
    if (err == DP_OK)
        err = part(e, root, &d->domain, document, "domain");
    return err == DP_OK ? part(e, root, &d->message, document, "message") : err;
}

static void finish(struct dp_eip712 *out, bool with_message)
{
    struct dp_keccak k;

    dp_keccak_init(&k);
    dp_keccak_add(&k, "\x19\x01", 2);
    dp_keccak_add(&k, out->domain_separator, DP_KECCAK_LEN);
    if (with_message)
        dp_keccak_add(&k, out->message_hash, DP_KECCAK_LEN);
    dp_keccak_final(&k, out->digest);
}

static enum dp_err hash_document(const struct encoder *e, const struct place *root,
                                 struct dp_eip712 *out, const struct document *d)
{
    struct place domain = member_of(root, "domain"), message = member_of(root, "message"),
                 type = member_of(root, "primaryType");
    int domain_index = dp_eip712_types_find(e->types, DP_EIP712_DOMAIN);
    int index = dp_eip712_types_find(e->types, d->primary_type);
    enum dp_err err;

    if (index < 0)
        return refuse(e, &type, "types has no such type.");
    memset(out->message_hash, 0, DP_KECCAK_LEN);
    err = encode_struct(e, &domain, out->domain_separator, (size_t)domain_index, d->domain);
    if (err == DP_OK && index != domain_index)
        err = encode_struct(e, &message, out->message_hash, (size_t)index, d->message);
    if (err == DP_OK)
        finish(out, index != domain_index);
    return err;
}

enum dp_err dp_eip712_hash(struct dp_eip712 *out, struct json_object *document,
                           struct dp_detail *detail)
{
    const struct place root = {.name = "typedData"};
    struct encoder e = {.detail = detail};
    struct document d = {0};
    enum dp_err err = open_document(&e, &root, &d, document);

    if (err == DP_OK)
        err = dp_eip712_types_read(&e.types, d.types, d.domain, detail);
    if (err == DP_OK)
        err = hash_document(&e, &root, out, &d);
    dp_eip712_types_free(e.types);
    return err;
}
