/* rpc_answer.c - what an Ethereum node says, read from JSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "ethereum/rpc.h"

#define WORDS_MAX 160 /* characters of a node's own words that are shown */

/* --- the answer --- */

/* A contract's words: in error.data, or, as some nodes have it, one object deeper. */
static void read_revert(struct dp_buf *out, struct json_object *error)
{
    struct json_object *data = json_object_object_get(error, "data");

    if (json_object_is_type(data, json_type_object))
        data = json_object_object_get(data, "data");
    if (dp_rpc_data(out, data) != DP_OK)
        dp_buf_reset(out);
}

/* Control characters of a stranger must not reach a terminal. */
static void clean(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
    }
}

static enum dp_err refuse(struct dp_rpc_refusal *refusal, struct json_object *error,
                          struct dp_detail *detail)
{
    struct json_object *code = json_object_object_get(error, "code");
    struct dp_slice words;
    enum dp_err err;

    if (!json_object_is_type(code, json_type_int) ||
        dp_json_string(&words, error, "message", NULL) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, NULL, "the node's error has no code or no message.");
    if (refusal != NULL) {
        refusal->code = json_object_get_int64(code);
        read_revert(&refusal->revert, error);
    }
    err = dp_fail(detail, DP_ERPC, NULL, "the node refuses: %.*s (%" PRId64 ")",
                  words.len < WORDS_MAX ? (int)words.len : WORDS_MAX, words.data,
                  json_object_get_int64(code));
    if (detail != NULL)
        clean(detail->text);
    return err;
}

static bool is_text(struct json_object *value, const char *text)
{
    return json_object_is_type(value, json_type_string) &&
           strcmp(json_object_get_string(value), text) == 0;
}

static bool is_number(struct json_object *value, uint64_t number)
{
    return json_object_is_type(value, json_type_int) && json_object_get_uint64(value) == number &&
           json_object_get_int64(value) >= 0;
}

static enum dp_err take_result(struct json_object **result, struct dp_rpc_refusal *refusal,
                               struct json_object *answer, uint64_t id, struct dp_detail *detail)
{
    struct json_object *error = NULL, *value = NULL;
    bool has_result = json_object_object_get_ex(answer, "result", &value);

    if (!is_text(json_object_object_get(answer, "jsonrpc"), "2.0"))
        return dp_fail(detail, DP_EFORMAT, NULL, "what answers speaks no JSON-RPC 2.0.");
    json_object_object_get_ex(answer, "error", &error);
    /* A node that cannot read a request does not know its id. */
    if (json_object_is_type(error, json_type_object) && value == NULL)
        return refuse(refusal, error, detail);
    if (!is_number(json_object_object_get(answer, "id"), id))
        return dp_fail(detail, DP_EFORMAT, NULL, "the node answers another request.");
    if (!has_result || error != NULL)
        return dp_fail(detail, DP_EFORMAT, NULL, "the node's answer has no result.");
    *result = json_object_get(value);
    return DP_OK;
}

enum dp_err dp_rpc_read_answer(struct json_object **result, struct dp_rpc_refusal *refusal,
                               const char *text, size_t len, uint64_t id, struct dp_detail *detail)
{
    struct json_object *answer = NULL;
    enum dp_err err;

    *result = NULL;
    if (refusal != NULL)
        *refusal = (struct dp_rpc_refusal){.revert = DP_BUF_INIT(DP_RPC_REVERT_MAX)};
    err = dp_json_parse(&answer, text, len, detail);
    if (err == DP_ENOMEM)
        return err;
    if (err != DP_OK)
        return dp_fail(detail, DP_EFORMAT, NULL,
                       "what answers is no Ethereum node: it sends no JSON object.");
    err = take_result(result, refusal, answer, id, detail);
    json_object_put(answer);
    return err;
}

/* --- values --- */

/* The text of a string value after its 0x, or NULL. */
static const char *digits_of(struct json_object *value, size_t *len)
{
    const char *text;

    if (!json_object_is_type(value, json_type_string))
        return NULL;
    text = json_object_get_string(value);
    *len = (size_t)json_object_get_string_len(value);
    if (*len < 2 || text[0] != '0' || text[1] != 'x')
        return NULL;
    *len -= 2;
    return text + 2;
}

enum dp_err dp_rpc_big_quantity(uint8_t out[static DP_WORD_LEN], struct json_object *value)
{
    const struct dp_integer_type type = {256, false};
    size_t len;
    const char *digits = digits_of(value, &len);

    memset(out, 0, DP_WORD_LEN);
    if (digits == NULL || (len > 1 && digits[0] == '0'))
        return DP_EFORMAT;
    return dp_integer_parse(out, digits - 2, len + 2, type);
}

enum dp_err dp_rpc_quantity(uint64_t *out, struct json_object *value)
{
    uint8_t word[DP_WORD_LEN];
    enum dp_err err = dp_rpc_big_quantity(word, value);

    *out = 0;
    return err == DP_OK ? dp_integer_read(out, word) : err;
}

enum dp_err dp_rpc_data(struct dp_buf *out, struct json_object *value)
{
    size_t len, got;
    const char *digits = digits_of(value, &len);
    char *room;

    if (digits == NULL)
        return DP_EFORMAT;
    room = dp_buf_room(out, len / 2);
    if (room == NULL)
        return out->err;
    if (dp_hex_decode((uint8_t *)room, len / 2, &got, digits - 2, len + 2) != DP_OK)
        return DP_EFORMAT;
    dp_buf_grew(out, got);
    return DP_OK;
}

enum dp_err dp_rpc_fixed(uint8_t *out, size_t len, struct json_object *value)
{
    size_t digits_len, got;
    const char *digits = digits_of(value, &digits_len);

    if (digits == NULL || digits_len != 2 * len ||
        dp_hex_decode(out, len, &got, digits - 2, digits_len + 2) != DP_OK)
        return DP_EFORMAT;
    return DP_OK;
}

static struct json_object *make_text(const char *text)
{
    struct json_object *value = text != NULL ? json_object_new_string(text) : NULL;

    if (value == NULL)
        abort();
    return value;
}

struct json_object *dp_rpc_make_quantity(uint64_t value)
{
    struct dp_buf text = DP_BUF_INIT(32);
    struct json_object *made;

    dp_buf_addf(&text, "0x%" PRIx64, value);
    made = make_text(text.data);
    dp_buf_free(&text);
    return made;
}

struct json_object *dp_rpc_make_big_quantity(const uint8_t word[static DP_WORD_LEN])
{
    char text[DP_HEX0X_SIZE(DP_WORD_LEN)];
    const char *digits = text + 2;

    dp_hex0x_encode(text, word, DP_WORD_LEN);
    digits += strspn(digits, "0");
    if (digits[0] == '\0')
        return dp_rpc_make_quantity(0);
    /* The prefix goes where zeros were. */
    memmove(text + 2, digits, strlen(digits) + 1);
    return make_text(text);
}

struct json_object *dp_rpc_make_data(const void *data, size_t len)
{
    char *text = malloc(DP_HEX0X_SIZE(len));
    struct json_object *made;

    if (text != NULL)
        dp_hex0x_encode(text, data, len);
    made = make_text(text);
    free(text);
    return made;
}
