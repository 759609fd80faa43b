/* tokens.c - the hashes of tokens: users', the admin's, and sessions. */
#include <string.h>

#include "store/engine.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- parts of writes --- */

#define TOKEN_VALUES 7

static void list_values(struct dp_value values[static TOKEN_VALUES], const struct dp_token *token,
                        int64_t user_row)
{
    values[0] = dp_value_int_or_null(user_row);
    values[1] = dp_value_text(token->session ? "session" : "bearer");
    values[2] = dp_value_blob(token->hash, sizeof(token->hash));
    values[3] = dp_value_int(token->created_ms);
    values[4] = dp_value_int_or_null(token->expires_ms);
    values[5] = dp_value_text_or_null(token->name);
    values[6] = dp_value_int_or_null(token->started_by);
}

enum dp_err dp_sql_insert_token(struct dp_sql *c, struct dp_token *token, int64_t user_row)
{
    struct dp_value values[TOKEN_VALUES];

    list_values(values, token, user_row);
    return dp_sql_number(c, &token->id, DP_SQL_ADD_TOKEN, values, TOKEN_VALUES);
}

enum dp_err dp_sql_insert_token_later(struct dp_sql *c, const struct dp_token *token,
                                      int64_t user_row)
{
    struct dp_value values[TOKEN_VALUES];

    list_values(values, token, user_row);
    return dp_sql_later(c, DP_SQL_ADD_TOKEN, values, TOKEN_VALUES);
}

/* In: token_id  0 where the token is ADMIN_TOKEN, which has none */
static enum dp_err log_token(struct dp_sql *c, enum dp_actor actor, const char *action,
                             const char *user_id, int64_t token_id)
{
    struct dp_audit_row row;

    dp_audit_begin(&row, actor, action, user_id);
    if (token_id != 0)
        dp_audit_add_int(&row, "tokenId", token_id);
    return dp_sql_append_audit(c, &row);
}

/* --- writes --- */

static enum dp_err insert_and_log(struct dp_sql *c, struct dp_token *token, int64_t user_row)
{
    enum dp_err err = dp_sql_insert_token(c, token, user_row);

    if (err != DP_OK)
        return err;
    return log_token(c, token->actor, token->session ? "sign_in" : "token_made", token->user_id,
                     token->session ? token->started_by : token->id);
}

static enum dp_err count_tokens(struct dp_sql *c, int64_t *out, int64_t user_row)
{
    const struct dp_value value = dp_value_int(user_row);

    return dp_sql_number(c, out, DP_SQL_COUNT_TOKENS, &value, 1);
}

static enum dp_err write_token(void *db, void *arg)
{
    struct dp_token *token = arg;
    int64_t user_row = 0, in_force = 0;
    enum dp_err err = DP_OK;

    if (!token->admin)
        err = dp_sql_user_row(db, &user_row, token->user_id);
    if (err == DP_OK && !token->admin && !token->session)
        err = count_tokens(db, &in_force, user_row);
    if (err == DP_OK && in_force >= DP_TOKENS_MAX)
        return DP_ETOOMANYTOKENS;
    return err == DP_OK ? insert_and_log(db, token, user_row) : err;
}

enum dp_err dp_store_add_token(struct dp_store *store, struct dp_token *token)
{
    return dp_store_write(store, write_token, token);
}

static enum dp_err write_first_admin_token(void *db, void *arg)
{
    int64_t in_force;
    enum dp_err err = dp_sql_number(db, &in_force, DP_SQL_HAS_ADMIN_TOKEN, NULL, 0);

    if (err == DP_OK && in_force > 0)
        return DP_EUSEREXISTS;
    return err == DP_OK ? insert_and_log(db, arg, 0) : err;
}

enum dp_err dp_store_add_first_admin_token(struct dp_store *store, struct dp_token *token)
{
    return dp_store_write(store, write_first_admin_token, token);
}

struct rotate_admin {
    struct dp_token *token;
    const uint8_t *old_hash;
};

/* Two rotations at a time with one token: the second finds it revoked. */
static enum dp_err check_old_token(struct dp_sql *c, const struct rotate_admin *rotate)
{
    const struct dp_value values[] = {dp_value_blob(rotate->old_hash, DP_TOKEN_HASH_LEN),
                                      dp_value_int(rotate->token->created_ms)};
    enum dp_err err = dp_sql_find(c, DP_SQL_FIND_TOKEN, values, COUNT(values), DP_EUNAUTHORIZED);

    dp_sql_end(c);
    return err;
}

static enum dp_err write_admin_rotation(void *db, void *arg)
{
    const struct rotate_admin *rotate = arg;
    const struct dp_value now = dp_value_int(rotate->token->created_ms);
    enum dp_err err = check_old_token(db, rotate);

    if (err == DP_OK)
        err = dp_sql_later(db, DP_SQL_REVOKE_ADMIN_TOKENS, &now, 1);
    if (err == DP_OK)
        err = dp_sql_insert_token(db, rotate->token, 0);
    return err == DP_OK
               ? log_token(db, DP_ACTOR_ADMIN, "admin_token_rotated", "", rotate->token->id)
               : err;
}

