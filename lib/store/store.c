/* store.c - a store: one connection that writes, a few that read, whatever the engine. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/engine.h"

#define READERS 4  /* a read takes microseconds; more only cost memory */
#define ATTEMPTS 3 /* to write a batch */

struct dp_store {
    struct dp_sql *readers[READERS];
    struct dp_sql *writer;  /* only in write mode */
    struct dp_group *group; /* the same */
    pthread_mutex_t lock;   /* guards vacant */
    pthread_cond_t returned;
    struct dp_sql *vacant[READERS];
    size_t vacant_count;
};

/* --- reads --- */

/* The one that was given back last is the first to go out again: where a connection is costly, one
 * that is not needed is never made. */
struct dp_sql *dp_store_take(struct dp_store *store)
{
    struct dp_sql *c;

    pthread_mutex_lock(&store->lock);
    while (store->vacant_count == 0)
        pthread_cond_wait(&store->returned, &store->lock);
    c = store->vacant[--store->vacant_count];
    pthread_mutex_unlock(&store->lock);
    return c;
}

void dp_store_return(struct dp_store *store, struct dp_sql *c)
{
    pthread_mutex_lock(&store->lock);
    store->vacant[store->vacant_count++] = c;
    pthread_cond_signal(&store->returned);
    pthread_mutex_unlock(&store->lock);
}

/* A connection that was lost since it was last used shows now: then once more, on a new one. */
static enum dp_err start_read(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                              size_t count)
{
    enum dp_err err = c->engine->ready(c);

    if (err == DP_OK)
        err = c->engine->run(c, query, values, count);
    if (err != DP_OK && c->engine->failure(c) == DP_FAILED_FOR_NOW)
        err = c->engine->ready(c) == DP_OK ? c->engine->run(c, query, values, count) : DP_ESTORE;
    return err;
}

enum dp_err dp_store_each(struct dp_store *store, enum dp_query query,
                          const struct dp_value *values, size_t count, dp_row_fn *row, void *arg)
{
    struct dp_sql *c = dp_store_take(store);
    enum dp_err err = start_read(c, query, values, count), at_end = DP_OK;

    while (err == DP_OK && (at_end = c->engine->step(c)) == DP_OK)
        err = row(c, arg);
    c->engine->end(c);
    dp_store_return(store, c);
    return err == DP_OK && at_end != DP_ENOTFOUND ? at_end : err;
}

static enum dp_err ignore_row(struct dp_sql *c, void *arg)
{
    (void)c;
    (void)arg;
    return DP_OK;
}

enum dp_err dp_store_ping(struct dp_store *store)
{
    return dp_store_each(store, DP_SQL_PING, NULL, 0, ignore_row, NULL);
}

/* --- group commit --- */

static enum dp_err begin(void *db)
{
    struct dp_sql *c = db;
    enum dp_err err = c->engine->ready(c);

    c->saved = false;
    c->head = (struct dp_audit_head){.known = false};
    if (err == DP_OK)
        err = dp_sql_later(c, DP_SQL_BEGIN, NULL, 0);
    return err == DP_OK ? dp_sql_later(c, DP_SQL_LOCK, NULL, 0) : err;
}

/* One savepoint at a time: each that is open keeps what follows, in memory. */
static enum dp_err save(void *db)
{
    struct dp_sql *c = db;
    enum dp_err err = c->saved ? dp_sql_later(c, DP_SQL_RELEASE, NULL, 0) : DP_OK;

    c->saved = true;
    c->saved_head = c->head;
    return err == DP_OK ? dp_sql_later(c, DP_SQL_SAVE, NULL, 0) : err;
}

/* Where it was the database's doing, and not the write's, the whole batch is run again. */
static enum dp_err undo(void *db)
{
    struct dp_sql *c = db;

    if (c->engine->failure(c) != DP_FAILED)
        return DP_ESTORE;
    c->head = c->saved_head;
    return dp_sql_run(c, DP_SQL_UNDO, NULL, 0);
}

static enum dp_err commit(void *db)
{
    return dp_sql_run(db, DP_SQL_COMMIT, NULL, 0);
}

static void rollback(void *db)
{
    struct dp_sql *c = db;

    c->engine->rollback(c);
}

/* Is the row that the lost transaction appended last in the log? Whoever holds the lock knows that
 * the transaction has ended, one way or the other. */
static enum dp_err find_lost(struct dp_sql *c, const struct dp_audit_head *lost)
{
    const struct dp_value seq = dp_value_int(lost->seq);
    uint8_t hash[DP_AUDIT_HASH_LEN] = {0};
    enum dp_err err = begin(c);

