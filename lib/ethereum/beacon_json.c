/* beacon_json.c - the beacon API's spellings. */
#include "ethereum/beacon_json.h"

#include "base/hex.h"
#include "base/json.h"

static enum dp_err read_word(uint8_t word[static DP_WORD_LEN], struct json_object *object,
                             const char *name, unsigned bits, struct dp_detail *detail)
{
    const struct dp_integer_type type = {bits, false};
    struct dp_slice text;
    enum dp_err err = dp_json_string(&text, object, name, detail);

    if (err != DP_OK)
        return err;
    if (dp_integer_parse(word, text.data, text.len, type) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, name, "%s is no number of %u bits.", name, bits);
    return DP_OK;
}

enum dp_err dp_beacon_number(uint64_t *out, struct json_object *object, const char *name,
                             struct dp_detail *detail)
{
    uint8_t word[DP_WORD_LEN];
    enum dp_err err = read_word(word, object, name, 64, detail);

    return err == DP_OK ? dp_integer_read(out, word) : err;
}

enum dp_err dp_beacon_wide_number(struct dp_ssz_node *out, struct json_object *object,
                                  const char *name, struct dp_detail *detail)
{
    uint8_t word[DP_WORD_LEN];
    enum dp_err err = read_word(word, object, name, 256, detail);

    for (int i = 0; err == DP_OK && i < DP_WORD_LEN; i++)
        out->bytes[i] = word[DP_WORD_LEN - 1 - i];
    return err;
}

enum dp_err dp_beacon_some_bytes(uint8_t *out, size_t cap, size_t *len, struct json_object *object,
                                 const char *name, struct dp_detail *detail)
{
    struct dp_slice text;
    enum dp_err err = dp_json_string(&text, object, name, detail);

    if (err != DP_OK)
        return err;
    if (dp_hex_decode(out, cap, len, text.data, text.len) != DP_OK)
        return dp_fail(detail, DP_EHEX, name, "%s is no hex of at most %zu bytes.", name, cap);
    return DP_OK;
}

enum dp_err dp_beacon_bytes(uint8_t *out, size_t len, struct json_object *object, const char *name,
                            struct dp_detail *detail)
{
    size_t got;
    enum dp_err err = dp_beacon_some_bytes(out, len, &got, object, name, detail);

    if (err == DP_OK && got != len)
        return dp_fail(detail, DP_EHEX, name, "%s is not %zu bytes long.", name, len);
    return err;
}

enum dp_err dp_beacon_root(struct dp_ssz_node *out, struct json_object *object, const char *name,
                           struct dp_detail *detail)
{
    return dp_beacon_bytes(out->bytes, DP_SSZ_LEN, object, name, detail);
}

enum dp_err dp_beacon_list(uint8_t *out, size_t count, size_t len, struct json_object *object,
                           const char *name, struct dp_detail *detail)
{
    struct json_object *list;
    size_t got;

    if (!json_object_object_get_ex(object, name, &list))
        return dp_fail(detail, DP_EMISSING, name, "%s is missing.", name);
    if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) != count)
        return dp_fail(detail, DP_ETYPE, name, "%s is no list of %zu.", name, count);
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);

        if (!json_object_is_type(item, json_type_string) ||
            dp_hex_decode(out + i * len, len, &got, json_object_get_string(item),
                          (size_t)json_object_get_string_len(item)) != DP_OK ||
            got != len)
            return dp_fail(detail, DP_EHEX, name, "%s: item %zu is not %zu bytes of hex.", name, i,
                           len);
    }
    return DP_OK;
}

enum dp_err dp_beacon_object(struct json_object **out, struct json_object *object, const char *name,
                             struct dp_detail *detail)
{
    if (!json_object_object_get_ex(object, name, out))
        return dp_fail(detail, DP_EMISSING, name, "%s is missing.", name);
    if (!json_object_is_type(*out, json_type_object))
        return dp_fail(detail, DP_ETYPE, name, "%s is no object.", name);
    return DP_OK;
}
