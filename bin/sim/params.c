/* params.c - what a request asks, as one JSON object whichever way it came. */
#include "params.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"

/* The JSON text of a query: a byte may become \u00xx, and a pair brings quotes, a colon, a comma.
 */
#define TEXT_MAX (1 << 20)

/* What an object is marked with whose values are all texts, being those of a query. */
static const char from_query[] = "query";

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

static bool is_escape(const char *at, size_t left)
{
    return left >= 3 && at[0] == '%' && isxdigit((unsigned char)at[1]) &&
           isxdigit((unsigned char)at[2]);
}

static void add_json_byte(struct dp_buf *out, unsigned char c)
{
    if (c < 0x20 || c == '"' || c == '\\')
        dp_buf_addf(out, "\\u%04x", c);
    else
        dp_buf_add(out, &c, 1);
}

/* Percent-decode into a JSON string. UTF-8 is left to the parser to judge. */
static void add_json_text(struct dp_buf *out, const char *text, size_t len)
{
    dp_buf_add(out, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        if (is_escape(text + i, len - i)) {
            add_json_byte(out,
                          (unsigned char)(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2])));
            i += 2;
        } else {
            add_json_byte(out, text[i] == '+' ? ' ' : (unsigned char)text[i]);
        }
    }
    dp_buf_add(out, "\"", 1);
}

static void add_pair(struct dp_buf *out, const char *pair, size_t len)
{
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - pair) : len;
    size_t skip = equals != NULL ? name_len + 1 : name_len;

    if (out->len > 1)
        dp_buf_add(out, ",", 1);
    add_json_text(out, pair, name_len);
    dp_buf_add(out, ":", 1);
    add_json_text(out, pair + skip, len - skip);
}

/* By way of JSON text, so that both ways of asking share one judge of UTF-8 and of repeats. */
enum dp_err sim_params_of_query(struct json_object **out, const char *query,
                                struct dp_detail *detail)
{
    struct dp_buf text = DP_BUF_INIT(TEXT_MAX);
    enum dp_err err;

    *out = NULL;
    dp_buf_add(&text, "{", 1);
    while (*query != '\0') {
        size_t len = strcspn(query, "&");

        if (len > 0)
            add_pair(&text, query, len);
        query += len;
        query += *query == '&';
    }
    dp_buf_add(&text, "}", 1);
    err = text.err;
    if (err == DP_OK)
        err = dp_json_parse(out, text.data, text.len, detail);
    /* All that the parser can find wrong with a text written here. */
    if (err == DP_EJSON)
        dp_fail(detail, err, NULL, "The query is not UTF-8");
    if (err == DP_OK)
        json_object_set_userdata(*out, (void *)from_query, NULL);
    dp_buf_free(&text);
    return err;
}

enum dp_err sim_params_of_body(struct json_object **out, const struct dp_buf *body,
                               struct dp_detail *detail)
{
    if (body->len == 0)
        return dp_json_parse(out, "{}", 2, detail);
    return dp_json_parse(out, body->data, body->len, detail);
}

enum dp_err sim_params_text(struct dp_slice *out, struct json_object *params, const char *name,
                            struct dp_detail *detail)
{
    struct json_object *member = NULL;
    bool given = json_object_object_get_ex(params, name, &member);

    *out = (struct dp_slice){"", 0};
    if (!given)
        return DP_OK;
    if (!json_object_is_type(member, json_type_string))
        return dp_fail(detail, DP_ETYPE, name, "%s must be a string", name);
    out->data = json_object_get_string(member);
    out->len = (size_t)json_object_get_string_len(member);
    return DP_OK;
}

static bool has_prefix(struct dp_slice text)
{
    return text.len >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x';
}

enum dp_err sim_params_bytes(struct dp_buf *out, struct json_object *params, const char *name,
                             struct dp_detail *detail)
{
    struct dp_slice text;
    enum dp_err err = sim_params_text(&text, params, name, detail);
    size_t len;
    char *room;

