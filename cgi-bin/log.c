/* log.c - GET /api/users/{userId}/log: what happened to a user, for that user; GET /api/admin/log:
 * all that happened, for the admin, as a chain that anyone can check. */
#include <stdlib.h>

#include "base/json.h"
#include "store/audit_json.h"
#include "web/auth.h"

#define LIMIT_DEFAULT 100

struct page {
    struct dp_exchange *x;
    int64_t last_seq;
    int count, limit;
};

/* One more row is asked for than is shown: whether it is there says whether there is a next page.
 */
static enum dp_err add_row(const struct dp_audit_row *row, void *arg)
{
    struct page *page = arg;
    struct dp_buf *body = &page->x->body;
    struct json_object *object;

    if (page->count++ == page->limit)
        return DP_OK;
    object = dp_audit_to_json(row);
    if (object == NULL)
        return DP_ENOMEM;
    page->last_seq = row->seq;
    dp_buf_add_text(body, page->count > 1 ? "," : "{\"rows\":[");
    dp_json_write(body, object);
    json_object_put(object);
    return body->err;
}

static enum dp_err end(const struct page *page)
{
    struct dp_exchange *x = page->x;

    if (page->count == 0)
        dp_buf_add_text(&x->body, "{\"rows\":[");
    if (page->count > page->limit)
        dp_buf_addf(&x->body, "],\"nextCursor\":\"%lld\"}\n", (long long)page->last_seq);
    else
        dp_buf_add_text(&x->body, "],\"nextCursor\":null}\n");
    x->status = 200;
    x->content_type = "application/json";
    return x->body.err;
}

static enum dp_err read_limits(struct page *page, int64_t *cursor, int64_t fallback)
{
    struct dp_exchange *x = page->x;
    int64_t limit;
    enum dp_err err = dp_request_number(x, &limit, "limit", 1, DP_LIST_MAX, LIMIT_DEFAULT);

    if (err == DP_OK)
        err = dp_request_number(x, cursor, "cursor", 0, INT64_MAX, fallback);
    page->limit = (int)limit;
    return err;
}

static enum dp_err of_user(struct dp_exchange *x)
{
    struct page page = {.x = x};
    int64_t before = 0;
    enum dp_err err = dp_auth_require_user(x, x->user_id);

    if (err == DP_OK)
        err = read_limits(&page, &before, INT64_MAX);
    if (err == DP_OK)
        err = dp_store_list_user_audit(x->service->store, x->user_id, before, page.limit + 1,
                                       add_row, &page);
    return err == DP_OK ? end(&page) : err;
}

/* That the admin reads this is a row of it, the last one. */
static enum dp_err of_all(struct dp_exchange *x)
{
    struct page page = {.x = x};
    int64_t after = 0;
    enum dp_err err = dp_auth_require_admin(x);

    if (err == DP_OK)
        err = read_limits(&page, &after, 0);
    if (err == DP_OK)
        err = dp_auth_log_read(x, "log");
    if (err == DP_OK)
        err = dp_store_list_audit(x->service->store, after, page.limit + 1, add_row, &page);
    return err == DP_OK ? end(&page) : err;
}

static const struct dp_route routes[] = {
    {"GET", "/api/users/{userId}/log", of_user},
    {"GET", "/api/admin/log", of_all},
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
