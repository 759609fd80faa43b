/* sqlite.c - the store on SQLite: WAL, durable commits. */
#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/sqlite.h"

#define BUSY_TIMEOUT_MS 5000

static struct dp_sqlite *own(struct dp_sql *c)
{
    return (struct dp_sqlite *)c;
}

static const char *const queries[DP_SQL_COUNT] = {
    [DP_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [DP_SQL_BEGIN_READ] = "BEGIN",
    [DP_SQL_VERSION] = "PRAGMA user_version",
    [DP_SQL_FAULTS] = ("SELECT (SELECT count(*) FROM pragma_integrity_check"
                       " WHERE integrity_check <> 'ok')"
                       " + (SELECT count(*) FROM pragma_foreign_key_check)"),
    /* LIKE ignores the case of ASCII letters here by itself. */
};

/* --- statements --- */

static sqlite3_stmt *prepare(struct dp_sqlite *c, enum dp_query query)
{
    const char *text = dp_sql_query(&dp_sqlite, query);

    if (c->statements[query] == NULL &&
        sqlite3_prepare_v3(c->db, text, -1, SQLITE_PREPARE_PERSISTENT, &c->statements[query],
                           NULL) != SQLITE_OK)
        return NULL;
    return c->statements[query];
}

static bool bind(sqlite3_stmt *s, int index, const struct dp_value *value)
{
    int rc = SQLITE_OK;

    if (value->type == DP_VALUE_INT)
        rc = sqlite3_bind_int64(s, index, value->number);
    else if (value->type == DP_VALUE_TEXT)
        rc = sqlite3_bind_text(s, index, value->data, (int)value->len, SQLITE_STATIC);
    else if (value->type == DP_VALUE_BLOB)
        rc = sqlite3_bind_blob(s, index, value->data, (int)value->len, SQLITE_STATIC);
    return rc == SQLITE_OK;
}

/* SQLite names the column that is not unique, in its message only. */
static enum dp_err which_exists(struct dp_sqlite *c)
{
    const char *message = sqlite3_errmsg(c->db);

    if (sqlite3_extended_errcode(c->db) != SQLITE_CONSTRAINT_UNIQUE)
        return DP_ESTORE;
    if (strstr(message, "users.user_id") != NULL)
        return DP_EUSEREXISTS;
    if (strstr(message, "user_keys.address") != NULL)
        return DP_ESELFTEST;
    return strstr(message, "users.email") != NULL ? DP_EEMAILEXISTS : DP_ESTORE;
}

static void end(struct dp_sql *sql)
{
    struct dp_sqlite *c = own(sql);

    if (c->running == NULL)
        return;
    sqlite3_reset(c->running);
    sqlite3_clear_bindings(c->running);
    c->running = NULL;
}

/* The first step is taken here, so that what a statement fails at is known when it has run. */
static enum dp_err run(struct dp_sql *sql, enum dp_query query, const struct dp_value *values,
                       size_t count)
{
    struct dp_sqlite *c = own(sql);
    sqlite3_stmt *s;

    if (dp_sql_query(&dp_sqlite, query) == NULL) /* the engine has no use for it */
        return DP_OK;
    s = prepare(c, query);
    end(sql);
    if (s == NULL)
        return DP_ESTORE;
    assert((size_t)sqlite3_bind_parameter_count(s) == count);
    c->running = s;
    for (size_t i = 0; i < count; i++) {
        if (!bind(s, (int)i + 1, &values[i]))
            return DP_ESTORE;
    }
    c->stepped = sqlite3_step(s);
    c->first = true;
    sql->changed = sqlite3_changes(c->db);
    if (c->stepped == SQLITE_ROW || c->stepped == SQLITE_DONE)
        return DP_OK;
    return which_exists(c);
}

static enum dp_err later(struct dp_sql *sql, enum dp_query query, const struct dp_value *values,
                         size_t count)
{
    enum dp_err err = run(sql, query, values, count);

    end(sql);
    return err;
}

static enum dp_err step(struct dp_sql *sql)
{
    struct dp_sqlite *c = own(sql);

    if (c->running == NULL)
        return DP_ENOTFOUND;
    if (!c->first && c->stepped == SQLITE_ROW)
        c->stepped = sqlite3_step(c->running);
    c->first = false;
    return c->stepped == SQLITE_ROW ? DP_OK : c->stepped == SQLITE_DONE ? DP_ENOTFOUND : DP_ESTORE;
}

static struct dp_value value(struct dp_sql *sql, int column)
{
    sqlite3_stmt *s = own(sql)->running;
    struct dp_value value = {.type = DP_VALUE_NULL};

    switch (sqlite3_column_type(s, column)) {
    case SQLITE_INTEGER:
        return dp_value_int(sqlite3_column_int64(s, column));
    case SQLITE_TEXT:
        value.type = DP_VALUE_TEXT;
        value.data = (const char *)sqlite3_column_text(s, column);
        break;
    case SQLITE_BLOB:
        value.type = DP_VALUE_BLOB;
        value.data = sqlite3_column_blob(s, column);
        break;
    default:
        break;
    }
    value.len = (size_t)sqlite3_column_bytes(s, column);
    return value;
}

static void rollback(struct dp_sql *sql)
{
    struct dp_sqlite *c = own(sql);

    end(sql);
    if (c->db != NULL && !sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, dp_sql_query(&dp_sqlite, DP_SQL_ROLLBACK), NULL, NULL, NULL);
}

static enum dp_failure failure(const struct dp_sql *sql)
{
    (void)sql;
    return DP_FAILED;
}

/* --- open and close --- */

/* To change a file to WAL takes it alone and, unlike all else in SQLite, does not wait for that. */
static int enter_wal(sqlite3 *db)
{
    int64_t deadline = dp_clock_mono_us() + BUSY_TIMEOUT_MS * INT64_C(1000);
    int rc;

    while ((rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL)) == SQLITE_BUSY &&
           dp_clock_mono_us() < deadline)
        usleep(2000);
    return rc;
}

