/* test_bls.c - points of RFC 9380, and verdicts on which blst and noble agree. */
#include "vectors.h"

#include <string.h>

#include "bls/bls.h"
#include "bls/fp12.h"
#include "bls/hash.h"
#include "bls/pairing.h"

static struct json_object *doc;

static int load(void **state)
{
    (void)state;
    doc = vectors_load("bls.json");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_object_put(doc);
    return 0;
}

static void messages_hash_to_the_points_of_rfc_9380(void **state)
{
    (void)state;
    FOR_EACH_ROW(row, vectors_rows(doc, "hash_to_g2"))
    {
        const char *message = vectors_text(row, "message");
        uint8_t encoded[DP_G2_LEN];
        struct dp_g2 point, expected;

        vectors_fixed(encoded, sizeof(encoded), row, "point");
        assert_int_equal(dp_g2_decode(&expected, encoded), DP_OK);
        dp_bls_hash_to_g2(&point, message, strlen(message), vectors_text(row, "tag"));
        assert_true(dp_g2_equal(&point, &expected));
        assert_true(dp_g2_is_in_subgroup(&point));
    }
}

static const char *judge(struct bytes bytes, struct bytes message, struct bytes sig)
{
    const uint8_t(*keys_of)[DP_BLS_PUBLIC_LEN] = (const uint8_t(*)[DP_BLS_PUBLIC_LEN])bytes.data;
    struct dp_bls_keys *keys;
    bool valid;

    if (dp_bls_keys_open(&keys, keys_of, bytes.len / DP_BLS_PUBLIC_LEN, NULL) != DP_OK) {
        assert_null(keys);
        return "keys";
    }
    valid = dp_bls_verify(keys, NULL, message.data, message.len, sig.data);
    dp_bls_keys_free(keys);
    return valid ? "valid" : "invalid";
}

static void signatures_are_judged_as_blst_and_noble_do(void **state)
{
    (void)state;
    FOR_EACH_ROW(row, vectors_rows(doc, "signatures"))
    {
        struct bytes keys = vectors_hex(row, "keys"), message = vectors_hex(row, "message"),
                     sig = vectors_hex(row, "signature");

        assert_int_equal(sig.len, DP_BLS_SIG_LEN);
        if (strcmp(judge(keys, message, sig), vectors_text(row, "verdict")) != 0)
            fail_msg("%s: not %s", vectors_text(row, "name"), vectors_text(row, "verdict"));
        bytes_free(keys);
        bytes_free(message);
        bytes_free(sig);
    }
}

/* The generator twice in the list, and each bit by itself. */
static void only_those_count_who_have_signed(void **state)
{
    struct json_object *row = NULL;
    struct bytes bytes, message, sig;
    struct dp_bls_keys *keys;
    uint8_t three[3][DP_BLS_PUBLIC_LEN];

    (void)state;
    FOR_EACH_ROW(one, vectors_rows(doc, "signatures"))
    {
        if (strcmp(vectors_text(one, "name"), "1 keys") == 0)
            row = one;
    }
    assert_non_null(row);
    bytes = vectors_hex(row, "keys");
    message = vectors_hex(row, "message");
    sig = vectors_hex(row, "signature");
    for (int i = 0; i < 3; i++)
        memcpy(three[i], bytes.data, sizeof(three[i]));
    three[1][0] ^= 0x20;
    assert_int_equal(dp_bls_keys_open(&keys, (const uint8_t(*)[DP_BLS_PUBLIC_LEN])three, 3, NULL),
                     DP_OK);
    for (uint8_t who = 0; who < 8; who++) {
        bool sums_to_one = who == 1 || who == 4 || who == 7;

        assert_int_equal(dp_bls_verify(keys, &who, message.data, message.len, sig.data),
                         sums_to_one);
    }
    dp_bls_keys_free(keys);
    bytes_free(bytes);
    bytes_free(message);
    bytes_free(sig);
}

