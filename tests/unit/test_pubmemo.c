/* test_pubmemo.c - a memo's public keys are those that libsecp256k1 derives, every time. */
#include "helper.h"

#include <string.h>

#include "base/secret.h"
#include "crypto/pubmemo.h"

#define KEYS 40

static struct dp_pub_memo *memo;

static int open_memo(void **state)
{
    (void)state;
    return dp_secp_init() == DP_OK && dp_pub_memo_open(&memo) == DP_OK ? 0 : -1;
}

static int close_memo(void **state)
{
    (void)state;
    dp_pub_memo_close(memo);
    return 0;
}

/* Keys that differ in one bit each. */
static void make_key(uint8_t key[static DP_SECP_KEY_LEN], unsigned number)
{
    memset(key, 1, DP_SECP_KEY_LEN);
    key[number % DP_SECP_KEY_LEN] ^= (uint8_t)(2U << number / DP_SECP_KEY_LEN);
}

static void a_key_has_its_own_public_key_each_time(void **state)
{
    uint8_t key[DP_SECP_KEY_LEN], pub[DP_SECP_PUB_LEN], want[DP_SECP_PUB_LEN];

    (void)state;
    for (unsigned i = 0; i < 3 * KEYS; i++) {
        make_key(key, i % KEYS);
        assert_int_equal(dp_secp_public(want, key), DP_OK);
        memset(pub, 0, sizeof(pub));
        assert_int_equal(dp_pub_memo_public(memo, pub, key), DP_OK);
        assert_memory_equal(pub, want, sizeof(pub));
    }
}

static void what_is_no_key_is_refused_each_time(void **state)
{
    static const uint8_t zero[DP_SECP_PUB_LEN];
    uint8_t none[2][DP_SECP_KEY_LEN] = {{0}}, pub[DP_SECP_PUB_LEN];

    (void)state;
    memset(none[1], 0xff, sizeof(none[1]));
    for (unsigned i = 0; i < 4; i++) {
        memset(pub, 1, sizeof(pub));
        assert_int_equal(dp_pub_memo_public(memo, pub, none[i % 2]), DP_ECRYPTO);
        assert_memory_equal(pub, zero, sizeof(pub));
    }
}

static void ask_for_all(size_t index, void *wrong)
{
    uint8_t key[DP_SECP_KEY_LEN], pub[DP_SECP_PUB_LEN], want[DP_SECP_PUB_LEN];

    for (unsigned i = 0; i < 10 * KEYS; i++) {
        make_key(key, (i + (unsigned)index) % KEYS);
        if (dp_pub_memo_public(memo, pub, key) != DP_OK || dp_secp_public(want, key) != DP_OK ||
            memcmp(pub, want, sizeof(pub)) != 0)
            atomic_store((atomic_bool *)wrong, true);
    }
}

static void threads_share_one(void **state)
{
    atomic_bool wrong = false;

    (void)state;
    on_threads(8, ask_for_all, &wrong);
    assert_false(wrong);
}

static void closing_takes_nothing_too(void **state)
{
    (void)state;
    dp_pub_memo_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_its_own_public_key_each_time),
        cmocka_unit_test(what_is_no_key_is_refused_each_time),
        cmocka_unit_test(threads_share_one),
        cmocka_unit_test(closing_takes_nothing_too),
    };

    return cmocka_run_group_tests(tests, open_memo, close_memo);
}
