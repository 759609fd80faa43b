/* sqlite_tokens.c - the hashes of tokens: users', the admin's, and sessions. */
#include "store/sqlite.h"

#include <string.h>

/* --- parts of writes --- */

static void bind_hash(sqlite3_stmt *s, int index, const uint8_t *hash)
{
    sqlite3_bind_blob(s, index, hash, DP_TOKEN_HASH_LEN, SQLITE_STATIC);
}

enum dp_err dp_sqlite_insert_token(struct dp_sqlite *c, struct dp_token *token, int64_t user_row)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_ADD_TOKEN);
    enum dp_err err;

    if (s == NULL)
        return DP_ESTORE;
    if (user_row != 0)
        sqlite3_bind_int64(s, 1, user_row);
    dp_sqlite_bind_text(s, 2, token->session ? "session" : "bearer");
    bind_hash(s, 3, token->hash);
    sqlite3_bind_int64(s, 4, token->created_ms);
    if (token->expires_ms != 0)
        sqlite3_bind_int64(s, 5, token->expires_ms);
    if (token->name[0] != '\0')
        dp_sqlite_bind_text(s, 6, token->name);
    if (token->started_by != 0)
        sqlite3_bind_int64(s, 7, token->started_by);
    err = dp_sqlite_run(s);
    token->id = sqlite3_last_insert_rowid(c->db);
    return err;
}

/* The number that a query without parameters, or with one, gives. */
static enum dp_err count(struct dp_sqlite *c, int64_t *out, enum dp_query query, int64_t parameter)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, query);
    enum dp_err err;

    if (s == NULL)
        return DP_ESTORE;
    if (sqlite3_bind_parameter_count(s) > 0)
        sqlite3_bind_int64(s, 1, parameter);
    err = dp_sqlite_find(s, DP_ESTORE);
    *out = err == DP_OK ? sqlite3_column_int64(s, 0) : 0;
    dp_sqlite_release(s);
    return err;
}

/* In: token_id  0 where the token is ADMIN_TOKEN, which has none */
static enum dp_err log_token(struct dp_sqlite *c, enum dp_actor actor, const char *action,
                             const char *user_id, int64_t token_id)
{
    struct dp_audit_row row;

    dp_audit_begin(&row, actor, action, user_id);
    if (token_id != 0)
        dp_audit_add_int(&row, "tokenId", token_id);
    return dp_sqlite_append_audit(c, &row);
}

/* --- writes --- */

static enum dp_err insert_and_log(struct dp_sqlite *c, struct dp_token *token, int64_t user_row)
{
    enum dp_err err = dp_sqlite_insert_token(c, token, user_row);

    if (err != DP_OK)
        return err;
    return log_token(c, token->actor, token->session ? "sign_in" : "token_made", token->user_id,
                     token->session ? token->started_by : token->id);
}

static enum dp_err write_token(void *db, void *arg)
{
    struct dp_token *token = arg;
    int64_t user_row = 0, in_force = 0;
    enum dp_err err = DP_OK;

    if (!token->admin)
        err = dp_sqlite_user_row(db, &user_row, token->user_id);
    if (err == DP_OK && !token->admin && !token->session)
        err = count(db, &in_force, DP_SQL_COUNT_TOKENS, user_row);
    if (err == DP_OK && in_force >= DP_TOKENS_MAX)
        return DP_ETOOMANYTOKENS;
    return err == DP_OK ? insert_and_log(db, token, user_row) : err;
}

enum dp_err dp_store_add_token(struct dp_store *store, struct dp_token *token)
{
    return dp_sqlite_write(store, write_token, token);
}

static enum dp_err write_first_admin_token(void *db, void *arg)
{
    int64_t in_force;
    enum dp_err err = count(db, &in_force, DP_SQL_HAS_ADMIN_TOKEN, 0);

    if (err == DP_OK && in_force > 0)
        return DP_EUSEREXISTS;
    return err == DP_OK ? insert_and_log(db, arg, 0) : err;
}

enum dp_err dp_store_add_first_admin_token(struct dp_store *store, struct dp_token *token)
{
    return dp_sqlite_write(store, write_first_admin_token, token);
}

struct rotate_admin {
    struct dp_token *token;
    const uint8_t *old_hash;
};

/* Two rotations at a time with one token: the second finds it revoked. */
static enum dp_err check_old_token(struct dp_sqlite *c, const struct rotate_admin *rotate)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_FIND_TOKEN);
    enum dp_err err;

    if (s == NULL)
        return DP_ESTORE;
    bind_hash(s, 1, rotate->old_hash);
    sqlite3_bind_int64(s, 2, rotate->token->created_ms);
    err = dp_sqlite_find(s, DP_EUNAUTHORIZED);
    dp_sqlite_release(s);
    return err;
}

static enum dp_err write_admin_rotation(void *db, void *arg)
{
    const struct rotate_admin *rotate = arg;
    sqlite3_stmt *s = dp_sqlite_prepare(db, DP_SQL_REVOKE_ADMIN_TOKENS);
    enum dp_err err = check_old_token(db, rotate);

    if (err != DP_OK || s == NULL)
        return s == NULL ? DP_ESTORE : err;
    sqlite3_bind_int64(s, 1, rotate->token->created_ms);
    err = dp_sqlite_run(s);
    if (err == DP_OK)
        err = dp_sqlite_insert_token(db, rotate->token, 0);
    return err == DP_OK
               ? log_token(db, DP_ACTOR_ADMIN, "admin_token_rotated", "", rotate->token->id)
               : err;
}

