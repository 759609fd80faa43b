/* sqlite.c - the store on SQLite: WAL, durable commits, a few connections for many threads. */
#include "store/sqlite.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define READERS 4 /* a read takes microseconds; more only cost memory */
#define BUSY_TIMEOUT_MS 5000

struct dp_store {
    struct dp_sqlite readers[READERS];
    struct dp_sqlite writer; /* only in write mode */
    struct dp_group *group;  /* the same */
    pthread_mutex_t lock;    /* guards vacant */
    pthread_cond_t returned;
    struct dp_sqlite *vacant[READERS];
    size_t vacant_count;
};

/* --- connections and statements --- */

static void close_connection(struct dp_sqlite *c)
{
    for (size_t i = 0; i < DP_SQL_COUNT; i++)
        sqlite3_finalize(c->statements[i]);
    sqlite3_close(c->db);
}

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
static enum dp_err open_connection(struct dp_sqlite *c, const char *path, int flags,
                                   struct dp_detail *detail)
{
    if (sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
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
                       path, sqlite3_errmsg(c->db));
    return DP_OK;
}

sqlite3_stmt *dp_sqlite_prepare(struct dp_sqlite *c, enum dp_query query)
{
    if (c->statements[query] == NULL &&
        sqlite3_prepare_v3(c->db, dp_sqlite_sql[query], -1, SQLITE_PREPARE_PERSISTENT,
                           &c->statements[query], NULL) != SQLITE_OK)
        return NULL;
    return c->statements[query];
}

enum dp_err dp_sqlite_run(sqlite3_stmt *statement)
{
    int rc = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;

    dp_sqlite_release(statement);
    return rc == SQLITE_DONE ? DP_OK : DP_ESTORE;
}

void dp_sqlite_release(sqlite3_stmt *statement)
{
    if (statement == NULL)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

enum dp_err dp_sqlite_find(sqlite3_stmt *statement, enum dp_err none)
{
    int rc = statement != NULL ? sqlite3_step(statement) : SQLITE_ERROR;

    return rc == SQLITE_ROW ? DP_OK : rc == SQLITE_DONE ? none : DP_ESTORE;
}

void dp_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void dp_sqlite_text(char *out, size_t size, sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    size_t len = (size_t)sqlite3_column_bytes(statement, column);

    out[0] = '\0';
    if (text != NULL && len < size && memchr(text, '\0', len) == NULL)
        memcpy(out, text, len + 1);
}

struct dp_sqlite *dp_sqlite_take(struct dp_store *store)
{
    struct dp_sqlite *c;

    pthread_mutex_lock(&store->lock);
    while (store->vacant_count == 0)
        pthread_cond_wait(&store->returned, &store->lock);
    c = store->vacant[--store->vacant_count];
    pthread_mutex_unlock(&store->lock);
    return c;
}

void dp_sqlite_return(struct dp_store *store, struct dp_sqlite *c)
{
    pthread_mutex_lock(&store->lock);
    store->vacant[store->vacant_count++] = c;
    pthread_cond_signal(&store->returned);
    pthread_mutex_unlock(&store->lock);
}

/* --- group commit --- */

static enum dp_err run_query(struct dp_sqlite *c, enum dp_query query)
{
    return dp_sqlite_run(dp_sqlite_prepare(c, query));
}

static enum dp_err group_begin(void *db)
{
    struct dp_sqlite *c = db;

    c->saved = false;
    return run_query(db, DP_SQL_BEGIN);
}

/* One savepoint at a time: each that is open keeps the pages of all that follows, in memory. */
static enum dp_err group_save(void *db)
{
    struct dp_sqlite *c = db;
    enum dp_err err = c->saved ? run_query(db, DP_SQL_RELEASE) : DP_OK;

    c->saved = true;
    return err == DP_OK ? run_query(db, DP_SQL_SAVE) : err;
}

static enum dp_err group_undo(void *db)
{
    return run_query(db, DP_SQL_UNDO);
}

static enum dp_err group_commit(void *db)
{
    return run_query(db, DP_SQL_COMMIT);
}

static void group_rollback(void *db)
{
    dp_sqlite_rollback(db);
}

void dp_sqlite_rollback(struct dp_sqlite *c)
{
    if (!sqlite3_get_autocommit(c->db))
        sqlite3_exec(c->db, dp_sqlite_sql[DP_SQL_ROLLBACK], NULL, NULL, NULL);
}

static const struct dp_group_ops group_ops = {group_begin, group_save, group_undo, group_commit,
                                              group_rollback};

enum dp_err dp_sqlite_write(struct dp_store *store, dp_group_write_fn *write, void *arg)
{
    return dp_group_write(store->group, write, arg);
}

void dp_store_enter(struct dp_store *store)
{
    if (store->group != NULL)
        dp_group_enter(store->group);
}

void dp_store_leave(struct dp_store *store)
{
    if (store->group != NULL)
        dp_group_leave(store->group);
}

/* --- open and close --- */

static enum dp_err open_writer(struct dp_store *store, const char *path, struct dp_detail *detail)
{
    enum dp_err err =
        open_connection(&store->writer, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, detail);

    if (err == DP_OK)
        err = dp_sqlite_migrate(&store->writer, detail);
    return err == DP_OK ? dp_group_open(&store->group, &group_ops, &store->writer) : err;
}

static enum dp_err open_readers(struct dp_store *store, const char *path, struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    for (size_t i = 0; i < READERS && err == DP_OK; i++) {
        /* Read-write, as a reader of a WAL takes part in its locks, but only asked to read. */
        err = open_connection(&store->readers[i], path, SQLITE_OPEN_READWRITE, detail);
        if (err == DP_OK)
            sqlite3_exec(store->readers[i].db, "PRAGMA query_only = ON", NULL, NULL, NULL);
        store->vacant[store->vacant_count++] = &store->readers[i];
    }
    return err == DP_OK ? dp_sqlite_check_version(&store->readers[0], detail) : err;
}

enum dp_err dp_store_open(struct dp_store **out, const char *url, enum dp_store_mode mode,
                          struct dp_detail *detail)
{
    static const char scheme[] = "sqlite:";
    const char *path = url + sizeof(scheme) - 1;
    struct dp_store *store;
    enum dp_err err = DP_OK;

    *out = NULL;
    if (strncmp(url, scheme, sizeof(scheme) - 1) != 0 || *path == '\0')
        return dp_fail(detail, DP_ECONFIG, "DATABASE_URL", "DATABASE_URL must be sqlite:PATH.");
    store = calloc(1, sizeof(*store));
    if (store == NULL)
        return DP_ENOMEM;
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->returned, NULL);
    if (mode == DP_STORE_WRITE)
        err = open_writer(store, path, detail);
    if (err == DP_OK)
        err = open_readers(store, path, detail);
    if (err != DP_OK) {
        dp_store_close(store);
        return err;
    }
    *out = store;
    return DP_OK;
}

void dp_store_close(struct dp_store *store)
{
    if (store == NULL)
        return;
    dp_group_close(store->group);
    close_connection(&store->writer);
    for (size_t i = 0; i < READERS; i++)
        close_connection(&store->readers[i]);
    pthread_cond_destroy(&store->returned);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

enum dp_err dp_store_ping(struct dp_store *store)
{
    struct dp_sqlite *c = dp_sqlite_take(store);
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_PING);
    enum dp_err err = dp_sqlite_find(s, DP_ESTORE);

    dp_sqlite_release(s);
    dp_sqlite_return(store, c);
    return err;
}
