/* sqlite.c - the store on SQLite: WAL, durable commits, a few connections for many threads. */
#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "store/group.h"
#include "store/schema.h"

#define READERS 4 /* a read takes microseconds; more only cost memory */
#define BUSY_TIMEOUT_MS 5000
#define KEY_COLUMNS "u.id, u.created_at, u.email, u.user_id, k.namespace, k.pub_key_hex, k.address"

enum query {
    BEGIN,
    SAVE,
    UNDO,
    COMMIT,
    ROLLBACK,
    PING,
    ADD_USER,
    ADD_KEY,
    ADD_TOKEN,
    ADD_USER_TOKEN,
    FIND_USER,
    LIST_USERS,
    SEARCH_USERS,
    FIND_TOKEN,
    HAS_ADMIN_TOKEN,
    REVOKE_TOKEN,
    QUERY_COUNT
};

static const char *const sql[QUERY_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [SAVE] = "SAVEPOINT one",
    [UNDO] = "ROLLBACK TO one",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [PING] = "SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1)",
    [ADD_USER] = "INSERT INTO users (email, user_id, created_at) VALUES (?, ?, ?)",
    [ADD_KEY] = "INSERT INTO user_keys (user_id, namespace, pub_key_hex, address, app_id,"
                " signature_chain, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [ADD_TOKEN] = "INSERT INTO tokens (user_id, kind, token_hash, created_at, expires_at)"
                  " VALUES (?, ?, ?, ?, ?)",
    [ADD_USER_TOKEN] = "INSERT INTO tokens (user_id, kind, token_hash, created_at, expires_at)"
                       " SELECT id, ?2, ?3, ?4, ?5 FROM users WHERE user_id = ?1",
    [FIND_USER] = "SELECT " KEY_COLUMNS ", k.app_id, k.signature_chain FROM users u"
                  " JOIN user_keys k ON k.user_id = u.id AND k.retired_at IS NULL"
                  " WHERE u.user_id = ?",
    [LIST_USERS] = "SELECT " KEY_COLUMNS " FROM users u"
                   " JOIN user_keys k ON k.user_id = u.id AND k.retired_at IS NULL"
                   " WHERE u.id > ? ORDER BY u.id LIMIT ?",
    [SEARCH_USERS] = "SELECT " KEY_COLUMNS " FROM users u"
                     " JOIN user_keys k ON k.user_id = u.id AND k.retired_at IS NULL"
                     " WHERE u.id > ?1 AND (u.email LIKE ?3 ESCAPE '\\' OR u.user_id LIKE ?3"
                     " ESCAPE '\\' OR k.address LIKE ?3 ESCAPE '\\') ORDER BY u.id LIMIT ?2",
    /* The admin's are those for nobody, not those whose user is gone. */
    [FIND_TOKEN] = "SELECT t.kind = 'session', t.created_at, t.expires_at, u.user_id,"
                   " t.user_id IS NULL FROM tokens t"
                   " LEFT JOIN users u ON u.id = t.user_id WHERE t.token_hash = ?1"
                   " AND (t.user_id IS NULL OR u.id IS NOT NULL)"
                   " AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?2)",
    [HAS_ADMIN_TOKEN] = "SELECT count(*) FROM tokens WHERE user_id IS NULL AND kind = 'bearer'"
                        " AND revoked_at IS NULL",
    [REVOKE_TOKEN] = "UPDATE tokens SET revoked_at = ?2 WHERE token_hash = ?1"
                     " AND revoked_at IS NULL",
};

/* A connection and its statements, prepared when first used. One thread at a time. */
struct connection {
    sqlite3 *db;
    sqlite3_stmt *statements[QUERY_COUNT];
};

struct dp_store {
    struct connection readers[READERS];
    struct connection writer; /* only in write mode */
    struct dp_group *group;   /* the same */
    pthread_mutex_t lock;     /* guards vacant */
    pthread_cond_t returned;
    struct connection *vacant[READERS];
    size_t vacant_count;
};

/* --- connections and statements --- */

