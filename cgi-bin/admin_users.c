/* admin_users.c - GET /api/admin/users and /api/admin/users.csv: who has which public key, for the
 * admin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "web/auth.h"

#define LIMIT_DEFAULT 100
#define QUERY_SIZE 257
#define CSV_HEAD "id,email,userId,pubKeyHex,address,createdAt\r\n"
#define CSV_PAGE 1000 /* users that one query gives: no reader holds the database long */
#define CSV_ROW_MAX (2 * DP_EMAIL_SIZE + 400) /* bytes of a line, its email quoted throughout */

struct page {
    struct dp_buf *body;
    struct json_object *user; /* one object for all rows: its members are set anew for each */
    int64_t last_id;
    int count, limit;
};

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
        err = dp_request_number(x, &limit, "limit", 1, DP_LIST_MAX, LIMIT_DEFAULT);
    if (err == DP_OK)
        err = dp_request_number(x, &after_id, "cursor", 0, INT64_MAX, 0);
    if (err == DP_OK)
        err = dp_request_query(x, "q", query, sizeof(query), NULL);
    if (err == DP_OK)
        err = dp_auth_log_read(x, "users");
    return err == DP_OK ? write_page(x, after_id, (int)limit, query) : err;
}

/* --- CSV (RFC 4180) --- */

struct export
{
    struct dp_exchange *x;
    struct dp_buf page; /* the lines of one query */
    int64_t last_id;
    int count;
};

/* A spreadsheet takes a cell that begins with one of these for a formula, and runs it. */
static bool is_formula(const char *text)
{
    return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

/* Every cell that a client chose; the rest has neither quotes nor commas. */
static void add_cell(struct dp_buf *page, const char *text)
{
    bool quoted = strpbrk(text, "\",\r\n") != NULL;

    if (quoted)
        dp_buf_add(page, "\"", 1);
    if (is_formula(text))
        dp_buf_add(page, "'", 1);
    while (*text != '\0') {
        size_t len = strcspn(text, "\"");

        dp_buf_add(page, text, len);
        text += len;
        if (*text == '"') {
            dp_buf_add(page, "\"\"", 2);
            text++;
        }
    }
    dp_buf_add(page, quoted ? "\"," : ",", quoted ? 2 : 1);
}

static enum dp_err add_line(const struct dp_user *user, void *arg)
{
    struct export *export = arg;
    struct dp_buf *page = &export->page;
    char created[DP_CLOCK_TEXT_SIZE];

    export->last_id = user->id;
    export->count++;
    dp_clock_format(created, user->created_ms);
    dp_buf_addf(page, "%lld,", (long long)user->id);
    add_cell(page, user->email);
    add_cell(page, user->user_id);
    add_cell(page, user->pub_key_hex);
    add_cell(page, user->address);
    dp_buf_add(page, created, DP_CLOCK_TEXT_SIZE - 1);
    dp_buf_add(page, "\r\n", 2);
    return page->err;
}

/* The lines of the next users. */
static enum dp_err send_page(struct export *export)
{
    enum dp_err err;

    dp_buf_reset(&export->page);
    export->count = 0;
    err = dp_store_list_users(export->x->service->store, export->last_id, CSV_PAGE, "", add_line,
                              export);
    return err == DP_OK ? dp_stream_write(export->x, export->page.data, export->page.len) : err;
}

static enum dp_err send_csv(struct dp_exchange *x)
{
    struct export export = {.x = x, .page = DP_BUF_INIT(CSV_PAGE * CSV_ROW_MAX), .count = CSV_PAGE};
    enum dp_err err;

    dp_stream_begin(x, "text/csv; charset=utf-8");
    if (strcmp(x->method, "HEAD") == 0)
        return DP_OK;
    err = dp_stream_write(x, CSV_HEAD, sizeof(CSV_HEAD) - 1);
    while (err == DP_OK && export.count == CSV_PAGE)
        err = send_page(&export);
    dp_buf_free(&export.page);
    return err;
}

static enum dp_err export_users(struct dp_exchange *x)
{
    enum dp_err err = dp_auth_require_admin(x);

    if (err == DP_OK)
        err = dp_auth_log_read(x, "users.csv");
    if (err != DP_OK)
        return err;
    dp_reply_header(x, "Content-Disposition", "attachment; filename=\"users.csv\"");
    return send_csv(x);
}

static const struct dp_route routes[] = {
    {"GET", "/api/admin/users", list_users},
    {"GET", "/api/admin/users.csv", export_users},
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
