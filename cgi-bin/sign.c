/* sign.c - POST /api/users/{userId}/sign: a signature by the user's key, which only they ask for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/metrics.h"
#include "web/auth.h"
#include "web/message.h"
#include "web/wallet_reply.h"

#define V_BASE 27 /* of Ethereum's v; dstack and libsecp256k1 count from 0 */

/* Nothing is signed by a key that is not the one on record: its address would be a lie. */
static enum dp_err check_key(const struct dp_guest_key *key, const struct dp_user *user)
{
    char text[DP_HEX0X_SIZE(DP_SECP_PUB_LEN)];

    dp_hex0x_encode(text, key->public_key, sizeof(key->public_key));
    return strcmp(text, user->pub_key_hex) == 0 ? DP_OK : DP_EKEYMISMATCH;
}

static enum dp_err sign_digest(struct dp_exchange *x, uint8_t sig[static DP_SECP_SIG_LEN],
                               const struct dp_user *user, const struct dp_message *message)
{
    struct dp_guest_key key;
    enum dp_err err = dp_wallet_key(x->service->wallet, &key, user->user_id);

    if (err == DP_OK)
        err = check_key(&key, user);
    if (err == DP_OK)
        err = dp_wallet_sign(&key, sig, message->digest);
    dp_guest_key_free(&key);
    return err;
}

static enum dp_err reply(struct dp_exchange *x, uint8_t sig[static DP_SECP_SIG_LEN],
                         const struct dp_user *user, const struct dp_message *message)
{
    struct json_object *answer = json_object_new_object();
    int recid = sig[DP_SECP_RS_LEN];
    char text[DP_HEX0X_SIZE(DP_SECP_SIG_LEN)];

    if (answer == NULL)
        return DP_ENOMEM;
    sig[DP_SECP_RS_LEN] = (uint8_t)(recid + V_BASE);
    dp_hex0x_encode(text, sig, DP_SECP_SIG_LEN);
    dp_json_add_text(answer, "signature", text);
    dp_json_add_int(answer, "recoveryId", recid);
    dp_message_describe(message, answer);
    dp_json_add_text(answer, "address", user->address);
    dp_json_add_text(answer, "namespace", user->key_namespace);
    dp_json_add(answer, "signature_chain", dp_wallet_chain(user));
    return dp_reply_json(x, 200, answer);
}

static enum dp_err sign_message(struct dp_exchange *x)
{
    int64_t start = dp_clock_mono_us();
    struct json_object *body = NULL;
    struct dp_message message;
    struct dp_user user;
    uint8_t sig[DP_SECP_SIG_LEN];
    enum dp_err err = dp_auth_require_user(x, x->user_id);

    if (err == DP_OK)
        err = dp_request_json(x, &body);
    if (err == DP_OK)
        err = dp_message_read(x, &message, body);
    if (err == DP_OK)
        err = dp_store_find_user(x->service->store, &user, x->user_id);
    if (err == DP_OK)
        err = sign_digest(x, sig, &user, &message);
    if (err == DP_OK)
        err = reply(x, sig, &user, &message);
    json_object_put(body);
    dp_metrics_count(DP_METRIC_SIGN_TOTAL, err == DP_OK ? "result=\"ok\"" : "result=\"error\"");
    dp_metrics_observe(DP_METRIC_SIGN_LATENCY, "", dp_clock_mono_us() - start);
    return err;
}

static const struct dp_route routes[] = {
    {"POST", "/api/users/{userId}/sign", sign_message},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_GUEST | DP_NEED_STORE_READ,
        .threads = 80,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