static void close_connection(struct connection *c)
{
    for (size_t i = 0; i < QUERY_COUNT; i++)
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

static enum dp_err open_connection(struct connection *c, const char *path, int flags,
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

/* The statement of a query, ready to be bound; NULL on failure. */
static sqlite3_stmt *prepare(struct connection *c, enum query query)
{
    if (c->statements[query] == NULL &&
        sqlite3_prepare_v3(c->db, sql[query], -1, SQLITE_PREPARE_PERSISTENT, &c->statements[query],
                           NULL) != SQLITE_OK)
        return NULL;
    return c->statements[query];
}

/* Step a statement that gives no row, and reset it. Returns SQLite's extended result. */
static int run(sqlite3_stmt *statement)
{
    int rc;

    if (statement == NULL)
        return SQLITE_ERROR;
    sqlite3_step(statement);
    rc = sqlite3_reset(statement); /* says what the step said, if that was an error */
    sqlite3_clear_bindings(statement);
    return rc;
}

static void done(sqlite3_stmt *statement)
{
    if (statement == NULL)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static void column_text(char *out, size_t size, sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    snprintf(out, size, "%s", text != NULL ? (const char *)text : "");
}

static struct connection *take_reader(struct dp_store *store)
{
    struct connection *c;

    pthread_mutex_lock(&store->lock);
    while (store->vacant_count == 0)
        pthread_cond_wait(&store->returned, &store->lock);
    c = store->vacant[--store->vacant_count];
    pthread_mutex_unlock(&store->lock);
    return c;
}

static void return_reader(struct dp_store *store, struct connection *c)
{
    pthread_mutex_lock(&store->lock);
    store->vacant[store->vacant_count++] = c;
    pthread_cond_signal(&store->returned);
    pthread_mutex_unlock(&store->lock);
}

/* --- schema --- */

/* Out: version  from 0; what is negative was never ours */
static enum dp_err schema_version(struct connection *c, int *version, struct dp_detail *detail)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(c->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        sqlite3_finalize(statement);
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The database cannot be read: %s.",
                       sqlite3_errmsg(c->db));
    }
    *version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (*version < 0)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database has schema version %d: it is not devproof's.", *version);
    return DP_OK;
}

static enum dp_err check_version(struct connection *c, struct dp_detail *detail)
{
    int version = 0;
    enum dp_err err = schema_version(c, &version, detail);

    if (err == DP_OK && version != (int)dp_schema_sqlite_count)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database has schema version %d and this program wants %zu: run "
                       "`devproof init`, or the program that made it.",
                       version, dp_schema_sqlite_count);
    return err;
}

static enum dp_err apply(struct connection *c, size_t version, struct dp_detail *detail)
{
    char set_version[48];

    snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %zu", version);
    if (sqlite3_exec(c->db, dp_schema_sqlite[version - 1], NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(c->db, set_version, NULL, NULL, NULL) != SQLITE_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "Schema version %zu cannot be applied: %s.", version, sqlite3_errmsg(c->db));
    return DP_OK;
}

/* All missing versions in one transaction; whoever starts at the same time waits and finds them. */
static enum dp_err migrate(struct connection *c, struct dp_detail *detail)
{
    int version = 0;
    enum dp_err err;

    if (run(prepare(c, BEGIN)) != SQLITE_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The database cannot be written: %s.",
                       sqlite3_errmsg(c->db));
    err = schema_version(c, &version, detail);
    for (size_t v = (size_t)version + 1; err == DP_OK && v <= dp_schema_sqlite_count; v++)
        err = apply(c, v, detail);
    if (err == DP_OK && run(prepare(c, COMMIT)) != SQLITE_OK)
        err = dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The schema cannot be committed: %s.",
                      sqlite3_errmsg(c->db));
    if (err != DP_OK)
        (void)run(prepare(c, ROLLBACK));
    return err;
}

/* --- group commit --- */

static enum dp_err run_query(void *db, enum query query)
{
    return run(prepare(db, query)) == SQLITE_OK ? DP_OK : DP_ESTORE;
}

static enum dp_err group_begin(void *db)
{
    return run_query(db, BEGIN);
}

static enum dp_err group_save(void *db)
{
    return run_query(db, SAVE);
}

static enum dp_err group_undo(void *db)
{
    return run_query(db, UNDO);
}

static enum dp_err group_commit(void *db)
{
    return run_query(db, COMMIT);
}

static void group_rollback(void *db)
{
    struct connection *c = db;

    if (!sqlite3_get_autocommit(c->db))
        (void)run_query(db, ROLLBACK);
}

static const struct dp_group_ops group_ops = {group_begin, group_save, group_undo, group_commit,
                                              group_rollback};

/* --- open and close --- */

static enum dp_err open_writer(struct dp_store *store, const char *path, struct dp_detail *detail)
{
    enum dp_err err =
        open_connection(&store->writer, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, detail);

    if (err == DP_OK)
        err = migrate(&store->writer, detail);
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
    return err == DP_OK ? check_version(&store->readers[0], detail) : err;
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
    struct connection *c = take_reader(store);
    sqlite3_stmt *s = prepare(c, PING);
    bool row = s != NULL && sqlite3_step(s) == SQLITE_ROW;

