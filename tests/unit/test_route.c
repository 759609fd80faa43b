/* test_route.c - which handler a path and a method belong to. */
#include "helper.h"

#include <string.h>

#include "web/route.h"

static enum dp_err list(struct dp_exchange *x)
{
    (void)x;
    return DP_OK;
}

static enum dp_err add(struct dp_exchange *x)
{
    (void)x;
    return DP_OK;
}

static enum dp_err mine(struct dp_exchange *x)
{
    (void)x;
    return DP_OK;
}

static enum dp_err keys(struct dp_exchange *x)
{
    (void)x;
    return DP_OK;
}

static const struct dp_route routes[] = {
    {"GET", "/api/users", list},
    {"POST", "/api/users", add},
    {"GET", "/api/users/me/keys", mine},
    {"GET", "/api/users/{userId}/keys", keys},
    {"DELETE", "/api/users/{userId}", add},
};

static const struct dp_program program = {.routes = routes, .route_count = COUNT(routes)};

#define LONGEST "a234567890123456789012345678901234567890123456789012345678901234"

static const struct {
    const char *method, *path;
    enum dp_err want;
    enum dp_err (*handle)(struct dp_exchange *x); /* NULL: no route */
    const char *user_id, *allow;
} cases[] = {
    {"GET", "/api/users", DP_OK, list, "", ""},
    {"HEAD", "/api/users", DP_OK, list, "", ""},
    {"POST", "/api/users", DP_OK, add, "", ""},
    {"GET", "/api/users/me/keys", DP_OK, mine, "", ""},
    {"GET", "/api/users/alice/keys", DP_OK, keys, "alice", ""},
    {"HEAD", "/api/users/a.b-c_d/keys", DP_OK, keys, "a.b-c_d", ""},
    {"DELETE", "/api/users/keys", DP_OK, add, "keys", ""},
    {"GET", "/api/users/" LONGEST "/keys", DP_OK, keys, LONGEST, ""},
    {"GET", "/api/users/" LONGEST "5/keys", DP_EUSERID, keys, "", ""},
    {"GET", "/api/users//keys", DP_EUSERID, keys, "", ""},
    {"GET", "/api/users/.hidden/keys", DP_EUSERID, keys, "", ""},
    {"GET", "/api/users/../keys", DP_EUSERID, keys, "", ""},
    {"GET", "/api/users/a%2fb/keys", DP_EUSERID, keys, "", ""},
    {"GET", "/api/users/a b/keys", DP_EUSERID, keys, "", ""},
    {"GET", "/api/users/\xc3\xa4/keys", DP_EUSERID, keys, "", ""},
    {"GET", "/api/users/a/b/keys", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "/api/users/alice/keys/", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "/api/users/alice/key", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "/api/users/alice/keysx", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "/api/users/", DP_EMETHOD, add, "", "DELETE"},
    {"GET", "/api/Users", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "/api/users?x", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "api/users", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "//api/users", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "/api/users/{userId}/keys", DP_EUSERID, keys, "", ""},
    {"GET", "/", DP_ENOTFOUND, NULL, "", ""},
    {"GET", "", DP_ENOTFOUND, NULL, "", ""},
    {"PUT", "/api/users", DP_EMETHOD, add, "", "GET, HEAD, POST"},
    {"get", "/api/users", DP_EMETHOD, add, "", "GET, HEAD, POST"},
    {"", "/api/users", DP_EMETHOD, add, "", "GET, HEAD, POST"},
    {"HEAD", "/api/users/alice", DP_EMETHOD, add, "", "DELETE"},
    {"POST", "/api/users/alice/keys", DP_EMETHOD, keys, "", "GET, HEAD"},
    {"OPTIONS", "/nowhere", DP_ENOTFOUND, NULL, "", ""},
};

static void paths_and_methods(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct dp_route *route = &routes[0];
        char user_id[DP_USER_ID_SIZE], allow[64];
        enum dp_err err = dp_route_find(&route, user_id, allow, sizeof(allow), &program,
                                        cases[i].method, cases[i].path);

        if (err != cases[i].want || (route != NULL ? route->handle : NULL) != cases[i].handle ||
            strcmp(user_id, cases[i].user_id) != 0 ||
            (err == DP_EMETHOD && strcmp(allow, cases[i].allow) != 0))
            fail_msg("%s %s: %s, \"%s\", Allow: %s", cases[i].method, cases[i].path,
                     dp_err_text(err), user_id, allow);
    }
}

/* "me" is a user id too; the route that is listed first has it. */
static void the_first_route_of_a_path_wins(void **state)
{
    static const struct dp_route turned[] = {
        {"GET", "/api/users/{userId}/keys", keys},
        {"GET", "/api/users/me/keys", mine},
    };
    static const struct dp_program other = {.routes = turned, .route_count = COUNT(turned)};
    const struct dp_route *route;
    char user_id[DP_USER_ID_SIZE], allow[64];

    (void)state;
    assert_int_equal(
        dp_route_find(&route, user_id, allow, sizeof(allow), &other, "GET", "/api/users/me/keys"),
        DP_OK);
    assert_ptr_equal(route->handle, keys);
    assert_string_equal(user_id, "me");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_and_methods),
        cmocka_unit_test(the_first_route_of_a_path_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
