/* test_wallet.c - no key is given out until the agent has shown that it keeps users apart. */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "dstack/wallet.h"

#define NAMESPACE "wallet/ethereum"

enum mode {
    GOOD,
    SAME_FOR_ALL,        /* one key for every path */
    SAME_IN_NAMESPACES,  /* the user alone makes the key */
    SAME_FOR_USERS,      /* the namespace alone makes the key */
    OTHER_APP_EACH_TIME, /* the KMS signature changes with the path */
    OTHER_APP,           /* one other app than in GOOD, for all paths */
    SLOW,
    FAILING,
    BAD_INFO,
};

/* Any number will do, if it is another for another text. */
static unsigned number_of(const char *text)
{
    unsigned h = 2166136261u;

    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 16777619u;
    return h;
}

static unsigned key_number(const char *path, int mode)
{
    const char *slash = strrchr(path, '/');
    char key_namespace[256];

    if (mode == SAME_FOR_ALL)
        return 1;
    if (mode == SAME_IN_NAMESPACES)
        return number_of(slash);
    snprintf(key_namespace, sizeof(key_namespace), "%.*s", (int)(slash - path), path);
    return number_of(mode == SAME_FOR_USERS ? key_namespace : path);
}

static void say(struct agent_answer *out, const char *method, const char *path, int mode)
{
    unsigned app = mode == OTHER_APP || mode == BAD_INFO ? 2 : 1;

    if (mode == SLOW)
        usleep(20000);
    if (mode == FAILING)
        out->status = 500;
    else if (strcmp(method, "Info") == 0)
        snprintf(out->text, sizeof(out->text), "{\"app_id\":\"%08x%030d%s\"}", app, 0,
                 mode == BAD_INFO ? "zz" : "00");
    else
        snprintf(out->text, sizeof(out->text),
                 "{\"key\":\"%064x\",\"signature_chain\":[\"%0130x\",\"%0130x\"]}",
                 key_number(path, mode), 3u, mode == OTHER_APP_EACH_TIME ? number_of(path) : app);
}

struct fixture {
    struct agent *agent;
    struct dp_guest *guest;
    struct dp_wallet *wallet;
};

static int start(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->agent = agent_start(say);
    assert_int_equal(dp_secp_init(), DP_OK);
    assert_int_equal(dp_secret_init(), DP_OK);
    assert_int_equal(dp_guest_open(&f->guest, agent_socket(f->agent)), DP_OK);
    assert_int_equal(dp_wallet_open(&f->wallet, f->guest, NAMESPACE), DP_OK);
    *state = f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    dp_wallet_close(f->wallet);
    dp_guest_close(f->guest);
    agent_stop(f->agent);
    free(f);
    return 0;
}

static enum dp_err ask(struct fixture *f, const char *user_id)
{
    struct dp_guest_key key;
    enum dp_err err = dp_wallet_key(f->wallet, &key, NAMESPACE, user_id);

    assert_int_equal(key.key != NULL && key.public_key[0] == 4, err == DP_OK);
    dp_guest_key_free(&key);
    return err;
}

static void the_cryptography_at_hand_passes(void **state)
{
    (void)state;
    assert_int_equal(dp_wallet_self_test(), DP_OK);
}

static void derive_anew(uint8_t pub[static DP_SECP_PUB_LEN], const struct dp_guest_key *key)
{
    assert_int_equal(dp_secp_public(pub, (const uint8_t *)key->key), DP_OK);
}

/* An agent that lies after its test gives the public key away, whatever was seen before. */
static void the_public_key_is_always_that_of_the_key_that_came(void **state)
{
    static const int modes[] = {GOOD, SAME_FOR_ALL, GOOD, GOOD, SAME_FOR_USERS, SAME_FOR_ALL};
    struct fixture *f = *state;
    uint8_t honest[DP_SECP_PUB_LEN] = {0}, want[DP_SECP_PUB_LEN];

    for (size_t i = 0; i < COUNT(modes); i++) {
        struct dp_guest_key key;

        agent_set_mode(f->agent, modes[i]);
        assert_int_equal(dp_wallet_key(f->wallet, &key, NAMESPACE, "alice"), DP_OK);
        derive_anew(want, &key);
        assert_memory_equal(key.public_key, want, sizeof(want));
        if (i == 0)
            memcpy(honest, want, sizeof(honest));
        assert_int_equal(memcmp(honest, want, sizeof(want)) == 0, modes[i] == GOOD);
        dp_guest_key_free(&key);
    }
}

