/* postgres.c - the store on PostgreSQL, and on what speaks its protocol. */
#include "store/postgres.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define OID_BOOL 16
#define OID_BYTEA 17
#define OID_INT8 20
#define OID_INT4 23

#define TEXT_OF(number) "'" #number "'"
#define IN_TEXT(number) TEXT_OF(number)
#define WAIT_MS IN_TEXT(DP_PG_WAIT_MS)

static struct dp_pg *own(struct dp_sql *c)
{
    return (struct dp_pg *)c;
}

#define RESUME(table)                                                                              \
    "SELECT setval(pg_get_serial_sequence('" table "', 'id'), coalesce(max(id), 0) + 1, false)"    \
    " FROM " table

static const char *const queries[DP_SQL_COUNT] = {
    /* A statement sees what was committed before it, so after the lock everything. */
    [DP_SQL_BEGIN] = "BEGIN ISOLATION LEVEL READ COMMITTED",
    [DP_SQL_LOCK] = "SELECT version FROM schema_version FOR UPDATE",
    [DP_SQL_BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    [DP_SQL_VERSION] = "SELECT version FROM schema_version",
    /* The server does not go on with what nobody waits for any more. A node that stops in the
     * middle of a transaction does not keep the others waiting, and a server that is told to
     * acknowledge what is not durable is told not to. */
    [DP_SQL_SETUP] = ("SELECT current_setting('server_encoding'),"
                      " set_config('statement_timeout', " WAIT_MS ", false),"
                      " set_config('idle_in_transaction_session_timeout', '5000', false),"
                      " set_config('synchronous_commit',"
                      " CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'"
                      " ELSE current_setting('synchronous_commit') END, false)"),
    [DP_SQL_RESUME_USERS] = RESUME("users"),
    [DP_SQL_RESUME_KEYS] = RESUME("user_keys"),
    [DP_SQL_RESUME_TOKENS] = RESUME("tokens"),
    [DP_SQL_FAULTS] = "SELECT 0", /* it has no such question; the rows themselves were read */
    [DP_SQL_OTHERS] = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                       " AND usename = current_user AND application_name = 'devproof'"
                       " AND pid <> pg_backend_pid()"),
    [DP_SQL_SEARCH_USERS] =
        ("SELECT u.id, u.created_at, u.email, u.user_id, k.namespace, k.pub_key_hex, k.address,"
         " k.created_at, k.retired_at"
         " FROM users u JOIN user_keys k ON k.user_id = u.id AND k.retired_at IS NULL"
         " WHERE u.id > $1 AND (lower(u.email COLLATE \"C\") LIKE $2 ESCAPE '\\'"
         " OR lower(u.user_id) LIKE $2 ESCAPE '\\' OR lower(k.address) LIKE $2 ESCAPE '\\')"
         " ORDER BY u.id LIMIT $3"),
};

/* --- statements --- */

static enum dp_err ready(struct dp_sql *sql)
{
    return dp_pg_ready(own(sql));
}

static enum dp_err later(struct dp_sql *sql, enum dp_query query, const struct dp_value *values,
                         size_t count)
{
    return dp_pg_send(own(sql), query, values, count);
}

static enum dp_err run(struct dp_sql *sql, enum dp_query query, const struct dp_value *values,
                       size_t count)
{
    enum dp_err err = dp_pg_send(own(sql), query, values, count);

    return err == DP_OK ? dp_pg_flush(own(sql)) : err;
}

static enum dp_err step(struct dp_sql *sql)
{
    struct dp_pg *c = own(sql);

    return c->result != NULL && ++c->row < PQntuples(c->result) ? DP_OK : DP_ENOTFOUND;
}

static int64_t number(const char *data, int len)
{
    uint64_t n = 0;

    for (int i = 0; i < len; i++)
        n = n << 8 | (uint8_t)data[i];
    return len == 4 ? (int32_t)n : (int64_t)n;
}

static struct dp_value value(struct dp_sql *sql, int column)
{
    const struct dp_pg *c = own(sql);
    const char *data = PQgetvalue(c->result, c->row, column);
    int len = PQgetlength(c->result, c->row, column);

    if (PQgetisnull(c->result, c->row, column))
        return (struct dp_value){.type = DP_VALUE_NULL};
    switch (PQftype(c->result, column)) {
    case OID_BOOL:
    case OID_INT4:
    case OID_INT8:
        return dp_value_int(number(data, len));
    case OID_BYTEA:
        return dp_value_blob((const uint8_t *)data, (size_t)len);
    default:
        return (struct dp_value){.type = DP_VALUE_TEXT, .data = data, .len = (size_t)len};
    }
}