static void there_is_a_limit_to_the_keys(void **state)
{
    static const uint8_t key[1][DP_BLS_PUBLIC_LEN];
    struct dp_detail detail;
    struct dp_bls_keys *keys;

    (void)state;
    assert_int_equal(dp_bls_keys_open(&keys, key, 0, &detail), DP_EINVAL);
    assert_int_equal(dp_bls_keys_open(&keys, key, DP_BLS_KEYS_MAX + 1, &detail), DP_EINVAL);
    assert_int_equal(dp_bls_keys_open(&keys, key, 1, &detail), DP_EFORMAT);
    assert_string_equal(detail.text, "public key 0 is not valid");
    dp_bls_keys_free(NULL);
}

/* e(2P, Q) = e(P, 2Q), which no wrong exponent and no forgotten line would leave true. */
static void the_pairing_is_bilinear_and_not_one(void **state)
{
    struct dp_g1 ps[2];
    struct dp_g2 qs[2];

    (void)state;
    dp_bls_hash_to_g2(&qs[0], "message", 7, "tag");
    dp_g1_negative_generator(&ps[0]);
    assert_false(dp_pairing_product_is_one(ps, qs, 1));
    dp_g2_double(&qs[1], &qs[0]);
    dp_g1_neg(&ps[1], &ps[0]);
    dp_g1_double(&ps[0], &ps[0]);
    assert_true(dp_pairing_product_is_one(ps, qs, 2));
    dp_g1_double(&ps[0], &ps[0]);
    assert_false(dp_pairing_product_is_one(ps, qs, 2));
    assert_true(dp_pairing_product_is_one(ps, qs, 0));
}

/* Bytes of all kinds as roots: each of x and -x is one of the square, and Z a square of nothing. */
static void square_roots_are_found_where_there_are_any(void **state)
{
    (void)state;
    for (int64_t i = -20; i <= 20; i++) {
        for (int64_t j = -20; j <= 20; j++) {
            struct dp_fp2 x, square, root, negative;

            dp_fp2_from_ints(&x, i, j);
            dp_fp2_sqr(&square, &x);
            assert_true(dp_fp2_sqrt(&root, &square));
            dp_fp2_neg(&negative, &root);
            assert_true(dp_fp2_equal(&x, &root) || dp_fp2_equal(&x, &negative));
            if (i == 0 && j == 0)
                continue;
            assert_true(dp_fp2_is_large(&root) != dp_fp2_is_large(&negative));
            dp_fp2_mul_xi(&square, &square);
            assert_false(dp_fp2_sqrt(&root, &square));
        }
    }
}

static void numbers_from_p_on_are_refused(void **state)
{
    uint8_t p_bytes[DP_FP_LEN], again[DP_FP_LEN];
    struct dp_fp minus_one, x;

    (void)state;
    dp_fp_from_int(&minus_one, -1);
    dp_fp_encode(p_bytes, &minus_one);
    assert_int_equal(dp_fp_decode(&x, p_bytes), DP_OK);
    assert_true(dp_fp_equal(&x, &minus_one));
    dp_fp_encode(again, &x);
    assert_memory_equal(again, p_bytes, sizeof(again));
    p_bytes[DP_FP_LEN - 1]++;
    assert_int_equal(dp_fp_decode(&x, p_bytes), DP_EFORMAT);
    memset(p_bytes, 0xff, sizeof(p_bytes));
    assert_int_equal(dp_fp_decode(&x, p_bytes), DP_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_hash_to_the_points_of_rfc_9380),
        cmocka_unit_test(signatures_are_judged_as_blst_and_noble_do),
        cmocka_unit_test(only_those_count_who_have_signed),
        cmocka_unit_test(there_is_a_limit_to_the_keys),
        cmocka_unit_test(the_pairing_is_bilinear_and_not_one),
        cmocka_unit_test(square_roots_are_found_where_there_are_any),
        cmocka_unit_test(numbers_from_p_on_are_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
