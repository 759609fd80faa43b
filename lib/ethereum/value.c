/* value.c - Solidity's elementary types, by their names, and their values as JSON spells them. */
#include "ethereum/value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "ethereum/address.h"

#define DIGITS "0123456789"
#define JSON_INTEGER_MAX INT64_C(9007199254740991) /* 2^53 - 1: what every JSON reader keeps */

/* --- types --- */

/* The number that a type's name ends with: no sign, no leading zero; 0 where it is none. */
static unsigned width_of(const char *digits)
{
    if (digits[0] == '0' || strlen(digits) > 3 || strspn(digits, DIGITS) != strlen(digits))
        return 0;
    return (unsigned)strtoul(digits, NULL, 10);
}

static bool has_width(struct dp_value_type *out, const char *name, const char *prefix)
{
    size_t len = strlen(prefix);

    if (strncmp(name, prefix, len) != 0)
        return false;
    out->size = width_of(name + len);
    return out->size > 0;
}

enum dp_err dp_value_type_parse(struct dp_value_type *out, const char *name)
{
    static const struct {
        const char *name;
        enum dp_value_kind kind;
    } plain[] = {{"address", DP_VALUE_ADDRESS},
                 {"bool", DP_VALUE_BOOL},
                 {"string", DP_VALUE_STRING},
                 {"bytes", DP_VALUE_BYTES}};

    *out = (struct dp_value_type){.size = 0};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        out->kind = plain[i].kind;
        if (strcmp(name, plain[i].name) == 0)
            return DP_OK;
    }
    out->kind = DP_VALUE_FIXED_BYTES;
    if (has_width(out, name, "bytes"))
        return out->size <= 32 ? DP_OK : DP_EFORMAT;
    out->kind = name[0] == 'u' ? DP_VALUE_UINT : DP_VALUE_INT;
    if (has_width(out, name, out->kind == DP_VALUE_UINT ? "uint" : "int"))
        return out->size <= 256 && out->size % 8 == 0 ? DP_OK : DP_EFORMAT;
    return DP_EFORMAT;
}

void dp_value_type_write(struct dp_buf *out, struct dp_value_type type)
{
    static const char *const names[] = {
        [DP_VALUE_UINT] = "uint",       [DP_VALUE_INT] = "int",   [DP_VALUE_FIXED_BYTES] = "bytes",
        [DP_VALUE_ADDRESS] = "address", [DP_VALUE_BOOL] = "bool", [DP_VALUE_STRING] = "string",
        [DP_VALUE_BYTES] = "bytes",
    };

    dp_buf_add_text(out, names[type.kind]);
    if (type.size != 0)
        dp_buf_addf(out, "%u", type.size);
}

/* --- values --- */

/* Returns: DP_EFORMAT */
static enum dp_err refuse(char why[static DP_VALUE_WHY_SIZE], const char *fmt, ...) DP_PRINTF(2, 3);

static enum dp_err refuse(char why[static DP_VALUE_WHY_SIZE], const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(why, DP_VALUE_WHY_SIZE, fmt, args);
    va_end(args);
    return DP_EFORMAT;
}

/* The text of a string value, or NULL. */
static const char *string_of(struct json_object *value, size_t *len)
{
    if (!json_object_is_type(value, json_type_string))
        return NULL;
    *len = (size_t)json_object_get_string_len(value);
    return json_object_get_string(value);
}

static enum dp_err read_integer(uint8_t word[static DP_WORD_LEN],
                                char why[static DP_VALUE_WHY_SIZE], struct dp_value_type type,
                                struct json_object *value)
{
    const struct dp_integer_type integer = {type.size, type.kind == DP_VALUE_INT};
    const char *kind = integer.is_signed ? "int" : "uint";
    enum dp_err err = DP_EFORMAT;

    if (json_object_is_type(value, json_type_int)) {
        int64_t number = json_object_get_int64(value);

        if (number > JSON_INTEGER_MAX || number < -JSON_INTEGER_MAX)
            return refuse(why, "a JSON number keeps its value only up to 2^53 - 1: give a string.");
        err = dp_integer_write(word, number, integer);
    } else if (json_object_is_type(value, json_type_string)) {
        err = dp_integer_parse(word, json_object_get_string(value),
                               (size_t)json_object_get_string_len(value), integer);
    }
    if (err == DP_ETOOBIG)
        return refuse(why, "out of the range of %s%u.", kind, type.size);
    if (err != DP_OK)
        return refuse(why,
                      "%s%u is a JSON number without fraction or exponent, or a string "
                      "of decimal digits or of 0x and hex digits.",
                      kind, type.size);
    return DP_OK;
}