enum dp_err dp_store_rotate_admin_token(struct dp_store *store, struct dp_token *token,
                                        const uint8_t old_hash[static DP_TOKEN_HASH_LEN])
{
    struct rotate_admin rotate = {token, old_hash};

    return dp_sqlite_write(store, write_admin_rotation, &rotate);
}

static enum dp_err write_revocation(void *db, void *arg)
{
    const struct dp_token *token = arg;
    sqlite3_stmt *s = dp_sqlite_prepare(db, DP_SQL_REVOKE_TOKEN);

    if (s == NULL)
        return DP_ESTORE;
    bind_hash(s, 1, token->hash);
    sqlite3_bind_int64(s, 2, token->expires_ms);
    return dp_sqlite_run(s);
}

enum dp_err dp_store_revoke_token(struct dp_store *store,
                                  const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms)
{
    struct dp_token token = {.expires_ms = now_ms};

    memcpy(token.hash, hash, sizeof(token.hash));
    return dp_sqlite_write(store, write_revocation, &token);
}

struct revoke {
    const char *user_id;
    int64_t id, now_ms;
    enum dp_actor actor;
};

static enum dp_err revoke_bearer(struct dp_sqlite *c, const struct revoke *revoke, int64_t user_row)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_REVOKE_USER_TOKEN);
    enum dp_err err;

    if (s == NULL)
        return DP_ESTORE;
    sqlite3_bind_int64(s, 1, revoke->id);
    sqlite3_bind_int64(s, 2, user_row);
    sqlite3_bind_int64(s, 3, revoke->now_ms);
    err = dp_sqlite_run(s);
    return err == DP_OK && sqlite3_changes(c->db) == 0 ? DP_ENOTFOUND : err;
}

static enum dp_err revoke_started(struct dp_sqlite *c, const struct revoke *revoke)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_REVOKE_STARTED);

    if (s == NULL)
        return DP_ESTORE;
    sqlite3_bind_int64(s, 1, revoke->id);
    sqlite3_bind_int64(s, 2, revoke->now_ms);
    return dp_sqlite_run(s);
}

static enum dp_err write_user_revocation(void *db, void *arg)
{
    const struct revoke *revoke = arg;
    int64_t user_row = 0;
    enum dp_err err = dp_sqlite_user_row(db, &user_row, revoke->user_id);

    if (err == DP_OK)
        err = revoke_bearer(db, revoke, user_row);
    if (err == DP_OK)
        err = revoke_started(db, revoke);
    return err == DP_OK ? log_token(db, revoke->actor, "token_revoked", revoke->user_id, revoke->id)
                        : err;
}

enum dp_err dp_store_revoke_user_token(struct dp_store *store, const char *user_id, int64_t id,
                                       int64_t now_ms, enum dp_actor actor)
{
    struct revoke revoke = {user_id, id, now_ms, actor};

    return dp_sqlite_write(store, write_user_revocation, &revoke);
}

/* --- reads --- */

static void read_token(struct dp_token *token, sqlite3_stmt *s)
{
    token->id = sqlite3_column_int64(s, 0);
    token->session = sqlite3_column_int(s, 1) != 0;
    token->created_ms = sqlite3_column_int64(s, 2);
    token->expires_ms = sqlite3_column_int64(s, 3);
    token->admin = sqlite3_column_int(s, 5) != 0;
    dp_sqlite_text(token->user_id, sizeof(token->user_id), s, 4);
}

enum dp_err dp_store_find_token(struct dp_store *store, struct dp_token *token,
                                const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms)
{
    struct dp_sqlite *c = dp_sqlite_take(store);
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_FIND_TOKEN);
    enum dp_err err = DP_ESTORE;

    if (s != NULL) {
        bind_hash(s, 1, hash);
        sqlite3_bind_int64(s, 2, now_ms);
        err = dp_sqlite_find(s, DP_EUNAUTHORIZED);
    }
    if (err == DP_OK) {
        *token = (struct dp_token){0};
        memcpy(token->hash, hash, sizeof(token->hash));
        read_token(token, s);
    }
    dp_sqlite_release(s);
    dp_sqlite_return(store, c);
    return err;
}

static enum dp_err each_token(sqlite3_stmt *s, dp_store_token_fn *each, void *arg)
{
    struct dp_token token = {0};
    enum dp_err err = DP_OK;
    int rc = SQLITE_ROW;

    while (err == DP_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        token.id = sqlite3_column_int64(s, 0);
        token.created_ms = sqlite3_column_int64(s, 1);
        dp_sqlite_text(token.name, sizeof(token.name), s, 2);
        err = each(&token, arg);
    }
    return err == DP_OK && rc != SQLITE_DONE ? DP_ESTORE : err;
}

enum dp_err dp_store_list_tokens(struct dp_store *store, const char *user_id,
                                 dp_store_token_fn *each, void *arg)
{
    struct dp_sqlite *c = dp_sqlite_take(store);
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_LIST_TOKENS);
    enum dp_err err = DP_ESTORE;

    if (s != NULL) {
        dp_sqlite_bind_text(s, 1, user_id);
        err = each_token(s, each, arg);
    }
    dp_sqlite_release(s);
    dp_sqlite_return(store, c);
    return err;
}
