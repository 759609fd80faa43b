/* users.c - users and their keys. */
#include <stdlib.h>
#include <string.h>

#include "store/engine.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- writes --- */

struct add_user {
    struct dp_user *user;
    const struct dp_token *tokens;
    size_t count;
};

static enum dp_err insert_user(struct dp_sql *c, struct dp_user *user)
{
    const struct dp_value values[] = {dp_value_text(user->email), dp_value_text(user->user_id),
                                      dp_value_int(user->created_ms)};

    return dp_sql_number(c, &user->id, DP_SQL_ADD_USER, values, COUNT(values));
}

static enum dp_err insert_key(struct dp_sql *c, const struct dp_user *user)
{
    const struct dp_value values[] = {dp_value_int(user->id),
                                      dp_value_text(user->key_namespace),
                                      dp_value_text(user->pub_key_hex),
                                      dp_value_text(user->address),
                                      dp_value_text(user->app_id),
                                      dp_value_text(user->signature_chain),
                                      dp_value_int(user->key_created_ms)};

    return dp_sql_later(c, DP_SQL_ADD_KEY, values, COUNT(values));
}

/* The session that comes with a user's first token is one that it started. */
static enum dp_err insert_tokens(struct dp_sql *c, const struct add_user *add)
{
    int64_t bearer = 0;
    enum dp_err err = DP_OK;

    for (size_t i = 0; err == DP_OK && i < add->count; i++) {
        struct dp_token token = add->tokens[i];

        token.started_by = token.session ? bearer : 0;
        err = token.session ? dp_sql_insert_token_later(c, &token, add->user->id)
                            : dp_sql_insert_token(c, &token, add->user->id);
        bearer = token.session ? bearer : token.id;
    }
    return err;
}

static enum dp_err log_key(struct dp_sql *c, const struct dp_user *user, enum dp_actor actor,
                           const char *action)
{
    struct dp_audit_row row;

    dp_audit_begin(&row, actor, action, user->user_id);
    dp_audit_add_text(&row, "address", user->address);
    dp_audit_add_text(&row, "namespace", user->key_namespace);
    return dp_sql_append_audit(c, &row);
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

    return dp_store_write(store, write_user, &add);
}

struct rotate {
    struct dp_user *user;
    enum dp_actor actor;
};

/* There must be room for one more key, and none in its namespace. */
static enum dp_err check_keys(struct dp_sql *c, const struct dp_user *user)
{
    const struct dp_value values[] = {dp_value_text(user->key_namespace), dp_value_int(user->id)};
    enum dp_err err = dp_sql_find(c, DP_SQL_COUNT_KEYS, values, COUNT(values), DP_ESTORE);

    if (err == DP_OK && dp_sql_int(c, 1) > 0)
        err = DP_ENAMESPACEUSED;
    if (err == DP_OK && dp_sql_int(c, 0) >= DP_KEYS_MAX)
        err = DP_ETOOMANYKEYS;
    dp_sql_end(c);
    return err;
}

static enum dp_err retire_key(struct dp_sql *c, const struct dp_user *user)
{
    const struct dp_value values[] = {dp_value_int(user->key_created_ms), dp_value_int(user->id)};

    return dp_sql_later(c, DP_SQL_RETIRE_KEY, values, COUNT(values));
}

static enum dp_err write_rotation(void *db, void *arg)
{
    const struct rotate *rotate = arg;
    struct dp_user *user = rotate->user;
    enum dp_err err = dp_sql_user_row(db, &user->id, user->user_id);

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

    return dp_store_write(store, write_rotation, &rotate);
}

/* --- reads --- */

enum dp_err dp_sql_user_row(struct dp_sql *c, int64_t *out, const char *user_id)
{
    const struct dp_value value = dp_value_text(user_id);
    enum dp_err err = dp_sql_find(c, DP_SQL_FIND_USER_ROW, &value, 1, DP_EUNKNOWNUSER);

    if (err == DP_OK)
        *out = dp_sql_int(c, 0);
    dp_sql_end(c);
    return err;
}