/* Upper case alone is no checksum, and libraries differ on it. */
static bool is_shouted(const char *address)
{
    return strpbrk(address + 2, "ABCDEF") != NULL && strpbrk(address + 2, "abcdef") == NULL;
}

static bool is_checksum(const char *text, const uint8_t address[static DP_ADDRESS_LEN])
{
    char again[DP_ADDRESS_TEXT_SIZE];

    dp_address_format(again, address);
    return strcmp(text, again) == 0;
}

static enum dp_err read_address(uint8_t word[static DP_WORD_LEN],
                                char why[static DP_VALUE_WHY_SIZE], struct json_object *value)
{
    size_t len;
    const char *text = string_of(value, &len);
    uint8_t *address = &word[DP_WORD_LEN - DP_ADDRESS_LEN];

    if (text == NULL || len != strlen(text) || dp_address_parse(address, text) != DP_OK ||
        (is_shouted(text) && !is_checksum(text, address)))
        return refuse(why, "an address is 0x and 40 hex digits, in lower case or with a right "
                           "EIP-55 checksum.");
    return DP_OK;
}

/* 0x and pairs of hex digits, up to cap bytes. */
static bool decode(uint8_t *out, size_t cap, size_t *out_len, const char *text, size_t len)
{
    return len >= 2 && text[0] == '0' && text[1] == 'x' &&
           dp_hex_decode(out, cap, out_len, text, len) == DP_OK;
}

static enum dp_err read_fixed_bytes(uint8_t word[static DP_WORD_LEN],
                                    char why[static DP_VALUE_WHY_SIZE], size_t size,
                                    struct json_object *value)
{
    size_t len, got = 0;
    const char *text = string_of(value, &len);

    if (text == NULL || !decode(word, size, &got, text, len) || got != size)
        return refuse(why, "bytes%zu is 0x and %zu hex digits.", size, 2 * size);
    return DP_OK;
}

enum dp_err dp_value_word(uint8_t word[static DP_WORD_LEN], char why[static DP_VALUE_WHY_SIZE],
                          struct dp_value_type type, struct json_object *value)
{
    memset(word, 0, DP_WORD_LEN);
    switch (type.kind) {
    case DP_VALUE_UINT:
    case DP_VALUE_INT:
        return read_integer(word, why, type, value);
    case DP_VALUE_FIXED_BYTES:
        return read_fixed_bytes(word, why, type.size, value);
    case DP_VALUE_ADDRESS:
        return read_address(word, why, value);
    case DP_VALUE_BOOL:
        if (!json_object_is_type(value, json_type_boolean))
            return refuse(why, "a bool is true or false.");
        word[DP_WORD_LEN - 1] = json_object_get_boolean(value) != 0;
        return DP_OK;
    case DP_VALUE_STRING:
    case DP_VALUE_BYTES:
        break;
    }
    assert(!"a type of one word");
    return DP_EINVAL;
}

enum dp_err dp_value_bytes(struct dp_buf *out, char why[static DP_VALUE_WHY_SIZE],
                           struct dp_value_type type, struct json_object *value)
{
    size_t len, bytes_len;
    const char *text = string_of(value, &len);
    char *room;

    assert(type.kind == DP_VALUE_STRING || type.kind == DP_VALUE_BYTES);
    if (text == NULL)
        return refuse(why, "%s",
                      type.kind == DP_VALUE_STRING ? "a string is due."
                                                   : "bytes are 0x and hex, two digits a byte.");
    if (type.kind == DP_VALUE_STRING) {
        dp_buf_add(out, text, len);
        return out->err;
    }
    room = dp_buf_room(out, len / 2);
    if (room == NULL)
        return out->err;
    if (!decode((uint8_t *)room, len / 2, &bytes_len, text, len))
        return refuse(why, "bytes are 0x and hex, two digits a byte.");
    dp_buf_grew(out, bytes_len);
    return DP_OK;
}