/* In temp_store: what a savepoint may take back, which would else go to a file outside of our own
 * folder. */
static enum dp_err open_file(struct dp_sqlite *c, int flags, struct dp_detail *detail)
{
    if (sqlite3_open_v2(c->path, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(c->db, BUSY_TIMEOUT_MS) != SQLITE_OK ||
        enter_wal(c->db) != SQLITE_OK ||
        sqlite3_exec(c->db,
                     "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                     "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -256;"
                     /* The sandbox will leave no folder for temporary files, and no way to a
                      * seed for SQLite's random numbers. */
                     "PRAGMA temp_store = MEMORY; SELECT randomblob(1);",
                     NULL, NULL, NULL) != SQLITE_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The database %s cannot be opened: %s.",
                       c->path, sqlite3_errmsg(c->db));
    return DP_OK;
}

/* A reader is opened when it is first needed: each costs some 100 KB. */
static enum dp_err ready(struct dp_sql *sql)
{
    struct dp_sqlite *c = own(sql);
    enum dp_err err;

    if (c->db != NULL)
        return DP_OK;
    /* Read-write, as a reader of a WAL takes part in its locks. */
    err = open_file(c, SQLITE_OPEN_READWRITE, NULL);
    if (err == DP_OK &&
        sqlite3_exec(c->db, "PRAGMA query_only = ON", NULL, NULL, NULL) != SQLITE_OK)
        err = DP_ESTORE;
    if (err != DP_OK) {
        sqlite3_close(c->db);
        c->db = NULL;
    }
    return err;
}

static void close_connection(struct dp_sql *sql)
{
    struct dp_sqlite *c = own(sql);

    for (size_t i = 0; i < DP_SQL_COUNT; i++)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close(c->db);
    free(c->path);
    free(c);
}

/* Not opened yet. NULL: no memory. */
static struct dp_sqlite *make(const char *path)
{
    struct dp_sqlite *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->sql.engine = &dp_sqlite;
    c->path = strdup(path);
    if (c->path != NULL)
        return c;
    free(c);
    return NULL;
}

static enum dp_err open_made(struct dp_sqlite *c, enum dp_store_mode mode, struct dp_detail *detail)
{
    int flags = SQLITE_OPEN_READWRITE | (mode == DP_STORE_WRITE ? SQLITE_OPEN_CREATE : 0);
    enum dp_err err = open_file(c, flags, detail);

    if (err != DP_OK)
        return err;
    if (mode == DP_STORE_WRITE)
        return dp_sqlite_migrate(c, detail);
    if (sqlite3_exec(c->db, "PRAGMA query_only = ON", NULL, NULL, NULL) != SQLITE_OK)
        return DP_ESTORE;
    return dp_sqlite_check_version(c, detail);
}

static enum dp_err open_first(struct dp_sql **out, const char *url, enum dp_store_mode mode,
                              struct dp_detail *detail)
{
    const char *path = strchr(url, ':') + 1;
    struct dp_sqlite *c;
    enum dp_err err;

    *out = NULL;
    /* Nobody asks how much memory SQLite has, and to count it takes a lock that all threads share.
     * Refused, as it is so already, where a connection is open. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (*path == '\0')
        return dp_fail(detail, DP_ECONFIG, "DATABASE_URL",
                       "DATABASE_URL is sqlite: without the path of a file.");
    c = make(path);
    if (c == NULL)
        return DP_ENOMEM;
    err = open_made(c, mode, detail);
    if (err == DP_OK)
        *out = &c->sql;
    else
        close_connection(&c->sql);
    return err;
}

static enum dp_err open_another(struct dp_sql **out, struct dp_sql *first, struct dp_detail *detail)
{
    struct dp_sqlite *c = make(own(first)->path);

    (void)detail;
    *out = c != NULL ? &c->sql : NULL;
    return c != NULL ? DP_OK : DP_ENOMEM;
}

/* Whoever has a database in WAL mode open holds a lock on it that keeps others from having it
 * alone. */
static enum dp_err in_use(bool *out, const char *url, struct dp_detail *detail)
{
    const char *path = strchr(url, ':') + 1;
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; ROLLBACK", NULL,
                          NULL, NULL);
    sqlite3_close(db);
    *out = rc == SQLITE_BUSY;
    if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_CANTOPEN)
        return DP_OK;
    return dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The database %s cannot be read: %s.", path,
                   sqlite3_errstr(rc));
}

static enum dp_err clear(struct dp_sql *sql)
{
    return dp_sqlite_clear(own(sql));
}

static void reach(const struct dp_sql *sql, struct dp_sandbox *sandbox)
{
    sandbox->database = ((const struct dp_sqlite *)sql)->path;
}

const struct dp_engine dp_sqlite = {
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
