/* test_store.c - users and tokens in a database: what is refused, found, and still there later. */
#include "database.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/token.h"

struct fixture {
    struct database database;
    struct dp_store *store;
};

static void open_store(struct fixture *f)
{
    struct dp_detail detail = {"", ""};

    if (dp_store_open(&f->store, f->database.url, DP_STORE_WRITE, &detail) != DP_OK)
        fail_msg("%s", detail.text);
}

static int start(void **state)
{
    static struct fixture f;

    database_make(&f.database);
    open_store(&f);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    dp_store_close(f->store);
    database_remove(&f->database);
    return 0;
}

/* Any number will do, if it is another for another text. */
static unsigned number_of(const char *text)
{
    unsigned h = 2166136261u;

    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

/* In decimal, so that no letters of an address answer a query. */
static struct dp_user make_user(const char *user_id, const char *email)
{
    struct dp_user user = {.created_ms = 1700000000123};

    snprintf(user.user_id, sizeof(user.user_id), "%s", user_id);
    snprintf(user.email, sizeof(user.email), "%s", email);
    snprintf(user.key_namespace, sizeof(user.key_namespace), "wallet/ethereum");
    snprintf(user.pub_key_hex, sizeof(user.pub_key_hex), "0x04%0128d", 7);
    snprintf(user.address, sizeof(user.address), "0x%030d%010u", 0, number_of(user_id));
    snprintf(user.app_id, sizeof(user.app_id), "0x%040d", 9);
    snprintf(user.signature_chain, sizeof(user.signature_chain), "[\"0x%0130d\",\"0x%0130d\"]", 1,
             2);
    return user;
}

static enum dp_err add(struct fixture *f, const char *user_id, const char *email)
{
    struct dp_user user = make_user(user_id, email);

    return dp_store_add_user(f->store, &user, NULL, 0);
}

/* A token whose hash is this byte over and over. */
static struct dp_token make_token(uint8_t fill)
{
    struct dp_token token = {.created_ms = 1000};

    memset(token.hash, fill, sizeof(token.hash));
    return token;
}

/* --- users --- */

static void a_user_is_found_as_it_was_added(void **state)
{
    struct fixture *f = *state;
    struct dp_user user = make_user("alice", "alice@example.com"), found;

    assert_int_equal(dp_store_add_user(f->store, &user, NULL, 0), DP_OK);
    assert_true(user.id > 0);
    memset(&found, 0xee, sizeof(found));
    assert_int_equal(dp_store_find_user(f->store, &found, "alice"), DP_OK);
    assert_int_equal(found.id, user.id);
    assert_int_equal(found.created_ms, user.created_ms);
    assert_string_equal(found.email, user.email);
    assert_string_equal(found.user_id, user.user_id);
    assert_string_equal(found.key_namespace, user.key_namespace);
    assert_string_equal(found.pub_key_hex, user.pub_key_hex);
    assert_string_equal(found.address, user.address);
    assert_string_equal(found.app_id, user.app_id);
    assert_string_equal(found.signature_chain, user.signature_chain);
}

static void the_longest_texts_fit(void **state)
{
    struct fixture *f = *state;
    struct dp_user user = make_user("", ""), found;

    memset(user.user_id, 'u', DP_USER_ID_SIZE - 1);
    memset(user.email, 'e', DP_EMAIL_SIZE - 1);
    memset(user.key_namespace, 'n', sizeof(user.key_namespace) - 1);
    assert_int_equal(dp_store_add_user(f->store, &user, NULL, 0), DP_OK);
    assert_int_equal(dp_store_find_user(f->store, &found, user.user_id), DP_OK);
    assert_string_equal(found.email, user.email);
    assert_string_equal(found.key_namespace, user.key_namespace);
}

static void nobody_is_found_by_another_name(void **state)
{
    static const char *const others[] = {
        "", "Alice", "alic", "alice ", "alice%", "%", "a_ice", "alice@example.com", "' OR 1=1 --"};
    struct fixture *f = *state;
    struct dp_user found;

    assert_int_equal(add(f, "alice", "alice@example.com"), DP_OK);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_int_equal(dp_store_find_user(f->store, &found, others[i]), DP_EUNKNOWNUSER);
}

static void a_user_id_and_an_email_are_taken_once(void **state)
{
    struct fixture *f = *state;
    struct dp_user found;

    assert_int_equal(add(f, "alice", "alice@example.com"), DP_OK);
    assert_int_equal(add(f, "alice", "other@example.com"), DP_EUSEREXISTS);
    assert_int_equal(add(f, "other", "alice@example.com"), DP_EEMAILEXISTS);
    assert_int_equal(add(f, "other", "ALICE@Example.COM"), DP_EEMAILEXISTS);
    assert_int_equal(dp_store_find_user(f->store, &found, "other"), DP_EUNKNOWNUSER);
    /* User ids are case-sensitive. */
    assert_int_equal(add(f, "Alice", "other@example.com"), DP_OK);
}

static void two_users_with_one_key_are_a_broken_agent(void **state)
{
    struct fixture *f = *state;
    struct dp_user alice = make_user("alice", "alice@example.com"), bob = make_user("bob", "bob@x");
    struct dp_user found;

    memcpy(bob.address, alice.address, sizeof(bob.address));
    assert_int_equal(dp_store_add_user(f->store, &alice, NULL, 0), DP_OK);
    assert_int_equal(dp_store_add_user(f->store, &bob, NULL, 0), DP_ESELFTEST);
    assert_int_equal(dp_store_find_user(f->store, &found, "bob"), DP_EUNKNOWNUSER);
}

/* Their text in another column must not be taken for the column's name in SQLite's message. */
static void texts_that_look_like_messages_confuse_nobody(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(add(f, "users.email", "users.user_id@x"), DP_OK);
    assert_int_equal(add(f, "users.email", "b@x"), DP_EUSEREXISTS);
    assert_int_equal(add(f, "b", "users.user_id@x"), DP_EEMAILEXISTS);
}

static void a_user_with_a_token_that_is_taken_is_not_added(void **state)
{
    struct fixture *f = *state;
    struct dp_token tokens[] = {make_token(1), make_token(1)};
    struct dp_user user = make_user("alice", "alice@example.com"), found;

    assert_int_equal(dp_store_add_user(f->store, &user, tokens, 2), DP_ESTORE);
    assert_int_equal(dp_store_find_user(f->store, &found, "alice"), DP_EUNKNOWNUSER);
    assert_int_equal(dp_store_add_user(f->store, &user, tokens, 1), DP_OK);
}

/* --- lists --- */

struct listing {
    char ids[4096];
    int64_t last_id;
    unsigned count, stop_after;
};

static enum dp_err note(const struct dp_user *user, void *arg)
{
    struct listing *listing = arg;
    size_t len = strlen(listing->ids);

    snprintf(listing->ids + len, sizeof(listing->ids) - len, "%s ", user->user_id);
    assert_true(user->id > listing->last_id);
    listing->last_id = user->id;
    listing->count++;
    return listing->count == listing->stop_after ? DP_ETOOBIG : DP_OK;
}

static void add_people(struct fixture *f)
{
    static const char *const people[][2] = {
        {"alice", "alice@example.com"}, {"bob", "bob_b@example.com"}, {"c100", "100%@example.com"},
        {"dora", "d\\ora@example.com"}, {"Erik", "ERIK@Example.ORG"}, {"b.b", "bb@example.net"},
    };

    for (size_t i = 0; i < COUNT(people); i++)
        assert_int_equal(add(f, people[i][0], people[i][1]), DP_OK);
}

static const struct {
    const char *query, *ids;
} queries[] = {
    {"", "alice bob c100 dora Erik b.b "},
    {"alice", "alice "},
    {"ALICE", "alice "},
    {"erik@", "Erik "},
    {"example.com", "alice bob c100 dora "},
    {"%", "c100 "},
    {"0%@", "c100 "},
    {"_", "bob "},
    {"b_b", "bob "},
    {"b.b", "b.b "},
    {"\\", "dora "},
    {"\\o", "dora "},
    {"\\%", ""},
    {"%%", ""},
    {"bb", "b.b "},
    {"*", ""},
    {"0x0000", "alice bob c100 dora Erik b.b "},
    {"0X0000", "alice bob c100 dora Erik b.b "},
    {"' OR 1=1 --", ""},
    {" ", ""},
};

static void a_query_is_plain_text(void **state)
{
    struct fixture *f = *state;

    add_people(f);
    for (size_t i = 0; i < COUNT(queries); i++) {
        struct listing listing = {.count = 0};

        assert_int_equal(dp_store_list_users(f->store, 0, 100, queries[i].query, note, &listing),
                         DP_OK);
        if (strcmp(listing.ids, queries[i].ids) != 0)
            fail_msg("\"%s\": %s", queries[i].query, listing.ids);
    }
}

static void pages_hold_everyone_once(void **state)
{
    struct fixture *f = *state;
    const char *const texts[] = {"", "example"};

    add_people(f);
    for (size_t t = 0; t < COUNT(texts); t++) {
        for (int limit = 1; limit < 8; limit++) {
            struct listing listing = {.count = 0};
            unsigned before;

            do {
                before = listing.count;
                assert_int_equal(
                    dp_store_list_users(f->store, listing.last_id, limit, texts[t], note, &listing),
                    DP_OK);
                assert_true(listing.count - before <= (unsigned)limit);
            } while (listing.count > before);
            assert_string_equal(listing.ids, queries[0].ids);
        }
    }
}

static void a_listing_ends_where_its_reader_says(void **state)
{
    struct fixture *f = *state;
    struct listing listing = {.stop_after = 2}, after = {.count = 0};

    add_people(f);
    assert_int_equal(dp_store_list_users(f->store, 0, 100, "", note, &listing), DP_ETOOBIG);
    assert_string_equal(listing.ids, "alice bob ");
    assert_int_equal(dp_store_list_users(f->store, 0, 100, "", note, &after), DP_OK);
    assert_int_equal(after.count, 6);
}

static void nobody_is_after_the_last(void **state)
{
    struct fixture *f = *state;
    struct listing listing = {.count = 0};

    add_people(f);
    assert_int_equal(dp_store_list_users(f->store, INT64_MAX, 100, "", note, &listing), DP_OK);
    assert_int_equal(listing.count, 0);
}

/* --- tokens --- */

static void a_token_says_whose_it_is(void **state)
{
    struct fixture *f = *state;
    struct dp_token bearer = make_token(1), session = make_token(2), found;
    struct dp_user user = make_user("alice", "alice@example.com");

    assert_int_equal(dp_store_add_user(f->store, &user, &bearer, 1), DP_OK);
    session.session = true;
    session.expires_ms = 5000;
    snprintf(session.user_id, sizeof(session.user_id), "alice");
    assert_int_equal(dp_store_add_token(f->store, &session), DP_OK);
    memset(&found, 0xee, sizeof(found));
    assert_int_equal(dp_store_find_token(f->store, &found, bearer.hash, INT64_MAX), DP_OK);
    assert_string_equal(found.user_id, "alice");
    assert_memory_equal(found.hash, bearer.hash, DP_TOKEN_HASH_LEN);
    assert_true(!found.admin && !found.session && found.expires_ms == 0);
    assert_int_equal(found.created_ms, 1000);
    assert_int_equal(dp_store_find_token(f->store, &found, session.hash, 4999), DP_OK);
    assert_string_equal(found.user_id, "alice");
    assert_true(!found.admin && found.session && found.expires_ms == 5000);
}

static void a_token_and_its_user_are_found_together(void **state)
{
    struct fixture *f = *state;
    struct dp_token bearer = make_token(1), admin = make_token(2), found;
    struct dp_user alice = make_user("alice", "alice@example.com"), alone, together;

    assert_int_equal(dp_store_add_user(f->store, &alice, &bearer, 1), DP_OK);
    admin.admin = true;
    assert_int_equal(dp_store_add_token(f->store, &admin), DP_OK);
    memset(&alone, 0, sizeof(alone));
    memset(&together, 0xee, sizeof(together));
    assert_int_equal(dp_store_find_user(f->store, &alone, "alice"), DP_OK);
    assert_int_equal(dp_store_find_token_user(f->store, &found, &together, bearer.hash, 0), DP_OK);
    assert_string_equal(found.user_id, "alice");
    assert_true(!found.admin && !found.session);
    assert_memory_equal(&together, &alone, sizeof(alone));

    snprintf(alice.key_namespace, sizeof(alice.key_namespace), "wallet/ethereum/v2");
    snprintf(alice.address, sizeof(alice.address), "0xff");
    assert_int_equal(dp_store_rotate_key(f->store, &alice, DP_ACTOR_USER), DP_OK);
    assert_int_equal(dp_store_find_token_user(f->store, &found, &together, bearer.hash, 0), DP_OK);
    assert_string_equal(together.key_namespace, "wallet/ethereum/v2");

    assert_int_equal(dp_store_find_token_user(f->store, &found, &together, admin.hash, 0), DP_OK);
    assert_true(found.admin && together.id == 0 && together.key_namespace[0] == '\0');
    bearer.hash[0] ^= 1;
    assert_int_equal(dp_store_find_token_user(f->store, &found, &together, bearer.hash, 0),
                     DP_EUNAUTHORIZED);
}

static void what_is_no_token_is_unauthorized(void **state)
{
    struct fixture *f = *state;
    struct dp_token token = make_token(1), found;
    uint8_t hash[DP_TOKEN_HASH_LEN];

    token.admin = true;
    assert_int_equal(dp_store_add_token(f->store, &token), DP_OK);
    for (size_t i = 0; i < sizeof(hash); i++) {
        memcpy(hash, token.hash, sizeof(hash));
        hash[i] ^= 0x80;
        assert_int_equal(dp_store_find_token(f->store, &found, hash, 0), DP_EUNAUTHORIZED);
    }
}

static void a_token_ends_on_time(void **state)
{
    struct fixture *f = *state;
    struct dp_token token = make_token(1), found;

    token.admin = token.session = true;
    token.expires_ms = 5000;
    assert_int_equal(dp_store_add_token(f->store, &token), DP_OK);
    assert_int_equal(dp_store_find_token(f->store, &found, token.hash, 4999), DP_OK);
    assert_int_equal(dp_store_find_token(f->store, &found, token.hash, 5000), DP_EUNAUTHORIZED);
}

static void a_revoked_token_is_none(void **state)
{
    struct fixture *f = *state;
    struct dp_token token = make_token(1), other = make_token(2), found;

    token.admin = other.admin = true;
    assert_int_equal(dp_store_add_token(f->store, &token), DP_OK);
    assert_int_equal(dp_store_add_token(f->store, &other), DP_OK);
    assert_int_equal(dp_store_revoke_token(f->store, token.hash, 10), DP_OK);
    assert_int_equal(dp_store_revoke_token(f->store, token.hash, 11), DP_OK);
    assert_int_equal(dp_store_revoke_token(f->store, make_token(3).hash, 11), DP_OK);
    assert_int_equal(dp_store_find_token(f->store, &found, token.hash, 5), DP_EUNAUTHORIZED);
    assert_int_equal(dp_store_find_token(f->store, &found, other.hash, 5), DP_OK);
}

static void a_token_for_nobody_is_not_added(void **state)
{
    struct fixture *f = *state;
    struct dp_token token = make_token(1), found;

    assert_int_equal(dp_store_add_token(f->store, &token), DP_EUNKNOWNUSER);
    snprintf(token.user_id, sizeof(token.user_id), "alice");
    assert_int_equal(dp_store_add_token(f->store, &token), DP_EUNKNOWNUSER);
    assert_int_equal(dp_store_find_token(f->store, &found, token.hash, 0), DP_EUNAUTHORIZED);
}

/* An operator's own tool deletes a user and, without foreign keys, leaves the tokens behind. */
static void a_token_whose_user_is_gone_is_not_the_admins(void **state)
{
    struct fixture *f = *state;
    struct dp_token token = make_token(1), found;
    struct dp_user user = make_user("alice", "alice@example.com");

    assert_int_equal(dp_store_add_user(f->store, &user, &token, 1), DP_OK);
    database_tamper(&f->database, "DELETE FROM user_keys; DELETE FROM users;");
    assert_int_equal(dp_store_find_token(f->store, &found, token.hash, 0), DP_EUNAUTHORIZED);
}

struct admins {
    struct fixture *f;
    atomic_uint added, refused;
};

static void add_first_admin(size_t index, void *arg)
{
    struct admins *admins = arg;
    struct dp_token token = make_token((uint8_t)(index + 1));
    enum dp_err err;

    token.admin = true;
    err = dp_store_add_first_admin_token(admins->f->store, &token);
    atomic_fetch_add(err == DP_OK ? &admins->added : &admins->refused,
                     err == DP_OK || err == DP_EUSEREXISTS);
}

static void there_is_one_first_admin_token(void **state)
{
    struct admins admins = {.f = *state};

    on_threads(8, add_first_admin, &admins);
    assert_int_equal(atomic_load(&admins.added), 1);
    assert_int_equal(atomic_load(&admins.refused), 7);
}

static void a_revoked_admin_token_makes_room_for_a_first(void **state)
{
    struct fixture *f = *state;
    struct dp_token first = make_token(1), session = make_token(2), next = make_token(3);

    first.admin = session.admin = next.admin = true;
    session.session = true;
    session.expires_ms = 9;
    assert_int_equal(dp_store_add_token(f->store, &session), DP_OK);
    assert_int_equal(dp_store_add_first_admin_token(f->store, &first), DP_OK);
    assert_int_equal(dp_store_add_first_admin_token(f->store, &next), DP_EUSEREXISTS);
    assert_int_equal(dp_store_revoke_token(f->store, first.hash, 10), DP_OK);
    assert_int_equal(dp_store_add_first_admin_token(f->store, &next), DP_OK);
}

static void made_tokens_are_random_hex_with_their_hash(void **state)
{
    static const uint8_t sha256_abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    char text[DP_TOKEN_TEXT_SIZE], other[DP_TOKEN_TEXT_SIZE];
    uint8_t hash[DP_TOKEN_HASH_LEN];
    struct dp_token token;

    (void)state;
    dp_token_hash(hash, "abc"); /* FIPS 180-4, example B.1 */
    assert_memory_equal(hash, sha256_abc, sizeof(sha256_abc));
    assert_int_equal(dp_token_make(&token, other, true), DP_OK);
    assert_int_equal(token.expires_ms, token.created_ms + DP_SESSION_MS);
    assert_true(token.session && !token.admin);
    assert_int_equal(dp_token_make(&token, text, false), DP_OK);
    assert_true(token.expires_ms == 0 && !token.session && !token.admin);
    assert_int_equal(strspn(text, "0123456789abcdef"), DP_TOKEN_TEXT_SIZE - 1);
    assert_string_not_equal(text, other);
    dp_token_hash(hash, text);
    assert_memory_equal(hash, token.hash, sizeof(hash));
}

/* --- many at once, and later --- */

#define THREADS 32
#define EACH 50

struct crowd {
    struct fixture *f;
    atomic_uint added, user_exists, email_exists, others, missing;
};

/* Half of them are this thread's own, a quarter every thread's user id, a quarter every thread's
 * email address. */
static void add_many(size_t index, void *arg)
{
    struct crowd *crowd = arg;

    for (int i = 0; i < EACH; i++) {
        char user_id[32], email[64];
        struct dp_user found;
        enum dp_err err;

        snprintf(user_id, sizeof(user_id), i % 4 == 0 ? "same%d" : "u%d-%zu", i, index);
        snprintf(email, sizeof(email), i % 4 == 1 ? "same%d@x" : "e%d-%zu@x", i, index);
        err = add(crowd->f, user_id, email);
        atomic_fetch_add(err == DP_OK             ? &crowd->added
                         : err == DP_EUSEREXISTS  ? &crowd->user_exists
                         : err == DP_EEMAILEXISTS ? &crowd->email_exists
                                                  : &crowd->others,
                         1);
        /* What was acknowledged is there for every reader. */
        if (err == DP_OK && dp_store_find_user(crowd->f->store, &found, user_id) != DP_OK)
            atomic_fetch_add(&crowd->missing, 1);
    }
}

static void threads_that_add_at_once_get_what_they_are_told(void **state)
{
    struct fixture *f = *state;
    struct crowd crowd = {.f = f};
    unsigned same_ids = (EACH + 3) / 4, same_emails = (EACH + 2) / 4;
    unsigned own = EACH - same_ids - same_emails;
    struct listing listing = {.count = 0};

    on_threads(THREADS, add_many, &crowd);
    assert_int_equal(atomic_load(&crowd.others), 0);
    assert_int_equal(atomic_load(&crowd.missing), 0);
    assert_int_equal(atomic_load(&crowd.added), THREADS * own + same_ids + same_emails);
    assert_int_equal(atomic_load(&crowd.user_exists), (THREADS - 1) * same_ids);
    assert_int_equal(atomic_load(&crowd.email_exists), (THREADS - 1) * same_emails);
    dp_store_close(f->store);
    open_store(f);
    assert_int_equal(dp_store_list_users(f->store, 0, DP_LIST_MAX, "", note, &listing), DP_OK);
    assert_int_equal(listing.count, THREADS * own + same_ids + same_emails);
}

/* The child is killed the moment its last write is acknowledged. */
static void what_was_acknowledged_outlives_a_kill(void **state)
{
    struct fixture *f = *state;
    struct dp_user found;
    pid_t child;

    dp_store_close(f->store);
    child = fork();
    if (child == 0) {
        open_store(f);
        if (add(f, "alice", "alice@example.com") != DP_OK || add(f, "bob", "bob@x") != DP_OK)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    open_store(f);
    assert_int_equal(dp_store_find_user(f->store, &found, "alice"), DP_OK);
    assert_int_equal(dp_store_find_user(f->store, &found, "bob"), DP_OK);
}

static void a_reader_sees_what_another_process_wrote(void **state)
{
    struct fixture *f = *state;
    struct dp_store *reader;
    struct dp_user found;
    pid_t child;
    int status;

    dp_store_close(f->store);
    child = fork();
    if (child == 0) {
        open_store(f);
        _exit(add(f, "alice", "alice@example.com") != DP_OK);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(dp_store_open(&reader, f->database.url, DP_STORE_READ, NULL), DP_OK);
    assert_int_equal(dp_store_ping(reader), DP_OK);
    assert_int_equal(dp_store_find_user(reader, &found, "alice"), DP_OK);
    dp_store_close(reader);
    open_store(f);
}

/* --- opening --- */

static void an_unknown_url_is_a_bad_setting(void **state)
{
    static const char *const urls[] = {"",         "sqlite",      "sqlite:",   "devproof.db",
                                       "SQLITE:x", "postgresql:", " sqlite:x", "mysql://x"};
    struct dp_store *store;

    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct dp_detail detail = {"", ""};

        assert_int_equal(dp_store_open(&store, urls[i], DP_STORE_WRITE, &detail), DP_ECONFIG);
        assert_null(store);
        assert_string_equal(detail.field, "DATABASE_URL");
        assert_non_null(strstr(detail.text, "DATABASE_URL"));
    }
    dp_store_close(NULL);
}

static void assert_refused(const char *url, enum dp_store_mode mode)
{
    struct dp_detail detail = {"", ""};
    struct dp_store *store;

    assert_int_equal(dp_store_open(&store, url, mode, &detail), DP_ESTORE);
    assert_null(store);
    assert_string_equal(detail.field, "DATABASE_URL");
    assert_int_equal(detail.text[strlen(detail.text) - 1], '.');
}

static void reading_a_missing_database_makes_none(void **state)
{
    struct fixture *f = *state;
    char path[TEMP_SIZE], url[TEMP_SIZE + 8];

    temp_path(path, &f->database.temp, "missing");
    snprintf(url, sizeof(url), "sqlite:%s", path);
    assert_refused(url, DP_STORE_READ);
    assert_int_equal(access(path, F_OK), -1);
    assert_refused("sqlite:/nonexistent/db", DP_STORE_WRITE);
    assert_refused("sqlite:/tmp", DP_STORE_WRITE);
}

static void a_file_that_is_no_database_is_refused_and_left_alone(void **state)
{
    struct fixture *f = *state;
    char path[TEMP_SIZE], url[TEMP_SIZE + 8], text[4096];
    int fd;

    temp_path(path, &f->database.temp, "text");
    snprintf(url, sizeof(url), "sqlite:%s", path);
    memset(text, 'x', sizeof(text));
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
    assert_refused(url, DP_STORE_READ);
    assert_refused(url, DP_STORE_WRITE);
    assert_int_equal(pread(fd, text, sizeof(text), 0), sizeof(text));
    for (size_t i = 0; i < sizeof(text); i++)
        assert_int_equal(text[i], 'x');
    close(fd);
}

static void a_schema_of_another_version_is_refused(void **state)
{
    static const long long versions[] = {99, 2147483647, -1, -2147483648};
    struct fixture *f = *state;

    dp_store_close(f->store);
    for (size_t i = 0; i < COUNT(versions); i++) {
        database_set_version(&f->database, versions[i]);
        assert_refused(f->database.url, DP_STORE_READ);
        assert_refused(f->database.url, DP_STORE_WRITE);
    }
    database_set_version(&f->database, (long long)database_newest(&f->database));
    open_store(f);
}

static void an_empty_file_is_a_new_database_to_a_writer_only(void **state)
{
    struct fixture *f = *state;
    char path[TEMP_SIZE], url[TEMP_SIZE + 8];
    struct dp_store *store;

    temp_path(path, &f->database.temp, "empty");
    snprintf(url, sizeof(url), "sqlite:%s", path);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    assert_refused(url, DP_STORE_READ);
    assert_int_equal(dp_store_open(&store, url, DP_STORE_WRITE, NULL), DP_OK);
    dp_store_close(store);
}

/* Opens it in a process of its own, which says by its exit code whether it could. */
static pid_t open_in_a_child(const char *url)
{
    struct dp_detail detail = {"", ""};
    struct dp_store *store;
    pid_t child = fork();

    if (child != 0)
        return child;
    if (dp_store_open(&store, url, DP_STORE_WRITE, &detail) != DP_OK) {
        fprintf(stderr, "%s\n", detail.text);
        _exit(1);
    }
    _exit(dp_store_ping(store) != DP_OK);
}

/* As all programs of a first start do, and two nodes. */
static void processes_that_migrate_at_once_all_start(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct database database;
        pid_t children[16];

        database_make(&database);
        for (size_t i = 0; i < COUNT(children); i++)
            children[i] = open_in_a_child(database.url);
        for (size_t i = 0; i < COUNT(children); i++) {
            int status;

            assert_int_equal(waitpid(children[i], &status, 0), children[i]);
            assert_int_equal(status, 0);
        }
        database_remove(&database);
    }
}

static void a_database_that_stops_answering_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct dp_user found;

    assert_int_equal(dp_store_ping(f->store), DP_OK);
    assert_true(database_run(&f->database, "ALTER TABLE users RENAME TO others"));
    assert_int_equal(dp_store_ping(f->store), DP_ESTORE);
    assert_int_equal(dp_store_find_user(f->store, &found, "alice"), DP_ESTORE);
    assert_int_equal(add(f, "alice", "alice@example.com"), DP_ESTORE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_user_is_found_as_it_was_added),
        TEST(the_longest_texts_fit),
        TEST(nobody_is_found_by_another_name),
        TEST(a_user_id_and_an_email_are_taken_once),
        TEST(two_users_with_one_key_are_a_broken_agent),
        TEST(texts_that_look_like_messages_confuse_nobody),
        TEST(a_user_with_a_token_that_is_taken_is_not_added),
        TEST(a_query_is_plain_text),
        TEST(pages_hold_everyone_once),
        TEST(a_listing_ends_where_its_reader_says),
        TEST(nobody_is_after_the_last),
        TEST(a_token_says_whose_it_is),
        TEST(a_token_and_its_user_are_found_together),
        TEST(what_is_no_token_is_unauthorized),
        TEST(a_token_ends_on_time),
        TEST(a_revoked_token_is_none),
        TEST(a_token_for_nobody_is_not_added),
        TEST(a_token_whose_user_is_gone_is_not_the_admins),
        TEST(there_is_one_first_admin_token),
        TEST(a_revoked_admin_token_makes_room_for_a_first),
        TEST(made_tokens_are_random_hex_with_their_hash),
        TEST(threads_that_add_at_once_get_what_they_are_told),
        TEST(what_was_acknowledged_outlives_a_kill),
        TEST(a_reader_sees_what_another_process_wrote),
        TEST(an_unknown_url_is_a_bad_setting),
        TEST(a_schema_of_another_version_is_refused),
        TEST(processes_that_migrate_at_once_all_start),
        TEST(a_database_that_stops_answering_is_an_error),
    };

    const struct CMUnitTest of_files[] = {
        TEST(reading_a_missing_database_makes_none),
        TEST(a_file_that_is_no_database_is_refused_and_left_alone),
        TEST(an_empty_file_is_a_new_database_to_a_writer_only),
    };
    int failed;

    (void)argc;
    database_main(argv);
    failed = cmocka_run_group_tests_name("files", of_files, NULL, NULL);
    return failed + ON_EACH_ENGINE(tests);
}
