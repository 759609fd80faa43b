/* signup.c - POST /api/signup {email, userId}: a user, their key's public half, and a token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "store/names.h"
#include "web/auth.h"
#include "web/wallet_reply.h"

enum { BEARER, SESSION, TOKENS };

static enum dp_err read_fields(struct dp_exchange *x, struct dp_user *user,
                               struct json_object *body)
{
    struct dp_slice email, user_id;
    enum dp_err err = dp_json_string(&email, body, "email", &x->detail);

    if (err == DP_OK)
        err = dp_json_string(&user_id, body, "userId", &x->detail);
    if (err != DP_OK)
        return err;
    if (!dp_email_valid(email.data, email.len))
        return dp_fail(&x->detail, DP_EEMAIL, "email", "email must look like name@example.com.");
    if (!dp_user_id_valid(user_id.data, user_id.len))
        return dp_fail(&x->detail, DP_EUSERID, "userId",
                       "userId must be 1 to 64 letters, digits, dots, underscores or hyphens, "
                       "and begin with a letter or digit.");
    memcpy(user->email, email.data, email.len);
    memcpy(user->user_id, user_id.data, user_id.len);
    memcpy(x->user_id, user_id.data, user_id.len);
    return DP_OK;
}

/* Only the public half of the key gets here. */
static enum dp_err fill_key(struct dp_exchange *x, struct dp_user *user)
{
    const struct dp_service *service = x->service;
    uint8_t app_id[DP_APP_ID_LEN];
    struct dp_guest_key key;
    enum dp_err err =
        dp_wallet_public(service->wallet, &key, service->config.key_namespace, user->user_id);

    if (err == DP_OK)
        err = dp_wallet_app_id(service->wallet, app_id, &key);
    if (err == DP_OK)
        dp_wallet_fill_user(user, &key, service->config.key_namespace, app_id);
    return err;
}

/* Where a name is taken, say which. */
static enum dp_err add_user(struct dp_exchange *x, struct dp_user *user,
                            const struct dp_token *tokens, size_t count)
{
    enum dp_err err = dp_store_add_user(x->service->store, user, tokens, count);

    if (err == DP_EUSEREXISTS)
        return dp_fail(&x->detail, err, "userId", "This user id is taken. Choose another.");
    if (err == DP_EEMAILEXISTS)
        return dp_fail(&x->detail, err, "email", "This email address has signed up already.");
    return err;
}

static enum dp_err make_tokens(struct dp_token tokens[static TOKENS],
                               char texts[static TOKENS][DP_TOKEN_TEXT_SIZE])
{
    enum dp_err err = dp_token_make(&tokens[BEARER], texts[BEARER], false);

    snprintf(tokens[BEARER].name, sizeof(tokens[BEARER].name), "signup");
    return err == DP_OK ? dp_token_make(&tokens[SESSION], texts[SESSION], true) : err;
}

/* All of the answer but the id, which the database gives. It is made before anything is stored: a
 * chain that cannot be shown is the agent's fault, and no user is left behind without their token.
 */
static enum dp_err make_answer(struct json_object **out, const struct dp_user *user,
                               const char *token)
{
    struct json_object *answer = json_object_new_object();
    enum dp_err err;

    if (answer == NULL)
        return DP_ENOMEM;
    dp_json_add_int(answer, "id", 0);
    dp_json_add_text(answer, "email", user->email);
    dp_json_add_text(answer, "userId", user->user_id);
    err = dp_wallet_describe(answer, user);
    if (err != DP_OK) {
        json_object_put(answer);
        return err == DP_EFORMAT ? DP_EGUEST : err;
    }
    if (token != NULL)
        dp_json_add_text(answer, "token", token);
    *out = answer;
    return DP_OK;
}

static enum dp_err reply(struct dp_exchange *x, struct json_object *answer,
                         const struct dp_user *user)
{
    dp_json_add_int(answer, "id", user->id);
    /* A reference of its own, as that call frees one and sign_up the other. */
    return dp_reply_json(x, 201, json_object_get(answer));
}

static enum dp_err sign_up(struct dp_exchange *x)
{
    bool open = x->service->config.auth_open;
    char texts[TOKENS][DP_TOKEN_TEXT_SIZE];
    struct dp_token tokens[TOKENS];
    int64_t now = dp_clock_unix_ms();
    struct dp_user user = {.created_ms = now, .key_created_ms = now};
    struct json_object *body = NULL, *answer = NULL;
    enum dp_err err = dp_request_json(x, &body);

    if (err == DP_OK)
        err = read_fields(x, &user, body);
    if (err == DP_OK)
        err = fill_key(x, &user);
    if (err == DP_OK)
        err = make_tokens(tokens, texts);
    if (err == DP_OK)
        err = make_answer(&answer, &user, open ? NULL : texts[BEARER]);
    if (err == DP_OK)
        err = add_user(x, &user, tokens, open ? 0 : TOKENS);
    if (err == DP_OK)
        err = reply(x, answer, &user);
    if (err == DP_OK && !open)
        dp_auth_set_cookie(x, texts[SESSION]);
    if (err == DP_OK)
        dp_metrics_count(DP_METRIC_SIGNUP_TOTAL, "");
    json_object_put(answer);
    json_object_put(body);
    return err;
}

static const struct dp_route routes[] = {
    {"POST", "/api/signup", sign_up},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_GUEST | DP_NEED_STORE_READ | DP_NEED_STORE_WRITE,
        .threads = 80,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
