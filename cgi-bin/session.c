/* session.c - /api/session: who am I, sign in with a token, sign out; for the pages. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "web/auth.h"

static enum dp_err reply(struct dp_exchange *x, const struct dp_token *token)
{
    struct json_object *answer = json_object_new_object();

    if (answer == NULL)
        return DP_ENOMEM;
    dp_json_add_text(answer, "auth", x->service->config.auth_open ? "open" : "token");
    dp_json_add_bool(answer, "signedIn", token != NULL);
    dp_json_add_bool(answer, "admin", token != NULL && token->admin);
    if (token != NULL && !token->admin)
        dp_json_add_text(answer, "userId", token->user_id);
    else
        dp_json_add(answer, "userId", NULL);
    return dp_reply_json(x, 200, answer);
}

static enum dp_err who_am_i(struct dp_exchange *x)
{
    struct dp_token token;
    enum dp_err err = dp_auth_identify(x, &token);

    if (err != DP_OK && err != DP_EUNAUTHORIZED)
        return err;
    return reply(x, err == DP_OK ? &token : NULL);
}

/* A session is a token of its own, so that signing out leaves the bearer token in force. */
static enum dp_err start_session(struct dp_exchange *x, const struct dp_token *bearer)
{
    char text[DP_TOKEN_TEXT_SIZE];
    struct dp_token session;
    enum dp_err err = dp_token_make(&session, text, true);

    if (err != DP_OK)
        return err;
    session.admin = bearer->admin;
    session.actor = bearer->admin ? DP_ACTOR_ADMIN : DP_ACTOR_USER;
    session.started_by = bearer->id;
    memcpy(session.user_id, bearer->user_id, sizeof(session.user_id));
    memcpy(x->user_id, bearer->user_id, sizeof(x->user_id));
    err = dp_store_add_token(x->service->store, &session);
    if (err == DP_OK)
        err = reply(x, &session);
    if (err == DP_OK)
        dp_auth_set_cookie(x, text);
    return err;
}

static enum dp_err sign_in(struct dp_exchange *x)
{
    struct json_object *body = NULL;
    struct dp_token bearer;
    struct dp_slice text;
    enum dp_err err = dp_request_json(x, &body);

    if (err == DP_OK)
        err = dp_json_string(&text, body, "token", &x->detail);
    if (err == DP_OK)
        err = text.len == strlen(text.data) ? dp_auth_look_up(x, &bearer, text.data)
                                            : DP_EUNAUTHORIZED;
    if (err == DP_OK && bearer.session)
        err = DP_EUNAUTHORIZED;
    if (err == DP_OK)
        err = start_session(x, &bearer);
    json_object_put(body);
    return err;
}

/* Without a session there is nothing to end, and the answer is the same. */
static enum dp_err sign_out(struct dp_exchange *x)
{
    struct dp_token token;
    enum dp_err err = dp_auth_identify(x, &token);

    if (err == DP_OK && token.session)
        err = dp_store_revoke_token(x->service->store, token.hash, dp_clock_unix_ms());
    if (err != DP_OK && err != DP_EUNAUTHORIZED)
        return err;
    dp_auth_set_cookie(x, NULL);
    x->status = 204;
    return DP_OK;
}

static const struct dp_route routes[] = {
    {"GET", "/api/session", who_am_i},
    {"POST", "/api/session", sign_in},
    {"DELETE", "/api/session", sign_out},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_STORE_READ | DP_NEED_STORE_WRITE,
        .threads = 16,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
