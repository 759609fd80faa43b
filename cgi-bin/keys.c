/* keys.c - GET /api/users/me/keys?userId= and /api/users/{userId}/keys: a user's public key, or
 * with all=1 every one they have had. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "store/names.h"
#include "web/auth.h"
#include "web/wallet_reply.h"

static enum dp_err add_key(const struct dp_user *user, void *arg)
{
    struct json_object *keys = arg, *key = json_object_new_object();
    char retired[DP_CLOCK_TEXT_SIZE];
    enum dp_err err;

    if (key == NULL || json_object_array_add(keys, key) != 0)
        return DP_ENOMEM;
    err = dp_wallet_describe(key, user);
    dp_clock_format(retired, user->key_retired_ms);
    if (user->key_retired_ms != 0)
        dp_json_add_text(key, "retiredAt", retired);
    else
        dp_json_add(key, "retiredAt", NULL);
    return err;
}

static enum dp_err reply_all(struct dp_exchange *x)
{
    struct json_object *answer = json_object_new_object(), *keys = json_object_new_array();
    enum dp_err err = DP_ENOMEM;

    if (answer != NULL && keys != NULL)
        err = dp_store_list_keys(x->service->store, x->user_id, add_key, keys);
    if (err == DP_OK && json_object_array_length(keys) == 0)
        err = DP_EUNKNOWNUSER;
    if (err != DP_OK) {
        json_object_put(answer);
        json_object_put(keys);
        return err;
    }
    dp_json_add_text(answer, "userId", x->user_id);
    dp_json_add(answer, "keys", keys);
    return dp_reply_json(x, 200, answer);
}

static enum dp_err reply_one(struct dp_exchange *x)
{
    struct dp_user user;
    struct json_object *answer;
    enum dp_err err = dp_store_find_user(x->service->store, &user, x->user_id);

    if (err != DP_OK)
        return err;
    answer = json_object_new_object();
    if (answer == NULL)
        return DP_ENOMEM;
    dp_json_add_text(answer, "userId", user.user_id);
    err = dp_wallet_describe(answer, &user);
    if (err == DP_OK)
        return dp_reply_json(x, 200, answer);
    json_object_put(answer);
    return err;
}

static enum dp_err reply(struct dp_exchange *x)
{
    int64_t all;
    enum dp_err err = dp_request_number(x, &all, "all", 0, 1, 0);

    if (err != DP_OK)
        return err;
    return all ? reply_all(x) : reply_one(x);
}

/* The requirements' form: the user is in the query, or is whoever is signed in. */
static enum dp_err keys_of_query(struct dp_exchange *x)
{
    char user_id[4 * DP_USER_ID_SIZE];
    struct dp_token token;
    bool present;
    enum dp_err err = dp_request_query(x, "userId", user_id, sizeof(user_id), &present);

    if (err == DP_OK && !present) {
        err = dp_auth_identify(x, &token);
        if (err == DP_OK && token.admin)
            return dp_fail(&x->detail, DP_EMISSING, "userId", "userId is missing.");
        if (err == DP_OK)
            memcpy(user_id, token.user_id, sizeof(token.user_id));
    }
    if (err != DP_OK)
        return err;
    if (!dp_user_id_valid(user_id, strlen(user_id)))
        return dp_fail(&x->detail, DP_EUSERID, "userId", "userId is not a user id.");
    memcpy(x->user_id, user_id, strlen(user_id) + 1);
    return reply(x);
}

static const struct dp_route routes[] = {
    {"GET", "/api/users/me/keys", keys_of_query},
    {"GET", "/api/users/{userId}/keys", reply},
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
