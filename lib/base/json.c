/* json.c - JSON from strangers: json-c behind a guard that knows what json-c lets pass. */
#include "base/json.h"

#include <limits.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/json_scan.h"

enum dp_err dp_json_parse(struct json_object **out, const char *text, size_t len,
                          struct dp_detail *detail)
{
    struct json_tokener *tokener;
    enum dp_err err;

    *out = NULL;
    if (len == 0)
        return dp_fail(detail, DP_EJSON, NULL, "The body is empty; a JSON object is due.");
    if (len > INT_MAX)
        return dp_fail(detail, DP_EJSON, NULL, "The body is too long.");
    err = dp_json_scan(text, len, DP_JSON_DEPTH_MAX, detail);
    if (err != DP_OK)
        return err;
    tokener = json_tokener_new_ex(DP_JSON_DEPTH_MAX + 1);
    if (tokener == NULL)
        return DP_ENOMEM;
    *out = json_tokener_parse_ex(tokener, text, (int)len);
    json_tokener_free(tokener);
    if (json_object_is_type(*out, json_type_object))
        return DP_OK;
    json_object_put(*out);
    *out = NULL;
    return dp_fail(detail, DP_EJSON, NULL, "The body is not a JSON object.");
}

enum dp_err dp_json_optional_string(struct dp_slice *out, struct json_object *object,
                                    const char *name, struct dp_detail *detail)
{
    struct json_object *member = NULL;

    *out = (struct dp_slice){NULL, 0};
    if (!json_object_object_get_ex(object, name, &member) || member == NULL)
        return DP_OK;
    if (!json_object_is_type(member, json_type_string))
        return dp_fail(detail, DP_ETYPE, name, "%s must be a string.", name);
    out->data = json_object_get_string(member);
    out->len = (size_t)json_object_get_string_len(member);
    return DP_OK;
}

enum dp_err dp_json_string(struct dp_slice *out, struct json_object *object, const char *name,
                           struct dp_detail *detail)
{
    enum dp_err err = dp_json_optional_string(out, object, name, detail);

    if (err == DP_OK && out->data == NULL)
        return dp_fail(detail, DP_EMISSING, name, "%s is missing.", name);
    return err;
}

size_t dp_json_count(struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_array:
        return json_object_array_length(value);
    case json_type_object:
        return (size_t)json_object_object_length(value);
    default:
        return 0;
    }
}

void dp_json_write(struct dp_buf *buf, struct json_object *object)
{
    size_t len;
    const char *text = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

    if (text == NULL)
        buf->err = DP_ENOMEM;
    else
        dp_buf_add(buf, text, len);
}

void dp_json_add(struct json_object *object, const char *name, struct json_object *value)
{
    if (json_object_object_add(object, name, value) != 0)
        abort();
}

void dp_json_add_text(struct json_object *object, const char *name, const char *value)
{
    struct json_object *text = json_object_new_string(value);

    if (text == NULL)
        abort();
    dp_json_add(object, name, text);
}

void dp_json_add_hex(struct json_object *object, const char *name, const void *data, size_t len)
{
    char *text = malloc(2 * len + 1);

    if (text == NULL)
        abort();
    dp_hex_encode(text, data, len);
    dp_json_add_text(object, name, text);
    free(text);
}

void dp_json_add_int(struct json_object *object, const char *name, int64_t value)
{
    struct json_object *number = json_object_new_int64(value);

    if (number == NULL)
        abort();
    dp_json_add(object, name, number);
}

void dp_json_add_bool(struct json_object *object, const char *name, int value)
{
    struct json_object *boolean = json_object_new_boolean(value);

    if (boolean == NULL)
        abort();
    dp_json_add(object, name, boolean);
}