static void an_agent_that_keeps_users_apart_is_asked_once_more_a_key(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(ask(f, "alice"), DP_OK);
    assert_int_equal(agent_keys(f->agent), 4);
    assert_int_equal(ask(f, "bob"), DP_OK);
    assert_int_equal(dp_wallet_check(f->wallet), DP_OK);
    assert_int_equal(agent_keys(f->agent), 6);
}

static void users_have_keys_of_their_own_and_always_the_same(void **state)
{
    struct fixture *f = *state;
    struct dp_guest_key alice, bob, again;

    assert_int_equal(dp_wallet_key(f->wallet, &alice, NAMESPACE, "alice"), DP_OK);
    assert_int_equal(dp_wallet_key(f->wallet, &bob, NAMESPACE, "bob"), DP_OK);
    assert_int_equal(dp_wallet_key(f->wallet, &again, NAMESPACE, "alice"), DP_OK);
    assert_memory_not_equal(alice.key, bob.key, DP_SECP_KEY_LEN);
    assert_memory_equal(alice.key, again.key, DP_SECP_KEY_LEN);
    dp_guest_key_free(&alice);
    dp_guest_key_free(&bob);
    dp_guest_key_free(&again);
}

static void a_user_has_another_key_in_another_namespace(void **state)
{
    struct fixture *f = *state;
    struct dp_guest_key first, rotated, none;

    assert_int_equal(dp_wallet_key(f->wallet, &first, NAMESPACE, "alice"), DP_OK);
    assert_int_equal(dp_wallet_key(f->wallet, &rotated, NAMESPACE "/v2", "alice"), DP_OK);
    assert_memory_not_equal(first.key, rotated.key, DP_SECP_KEY_LEN);
    dp_guest_key_free(&first);
    dp_guest_key_free(&rotated);
    /* What a database may say, but no setting can. */
    assert_int_equal(dp_wallet_key(f->wallet, &none, "!self-test", "alice"), DP_EINVAL);
    assert_null(none.key);
}

/* What was seen once is not forgotten, whatever the agent does later. */
static void an_agent_that_mixes_users_up_is_never_used(void **state)
{
    static const enum mode modes[] = {SAME_FOR_ALL, SAME_IN_NAMESPACES, SAME_FOR_USERS,
                                      OTHER_APP_EACH_TIME};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(modes); i++) {
        struct dp_wallet *wallet = f->wallet;

        assert_int_equal(dp_wallet_open(&f->wallet, f->guest, NAMESPACE), DP_OK);
        agent_set_mode(f->agent, modes[i]);
        assert_int_equal(ask(f, "alice"), DP_ESELFTEST);
        agent_set_mode(f->agent, GOOD);
        assert_int_equal(ask(f, "alice"), DP_ESELFTEST);
        assert_int_equal(dp_wallet_check(f->wallet), DP_ESELFTEST);
        dp_wallet_close(f->wallet);
        f->wallet = wallet;
    }
    assert_int_equal(ask(f, "alice"), DP_OK);
}

/* The self-test's namespace must not be one that a setting can name. */
static void every_namespace_passes(void **state)
{
    static const char *const namespaces[] = {"devproof", "a", "self-test", "wallet"};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(namespaces); i++) {
        struct dp_wallet *wallet;
        struct dp_guest_key key;

        assert_int_equal(dp_wallet_open(&wallet, f->guest, namespaces[i]), DP_OK);
        if (dp_wallet_key(wallet, &key, namespaces[i], "alice") != DP_OK)
            fail_msg("%s", namespaces[i]);
        dp_guest_key_free(&key);
        dp_wallet_close(wallet);
    }
}

static void an_agent_that_fails_is_asked_again(void **state)
{
    struct fixture *f = *state;

    agent_set_mode(f->agent, FAILING);
    assert_int_equal(ask(f, "alice"), DP_EGUEST);
    assert_int_equal(ask(f, "alice"), DP_EGUEST);
    agent_set_mode(f->agent, GOOD);
    assert_int_equal(ask(f, "alice"), DP_OK);
    agent_set_mode(f->agent, FAILING);
    assert_int_equal(ask(f, "alice"), DP_EGUEST);
    assert_int_equal(dp_wallet_check(f->wallet), DP_EGUEST);
}

struct crowd {
    struct fixture *f;
    atomic_uint others;
};

static void ask_first(size_t index, void *arg)
{
    struct crowd *crowd = arg;
    struct dp_guest_key key;
    char user_id[32];

    snprintf(user_id, sizeof(user_id), "user%zu", index);
    if (dp_wallet_key(crowd->f->wallet, &key, NAMESPACE, user_id) != DP_OK)
        atomic_fetch_add(&crowd->others, 1);
    dp_guest_key_free(&key);
}

