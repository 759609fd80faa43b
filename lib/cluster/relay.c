/* relay.c - a call of a cluster's contract that somebody else sends. */
#include "cluster/relay.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "ethereum/rpc.h"
#include "ethereum/sender.h"
#include "net/http.h"

#define ANSWER_MAX 4096
#define WITHIN_MS 60000

/* --- as JSON --- */

struct json_object *dp_relay_write(const struct dstack_p2p_call *call)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    dp_json_add_int(json, "chainId", (int64_t)call->chain_id);
    dp_json_add_text(json, "to", call->to);
    dp_json_add_text(json, "data", call->data);
    dp_json_add_int(json, "tokenId", (int64_t)call->token_id);
    dp_json_add_int(json, "deadline", (int64_t)call->deadline);
    return json;
}

static enum dp_err read_number(uint64_t *out, struct json_object *json, const char *name,
                               struct dp_detail *detail)
{
    struct json_object *value;

    *out = 0;
    if (!json_object_object_get_ex(json, name, &value))
        return dp_fail(detail, DP_EMISSING, name, "is missing.");
    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
        return dp_fail(detail, DP_ETYPE, name, "must be a number from 0.");
    *out = json_object_get_uint64(value);
    return DP_OK;
}

static enum dp_err read_to(uint8_t contract[static DP_ADDRESS_LEN], struct json_object *json,
                           struct dp_detail *detail)
{
    struct dp_slice text;
    enum dp_err err = dp_json_string(&text, json, "to", detail);

    memset(contract, 0, DP_ADDRESS_LEN);
    if (err == DP_OK && dp_address_parse(contract, text.data) != DP_OK)
        err = dp_fail(detail, DP_EFORMAT, "to", "must be an address: 0x and 40 hex digits.");
    return err;
}

static enum dp_err read_data(struct dp_buf *out, struct json_object *json, struct dp_detail *detail)
{
    struct json_object *value;
    enum dp_err err;

    if (!json_object_object_get_ex(json, "data", &value))
        return dp_fail(detail, DP_EMISSING, "data", "is missing.");
    err = dp_rpc_data(out, value);
    if (err != DP_OK)
        return dp_fail(detail, err, "data", "must be 0x and up to %d bytes in hex.",
                       DP_VOUCHER_CALL_MAX);
    if (!dp_voucher_is_call(out))
        return dp_fail(detail, DP_EFORMAT, "data",
                       "must be a call of registerPeer or renewLease: a relay sends no others.");
    return DP_OK;
}

enum dp_err dp_relay_read(struct dp_join_call *out, uint8_t contract[static DP_ADDRESS_LEN],
                          struct json_object *json, struct dp_detail *detail)
{
    enum dp_err err;

    *out = (struct dp_join_call){.data = DP_BUF_INIT(DP_VOUCHER_CALL_MAX)};
    err = read_to(contract, json, detail);
    if (err == DP_OK)
        err = read_data(&out->data, json, detail);
    if (err == DP_OK)
        err = read_number(&out->chain_id, json, "chainId", detail);
    if (err == DP_OK)
        err = read_number(&out->token_id, json, "tokenId", detail);
    return err == DP_OK ? read_number(&out->deadline, json, "deadline", detail) : err;
}

/* --- handing over --- */

/* A problem's sentence, where the relay has one. */
static enum dp_err refused(const struct dp_buf *answer, long status, struct dp_detail *detail)
{
    struct json_object *json = NULL;
    struct dp_slice text = {NULL, 0};

    if (dp_json_parse(&json, answer->data, answer->len, NULL) != DP_OK ||
        dp_json_string(&text, json, "detail", NULL) != DP_OK)
        text = (struct dp_slice){"", 0};
    dp_fail(detail, DP_ERPC, "relay", "answers %ld. %.200s", status, text.data);
    json_object_put(json);
    return DP_ERPC;
}

static enum dp_err read_answer(uint8_t hash[static DP_KECCAK_LEN], const struct dp_buf *answer,
                               struct dp_detail *detail)
{
    struct json_object *json = NULL, *value = NULL;
    enum dp_err err = dp_json_parse(&json, answer->data, answer->len, NULL);

    if (err == DP_OK)
        json_object_object_get_ex(json, "transaction", &value);
    if (err != DP_OK || dp_rpc_fixed(hash, DP_KECCAK_LEN, value) != DP_OK)
        err = dp_fail(detail, DP_EFORMAT, "relay", "names no transaction.");
    json_object_put(json);
    return err;
}

static enum dp_err hand_over(uint8_t hash[static DP_KECCAK_LEN], const char *url,
                             struct json_object *call, struct dp_detail *detail)
{
    struct dp_buf body = DP_BUF_INIT(DP_RELAY_JSON_MAX), answer = DP_BUF_INIT(ANSWER_MAX);
    struct dp_http_request request = {.method = "POST", .url = url, .within_ms = WITHIN_MS};
    long status = 0;
    enum dp_err err;

    dp_json_write(&body, call);
    dp_buf_add(&body, "", 1);
    err = body.err;
    request.json = body.data;
    if (err == DP_OK)
        err = dp_http_send(&request, &status, &answer, detail);
    if (err == DP_OK)
        err = status / 100 == 2 ? read_answer(hash, &answer, detail)
                                : refused(&answer, status, detail);
    dp_buf_free(&answer);
    dp_buf_free(&body);
    return err;
}

enum dp_err dp_relay_send(const struct dp_join *join, const struct dstack_p2p_call *call,
                          struct dp_node_receipt *receipt, uint8_t hash[static DP_KECCAK_LEN],
                          const char *url, struct dp_detail *detail)
{
    const int64_t deadline = dp_clock_mono_us() + (int64_t)join->timeout_s * 1000000;
    uint8_t hashes[1][DP_KECCAK_LEN];
    struct json_object *json = dp_relay_write(call);
    bool found = false;
    size_t which;
    enum dp_err err = hand_over(hashes[0], url, json, detail);

    json_object_put(json);
    if (err == DP_OK)
        err = dp_sender_wait(&join->witnesses[0].rpc, receipt, &found, &which,
                             (const uint8_t(*)[DP_KECCAK_LEN])hashes, 1, deadline, detail);
    if (err != DP_OK)
        return err;
    if (!found)
        return dp_fail(detail, DP_ETIMEOUT, NULL,
                       "what the relay sent is in no block after %u s; it may still get there.",
                       join->timeout_s);
    memcpy(hash, hashes[0], DP_KECCAK_LEN);
    return dp_join_judge(receipt, detail);
}