static void end(struct dp_sql *sql)
{
    struct dp_pg *c = own(sql);

    PQclear(c->result);
    c->result = NULL;
}

/* Behind a statement that fails it is not carried out: then once more. */
static void rollback(struct dp_sql *sql)
{
    struct dp_pg *c = own(sql);
    enum dp_failure failure = c->failure;
    enum dp_err err = DP_OK;
    char state[sizeof(c->state)];

    memcpy(state, c->state, sizeof(state));
    for (int i = 0; i < 2 && c->conn != NULL && PQtransactionStatus(c->conn) != PQTRANS_IDLE; i++)
        err = dp_sql_run(sql, DP_SQL_ROLLBACK, NULL, 0);
    if (err != DP_OK)
        dp_pg_drop(c);
    end(sql);
    c->failure = failure;
    memcpy(c->state, state, sizeof(state));
}

static enum dp_failure failure(const struct dp_sql *sql)
{
    return ((const struct dp_pg *)sql)->failure;
}

/* --- open and close --- */

static void close_connection(struct dp_sql *sql)
{
    struct dp_pg *c = own(sql);

    dp_pg_drop(c);
    dp_pg_options_free(&c->options);
    free(c);
}

static struct dp_pg *make(void)
{
    struct dp_pg *c = calloc(1, sizeof(*c));

    if (c != NULL) {
        c->sql.engine = &dp_postgres;
        c->wait_ms = DP_PG_WAIT_MS;
    }
    return c;
}

static enum dp_err open_url(struct dp_pg **out, const char *url, struct dp_detail *detail)
{
    enum dp_err err = dp_libpq_load(detail);
    struct dp_pg *c = err == DP_OK ? make() : NULL;

    *out = c;
    if (c == NULL)
        return err == DP_OK ? DP_ENOMEM : err;
    err = dp_pg_options_parse(&c->options, url, detail);
    if (err == DP_OK)
        err = dp_pg_connect(c, detail);
    return err == DP_OK ? dp_pg_options_of(&c->options, c->conn) : err;
}

static enum dp_err open_first(struct dp_sql **out, const char *url, enum dp_store_mode mode,
                              struct dp_detail *detail)
{
    struct dp_pg *c = NULL;
    enum dp_err err = open_url(&c, url, detail);

    *out = NULL;
    if (err == DP_OK)
        err = mode == DP_STORE_WRITE ? dp_pg_migrate(c, detail) : dp_pg_check_version(c, detail);
    if (err == DP_OK)
        *out = &c->sql;
    else if (c != NULL)
        close_connection(&c->sql);
    return err;
}

static enum dp_err in_use(bool *out, const char *url, struct dp_detail *detail)
{
    struct dp_pg *c = NULL;
    int64_t others = 0;
    enum dp_err err = open_url(&c, url, detail);

    if (err == DP_OK)
        err = dp_sql_number(&c->sql, &others, DP_SQL_OTHERS, NULL, 0);
    *out = others > 0;
    if (c != NULL)
        close_connection(&c->sql);
    return err;
}

static enum dp_err clear(struct dp_sql *sql)
{
    return dp_pg_clear(own(sql));
}

/* It connects when it is first used: most never are. */
static enum dp_err open_another(struct dp_sql **out, struct dp_sql *first, struct dp_detail *detail)
{
    struct dp_pg *c = make();

    (void)detail;
    *out = NULL;
    if (c == NULL)
        return DP_ENOMEM;
    memcpy(c->options.names, own(first)->options.names, sizeof(c->options.names));
    memcpy(c->options.values, own(first)->options.values, sizeof(c->options.values));
    *out = &c->sql;
    return DP_OK;
}

static void reach(const struct dp_sql *sql, struct dp_sandbox *sandbox)
{
    dp_pg_options_reach(&((const struct dp_pg *)sql)->options, sandbox);
}

const struct dp_engine dp_postgres = {
    .queries = queries,
    .open = open_first,
    .open_another = open_another,
    .close = close_connection,
    .ready = ready,
    .run = run,
    .later = later,
    .step = step,
    .value = value,
    .end = end,
    .rollback = rollback,
    .failure = failure,
    .clear = clear,
    .in_use = in_use,
    .reach = reach,
};