/* As many as a program has threads: locked memory must be enough for all their tests at once. */
static void many_first_calls_at_once_all_get_their_key(void **state)
{
    struct crowd crowd = {.f = *state};

    agent_set_mode(crowd.f->agent, SLOW);
    on_threads(80, ask_first, &crowd);
    assert_int_equal(atomic_load(&crowd.others), 0);
}

static void ask_and_count(size_t index, void *arg)
{
    struct crowd *crowd = arg;
    struct dp_guest_key key;
    enum dp_err err;

    /* The agent changes its mind while tests are under way. */
    agent_set_mode(crowd->f->agent, index % 2 == 0 ? GOOD : SAME_FOR_ALL);
    err = dp_wallet_key(crowd->f->wallet, &key, NAMESPACE, "alice");
    dp_guest_key_free(&key);
    if (err == DP_ESELFTEST)
        atomic_fetch_add(&crowd->others, 1);
}

/* Once one thread has seen the agent fail, no thread whose test has passed may undo that. */
static void a_failed_test_stands_against_one_that_passes(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 30; round++) {
        struct fixture own = *f;
        struct crowd crowd = {.f = &own};

        assert_int_equal(dp_wallet_open(&own.wallet, f->guest, NAMESPACE), DP_OK);
        on_threads(16, ask_and_count, &crowd);
        agent_set_mode(f->agent, GOOD);
        if (atomic_load(&crowd.others) > 0)
            assert_int_equal(ask(&own, "alice"), DP_ESELFTEST);
        dp_wallet_close(own.wallet);
    }
}

static enum dp_err app_id_of(struct fixture *f, uint8_t out[static DP_APP_ID_LEN], int mode)
{
    struct dp_guest_key key;
    enum dp_err err;

    agent_set_mode(f->agent, mode == BAD_INFO ? OTHER_APP : mode);
    assert_int_equal(dp_wallet_key(f->wallet, &key, NAMESPACE, "alice"), DP_OK);
    agent_set_mode(f->agent, mode);
    err = dp_wallet_app_id(f->wallet, out, &key);
    dp_guest_key_free(&key);
    return err;
}

static void the_app_id_is_asked_for_once_an_app(void **state)
{
    struct fixture *f = *state;
    uint8_t app_id[DP_APP_ID_LEN];

    for (int i = 0; i < 5; i++) {
        assert_int_equal(app_id_of(f, app_id, GOOD), DP_OK);
        assert_int_equal(app_id[3], 1);
    }
    assert_int_equal(agent_infos(f->agent), 1);
    assert_int_equal(app_id_of(f, app_id, OTHER_APP), DP_OK);
    assert_int_equal(app_id[3], 2);
    assert_int_equal(agent_infos(f->agent), 2);
}

/* Its first bytes were read before the last turned out bad: they must not stay. */
static void a_bad_app_id_does_not_spoil_the_known_one(void **state)
{
    struct fixture *f = *state;
    uint8_t app_id[DP_APP_ID_LEN];

    assert_int_equal(app_id_of(f, app_id, GOOD), DP_OK);
    assert_int_equal(app_id_of(f, app_id, BAD_INFO), DP_EGUEST);
    assert_int_equal(app_id_of(f, app_id, GOOD), DP_OK);
    assert_int_equal(app_id[3], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_cryptography_at_hand_passes, start, stop),
        cmocka_unit_test_setup_teardown(an_agent_that_keeps_users_apart_is_asked_once_more_a_key,
                                        start, stop),
        cmocka_unit_test_setup_teardown(the_public_key_is_always_that_of_the_key_that_came, start,
                                        stop),
        cmocka_unit_test_setup_teardown(users_have_keys_of_their_own_and_always_the_same, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_user_has_another_key_in_another_namespace, start, stop),
        cmocka_unit_test_setup_teardown(an_agent_that_mixes_users_up_is_never_used, start, stop),
        cmocka_unit_test_setup_teardown(every_namespace_passes, start, stop),
        cmocka_unit_test_setup_teardown(an_agent_that_fails_is_asked_again, start, stop),
        cmocka_unit_test_setup_teardown(many_first_calls_at_once_all_get_their_key, start, stop),
        cmocka_unit_test_setup_teardown(a_failed_test_stands_against_one_that_passes, start, stop),
        cmocka_unit_test_setup_teardown(the_app_id_is_asked_for_once_an_app, start, stop),
        cmocka_unit_test_setup_teardown(a_bad_app_id_does_not_spoil_the_known_one, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
