#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (16 << 20)

static uint8_t *allocate(size_t len)
{
    uint8_t *data = calloc(1, len + 1);

    assert_non_null(data);
    return data;
}

struct bytes vectors_file(const char *name)
{
    const char *dir = getenv("DP_VECTORS");
    struct bytes out = {allocate(FILE_MAX), 0};
    char path[4096];
    FILE *file;

    if (dir == NULL)
        fail_msg("DP_VECTORS is not set");
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be read", path);
    out.len = fread(out.data, 1, FILE_MAX, file);
    fclose(file);
    assert_true(out.len > 0 && out.len < FILE_MAX);
    return out;
}

struct json_object *vectors_load(const char *name)
{
    struct bytes text = vectors_file(name);
    struct json_object *doc = json_tokener_parse((const char *)text.data);

    bytes_free(text);
    if (doc == NULL)
        fail_msg("%s is not JSON", name);
    return doc;
}

struct json_object *vectors_member(struct json_object *row, const char *name)
{
    struct json_object *member = NULL;

    if (!json_object_object_get_ex(row, name, &member))
        fail_msg("no member %s in %s", name, json_object_to_json_string(row));
    return member;
}

struct json_object *vectors_rows(struct json_object *doc, const char *name)
{
    struct json_object *rows = vectors_member(doc, name);

    if (!json_object_is_type(rows, json_type_array) || json_object_array_length(rows) == 0)
        fail_msg("%s has no rows", name);
    return rows;
}

const char *vectors_text(struct json_object *row, const char *name)
{
    struct json_object *member = vectors_member(row, name);

    assert_true(json_object_is_type(member, json_type_string));
    return json_object_get_string(member);
}

static unsigned digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c);

    if (c == '\0' || at == NULL)
        fail_msg("%c is no lower-case hex digit", c);
    return (unsigned)(at - digits);
}

/* On purpose not dp_hex_decode: the vectors should not hang on the code under test. */
struct bytes vectors_hex(struct json_object *row, const char *name)
{
    const char *text = vectors_text(row, name);
    struct bytes out = {allocate(strlen(text) / 2), strlen(text) / 2};

    assert_int_equal(strlen(text) % 2, 0);
    for (size_t i = 0; i < out.len; i++)
        out.data[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return out;
}

struct bytes vectors_utf8(struct json_object *row, const char *name)
{
    const char *text = vectors_text(row, name);
    size_t len = (size_t)json_object_get_string_len(vectors_member(row, name));
    struct bytes out = {allocate(len), len};

    memcpy(out.data, text, len);
    return out;
}

struct bytes vectors_generated(struct json_object *row)
{
    struct json_object *how = vectors_member(row, "generate");
    const char *rule = vectors_text(how, "rule");
    bool counts = strcmp(rule, "i mod 251") == 0;
    size_t len = (size_t)json_object_get_int64(vectors_member(how, "length"));
    struct bytes out = {allocate(len), len};

    for (size_t i = 0; i < len; i++)
        out.data[i] = counts ? (uint8_t)(i % 251) : (uint8_t)strtoul(rule, NULL, 10);
    return out;
}

void vectors_fixed(uint8_t *out, size_t len, struct json_object *row, const char *name)
{
    struct bytes bytes = vectors_hex(row, name);

    assert_int_equal(bytes.len, len);
    memcpy(out, bytes.data, len);
    bytes_free(bytes);
}

bool vectors_bool(struct json_object *row, const char *name)
{
    struct json_object *member = vectors_member(row, name);

    assert_true(json_object_is_type(member, json_type_boolean));
    return json_object_get_boolean(member);
}

void bytes_free(struct bytes bytes)
{
    free(bytes.data);
}
