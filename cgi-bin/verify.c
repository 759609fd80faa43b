/* verify.c - POST /api/verify and /api/verify/batch: does a signature belong to a key, an address
 * or a user? Needs no account. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/metrics.h"
#include "web/batch.h"
#include "web/hint.h"
#include "web/message.h"
#include "web/signer.h"

static enum dp_err read_signature(struct dp_exchange *x, struct dp_secp_sig *sig,
                                  struct json_object *body)
{
    uint8_t bytes[DP_SECP_SIG_LEN];
    struct dp_slice hex;
    size_t len;
    enum dp_err err = dp_json_string(&hex, body, "signature", &x->detail);

    if (err != DP_OK)
        return err;
    if (dp_hex_decode(bytes, sizeof(bytes), &len, hex.data, hex.len) != DP_OK ||
        dp_secp_parse_sig(sig, bytes, len) != DP_OK)
        return dp_fail(&x->detail, DP_ESIGNATURE, "signature",
                       "signature must be hex of 64 bytes (r, s) or 65 (r, s, v), r and s between "
                       "1 and the group order, v one of 0, 1, 27, 28.");
    return DP_OK;
}

/* The address that the signature was held against: of the key that fits, else of the newest. */
static void describe(struct json_object *answer, const struct dp_signer *signer,
                     const struct dp_secp_sig *sig, const struct dp_message *message)
{
    const struct dp_signer_key *key = dp_signer_of(signer, sig, message->digest);
    const struct dp_hint *hint = key == NULL ? dp_hint_find(signer, sig, message) : NULL;
    char address[DP_ADDRESS_TEXT_SIZE];

    dp_address_format(address, key != NULL ? key->address : signer->keys[0].address);
    dp_json_add_bool(answer, "valid", key != NULL);
    dp_json_add_text(answer, "address", address);
    dp_json_add_bool(answer, "canonical", sig->low_s);
    dp_message_describe(message, answer);
    if (key != NULL && key->key_namespace[0] != '\0')
        dp_json_add_text(answer, "namespace", key->key_namespace);
    if (hint != NULL) {
        dp_json_add_text(answer, "hint", hint->name);
        dp_json_add_text(answer, "hintDetail", hint->detail);
    }
}

static enum dp_err verify_item(struct dp_exchange *x, struct json_object *result,
                               struct json_object *item, void *arg)
{
    struct dp_message message = {0};
    struct dp_signer signer = {0};
    struct dp_secp_sig sig = {0};
    enum dp_err err = dp_message_read(x, &message, item);

    (void)arg;
    if (err == DP_OK)
        err = dp_signer_read(x, &signer, item);
    if (err == DP_OK)
        err = read_signature(x, &sig, item);
    if (err == DP_OK)
        describe(result, &signer, &sig, &message);
    dp_signer_free(&signer);
    dp_message_free(&message);
    dp_metrics_count(DP_METRIC_VERIFY_TOTAL, err == DP_OK ? "result=\"ok\"" : "result=\"error\"");
    return err;
}

static enum dp_err verify(struct dp_exchange *x)
{
    int64_t start = dp_clock_mono_us();
    struct json_object *body = NULL, *answer = json_object_new_object();
    enum dp_err err = answer != NULL ? dp_request_json(x, &body) : DP_ENOMEM;

    if (err == DP_OK)
        err = verify_item(x, answer, body, NULL);
    if (err == DP_OK)
        err = dp_reply_json(x, 200, json_object_get(answer));
    json_object_put(answer);
    json_object_put(body);
    dp_metrics_observe(DP_METRIC_VERIFY_LATENCY, "", dp_clock_mono_us() - start);
    return err;
}

static enum dp_err verify_batch(struct dp_exchange *x)
{
    struct json_object *body = NULL, *items, *results = NULL;
    struct json_object *answer = json_object_new_object();
    enum dp_err err =
        answer != NULL ? dp_request_json_within(x, &body, DP_BATCH_BODY_MAX) : DP_ENOMEM;

    if (err == DP_OK)
        err = dp_batch_items(x, &items, body);
    if (err == DP_OK)
        err = dp_batch_run(x, &results, items, verify_item, NULL);
    if (err == DP_OK) {
        dp_json_add(answer, "results", results);
        err = dp_reply_json(x, 200, json_object_get(answer));
    }
    json_object_put(answer);
    json_object_put(body);
    return err;
}

static const struct dp_route routes[] = {
    {"POST", "/api/verify", verify},
    {"POST", "/api/verify/batch", verify_batch},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_STORE_READ,
        .threads = 80,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
