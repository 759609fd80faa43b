/* test_p256.c - signatures of published quotes hold, and nothing else does. */
#include "vectors.h"

#include <string.h>

#include <openssl/evp.h>

#include "attest/quote.h"
#include "crypto/p256.h"

static struct bytes base;
static struct dp_quote quote;

static int load(void **state)
{
    (void)state;
    base = vectors_file("quotes/test-root/q00.bin");
    return dp_quote_parse(&quote, base.data, base.len, NULL) == DP_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    bytes_free(base);
    return 0;
}

static void a_signature_holds_for_its_key_and_data_alone(void **state)
{
    uint8_t sig[DP_P256_SIG_LEN];
    EVP_PKEY *key;

    (void)state;
    assert_int_equal(dp_p256_key(&key, quote.key), DP_OK);
    assert_true(dp_p256_is(key));
    assert_true(
        dp_p256_verify(key, quote.signature, quote.signed_part.data, quote.signed_part.len));
    assert_false(
        dp_p256_verify(key, quote.signature, quote.signed_part.data, quote.signed_part.len - 1));
    assert_false(
        dp_p256_verify(key, quote.qe_signature, quote.signed_part.data, quote.signed_part.len));
    for (size_t i = 0; i < sizeof(sig); i++) {
        memcpy(sig, quote.signature, sizeof(sig));
        sig[i] ^= 1;
        assert_false(dp_p256_verify(key, sig, quote.signed_part.data, quote.signed_part.len));
    }
    EVP_PKEY_free(key);
}

static void the_other_half_of_s_holds_too(void **state)
{
    static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                      0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
    uint8_t sig[DP_P256_SIG_LEN];
    int borrow = 0;
    EVP_PKEY *key;

    (void)state;
    memcpy(sig, quote.signature, sizeof(sig));
    for (int i = 31; i >= 0; i--) {
        int digit = order[i] - sig[32 + i] - borrow;

        borrow = digit < 0;
        sig[32 + i] = (uint8_t)digit;
    }
    assert_int_equal(dp_p256_key(&key, quote.key), DP_OK);
    assert_true(dp_p256_verify(key, sig, quote.signed_part.data, quote.signed_part.len));
    EVP_PKEY_free(key);
}

static void degenerate_signatures_do_not_hold(void **state)
{
    uint8_t sig[DP_P256_SIG_LEN];
    EVP_PKEY *key;

    (void)state;
    assert_int_equal(dp_p256_key(&key, quote.key), DP_OK);
    for (int which = 0; which < 4; which++) {
        memset(sig, which == 3 ? 0xff : 0, sizeof(sig));
        sig[which == 1 ? 31 : 63] |= which == 1 || which == 2;
        assert_false(dp_p256_verify(key, sig, quote.signed_part.data, quote.signed_part.len));
    }
    EVP_PKEY_free(key);
}

static void what_is_no_point_is_no_key(void **state)
{
    uint8_t point[DP_P256_POINT_LEN];
    EVP_PKEY *key;

    (void)state;
    memcpy(point, quote.key, sizeof(point));
    point[63] ^= 1;
    assert_int_equal(dp_p256_key(&key, point), DP_EPUBKEY);
    assert_null(key);
    memset(point, 0, sizeof(point));
    assert_int_equal(dp_p256_key(&key, point), DP_EPUBKEY);
    memset(point, 0xff, sizeof(point));
    assert_int_equal(dp_p256_key(&key, point), DP_EPUBKEY);
    assert_false(dp_p256_is(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_holds_for_its_key_and_data_alone),
        cmocka_unit_test(the_other_half_of_s_holds_too),
        cmocka_unit_test(degenerate_signatures_do_not_hold),
        cmocka_unit_test(what_is_no_point_is_no_key),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