    if (err != DP_OK)
        return err;
    while (has_prefix(text)) {
        text.data += 2;
        text.len -= 2;
    }
    room = dp_buf_room(out, text.len / 2);
    if (room == NULL)
        return out->err;
    if (dp_hex_decode((uint8_t *)room, text.len / 2, &len, text.data, text.len) != DP_OK)
        return dp_fail(detail, DP_EHEX, name, "%s is not hex", name);
    dp_buf_grew(out, len);
    return DP_OK;
}

static bool is_query(struct json_object *params)
{
    return json_object_get_userdata(params) == from_query;
}

enum dp_err sim_params_bool(bool *out, struct json_object *params, const char *name,
                            struct dp_detail *detail)
{
    struct json_object *member = NULL;
    const char *text;

    *out = false;
    if (!json_object_object_get_ex(params, name, &member))
        return DP_OK;
    if (is_query(params)) {
        text = json_object_get_string(member);
        *out = strcmp(text, "true") == 0;
        if (*out || strcmp(text, "false") == 0)
            return DP_OK;
    } else if (json_object_is_type(member, json_type_boolean)) {
        *out = json_object_get_boolean(member);
        return DP_OK;
    }
    return dp_fail(detail, DP_ETYPE, name, "%s must be true or false", name);
}

/* Digits alone, and few enough of them. */
static enum dp_err seconds_of_text(int64_t *out, const char *text, const char *name,
                                   struct dp_detail *detail)
{
    size_t len = strlen(text);

    if (len == 0 || strspn(text, "0123456789") != len)
        return dp_fail(detail, DP_ETYPE, name, "%s must be a whole number of seconds", name);
    if (len > 18)
        return dp_fail(detail, DP_ETOOBIG, name, "%s is too large", name);
    *out = strtoll(text, NULL, 10);
    return DP_OK;
}

enum dp_err sim_params_seconds(int64_t *out, struct json_object *params, const char *name,
                               struct dp_detail *detail)
{
    struct json_object *member = NULL;

    if (!json_object_object_get_ex(params, name, &member) || member == NULL)
        return DP_OK;
    if (!is_query(params) && !json_object_is_type(member, json_type_int))
        return dp_fail(detail, DP_ETYPE, name, "%s must be a whole number of seconds", name);
    return seconds_of_text(out, json_object_get_string(member), name, detail);
}

/* The members name[0], name[1] and so on. */
static void list_of_query(struct json_object *out, struct json_object *params, const char *name,
                          size_t max)
{
    char indexed[64];

    for (size_t i = 0; i <= max; i++) {
        struct json_object *member = NULL;

        snprintf(indexed, sizeof(indexed), "%s[%zu]", name, i);
        if (!json_object_object_get_ex(params, indexed, &member))
            break;
        json_object_array_add(out, json_object_get(member));
    }
}

static enum dp_err list_of_body(struct json_object *out, struct json_object *list, const char *name,
                                struct dp_detail *detail)
{
    bool texts = json_object_is_type(list, json_type_array);

    for (size_t i = 0; texts && i < json_object_array_length(list); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);

        texts = json_object_is_type(item, json_type_string);
        json_object_array_add(out, json_object_get(item));
    }
    return texts ? DP_OK : dp_fail(detail, DP_ETYPE, name, "%s must be a list of strings", name);
}

enum dp_err sim_params_list(struct json_object **out, struct json_object *params, const char *name,
                            size_t max, struct dp_detail *detail)
{
    struct json_object *member = NULL;
    enum dp_err err = DP_OK;

    *out = json_object_new_array();
    if (json_object_object_get_ex(params, name, &member))
        err = list_of_body(*out, member, name, detail);
    else if (is_query(params))
        list_of_query(*out, params, name, max);
    if (err == DP_OK && json_object_array_length(*out) > max)
        err = dp_fail(detail, DP_ETOOBIG, name, "%s has more than %zu items", name, max);
    return err;
}
