/* test_accounts.c - the store's rotation, tokens and audit log, on each engine. */
#include "database.h"

#include <stdio.h>
#include <string.h>

#include "store/token.h"

struct fixture {
    struct database database;
    struct dp_store *store;
};

static int open_store(void **state)
{
    static struct fixture f;

    database_make(&f.database);
    assert_int_equal(dp_store_open(&f.store, f.database.url, DP_STORE_WRITE, NULL), DP_OK);
    *state = &f;
    return 0;
}

static int close_store(void **state)
{
    struct fixture *f = *state;

    dp_store_close(f->store);
    database_remove(&f->database);
    return 0;
}

static void fill_key(struct dp_user *user, const char *key_namespace)
{
    snprintf(user->key_namespace, sizeof(user->key_namespace), "%s", key_namespace);
    snprintf(user->address, sizeof(user->address), "0x%.8s%.16s", user->user_id,
             strrchr(key_namespace, '/'));
    snprintf(user->pub_key_hex, sizeof(user->pub_key_hex), "0x04");
    snprintf(user->app_id, sizeof(user->app_id), "0x05");
    snprintf(user->signature_chain, sizeof(user->signature_chain), "[]");
    user->key_created_ms++;
}

static struct dp_user add_user(struct fixture *f, const char *user_id)
{
    struct dp_user user = {.created_ms = 1000, .key_created_ms = 999};

    snprintf(user.email, sizeof(user.email), "%s@example.com", user_id);
    snprintf(user.user_id, sizeof(user.user_id), "%s", user_id);
    fill_key(&user, "wallet/ethereum");
    assert_int_equal(dp_store_add_user(f->store, &user, NULL, 0), DP_OK);
    return user;
}

/* --- the log --- */

struct seen {
    struct dp_audit_check check;
    struct dp_audit_row last;
};

static enum dp_err see(const struct dp_audit_row *row, void *arg)
{
    struct seen *seen = arg;

    dp_audit_check_row(&seen->check, row);
    seen->last = *row;
    return DP_OK;
}

static struct seen see_log(struct fixture *f)
{
    struct seen seen = {0};

    dp_audit_check_begin(&seen.check);
    assert_int_equal(dp_store_list_audit(f->store, 0, DP_LIST_MAX, see, &seen), DP_OK);
    return seen;
}

static void assert_last(struct fixture *f, int64_t seq, const char *actor, const char *action,
                        const char *data)
{
    struct seen seen = see_log(f);

    assert_int_equal(seen.check.fault, DP_AUDIT_INTACT);
    assert_int_equal(seen.last.seq, seq);
    assert_string_equal(seen.last.actor, actor);
    assert_string_equal(seen.last.action, action);
    assert_string_equal(seen.last.data, data);
}

static void append_some(size_t index, void *arg)
{
    struct fixture *f = arg;
    struct dp_audit_row rows[3];
    uint8_t digest[32] = {(uint8_t)index};

    for (int n = 0; n < 20; n++) {
        for (size_t i = 0; i < COUNT(rows); i++)
            dp_audit_signature(&rows[i], DP_ACTOR_USER, "alice", digest, "raw", "wallet/ethereum",
                               COUNT(rows));
        if (dp_store_append_audit(f->store, rows, COUNT(rows)) != DP_OK)
            return;
    }
}

static void many_at_a_time_make_one_chain(void **state)
{
    struct fixture *f = *state;
    struct seen seen;

    add_user(f, "alice");
    on_threads(8, append_some, f);
    seen = see_log(f);
    assert_int_equal(seen.check.fault, DP_AUDIT_INTACT);
    assert_int_equal(seen.check.count, 1 + 8 * 20 * 3);
}

static void a_refused_change_leaves_no_row(void **state)
{
    struct fixture *f = *state;
    struct dp_user user = add_user(f, "alice");

    assert_int_equal(dp_store_add_user(f->store, &user, NULL, 0), DP_EUSEREXISTS);
    fill_key(&user, "wallet/ethereum");
    assert_int_equal(dp_store_rotate_key(f->store, &user, DP_ACTOR_USER), DP_ENAMESPACEUSED);
    assert_int_equal(dp_store_revoke_user_token(f->store, "alice", 1, 1, DP_ACTOR_USER),
                     DP_ENOTFOUND);
    assert_last(f, 1, "anyone", "signup",
                "{\"address\":\"0xalice/ethereum\",\"namespace\":\"wallet/ethereum\"}");
}

#define BOTH(sql) sql, sql

