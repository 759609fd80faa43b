/* sqlite_users.c - users and their keys. */
#include "store/sqlite.h"

#include <stdlib.h>
#include <string.h>

/* --- writes --- */

struct add_user {
    struct dp_user *user;
    const struct dp_token *tokens;
    size_t count;
};

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

static enum dp_err insert_user(struct dp_sqlite *c, struct dp_user *user)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_ADD_USER);
    enum dp_err err = DP_OK;

    if (s == NULL)
        return DP_ESTORE;
    dp_sqlite_bind_text(s, 1, user->email);
    dp_sqlite_bind_text(s, 2, user->user_id);
    sqlite3_bind_int64(s, 3, user->created_ms);
    if (sqlite3_step(s) != SQLITE_DONE)
        err = which_exists(c);
    dp_sqlite_release(s);
    user->id = sqlite3_last_insert_rowid(c->db);
    return err;
}

static enum dp_err insert_key(struct dp_sqlite *c, const struct dp_user *user)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_ADD_KEY);

    if (s == NULL)
        return DP_ESTORE;
    sqlite3_bind_int64(s, 1, user->id);
    dp_sqlite_bind_text(s, 2, user->key_namespace);
    dp_sqlite_bind_text(s, 3, user->pub_key_hex);
    dp_sqlite_bind_text(s, 4, user->address);
    dp_sqlite_bind_text(s, 5, user->app_id);
    dp_sqlite_bind_text(s, 6, user->signature_chain);
    sqlite3_bind_int64(s, 7, user->key_created_ms);
    return dp_sqlite_run(s) == DP_OK ? DP_OK : which_exists(c);
}

/* The session that comes with a user's first token is one that it started. */
static enum dp_err insert_tokens(struct dp_sqlite *c, const struct add_user *add)
{
    int64_t bearer = 0;
    enum dp_err err = DP_OK;

    for (size_t i = 0; err == DP_OK && i < add->count; i++) {
        struct dp_token token = add->tokens[i];

        token.started_by = token.session ? bearer : 0;
        err = dp_sqlite_insert_token(c, &token, add->user->id);
        if (!token.session)
            bearer = token.id;
    }
    return err;
}

static enum dp_err log_key(struct dp_sqlite *c, const struct dp_user *user, enum dp_actor actor,
                           const char *action)
{
    struct dp_audit_row row;

    dp_audit_begin(&row, actor, action, user->user_id);
    dp_audit_add_text(&row, "address", user->address);
    dp_audit_add_text(&row, "namespace", user->key_namespace);
    return dp_sqlite_append_audit(c, &row);
}

static enum dp_err write_user(void *db, void *arg)
{
    const struct add_user *add = arg;
    enum dp_err err = insert_user(db, add->user);

    if (err == DP_OK)
        err = insert_key(db, add->user);
    if (err == DP_OK)
        err = insert_tokens(db, add);
    return err == DP_OK ? log_key(db, add->user, DP_ACTOR_ANYONE, "signup") : err;
}

enum dp_err dp_store_add_user(struct dp_store *store, struct dp_user *user,
                              const struct dp_token *tokens, size_t count)
{
    struct add_user add = {user, tokens, count};

    return dp_sqlite_write(store, write_user, &add);
}

struct rotate {
    struct dp_user *user;
    enum dp_actor actor;
};

/* There must be room for one more key, and none in its namespace. */
static enum dp_err check_keys(struct dp_sqlite *c, const struct dp_user *user)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_COUNT_KEYS);
    enum dp_err err;

    if (s == NULL)
        return DP_ESTORE;
    sqlite3_bind_int64(s, 1, user->id);
    dp_sqlite_bind_text(s, 2, user->key_namespace);
    err = dp_sqlite_find(s, DP_ESTORE);
    if (err == DP_OK && sqlite3_column_int64(s, 1) > 0)
        err = DP_ENAMESPACEUSED;
    if (err == DP_OK && sqlite3_column_int64(s, 0) >= DP_KEYS_MAX)
        err = DP_ETOOMANYKEYS;
    dp_sqlite_release(s);
    return err;
}

static enum dp_err retire_key(struct dp_sqlite *c, const struct dp_user *user)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_RETIRE_KEY);

    if (s == NULL)
        return DP_ESTORE;
    sqlite3_bind_int64(s, 1, user->id);
    sqlite3_bind_int64(s, 2, user->key_created_ms);
    return dp_sqlite_run(s);
}

static enum dp_err write_rotation(void *db, void *arg)
{
    const struct rotate *rotate = arg;
    struct dp_user *user = rotate->user;
    enum dp_err err = dp_sqlite_user_row(db, &user->id, user->user_id);