    done(s);
    return_reader(store, c);
    return row ? DP_OK : DP_ESTORE;
}

/* --- writes --- */

struct add_user {
    struct dp_user *user;
    const struct dp_token *tokens;
    size_t count;
};

static void bind_token(sqlite3_stmt *s, const struct dp_token *token)
{
    bind_text(s, 2, token->session ? "session" : "bearer");
    sqlite3_bind_blob(s, 3, token->hash, sizeof(token->hash), SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, token->created_ms);
    if (token->expires_ms != 0)
        sqlite3_bind_int64(s, 5, token->expires_ms);
}

/* SQLite names the column that is not unique, in its message only. */
static enum dp_err which_exists(struct connection *c)
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

static enum dp_err insert_user(struct connection *c, struct dp_user *user)
{
    sqlite3_stmt *s = prepare(c, ADD_USER);
    enum dp_err err = DP_OK;

    if (s == NULL)
        return DP_ESTORE;
    bind_text(s, 1, user->email);
    bind_text(s, 2, user->user_id);
    sqlite3_bind_int64(s, 3, user->created_ms);
    if (sqlite3_step(s) != SQLITE_DONE)
        err = which_exists(c);
    done(s);
    user->id = sqlite3_last_insert_rowid(c->db);
    return err;
}

static enum dp_err insert_key(struct connection *c, const struct dp_user *user)
{
    sqlite3_stmt *s = prepare(c, ADD_KEY);

    if (s == NULL)
        return DP_ESTORE;
    sqlite3_bind_int64(s, 1, user->id);
    bind_text(s, 2, user->key_namespace);
    bind_text(s, 3, user->pub_key_hex);
    bind_text(s, 4, user->address);
    bind_text(s, 5, user->app_id);
    bind_text(s, 6, user->signature_chain);
    sqlite3_bind_int64(s, 7, user->created_ms);
    return run(s) == SQLITE_OK ? DP_OK : which_exists(c);
}

static enum dp_err write_user(void *db, void *arg)
{
    const struct add_user *add = arg;
    enum dp_err err = insert_user(db, add->user);

    if (err == DP_OK)
        err = insert_key(db, add->user);
    for (size_t i = 0; err == DP_OK && i < add->count; i++) {
        sqlite3_stmt *s = prepare(db, ADD_TOKEN);

        if (s == NULL)
            return DP_ESTORE;
        sqlite3_bind_int64(s, 1, add->user->id);
        bind_token(s, &add->tokens[i]);
        err = run(s) == SQLITE_OK ? DP_OK : DP_ESTORE;
    }
    return err;
}

enum dp_err dp_store_add_user(struct dp_store *store, struct dp_user *user,
                              const struct dp_token *tokens, size_t count)
{
    struct add_user add = {user, tokens, count};

    return dp_group_write(store->group, write_user, &add);
}

static enum dp_err write_token(void *db, void *arg)
{
    struct connection *c = db;
    const struct dp_token *token = arg;
    sqlite3_stmt *s = prepare(c, token->admin ? ADD_TOKEN : ADD_USER_TOKEN);

    if (s == NULL)
        return DP_ESTORE;
    if (!token->admin)
        bind_text(s, 1, token->user_id);
    bind_token(s, token);
    if (run(s) != SQLITE_OK)
        return DP_ESTORE;
    return sqlite3_changes(c->db) == 1 ? DP_OK : DP_EUNKNOWNUSER;
}

enum dp_err dp_store_add_token(struct dp_store *store, const struct dp_token *token)
{
    return dp_group_write(store->group, write_token, (void *)token);
}

static enum dp_err write_first_admin_token(void *db, void *arg)
{
    sqlite3_stmt *s = prepare(db, HAS_ADMIN_TOKEN);
    enum dp_err err = DP_ESTORE;

    if (s != NULL && sqlite3_step(s) == SQLITE_ROW)
        err = sqlite3_column_int64(s, 0) == 0 ? DP_OK : DP_EUSEREXISTS;
    done(s);
    return err == DP_OK ? write_token(db, arg) : err;
}

enum dp_err dp_store_add_first_admin_token(struct dp_store *store, const struct dp_token *token)
{
    return dp_group_write(store->group, write_first_admin_token, (void *)token);
}

static enum dp_err write_revocation(void *db, void *arg)
{
    const struct dp_token *token = arg;
    sqlite3_stmt *s = prepare(db, REVOKE_TOKEN);

    if (s == NULL)
        return DP_ESTORE;
    sqlite3_bind_blob(s, 1, token->hash, sizeof(token->hash), SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, token->expires_ms);
    return run(s) == SQLITE_OK ? DP_OK : DP_ESTORE;
}