enum dp_err dp_store_rotate_admin_token(struct dp_store *store, struct dp_token *token,
                                        const uint8_t old_hash[static DP_TOKEN_HASH_LEN])
{
    struct rotate_admin rotate = {token, old_hash};

    return dp_store_write(store, write_admin_rotation, &rotate);
}

struct revoke_session {
    const uint8_t *hash;
    int64_t now_ms;
};

static enum dp_err write_revocation(void *db, void *arg)
{
    const struct revoke_session *revoke = arg;
    const struct dp_value values[] = {dp_value_int(revoke->now_ms),
                                      dp_value_blob(revoke->hash, DP_TOKEN_HASH_LEN)};

    return dp_sql_run(db, DP_SQL_REVOKE_TOKEN, values, COUNT(values));
}

enum dp_err dp_store_revoke_token(struct dp_store *store,
                                  const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms)
{
    struct revoke_session revoke = {hash, now_ms};

    return dp_store_write(store, write_revocation, &revoke);
}

struct revoke {
    const char *user_id;
    int64_t id, now_ms;
    enum dp_actor actor;
};

static enum dp_err revoke_bearer(struct dp_sql *c, const struct revoke *revoke, int64_t user_row)
{
    const struct dp_value values[] = {dp_value_int(revoke->now_ms), dp_value_int(revoke->id),
                                      dp_value_int(user_row)};
    enum dp_err err = dp_sql_run(c, DP_SQL_REVOKE_USER_TOKEN, values, COUNT(values));

    return err == DP_OK && c->changed == 0 ? DP_ENOTFOUND : err;
}

static enum dp_err revoke_started(struct dp_sql *c, const struct revoke *revoke)
{
    const struct dp_value values[] = {dp_value_int(revoke->now_ms), dp_value_int(revoke->id)};

    return dp_sql_later(c, DP_SQL_REVOKE_STARTED, values, COUNT(values));
}

static enum dp_err write_user_revocation(void *db, void *arg)
{
    const struct revoke *revoke = arg;
    int64_t user_row = 0;
    enum dp_err err = dp_sql_user_row(db, &user_row, revoke->user_id);

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

    return dp_store_write(store, write_user_revocation, &revoke);
}

/* --- reads --- */

struct find_token {
    struct dp_token *token;
    struct dp_user *user; /* NULL: not asked for */
    bool found;
};

static enum dp_err take_token(struct dp_sql *c, void *arg)
{
    struct find_token *find = arg;
    struct dp_token *token = find->token;

    token->id = dp_sql_int(c, 0);
    token->session = dp_sql_int(c, 1) != 0;
    token->created_ms = dp_sql_int(c, 2);
    token->expires_ms = dp_sql_int(c, 3);
    dp_sql_text(token->user_id, sizeof(token->user_id), c, 4);
    token->admin = dp_sql_int(c, 5) != 0;
    if (find->user != NULL)
        dp_sql_read_user(find->user, c, 6);
    find->found = true;
    return DP_OK;
}

static enum dp_err find_in_force(struct dp_store *store, enum dp_query query,
                                 struct dp_token *token, struct dp_user *user,
                                 const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms)
{
    const struct dp_value values[] = {dp_value_blob(hash, DP_TOKEN_HASH_LEN), dp_value_int(now_ms)};
    struct dp_token found = {0};
    struct find_token find = {&found, user, false};
    enum dp_err err = dp_store_each(store, query, values, COUNT(values), take_token, &find);

    if (err != DP_OK || !find.found)
        return err != DP_OK ? err : DP_EUNAUTHORIZED;
    memcpy(found.hash, hash, sizeof(found.hash));
    *token = found;
    return DP_OK;
}

enum dp_err dp_store_find_token(struct dp_store *store, struct dp_token *token,
                                const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms)
{
    return find_in_force(store, DP_SQL_FIND_TOKEN, token, NULL, hash, now_ms);
}

enum dp_err dp_store_find_token_user(struct dp_store *store, struct dp_token *token,
                                     struct dp_user *user,
                                     const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms)
{
    memset(user, 0, sizeof(*user));
    return find_in_force(store, DP_SQL_FIND_TOKEN_USER, token, user, hash, now_ms);
}

struct listing {
    dp_store_token_fn *each;
    void *arg;
};

static enum dp_err list_token(struct dp_sql *c, void *arg)
{
    const struct listing *listing = arg;
    struct dp_token token = {0};

    token.id = dp_sql_int(c, 0);
    token.created_ms = dp_sql_int(c, 1);
    dp_sql_text(token.name, sizeof(token.name), c, 2);
    return listing->each(&token, listing->arg);
}

enum dp_err dp_store_list_tokens(struct dp_store *store, const char *user_id,
                                 dp_store_token_fn *each, void *arg)
{
    const struct dp_value value = dp_value_text(user_id);
    struct listing listing = {each, arg};

    return dp_store_each(store, DP_SQL_LIST_TOKENS, &value, 1, list_token, &listing);
}