    if (err == DP_OK)
        err = check_keys(db, user);
    if (err == DP_OK)
        err = retire_key(db, user);
    if (err == DP_OK)
        err = insert_key(db, user);
    return err == DP_OK ? log_key(db, user, rotate->actor, "rotate") : err;
}

enum dp_err dp_store_rotate_key(struct dp_store *store, struct dp_user *user, enum dp_actor actor)
{
    struct rotate rotate = {user, actor};

    return dp_sqlite_write(store, write_rotation, &rotate);
}

/* --- reads --- */

enum dp_err dp_sqlite_user_row(struct dp_sqlite *c, int64_t *out, const char *user_id)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_FIND_USER_ROW);
    enum dp_err err;

    if (s == NULL)
        return DP_ESTORE;
    dp_sqlite_bind_text(s, 1, user_id);
    err = dp_sqlite_find(s, DP_EUNKNOWNUSER);
    if (err == DP_OK)
        *out = sqlite3_column_int64(s, 0);
    dp_sqlite_release(s);
    return err;
}

/* The columns of KEY_COLUMNS. */
static void read_user(struct dp_user *user, sqlite3_stmt *s)
{
    user->id = sqlite3_column_int64(s, 0);
    user->created_ms = sqlite3_column_int64(s, 1);
    dp_sqlite_text(user->email, sizeof(user->email), s, 2);
    dp_sqlite_text(user->user_id, sizeof(user->user_id), s, 3);
    dp_sqlite_text(user->key_namespace, sizeof(user->key_namespace), s, 4);
    dp_sqlite_text(user->pub_key_hex, sizeof(user->pub_key_hex), s, 5);
    dp_sqlite_text(user->address, sizeof(user->address), s, 6);
    user->key_created_ms = sqlite3_column_int64(s, 7);
    user->key_retired_ms = sqlite3_column_int64(s, 8);
}

/* The columns of KEY_COLUMNS and KEY_PROOF. */
static void read_key(struct dp_user *user, sqlite3_stmt *s)
{
    read_user(user, s);
    dp_sqlite_text(user->app_id, sizeof(user->app_id), s, 9);
    dp_sqlite_text(user->signature_chain, sizeof(user->signature_chain), s, 10);
}

enum dp_err dp_store_find_user(struct dp_store *store, struct dp_user *user, const char *user_id)
{
    struct dp_sqlite *c = dp_sqlite_take(store);
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_FIND_USER);
    enum dp_err err = DP_ESTORE;

    if (s != NULL) {
        dp_sqlite_bind_text(s, 1, user_id);
        err = dp_sqlite_find(s, DP_EUNKNOWNUSER);
    }
    if (err == DP_OK)
        read_key(user, s);
    dp_sqlite_release(s);
    dp_sqlite_return(store, c);
    return err;
}

/* Hand each row to its taker; read makes a user of it. */
static enum dp_err each_row(sqlite3_stmt *s, void (*read)(struct dp_user *, sqlite3_stmt *),
                            dp_store_user_fn *each, void *arg)
{
    struct dp_user user = {0};
    enum dp_err err = DP_OK;

    for (;;) {
        int rc = sqlite3_step(s);

        if (rc != SQLITE_ROW)
            return rc == SQLITE_DONE ? DP_OK : DP_ESTORE;
        read(&user, s);
        err = each(&user, arg);
        if (err != DP_OK)
            return err;
    }
}

enum dp_err dp_store_list_keys(struct dp_store *store, const char *user_id, dp_store_user_fn *each,
                               void *arg)
{
    struct dp_sqlite *c = dp_sqlite_take(store);
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_LIST_KEYS);
    enum dp_err err = DP_ESTORE;

    if (s != NULL) {
        dp_sqlite_bind_text(s, 1, user_id);
        err = each_row(s, read_key, each, arg);
    }
    dp_sqlite_release(s);
    dp_sqlite_return(store, c);
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

enum dp_err dp_store_list_users(struct dp_store *store, int64_t after_id, int limit,
                                const char *query, dp_store_user_fn *each, void *arg)
{
    struct dp_sqlite *c = dp_sqlite_take(store);
    char *pattern = like_pattern(query);
    bool all = query[0] == '\0';
    sqlite3_stmt *s = dp_sqlite_prepare(c, all ? DP_SQL_LIST_USERS : DP_SQL_SEARCH_USERS);
    enum dp_err err = DP_ESTORE;

    if (pattern != NULL && s != NULL) {
        sqlite3_bind_int64(s, 1, after_id);
        sqlite3_bind_int(s, 2, limit);
        if (!all)
            dp_sqlite_bind_text(s, 3, pattern);
        err = each_row(s, read_user, each, arg);
    }
    dp_sqlite_release(s);
    dp_sqlite_return(store, c);
    free(pattern);
    return err;
}
