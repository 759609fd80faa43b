/* tokens.c - /api/users/{userId}/tokens: a user's named tokens; POST /api/admin/token: a new one
 * for the admin, in place of all others. Sees tokens in the clear. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "web/auth.h"

/* --- a user's: only for who has one already, as a token outlives AUTH=open --- */

static void describe(struct json_object *out, const struct dp_token *token)
{
    char created[DP_CLOCK_TEXT_SIZE];

    dp_clock_format(created, token->created_ms);
    dp_json_add_int(out, "id", token->id);
    dp_json_add_text(out, "name", token->name);
    dp_json_add_text(out, "createdAt", created);
}

static enum dp_err add_token(const struct dp_token *token, void *arg)
{
    struct json_object *tokens = arg, *one = json_object_new_object();

    if (one == NULL || json_object_array_add(tokens, one) != 0)
        return DP_ENOMEM;
    describe(one, token);
    return DP_OK;
}

static enum dp_err list(struct dp_exchange *x)
{
    struct json_object *answer = json_object_new_object(), *tokens = json_object_new_array();
    enum dp_err err =
        answer != NULL && tokens != NULL ? dp_auth_require_token(x, x->user_id) : DP_ENOMEM;

    if (err == DP_OK)
        err = dp_store_list_tokens(x->service->store, x->user_id, add_token, tokens);
    if (err != DP_OK) {
        json_object_put(answer);
        json_object_put(tokens);
        return err;
    }
    dp_json_add(answer, "tokens", tokens);
    return dp_reply_json(x, 200, answer);
}

static enum dp_err read_name(struct dp_exchange *x, struct dp_token *token,
                             struct json_object *body)
{
    struct dp_slice name;
    enum dp_err err = dp_json_string(&name, body, "name", &x->detail);

    if (err != DP_OK)
        return err;
    if (!dp_token_name_valid(name.data, name.len))
        return dp_fail(&x->detail, DP_ETOKENNAME, "name",
                       "name must be 1 to %d characters, none of them a control character.",
                       DP_TOKEN_NAME_MAX);
    memcpy(token->name, name.data, name.len);
    return DP_OK;
}

static enum dp_err reply_made(struct dp_exchange *x, const struct dp_token *token, const char *text)
{
    struct json_object *answer = json_object_new_object();

    if (answer == NULL)
        return DP_ENOMEM;
    describe(answer, token);
    dp_json_add_text(answer, "token", text);
    return dp_reply_json(x, 201, answer);
}

static enum dp_err make(struct dp_exchange *x)
{
    char text[DP_TOKEN_TEXT_SIZE];
    struct json_object *body = NULL;
    struct dp_token token;
    enum dp_err err = dp_auth_require_token(x, x->user_id);

    if (err == DP_OK)
        err = dp_request_json(x, &body);
    if (err == DP_OK)
        err = dp_token_make(&token, text, false);
    if (err == DP_OK)
        err = read_name(x, &token, body);
    if (err == DP_OK) {
        memcpy(token.user_id, x->user_id, sizeof(token.user_id));
        token.actor = DP_ACTOR_USER;
        err = dp_store_add_token(x->service->store, &token);
    }
    if (err == DP_OK)
        err = reply_made(x, &token, text);
    json_object_put(body);
    return err;
}

static enum dp_err revoke(struct dp_exchange *x)
{
    enum dp_err err = dp_auth_require_token(x, x->user_id);

    if (err == DP_OK)
        err = dp_store_revoke_user_token(x->service->store, x->user_id, dp_request_id(x),
                                         dp_clock_unix_ms(), DP_ACTOR_USER);
    if (err == DP_ENOTFOUND)
        return dp_fail(&x->detail, err, NULL, "This user has no token with this id in force.");
    x->status = 204;
    return err;
}

/* --- the admin's --- */

static enum dp_err rotate(struct dp_exchange *x, const struct dp_token *old)
{
    char text[DP_TOKEN_TEXT_SIZE];
    struct json_object *answer;
    struct dp_token token;
    enum dp_err err = dp_token_make(&token, text, false);

    if (err != DP_OK)
        return err;
    token.admin = true;
    err = dp_store_rotate_admin_token(x->service->store, &token, old->hash);
    if (err != DP_OK)
        return err;
    answer = json_object_new_object();
    if (answer == NULL)
        return DP_ENOMEM;
    dp_json_add_text(answer, "token", text);
    return dp_reply_json(x, 200, answer);
}

static enum dp_err rotate_admin(struct dp_exchange *x)
{
    struct dp_token old;
    enum dp_err err = dp_auth_identify(x, &old);

    if (err == DP_OK && !old.admin)
        err = DP_EFORBIDDEN;
    if (err == DP_OK && x->service->config.admin_token != NULL)
        err = DP_EADMINTOKENFIXED;
    return err == DP_OK ? rotate(x, &old) : err;
}

static const struct dp_route routes[] = {
    {"GET", "/api/users/{userId}/tokens", list},
    {"POST", "/api/users/{userId}/tokens", make},
    {"DELETE", "/api/users/{userId}/tokens/{id}", revoke},
    {"POST", "/api/admin/token", rotate_admin},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_STORE_WRITE,
        .threads = 8,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
