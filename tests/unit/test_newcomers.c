/* test_newcomers.c - since when each peer is there, and when a node is to act for itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster/keeper.h"
#include "cluster/newcomers.h"

static struct dp_peer peer(uint64_t token)
{
    return (struct dp_peer){.token_id = token, .lease_until = 1000, .endpoint = "https://a"};
}

static void note(struct dp_newcomers *newcomers, uint64_t block, uint64_t time,
                 struct dp_peer *list, size_t count)
{
    struct dp_peers peers = {.list = list, .count = count};

    peers.agreed.block.number = block;
    peers.agreed.block.time = time;
    assert_int_equal(dp_newcomers_note(newcomers, &peers), DP_OK);
}

static void all_of_the_first_list_were_there_before(void **state)
{
    struct dp_peer list[] = {peer(1), peer(2)};
    struct dp_newcomers newcomers = {.list = NULL};

    (void)state;
    note(&newcomers, 50, 0, list, 2);
    assert_int_equal(newcomers.count, 2);
    assert_true(dp_seen_is_settled(&newcomers.list[0], 50, 100));
    dp_newcomers_free(&newcomers);
}

static void who_comes_later_waits(void **state)
{
    struct dp_peer list[] = {peer(1), peer(2)};
    struct dp_newcomers newcomers = {.list = NULL};

    (void)state;
    note(&newcomers, 50, 0, list, 1);
    note(&newcomers, 60, 0, list, 2);
    note(&newcomers, 62, 0, list, 2);
    assert_int_equal(newcomers.list[1].since, 60);
    assert_false(dp_seen_is_settled(&newcomers.list[1], 62, 3));
    assert_true(dp_seen_is_settled(&newcomers.list[1], 63, 3));
    assert_true(dp_seen_is_settled(&newcomers.list[1], 60, 0));

    /* With another endpoint it comes anew; with a longer lease it does not. */
    list[1].lease_until = 2000;
    note(&newcomers, 70, 0, list, 2);
    assert_int_equal(newcomers.list[1].since, 60);
    list[1].endpoint[8] = 'b';
    note(&newcomers, 80, 0, list, 2);
    assert_int_equal(newcomers.list[1].since, 80);
    dp_newcomers_free(&newcomers);
}

static void who_left_or_lapsed_is_forgotten(void **state)
{
    struct dp_peer list[] = {peer(1), peer(2)};
    struct dp_newcomers newcomers = {.list = NULL};

    (void)state;
    note(&newcomers, 50, 0, list, 2);
    note(&newcomers, 51, 0, list, 1);
    assert_int_equal(newcomers.count, 1);
    note(&newcomers, 52, 0, list, 2);
    assert_int_equal(newcomers.list[1].since, 52);
    note(&newcomers, 53, 1001, list, 2);
    assert_int_equal(newcomers.count, 0);
    dp_newcomers_free(&newcomers);
}

/* --- for itself --- */

static struct dp_join_seen seen(uint64_t until, uint64_t now)
{
    struct dp_join_seen out = {
        .token_id = 7, .is_wanted = true, .block_time = now, .lease_s = 3600};

    out.peer.lease_until = until;
    return out;
}

static void a_node_acts_when_it_has_to(void **state)
{
    struct dp_join_seen at = seen(3600, 0);

    (void)state;
    assert_int_equal(dp_keeper_decide(&at), DP_KEEPER_REST);
    at.block_time = 2399;
    assert_int_equal(dp_keeper_decide(&at), DP_KEEPER_REST);
    at.block_time = 2400;
    assert_int_equal(dp_keeper_decide(&at), DP_KEEPER_RENEW);
    at.block_time = 3600;
    assert_int_equal(dp_keeper_decide(&at), DP_KEEPER_RENEW);
    at.block_time = 3601;
    assert_int_equal(dp_keeper_decide(&at), DP_KEEPER_REGISTER);
    at = seen(3600, 0);
    at.is_wanted = false;
    assert_int_equal(dp_keeper_decide(&at), DP_KEEPER_REGISTER);
    at = seen(3600, 0);
    at.token_id = 0;
    assert_int_equal(dp_keeper_decide(&at), DP_KEEPER_REGISTER);
}

static void it_looks_often_enough_for_the_lease_and_not_too_often(void **state)
{
    struct dp_join_seen at = seen(0, 0);

    (void)state;
    assert_int_equal(dp_keeper_pause(&at, 0), DP_KEEPER_LOOK_S);
    at.lease_s = 60;
    assert_int_equal(dp_keeper_pause(&at, 0), 5);
    at.lease_s = 0;
    assert_int_equal(dp_keeper_pause(&at, 0), 1);
    assert_int_equal(dp_keeper_pause(&at, 1), 2);
    assert_int_equal(dp_keeper_pause(&at, 4), 16);
    assert_int_equal(dp_keeper_pause(&at, 1000), DP_KEEPER_LOOK_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_the_first_list_were_there_before),
        cmocka_unit_test(who_comes_later_waits),
        cmocka_unit_test(who_left_or_lapsed_is_forgotten),
        cmocka_unit_test(a_node_acts_when_it_has_to),
        cmocka_unit_test(it_looks_often_enough_for_the_lease_and_not_too_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
