/* guest.c - client of the dstack guest agent. Holds derived keys, in locked memory only. */
#include "dstack/guest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "net/unix_http.h"

#define DEADLINE_MS 2000
#define KEPT_CONNECTIONS 16
#define REQUEST_MAX 1024
#define INFO_MAX (1024 * 1024)
#define KEY_HEX_LEN (2 * DP_SECP_KEY_LEN)

/* A slot of locked memory: first the key, then the bytes of the agent's answer. */
#define ANSWER_AT 64
#define ANSWER_MAX (DP_SECRET_SLOT_SIZE - ANSWER_AT)

struct dp_guest {
    struct dp_unix_http *http;
};

static const char *default_socket(void)
{
    static const char *const paths[] = {
        "/var/run/dstack.sock",
        "/run/dstack.sock",
        "/var/run/dstack/dstack.sock",
        "/run/dstack/dstack.sock",
    };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (access(paths[i], F_OK) == 0)
            return paths[i];
    }
    return paths[0];
}

enum dp_err dp_guest_open(struct dp_guest **out, const char *socket)
{
    return dp_guest_open_within(out, socket, DEADLINE_MS);
}

enum dp_err dp_guest_open_within(struct dp_guest **out, const char *socket, unsigned within_ms)
{
    struct dp_guest *guest = calloc(1, sizeof(*guest));
    enum dp_err err;

    *out = NULL;
    if (guest == NULL)
        return DP_ENOMEM;
    err = dp_unix_http_open(&guest->http, socket != NULL ? socket : default_socket(),
                            KEPT_CONNECTIONS, within_ms);
    if (err != DP_OK) {
        free(guest);
        return err;
    }
    *out = guest;
    return DP_OK;
}

void dp_guest_close(struct dp_guest *guest)
{
    if (guest == NULL)
        return;
    dp_unix_http_close(guest->http);
    free(guest);
}

enum dp_err dp_guest_call(struct dp_guest *guest, struct dp_slice *body, char *mem, size_t cap,
                          const char *method, const char *json, size_t len)
{
    int status;

    if (dp_unix_http_post(guest->http, &status, body, mem, cap, method, json, len) != DP_OK ||
        status != 200)
        return DP_EGUEST;
    return DP_OK;
}

static enum dp_err write_request(struct dp_buf *buf, const char *path, const char *purpose)
{
    struct json_object *request = json_object_new_object();

    if (request == NULL)
        return DP_ENOMEM;
    dp_json_add_text(request, "path", path);
    dp_json_add_text(request, "purpose", purpose);
    dp_json_add_text(request, "algorithm", "secp256k1");
    dp_json_write(buf, request);
    json_object_put(request);
    return buf->err;
}

/*
 * Move the key out of the answer's text: decode the 64 digits of its "key" member and overwrite
 * them with zeros, so that no JSON parser ever has the key in memory that nobody wipes. Inside a
 * JSON string the quotes of "key" would be escaped, so what is found is a member or not JSON.
 */
static enum dp_err take_key(uint8_t key[static DP_SECP_KEY_LEN], struct dp_slice body)
{
    static const char name[] = "\"key\"";
    char *at = memmem(body.data, body.len, name, sizeof(name) - 1);
    char *end = (char *)body.data + body.len;

    if (at == NULL)
        return DP_EGUEST;
    at += sizeof(name) - 1;
    for (const char *mark = ":\""; *mark != '\0'; mark++) {
        while (at < end && *at == ' ')
            at++;
        if (at == end || *at++ != *mark)
            return DP_EGUEST;
    }
    if (end - at <= KEY_HEX_LEN || at[KEY_HEX_LEN] != '"' ||
        dp_hex_decode_secret(key, DP_SECP_KEY_LEN, at) != DP_OK)
        return DP_EGUEST;
    memset(at, '0', KEY_HEX_LEN);
    at += KEY_HEX_LEN;
    /* Another "key", or one spelled with escapes, would be the key that the parser sees and nobody
     * wipes. No agent sends either: all it has to say is hex. */
    if (memmem(at, (size_t)(end - at), name, sizeof(name) - 1) != NULL ||
        memchr(body.data, '\\', body.len) != NULL)
        return DP_EGUEST;
    return DP_OK;
}

/* The member "key" must be what take_key left of it, or it has read some other member's digits. */
static enum dp_err check_taken(struct json_object *answer)
{
    struct dp_slice text;

    if (dp_json_string(&text, answer, "key", NULL) != DP_OK || text.len != KEY_HEX_LEN ||
        strspn(text.data, "0") != KEY_HEX_LEN)
        return DP_EGUEST;
    return DP_OK;
}

/* Exactly len bytes, and nothing behind them: a JSON string may hold a NUL. */
static enum dp_err read_hex(uint8_t *out, size_t len, struct dp_slice text)
{
    size_t got;

    return dp_hex_decode(out, len, &got, text.data, text.len) == DP_OK && got == len ? DP_OK
                                                                                     : DP_EGUEST;
}

static enum dp_err read_signature(uint8_t out[static DP_SECP_SIG_LEN], struct json_object *chain,
                                  size_t index)
{
    struct json_object *text = json_object_array_get_idx(chain, index);

    if (!json_object_is_type(text, json_type_string))
        return DP_EGUEST;
    return read_hex(
        out, DP_SECP_SIG_LEN,
        (struct dp_slice){json_object_get_string(text), (size_t)json_object_get_string_len(text)});
}

