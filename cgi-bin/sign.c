/* sign.c - POST /api/users/{userId}/sign and .../sign/batch: signatures by the user's key, which
 * only they ask for. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/metrics.h"
#include "web/auth.h"
#include "web/batch.h"
#include "web/message.h"
#include "web/wallet_reply.h"

#define V_BASE 27 /* of Ethereum's v; dstack and libsecp256k1 count from 0 */

/* Who signs, with their key on loan, and the rows that the log must have before the answer goes
 * out. */
struct signing {
    struct dp_user user;
    struct dp_guest_key key;
    struct dp_audit_row *rows;
    size_t row_count;
    size_t batch; /* items of the batch, or 0 */
};

/* Nothing is signed by a key that is not the one on record: its address would be a lie. */
static enum dp_err check_key(const struct dp_guest_key *key, const struct dp_user *user)
{
    char text[DP_HEX0X_SIZE(DP_SECP_PUB_LEN)];

    dp_hex0x_encode(text, key->public_key, sizeof(key->public_key));
    return strcmp(text, user->pub_key_hex) == 0 ? DP_OK : DP_EKEYMISMATCH;
}

/* One GetKey, however many signatures follow. */
static enum dp_err begin(struct dp_exchange *x, struct signing *signing, size_t items)
{
    const struct dp_user *user = &signing->user;
    enum dp_err err = DP_ENOMEM;

    signing->rows = calloc(items, sizeof(*signing->rows));
    if (signing->rows != NULL)
        err = dp_wallet_key(x->service->wallet, &signing->key, user->key_namespace, user->user_id);
    return err == DP_OK ? check_key(&signing->key, user) : err;
}

static void end(struct signing *signing)
{
    dp_guest_key_free(&signing->key);
    free(signing->rows);
}

/* Whoever holds a signature finds it in the log: its row is there before the answer is. */
static void log_signature(struct dp_exchange *x, struct signing *signing,
                          const struct dp_message *message)
{
    dp_audit_signature(&signing->rows[signing->row_count++], dp_auth_actor(x),
                       signing->user.user_id, message->digest, dp_scheme_name(message->scheme),
                       signing->user.key_namespace, signing->batch);
}

static void describe_signature(struct json_object *answer, uint8_t sig[static DP_SECP_SIG_LEN],
                               const struct dp_message *message)
{
    int recid = sig[DP_SECP_RS_LEN];
    char text[DP_HEX0X_SIZE(DP_SECP_SIG_LEN)];

    sig[DP_SECP_RS_LEN] = (uint8_t)(recid + V_BASE);
    dp_hex0x_encode(text, sig, DP_SECP_SIG_LEN);
    dp_json_add_text(answer, "signature", text);
    dp_json_add_int(answer, "recoveryId", recid);
    dp_message_describe(message, answer);
}

static void describe_signer(struct json_object *answer, const struct dp_user *user)
{
    dp_json_add_text(answer, "address", user->address);
    dp_json_add_text(answer, "namespace", user->key_namespace);
    dp_json_add(answer, "signature_chain", dp_wallet_chain(user));
}

static enum dp_err read_message(struct dp_exchange *x, struct dp_message *message,
                                struct json_object *body)
{
    enum dp_err err = dp_message_read(x, message, body);

    return err == DP_OK ? dp_message_check_signable(x, message) : err;
}

/* Sign a message and add the signature to an answer. */
static enum dp_err sign(struct dp_exchange *x, struct json_object *answer, struct signing *signing,
                        const struct dp_message *message)
{
    uint8_t sig[DP_SECP_SIG_LEN];
    enum dp_err err = dp_wallet_sign(&signing->key, sig, message->digest);

    if (err != DP_OK)
        return err;
    describe_signature(answer, sig, message);
    log_signature(x, signing, message);
    return DP_OK;
}

/* A batch of bad items has no signature. */
static enum dp_err write_log(struct dp_exchange *x, struct signing *signing)
{
    if (signing->row_count == 0)
        return DP_OK;
    return dp_store_append_audit(x->service->store, signing->rows, signing->row_count);
}

static enum dp_err reply(struct dp_exchange *x, struct signing *signing, struct json_object *answer)
{
    enum dp_err err;

    /* All is signed: the key need not wait for the disk. */
    dp_guest_key_free(&signing->key);
    err = write_log(x, signing);
    if (err == DP_OK) {
        describe_signer(answer, &signing->user);
        return dp_reply_json(x, 200, answer);
    }
    json_object_put(answer);
    return err;
}

static void count(enum dp_err err)
{
    dp_metrics_count(DP_METRIC_SIGN_TOTAL, err == DP_OK ? "result=\"ok\"" : "result=\"error\"");
}

static enum dp_err sign_message(struct dp_exchange *x)
{
    int64_t start = dp_clock_mono_us();
    struct json_object *body = NULL, *answer = json_object_new_object();
    struct dp_message message = {0};
    struct signing signing = {0};
    enum dp_err err =
        answer != NULL ? dp_auth_require_signer(x, &signing.user, x->user_id) : DP_ENOMEM;

    if (err == DP_OK)
        err = dp_request_json(x, &body);
    if (err == DP_OK)
        err = read_message(x, &message, body);
    if (err == DP_OK)
        err = begin(x, &signing, 1);
    if (err == DP_OK)
        err = sign(x, answer, &signing, &message);
    if (err == DP_OK)
        err = reply(x, &signing, json_object_get(answer));
    end(&signing);
    dp_message_free(&message);
    json_object_put(answer);
    json_object_put(body);
    count(err);
    dp_metrics_observe(DP_METRIC_SIGN_LATENCY, "", dp_clock_mono_us() - start);
    return err;
}

static enum dp_err sign_item(struct dp_exchange *x, struct json_object *result,
                             struct json_object *item, void *arg)
{
    struct dp_message message;
    enum dp_err err = read_message(x, &message, item);

    if (err == DP_OK)
        err = sign(x, result, arg, &message);
    dp_message_free(&message);
    count(err);
    return err;
}

static enum dp_err sign_batch(struct dp_exchange *x)
{
    struct json_object *body = NULL, *items = NULL, *results = NULL;
    struct json_object *answer = json_object_new_object();
    struct signing signing = {0};
    enum dp_err err =
        answer != NULL ? dp_auth_require_signer(x, &signing.user, x->user_id) : DP_ENOMEM;

    if (err == DP_OK)
        err = dp_request_json_within(x, &body, DP_BATCH_BODY_MAX);
    if (err == DP_OK)
        err = dp_batch_items(x, &items, body);
    if (err == DP_OK) {
        signing.batch = json_object_array_length(items);
        err = begin(x, &signing, signing.batch);
    }
    if (err == DP_OK)
        err = dp_batch_run(x, &results, items, sign_item, &signing);
    if (err == DP_OK) {
        dp_json_add(answer, "results", results);
        err = reply(x, &signing, json_object_get(answer));
    }
    end(&signing);
    json_object_put(answer);
    json_object_put(body);
    return err;
}

static const struct dp_route routes[] = {
    {"POST", "/api/users/{userId}/sign", sign_message},
    {"POST", "/api/users/{userId}/sign/batch", sign_batch},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_GUEST | DP_NEED_STORE_WRITE,
        .threads = 80,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