static const struct {
    const char *sqlite, *postgresql; /* NULL: the engine has no such thing */
    enum dp_audit_fault fault;
    int64_t seq;
} tampering[] = {
    {BOTH("UPDATE audit_log SET data = '{}' WHERE seq = 2"), DP_AUDIT_CHANGED, 2},
    {"UPDATE audit_log SET data = data || char(0) WHERE seq = 2", NULL, DP_AUDIT_CHANGED, 2},
    {BOTH("UPDATE audit_log SET user_id = NULL WHERE seq = 3"), DP_AUDIT_CHANGED, 3},
    {BOTH("UPDATE audit_log SET time = -1 WHERE seq = 1"), DP_AUDIT_CHANGED, 1},
    {BOTH("UPDATE audit_log SET time = 9223372036854775807 WHERE seq = 1"), DP_AUDIT_CHANGED, 1},
    {"UPDATE audit_log SET data = printf('%.*c', 9000, 'x') WHERE seq = 3",
     "UPDATE audit_log SET data = repeat('x', 9000) WHERE seq = 3", DP_AUDIT_CHANGED, 3},
    {BOTH("DELETE FROM audit_log WHERE seq = 2"), DP_AUDIT_MISSING, 2},
    {BOTH("DELETE FROM audit_log WHERE seq < 3"), DP_AUDIT_MISSING, 1},
    {BOTH("DELETE FROM audit_log WHERE seq = 2; UPDATE audit_log SET seq = seq - 1 WHERE seq > 2"),
     DP_AUDIT_CHANGED, 2},
    {BOTH("UPDATE audit_log SET seq = -seq WHERE seq IN (2, 3);"
          "UPDATE audit_log SET seq = 5 + seq WHERE seq < 0"),
     DP_AUDIT_CHANGED, 2},
};

static void the_table_only_grows(void **state)
{
    struct fixture *f = *state;

    add_user(f, "alice");
    assert_true(database_run(&f->database, "SELECT seq FROM audit_log"));
    assert_false(database_run(&f->database, "UPDATE audit_log SET seq = 2"));
    assert_false(database_run(&f->database, "DELETE FROM audit_log"));
}

static void tampering_behind_what_forbids_it_is_found(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(tampering); i++) {
        const char *sql =
            f->database.engine == SQLITE ? tampering[i].sqlite : tampering[i].postgresql;
        struct dp_audit_check check;

        if (sql == NULL)
            continue;
        if (i > 0) {
            close_store(state);
            open_store(state);
        }
        for (const char *id = "abcd"; *id != '\0'; id++)
            add_user(f, (const char[]){*id, '\0'});
        database_tamper(&f->database, sql);
        check = see_log(f).check;
        if (check.fault != tampering[i].fault || check.fault_seq != tampering[i].seq)
            fail_msg("%s: row %lld %s", sql, (long long)check.fault_seq,
                     dp_audit_fault_word(check.fault));
    }
}

static void a_user_sees_their_own_rows_newest_first(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    struct dp_user bob;

    add_user(f, "alice");
    bob = add_user(f, "bob");
    fill_key(&bob, "wallet/ethereum/v2");
    assert_int_equal(dp_store_rotate_key(f->store, &bob, DP_ACTOR_USER), DP_OK);
    assert_int_equal(dp_store_list_user_audit(f->store, "bob", INT64_MAX, 1, see, &seen), DP_OK);
    assert_int_equal(seen.last.seq, 3);
    assert_int_equal(dp_store_list_user_audit(f->store, "bob", 3, 9, see, &seen), DP_OK);
    assert_int_equal(seen.last.seq, 2);
    assert_int_equal(seen.check.count, 2);
}

/* --- keys --- */

static enum dp_err count_key(const struct dp_user *user, void *arg)
{
    int *count = arg;

    /* Newest first, and only the newest is in force. */
    assert_int_equal(user->key_retired_ms == 0, (*count)++ == 0);
    return DP_OK;
}

static void a_rotated_key_is_in_force_and_the_old_one_on_record(void **state)
{
    struct fixture *f = *state;
    struct dp_user alice = add_user(f, "alice"), found;
    int count = 0;

    fill_key(&alice, "wallet/ethereum/v2");
    assert_int_equal(dp_store_rotate_key(f->store, &alice, DP_ACTOR_ANYONE), DP_OK);
    assert_last(f, 2, "anyone", "rotate",
                "{\"address\":\"0xalice/v2\",\"namespace\":\"wallet/ethereum/v2\"}");
    assert_int_equal(dp_store_find_user(f->store, &found, "alice"), DP_OK);
    assert_string_equal(found.address, "0xalice/v2");
    assert_int_equal(found.created_ms, 1000);
    assert_int_equal(found.key_created_ms, 1001);
    assert_int_equal(dp_store_list_keys(f->store, "alice", count_key, &count), DP_OK);
    assert_int_equal(count, 2);

    snprintf(alice.user_id, sizeof(alice.user_id), "nobody");
    assert_int_equal(dp_store_rotate_key(f->store, &alice, DP_ACTOR_USER), DP_EUNKNOWNUSER);
}

/* --- tokens --- */

static struct dp_token make_token(const char *user_id, const struct dp_token *starter)
{
    char text[DP_TOKEN_TEXT_SIZE];
    struct dp_token token;