/* The columns of KEY_COLUMNS, of which the first has this number. */
static void read_columns(struct dp_user *user, struct dp_sql *c, int first)
{
    user->id = dp_sql_int(c, first);
    user->created_ms = dp_sql_int(c, first + 1);
    dp_sql_text(user->email, sizeof(user->email), c, first + 2);
    dp_sql_text(user->user_id, sizeof(user->user_id), c, first + 3);
    dp_sql_text(user->key_namespace, sizeof(user->key_namespace), c, first + 4);
    dp_sql_text(user->pub_key_hex, sizeof(user->pub_key_hex), c, first + 5);
    dp_sql_text(user->address, sizeof(user->address), c, first + 6);
    user->key_created_ms = dp_sql_int(c, first + 7);
    user->key_retired_ms = dp_sql_int(c, first + 8);
}

void dp_sql_read_user(struct dp_user *user, struct dp_sql *c, int first)
{
    read_columns(user, c, first);
    dp_sql_text(user->app_id, sizeof(user->app_id), c, first + 9);
    dp_sql_text(user->signature_chain, sizeof(user->signature_chain), c, first + 10);
}

static void read_user(struct dp_user *user, struct dp_sql *c)
{
    read_columns(user, c, 0);
}

static void read_key(struct dp_user *user, struct dp_sql *c)
{
    dp_sql_read_user(user, c, 0);
}

struct find_user {
    struct dp_user *user;
    bool found;
};

static enum dp_err take_user(struct dp_sql *c, void *arg)
{
    struct find_user *find = arg;

    read_key(find->user, c);
    find->found = true;
    return DP_OK;
}

enum dp_err dp_store_find_user(struct dp_store *store, struct dp_user *user, const char *user_id)
{
    const struct dp_value value = dp_value_text(user_id);
    /* What it points at is filled here, not read. */
    /* cppcheck-suppress ctuuninitvar */
    struct find_user find = {user, false};
    enum dp_err err = dp_store_each(store, DP_SQL_FIND_USER, &value, 1, take_user, &find);

    return err == DP_OK && !find.found ? DP_EUNKNOWNUSER : err;
}

/* Hand each row to its taker; read makes a user of it. */
struct listing {
    void (*read)(struct dp_user *user, struct dp_sql *c);
    dp_store_user_fn *each;
    void *arg;
};

static enum dp_err list_user(struct dp_sql *c, void *arg)
{
    const struct listing *listing = arg;
    struct dp_user user = {0};

    listing->read(&user, c);
    return listing->each(&user, listing->arg);
}

enum dp_err dp_store_list_keys(struct dp_store *store, const char *user_id, dp_store_user_fn *each,
                               void *arg)
{
    const struct dp_value value = dp_value_text(user_id);
    struct listing listing = {read_key, each, arg};

    return dp_store_each(store, DP_SQL_LIST_KEYS, &value, 1, list_user, &listing);
}

/* "%query%" in lower case, with LIKE's own signs taken literally. NULL: no memory. */
static char *like_pattern(const char *query)
{
    char *pattern = malloc(2 * strlen(query) + 3), *at = pattern;

    if (pattern == NULL)
        return NULL;
    *at++ = '%';
    for (; *query != '\0'; query++) {
        if (strchr("%_\\", *query) != NULL)
            *at++ = '\\';
        *at++ = *query >= 'A' && *query <= 'Z' ? (char)(*query - 'A' + 'a') : *query;
    }
    *at++ = '%';
    *at = '\0';
    return pattern;
}

static enum dp_err search(struct dp_store *store, int64_t after_id, int limit, const char *query,
                          struct listing *listing)
{
    char *pattern = like_pattern(query);
    enum dp_err err = DP_ENOMEM;

    if (pattern != NULL) {
        const struct dp_value values[] = {dp_value_int(after_id), dp_value_text(pattern),
                                          dp_value_int(limit)};

        err = dp_store_each(store, DP_SQL_SEARCH_USERS, values, COUNT(values), list_user, listing);
    }
    free(pattern);
    return err;
}

enum dp_err dp_store_list_users(struct dp_store *store, int64_t after_id, int limit,
                                const char *query, dp_store_user_fn *each, void *arg)
{
    const struct dp_value values[] = {dp_value_int(after_id), dp_value_int(limit)};
    struct listing listing = {read_user, each, arg};

    if (query[0] != '\0')
        return search(store, after_id, limit, query, &listing);
    return dp_store_each(store, DP_SQL_LIST_USERS, values, COUNT(values), list_user, &listing);
}