static enum dp_err read_chain(struct dp_guest_key *out, struct json_object *answer)
{
    struct json_object *chain = NULL;
    enum dp_err err;

    if (!json_object_object_get_ex(answer, "signature_chain", &chain) ||
        !json_object_is_type(chain, json_type_array) || json_object_array_length(chain) != 2)
        return DP_EGUEST;
    err = read_signature(out->app_signature, chain, 0);
    return err == DP_OK ? read_signature(out->kms_signature, chain, 1) : err;
}

/* Decoding leaves copies, hence inside dp_secret_call. */
struct taking {
    uint8_t *key;
    struct dp_slice body;
    enum dp_err err;
};

static void call_take_key(void *arg)
{
    struct taking *t = arg;

    t->err = take_key(t->key, t->body);
}

/* A key that is zero or not below the group order is no key. */
static enum dp_err find_public(struct dp_guest_key *out, const uint8_t *key,
                               struct dp_pub_memo *memo)
{
    enum dp_err err = memo != NULL ? dp_pub_memo_public(memo, out->public_key, key)
                                   : dp_secp_public(out->public_key, key);

    return err == DP_OK ? DP_OK : DP_EGUEST;
}

static enum dp_err read_answer(struct dp_guest_key *out, uint8_t *key, struct dp_slice body,
                               struct dp_pub_memo *memo)
{
    struct taking taking = {.key = key, .body = body};
    struct json_object *answer = NULL;
    enum dp_err err;

    dp_secret_call(call_take_key, &taking);
    if (taking.err != DP_OK)
        return taking.err;
    err = find_public(out, key, memo);
    if (err != DP_OK)
        return err;
    if (dp_json_parse(&answer, body.data, body.len, NULL) != DP_OK)
        return DP_EGUEST;
    err = check_taken(answer);
    if (err == DP_OK)
        err = read_chain(out, answer);
    json_object_put(answer);
    return err;
}

enum dp_err dp_guest_get_key(struct dp_guest *guest, struct dp_guest_key *out, const char *path,
                             const char *purpose)
{
    return dp_guest_get_key_again(guest, out, path, purpose, NULL);
}

enum dp_err dp_guest_get_key_again(struct dp_guest *guest, struct dp_guest_key *out,
                                   const char *path, const char *purpose, struct dp_pub_memo *memo)
{
    int64_t start = dp_clock_mono_us();
    struct dp_buf request = DP_BUF_INIT(REQUEST_MAX);
    struct dp_slice body;
    uint8_t *slot = NULL;
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    err = write_request(&request, path, purpose);
    if (err != DP_OK)
        goto out;
    err = DP_ENOMEM;
    slot = dp_secret_take();
    if (slot == NULL)
        goto out;
    out->key = (const struct dp_key_bytes *)slot;
    err = dp_guest_call(guest, &body, (char *)slot + ANSWER_AT, ANSWER_MAX, "/GetKey", request.data,
                        request.len);
    if (err == DP_OK)
        err = read_answer(out, slot, body, memo);
out:
    dp_buf_free(&request);
    dp_metrics_observe(DP_METRIC_GETKEY_LATENCY, "", dp_clock_mono_us() - start);
    return err;
}

void dp_guest_key_free(struct dp_guest_key *key)
{
    dp_secret_return((void *)key->key);
    memset(key, 0, sizeof(*key));
}

/* tcb_info comes as a JSON text in a string; an empty or hidden one stays as it is. */
static enum dp_err decode_tcb_info(struct json_object *info)
{
    struct json_object *decoded = NULL;
    struct dp_slice text;

    if (dp_json_optional_string(&text, info, "tcb_info", NULL) != DP_OK || text.len == 0)
        return DP_OK;
    if (dp_json_parse(&decoded, text.data, text.len, NULL) != DP_OK)
        return DP_EGUEST;
    dp_json_add(info, "tcb_info", decoded);
    return DP_OK;
}

enum dp_err dp_guest_info(struct dp_guest *guest, struct json_object **out)
{
    struct dp_slice body;
    char *mem = malloc(INFO_MAX);
    enum dp_err err;

    *out = NULL;
    if (mem == NULL)
        return DP_ENOMEM;
    err = dp_guest_call(guest, &body, mem, INFO_MAX, "/Info", "{}", 2);
    if (err == DP_OK && dp_json_parse(out, body.data, body.len, NULL) != DP_OK)
        err = DP_EGUEST;
    if (err == DP_OK)
        err = decode_tcb_info(*out);
    if (err != DP_OK) {
        json_object_put(*out);
        *out = NULL;
    }
    free(mem);
    return err;
}

enum dp_err dp_guest_app_id(struct dp_guest *guest, uint8_t out[static DP_APP_ID_LEN])
{
    struct json_object *info = NULL;
    struct dp_slice text;
    enum dp_err err = dp_guest_info(guest, &info);

    if (err == DP_OK && dp_json_string(&text, info, "app_id", NULL) != DP_OK)
        err = DP_EGUEST;
    if (err == DP_OK)
        err = read_hex(out, DP_APP_ID_LEN, text);
    json_object_put(info);
    return err;
}
