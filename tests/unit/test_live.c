/* test_live.c - what a live check commits to: figures computed by Node's crypto and by sha512sum.
 */
#include "helper.h"

#include <string.h>

#include "attest/live.h"
#include "base/hex.h"

static const struct {
    const char *name;
    bool with_key; /* 255, 254 and so on; else zeros */
    const char *want;
} cases[] = {
    {"a key", true,
     "a1108d3d0b7f2d2e2a84de0b78e592046e9baaf52c702de94d3d873626ed32fd"
     "dbea785083dec159f65c060ce3ba30bb38d6067392f582397b2681ad9fad1762"},
    {"no TLS", false,
     "6b4b57707349bf1cb71b74763a385fbfc05eb0231fd20d8d35450b17cf665ae6"
     "709ddf24fdd7f4463694ed5d2865c18ab489b9fdb75e270729fa551c22ea57d9"},
};

static void report_data_are_the_tag_the_nonce_and_the_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t nonce[DP_LIVE_NONCE_LEN], key[DP_LIVE_KEY_LEN] = {0}, out[DP_REPORT_DATA_LEN];
        char hex[2 * sizeof(out) + 1];

        for (size_t at = 0; at < sizeof(nonce); at++) {
            nonce[at] = (uint8_t)at;
            key[at] = cases[i].with_key ? (uint8_t)(255 - at) : 0;
        }
        dp_live_report_data(out, nonce, key);
        dp_hex_encode(hex, out, sizeof(out));
        assert_string_equal(hex, cases[i].want);
    }
}

static void every_bit_counts(void **state)
{
    uint8_t in[DP_LIVE_NONCE_LEN + DP_LIVE_KEY_LEN] = {0};
    uint8_t zero[DP_REPORT_DATA_LEN], out[DP_REPORT_DATA_LEN];

    (void)state;
    dp_live_report_data(zero, in, in + DP_LIVE_NONCE_LEN);
    for (size_t bit = 0; bit < 8 * sizeof(in); bit++) {
        in[bit / 8] ^= (uint8_t)(1 << (bit % 8));
        dp_live_report_data(out, in, in + DP_LIVE_NONCE_LEN);
        assert_memory_not_equal(out, zero, sizeof(out));
        in[bit / 8] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(report_data_are_the_tag_the_nonce_and_the_key),
        cmocka_unit_test(every_bit_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