    assert_int_equal(dp_token_make(&token, text, starter != NULL), DP_OK);
    snprintf(token.user_id, sizeof(token.user_id), "%s", user_id);
    snprintf(token.name, sizeof(token.name), "%s", starter == NULL ? "laptop" : "");
    token.admin = user_id[0] == '\0';
    token.started_by = starter != NULL ? starter->id : 0;
    return token;
}

static bool in_force(struct fixture *f, const struct dp_token *token)
{
    struct dp_token found;

    return dp_store_find_token(f->store, &found, token->hash, token->created_ms) == DP_OK;
}

static enum dp_err count_token(const struct dp_token *token, void *arg)
{
    assert_string_equal(token->name, "laptop");
    ++*(int *)arg;
    return DP_OK;
}

static void a_revoked_token_takes_its_sessions_along(void **state)
{
    struct fixture *f = *state;
    struct dp_token one, other, session, others;

    add_user(f, "alice");
    add_user(f, "bob");
    one = make_token("alice", NULL);
    other = make_token("alice", NULL);
    assert_int_equal(dp_store_add_token(f->store, &one), DP_OK);
    assert_int_equal(dp_store_add_token(f->store, &other), DP_OK);
    session = make_token("alice", &one);
    others = make_token("alice", &other);
    assert_int_equal(dp_store_add_token(f->store, &session), DP_OK);
    assert_int_equal(dp_store_add_token(f->store, &others), DP_OK);

    assert_int_equal(dp_store_revoke_user_token(f->store, "bob", one.id, 5, DP_ACTOR_USER),
                     DP_ENOTFOUND);
    assert_int_equal(dp_store_revoke_user_token(f->store, "alice", session.id, 5, DP_ACTOR_USER),
                     DP_ENOTFOUND);
    assert_int_equal(dp_store_revoke_user_token(f->store, "alice", one.id, 5, DP_ACTOR_USER),
                     DP_OK);
    assert_false(in_force(f, &one));
    assert_false(in_force(f, &session));
    assert_true(in_force(f, &other));
    assert_true(in_force(f, &others));
    assert_last(f, 7, "user", "token_revoked", "{\"tokenId\":1}");
}

static void a_user_has_so_many_tokens_and_no_more(void **state)
{
    struct fixture *f = *state;
    struct dp_token token;
    int count = 0;

    add_user(f, "alice");
    for (int i = 0; i < DP_TOKENS_MAX; i++) {
        token = make_token("alice", NULL);
        assert_int_equal(dp_store_add_token(f->store, &token), DP_OK);
    }
    token = make_token("alice", NULL);
    assert_int_equal(dp_store_add_token(f->store, &token), DP_ETOOMANYTOKENS);
    assert_int_equal(dp_store_list_tokens(f->store, "alice", count_token, &count), DP_OK);
    assert_int_equal(count, DP_TOKENS_MAX);
    assert_int_equal(dp_store_revoke_user_token(f->store, "alice", 1, 5, DP_ACTOR_USER), DP_OK);
    assert_int_equal(dp_store_add_token(f->store, &token), DP_OK);
}

static void the_admins_new_token_is_the_only_one(void **state)
{
    struct fixture *f = *state;
    struct dp_token old = make_token("", NULL), next = make_token("", NULL);
    struct dp_token session, late = make_token("", NULL);

    old.actor = DP_ACTOR_OPERATOR;
    assert_int_equal(dp_store_add_first_admin_token(f->store, &old), DP_OK);
    assert_last(f, 1, "operator", "token_made", "{\"tokenId\":1}");
    session = make_token("", &old);
    assert_int_equal(dp_store_add_token(f->store, &session), DP_OK);
    assert_int_equal(dp_store_rotate_admin_token(f->store, &next, session.hash), DP_OK);
    assert_false(in_force(f, &old));
    assert_false(in_force(f, &session));
    assert_true(in_force(f, &next));
    assert_last(f, 3, "admin", "admin_token_rotated", "{\"tokenId\":3}");
    assert_int_equal(dp_store_rotate_admin_token(f->store, &late, old.hash), DP_EUNAUTHORIZED);
    assert_true(in_force(f, &next));
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(many_at_a_time_make_one_chain),
        STORE_TEST(a_refused_change_leaves_no_row),
        STORE_TEST(the_table_only_grows),
        STORE_TEST(tampering_behind_what_forbids_it_is_found),
        STORE_TEST(a_user_sees_their_own_rows_newest_first),
        STORE_TEST(a_rotated_key_is_in_force_and_the_old_one_on_record),
        STORE_TEST(a_revoked_token_takes_its_sessions_along),
        STORE_TEST(a_user_has_so_many_tokens_and_no_more),
        STORE_TEST(the_admins_new_token_is_the_only_one),
    };

    (void)argc;
    database_main(argv);
    return ON_EACH_ENGINE(tests);
}
