/* keys.c - GET /api/users/me/keys?userId= and /api/users/{userId}/keys: a user's public key. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/names.h"
#include "web/auth.h"
#include "web/wallet_reply.h"

static enum dp_err reply(struct dp_exchange *x)
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
