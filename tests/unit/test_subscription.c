/* test_subscription.c - where a subscription may go, and what refuses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/refusal.h"
#include "ethereum/subscription.h"

static void urls_are_of_a_websocket_with_a_host(void **state)
{
    char longest[DP_SUBSCRIPTION_URL_MAX + 1];

    (void)state;
    assert_true(dp_subscription_is_url("ws://127.0.0.1:8546"));
    assert_true(dp_subscription_is_url("wss://node.example/v3/key"));
    assert_false(dp_subscription_is_url("http://127.0.0.1:8546"));
    assert_false(dp_subscription_is_url("ws://"));
    assert_false(dp_subscription_is_url(""));
    assert_false(dp_subscription_is_url("ws://host:99999"));
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "ws://", 5);
    longest[DP_SUBSCRIPTION_URL_MAX] = '\0';
    assert_false(dp_subscription_is_url(longest));
    longest[DP_SUBSCRIPTION_URL_MAX - 1] = '\0';
    longest[8] = '/';
    assert_true(dp_subscription_is_url(longest));
}

static void where_nobody_listens_there_is_none(void **state)
{
    const uint8_t contract[DP_ADDRESS_LEN] = {1};
    struct dp_subscription *subscription;
    struct dp_detail detail = {"", ""};

    (void)state;
    assert_int_equal(
        dp_subscription_open(&subscription, "ws://127.0.0.1:1", contract, 2000, &detail), DP_EIO);
    assert_null(subscription);
    assert_int_equal(dp_subscription_open(&subscription, "x", contract, 2000, &detail), DP_EINVAL);
    assert_null(subscription);
    dp_subscription_close(NULL);
}

/* ClusterFull(uint256), as solc has its selector. */
static void refusals_are_known_by_selector(void **state)
{
    struct dp_buf revert = DP_BUF_INIT(64);

    (void)state;
    assert_null(dp_refusal_text(&revert));
    dp_buf_add(&revert, "\xde\xad\xbe\xef", 4);
    assert_null(dp_refusal_text(&revert));
    dp_buf_reset(&revert);
    dp_buf_add(&revert, "\x6a\xaa\x2c\xeb", 4);
    assert_string_equal(dp_refusal_text(&revert), "all seats are taken.");
    dp_buf_free(&revert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_of_a_websocket_with_a_host),
        cmocka_unit_test(where_nobody_listens_there_is_none),
        cmocka_unit_test(refusals_are_known_by_selector),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
