/* rotate.c - POST /api/users/{userId}/rotate {namespace}: a new key for a user, who asks for it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "web/auth.h"
#include "web/wallet_reply.h"

#define VERSION_DIGITS 6

/* <KEY_NAMESPACE>/v<N>, N from 2 to 999999: the first key's namespace has no version. */
static bool is_next(const char *text, const char *key_namespace)
{
    size_t len = strlen(key_namespace), digits;

    if (strncmp(text, key_namespace, len) != 0 || strncmp(text + len, "/v", 2) != 0)
        return false;
    text += len + 2;
    digits = strspn(text, "0123456789");
    return digits >= 1 && digits <= VERSION_DIGITS && text[digits] == '\0' && text[0] != '0' &&
           strcmp(text, "1") != 0;
}

/* Out: out  borrowed from the body */
static enum dp_err read_namespace(struct dp_exchange *x, const char **out, struct json_object *body)
{
    const char *ours = x->service->config.key_namespace;
    struct dp_slice text;
    enum dp_err err = dp_json_string(&text, body, "namespace", &x->detail);

    if (err != DP_OK)
        return err;
    if (text.len != strlen(text.data) || !is_next(text.data, ours))
        return dp_fail(&x->detail, DP_ENAMESPACE, "namespace",
                       "namespace must be %s/v2, or with another number up to 999999.", ours);
    *out = text.data;
    return DP_OK;
}

static enum dp_err derive_key(struct dp_exchange *x, struct dp_user *user,
                              const char *key_namespace)
{
    struct dp_guest_key key;
    uint8_t app_id[DP_APP_ID_LEN];
    enum dp_err err = dp_wallet_public(x->service->wallet, &key, key_namespace, user->user_id);

    if (err == DP_OK)
        err = dp_wallet_app_id(x->service->wallet, app_id, &key);
    if (err == DP_OK)
        dp_wallet_fill_user(user, &key, key_namespace, app_id);
    return err;
}

static enum dp_err reply(struct dp_exchange *x, const struct dp_user *user)
{
    struct json_object *answer = json_object_new_object();
    enum dp_err err;

    if (answer == NULL)
        return DP_ENOMEM;
    dp_json_add_text(answer, "userId", user->user_id);
    err = dp_wallet_describe(answer, user);
    if (err == DP_OK)
        return dp_reply_json(x, 200, answer);
    json_object_put(answer);
    return err;
}

static enum dp_err rotate(struct dp_exchange *x)
{
    struct json_object *body = NULL;
    const char *key_namespace = NULL;
    struct dp_user user = {.key_created_ms = dp_clock_unix_ms()};
    enum dp_err err = dp_auth_require_user(x, x->user_id);

    memcpy(user.user_id, x->user_id, sizeof(user.user_id));
    if (err == DP_OK)
        err = dp_request_json(x, &body);
    if (err == DP_OK)
        err = read_namespace(x, &key_namespace, body);
    if (err == DP_OK)
        err = derive_key(x, &user, key_namespace);
    if (err == DP_OK)
        err = dp_store_rotate_key(x->service->store, &user, dp_auth_actor(x));
    if (err == DP_OK)
        err = reply(x, &user);
    json_object_put(body);
    return err;
}

static const struct dp_route routes[] = {
    {"POST", "/api/users/{userId}/rotate", rotate},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_GUEST | DP_NEED_STORE_WRITE,
        .threads = 8,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