enum dp_err dp_store_revoke_token(struct dp_store *store,
                                  const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms)
{
    struct dp_token token = {.expires_ms = now_ms};

    memcpy(token.hash, hash, sizeof(token.hash));
    return dp_group_write(store->group, write_revocation, &token);
}

/* --- reads --- */

/* The columns of KEY_COLUMNS. */
static void read_user(struct dp_user *user, sqlite3_stmt *s)
{
    user->id = sqlite3_column_int64(s, 0);
    user->created_ms = sqlite3_column_int64(s, 1);
    column_text(user->email, sizeof(user->email), s, 2);
    column_text(user->user_id, sizeof(user->user_id), s, 3);
    column_text(user->key_namespace, sizeof(user->key_namespace), s, 4);
    column_text(user->pub_key_hex, sizeof(user->pub_key_hex), s, 5);
    column_text(user->address, sizeof(user->address), s, 6);
}

/* What a step's result means to someone who looks for one row. */
static enum dp_err found(int rc, enum dp_err none)
{
    return rc == SQLITE_ROW ? DP_OK : rc == SQLITE_DONE ? none : DP_ESTORE;
}

enum dp_err dp_store_find_user(struct dp_store *store, struct dp_user *user, const char *user_id)
{
    struct connection *c = take_reader(store);
    sqlite3_stmt *s = prepare(c, FIND_USER);
    enum dp_err err = DP_ESTORE;

    if (s != NULL) {
        bind_text(s, 1, user_id);
        err = found(sqlite3_step(s), DP_EUNKNOWNUSER);
    }
    if (err == DP_OK) {
        read_user(user, s);
        column_text(user->app_id, sizeof(user->app_id), s, 7);
        column_text(user->signature_chain, sizeof(user->signature_chain), s, 8);
    }
    done(s);
    return_reader(store, c);
    return err;
}

/* "%query%", with LIKE's own signs taken literally. NULL: no memory. */
static char *like_pattern(const char *query)
{
    char *pattern = malloc(2 * strlen(query) + 3), *at = pattern;

    if (pattern == NULL)
        return NULL;
    *at++ = '%';
    for (; *query != '\0'; query++) {
        if (strchr("%_\\", *query) != NULL)
            *at++ = '\\';
        *at++ = *query;
    }
    *at++ = '%';
    *at = '\0';
    return pattern;
}

static enum dp_err each_row(sqlite3_stmt *s, dp_store_user_fn *each, void *arg)
{
    struct dp_user user = {0};
    enum dp_err err = DP_OK;
    int rc = SQLITE_ROW;

    while (err == DP_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        read_user(&user, s);
        err = each(&user, arg);
    }
    return err == DP_OK && rc != SQLITE_DONE ? DP_ESTORE : err;
}

enum dp_err dp_store_list_users(struct dp_store *store, int64_t after_id, int limit,
                                const char *query, dp_store_user_fn *each, void *arg)
{
    struct connection *c = take_reader(store);
    char *pattern = like_pattern(query);
    sqlite3_stmt *s = prepare(c, query[0] == '\0' ? LIST_USERS : SEARCH_USERS);
    enum dp_err err = DP_ESTORE;

    if (pattern != NULL && s != NULL) {
        sqlite3_bind_int64(s, 1, after_id);
        sqlite3_bind_int(s, 2, limit);
        if (query[0] != '\0')
            bind_text(s, 3, pattern);
        err = each_row(s, each, arg);
    }
    done(s);
    return_reader(store, c);
    free(pattern);
    return err;
}

enum dp_err dp_store_find_token(struct dp_store *store, struct dp_token *token,
                                const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms)
{
    struct connection *c = take_reader(store);
    sqlite3_stmt *s = prepare(c, FIND_TOKEN);
    enum dp_err err = DP_ESTORE;

    if (s != NULL) {
        sqlite3_bind_blob(s, 1, hash, DP_TOKEN_HASH_LEN, SQLITE_STATIC);
        sqlite3_bind_int64(s, 2, now_ms);
        err = found(sqlite3_step(s), DP_EUNAUTHORIZED);
    }
    if (err == DP_OK) {
        memcpy(token->hash, hash, sizeof(token->hash));
        token->session = sqlite3_column_int(s, 0) != 0;
        token->created_ms = sqlite3_column_int64(s, 1);
        token->expires_ms = sqlite3_column_int64(s, 2);
        token->admin = sqlite3_column_int(s, 4) != 0;
        column_text(token->user_id, sizeof(token->user_id), s, 3);
    }
    done(s);
    return_reader(store, c);
    return err;
}
