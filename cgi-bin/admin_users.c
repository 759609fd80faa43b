/* admin_users.c - GET /api/admin/users: who has which public key, for the admin. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "web/auth.h"

#define LIMIT_DEFAULT 100
#define QUERY_SIZE 257

struct page {
    struct dp_buf *body;
    struct json_object *user; /* one object for all rows: its members are set anew for each */
    int64_t last_id;
    int count, limit;
};

/* A whole number from min to max, or the fallback where the parameter is absent. */
static enum dp_err read_number(struct dp_exchange *x, int64_t *out, const char *name, int64_t min,
                               int64_t max, int64_t fallback)
{
    char text[24], *end;
    bool present;
    enum dp_err err = dp_request_query(x, name, text, sizeof(text), &present);

    *out = fallback;
    if (err != DP_OK || !present)
        return err;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || *out < min || *out > max)
        return dp_fail(&x->detail, DP_EPARAM, name, "%s must be a whole number from %lld to %lld.",
                       name, (long long)min, (long long)max);
    return DP_OK;
}

/* One more row is asked for than is shown: whether it is there says whether there is a next page.
 */
static enum dp_err add_user(const struct dp_user *user, void *arg)
{
    struct page *page = arg;
    char created[DP_CLOCK_TEXT_SIZE];

    if (page->count++ == page->limit)
        return DP_OK;
    page->last_id = user->id;
    dp_clock_format(created, user->created_ms);
    dp_json_add_int(page->user, "id", user->id);
    dp_json_add_text(page->user, "email", user->email);
    dp_json_add_text(page->user, "userId", user->user_id);
    dp_json_add_text(page->user, "pubKeyHex", user->pub_key_hex);
    dp_json_add_text(page->user, "address", user->address);
    dp_json_add_text(page->user, "createdAt", created);
    if (page->count > 1)
        dp_buf_add(page->body, ",", 1);
    dp_json_write(page->body, page->user);
    return page->body->err;
}

static enum dp_err write_page(struct dp_exchange *x, int64_t after_id, int limit, const char *query)
{
    struct page page = {.body = &x->body, .user = json_object_new_object(), .limit = limit};
    enum dp_err err;

    if (page.user == NULL)
        return DP_ENOMEM;
    dp_buf_add_text(&x->body, "{\"users\":[");
    err = dp_store_list_users(x->service->store, after_id, limit + 1, query, add_user, &page);
    json_object_put(page.user);
    if (page.count > limit)
        dp_buf_addf(&x->body, "],\"nextCursor\":\"%lld\"}\n", (long long)page.last_id);
    else
        dp_buf_add_text(&x->body, "],\"nextCursor\":null}\n");
    x->status = 200;
    x->content_type = "application/json";
    return err == DP_OK ? x->body.err : err;
}

static enum dp_err list_users(struct dp_exchange *x)
{
    char query[QUERY_SIZE];
    int64_t after_id = 0, limit = 0;
    enum dp_err err = dp_auth_require_admin(x);

    if (err == DP_OK)
        err = read_number(x, &limit, "limit", 1, DP_LIST_MAX, LIMIT_DEFAULT);
    if (err == DP_OK)
        err = read_number(x, &after_id, "cursor", 0, INT64_MAX, 0);
    if (err == DP_OK)
        err = dp_request_query(x, "q", query, sizeof(query), NULL);
    return err == DP_OK ? write_page(x, after_id, (int)limit, query) : err;
}

static const struct dp_route routes[] = {
    {"GET", "/api/admin/users", list_users},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_STORE_READ,
        .threads = 8,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