    if (err == DP_OK)
        err = dp_sql_find(c, DP_SQL_FIND_AUDIT, &seq, 1, DP_ENOTFOUND);
    if (err == DP_OK)
        dp_sql_blob(hash, sizeof(hash), c, 0);
    dp_sql_end(c);
    c->engine->rollback(c);
    if (err == DP_OK && memcmp(hash, lost->hash, sizeof(hash)) != 0)
        err = DP_ENOTFOUND;
    return err;
}

/* A commit that got no answer: every batch but one of mere sign-outs, which may be run twice, has
 * its rows in the log, so it can be looked up. */
static enum dp_group_outcome look_up(struct dp_sql *c)
{
    const struct dp_audit_head lost = c->head;
    enum dp_err err;

    if (!lost.ours)
        return DP_GROUP_AGAIN;
    err = find_lost(c, &lost);
    if (err != DP_OK && err != DP_ENOTFOUND && c->engine->failure(c) == DP_FAILED_FOR_NOW)
        err = find_lost(c, &lost);
    return err == DP_OK ? DP_GROUP_STORED : err == DP_ENOTFOUND ? DP_GROUP_AGAIN : DP_GROUP_FAILED;
}

static enum dp_group_outcome outcome(void *db, unsigned before)
{
    struct dp_sql *c = db;
    enum dp_failure failure = c->engine->failure(c);
    enum dp_group_outcome found = DP_GROUP_FAILED;

    if (failure == DP_FAILED_UNKNOWN)
        found = look_up(c);
    else if (failure == DP_FAILED_FOR_NOW)
        found = DP_GROUP_AGAIN;
    return found == DP_GROUP_AGAIN && before + 1 >= ATTEMPTS ? DP_GROUP_FAILED : found;
}

static const struct dp_group_ops group_ops = {begin, save, undo, commit, rollback, outcome};

enum dp_err dp_store_write(struct dp_store *store, dp_group_write_fn *write, void *arg)
{
    return dp_group_write(store->group, write, arg);
}

/* --- open and close --- */

static enum dp_err open_all(struct dp_store *store, const struct dp_engine *engine, const char *url,
                            enum dp_store_mode mode, struct dp_detail *detail)
{
    struct dp_sql *first = NULL;
    enum dp_err err;

    if (mode == DP_STORE_WRITE) {
        err = engine->open(&store->writer, url, mode, detail);
        first = store->writer;
        if (err == DP_OK)
            err = dp_group_open(&store->group, &group_ops, store->writer);
        if (err != DP_OK)
            return err;
    }
    for (size_t i = 0; i < READERS; i++) {
        err = first != NULL ? engine->open_another(&store->readers[i], first, detail)
                            : engine->open(&store->readers[i], url, mode, detail);
        if (err != DP_OK)
            return err;
        first = first != NULL ? first : store->readers[i];
    }
    /* The first is connected already: it goes out first. */
    for (size_t i = READERS; i > 0; i--)
        store->vacant[store->vacant_count++] = store->readers[i - 1];
    return DP_OK;
}

enum dp_err dp_store_open(struct dp_store **out, const char *url, enum dp_store_mode mode,
                          struct dp_detail *detail)
{
    const struct dp_engine *engine = dp_engine_of(url);
    struct dp_store *store;
    enum dp_err err;

    *out = NULL;
    if (engine == NULL)
        return dp_fail(detail, DP_ECONFIG, "DATABASE_URL",
                       "DATABASE_URL must be sqlite:PATH or postgresql://USER@HOST/DATABASE.");
    store = calloc(1, sizeof(*store));
    if (store == NULL)
        return DP_ENOMEM;
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->returned, NULL);
    err = open_all(store, engine, url, mode, detail);
    if (err != DP_OK) {
        dp_store_close(store);
        return err;
    }
    *out = store;
    return DP_OK;
}

static void close_connection(struct dp_sql *c)
{
    if (c != NULL)
        c->engine->close(c);
}

void dp_store_close(struct dp_store *store)
{
    if (store == NULL)
        return;
    dp_group_close(store->group);
    close_connection(store->writer);
    for (size_t i = 0; i < READERS; i++)
        close_connection(store->readers[i]);
    pthread_cond_destroy(&store->returned);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

void dp_store_reach(const struct dp_store *store, struct dp_sandbox *sandbox)
{
    store->readers[0]->engine->reach(store->readers[0], sandbox);
}
