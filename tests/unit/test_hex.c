/* test_hex.c - hexadecimal text: what is read, what is refused, and that both ways agree. */
#include "helper.h"

#include <string.h>

#include "base/hex.h"

/* On purpose slow and plain: the value of a digit, or -1. */
static int naive_digit(int c)
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

    for (int i = 0; i < 16; i++) {
        if (c == lower[i] || c == upper[i])
            return i;
    }
    return -1;
}

static void every_pair_reads_as_the_naive_decoder_reads_it(void **state)
{
    (void)state;
    for (int pair = 0; pair < 65536; pair++) {
        char text[2] = {(char)(pair >> 8), (char)(pair & 255)};
        int high = naive_digit(pair >> 8), low = naive_digit(pair & 255);
        bool prefix = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
        uint8_t out = 0;
        size_t len = 9;
        enum dp_err err = dp_hex_decode(&out, 1, &len, text, 2);

        if (prefix)
            assert_true(err == DP_OK && len == 0);
        else if (high < 0 || low < 0)
            assert_true(err == DP_EHEX && len == 0);
        else
            assert_true(err == DP_OK && len == 1 && out == high * 16 + low);
    }
}

static const struct {
    const char *name, *text;
    size_t cap;
    enum dp_err want;
    size_t len;
} cases[] = {
    {"nothing", "", 0, DP_OK, 0},
    {"a prefix alone", "0x", 0, DP_OK, 0},
    {"upper-case prefix", "0XfF", 1, DP_OK, 1},
    {"mixed case", "DeadBeef", 4, DP_OK, 4},
    {"fits exactly", "0x010203", 3, DP_OK, 3},
    {"one byte too many", "01020304", 3, DP_ETOOBIG, 0},
    {"no room at all", "00", 0, DP_ETOOBIG, 0},
    {"one digit", "1", 4, DP_EHEX, 0},
    {"a prefix and one digit", "0x1", 4, DP_EHEX, 0},
    {"an odd number, too many besides", "0x1234567", 2, DP_EHEX, 0},
    {"two prefixes", "0x0x12", 4, DP_EHEX, 0},
    {"half a prefix", "x123", 4, DP_EHEX, 0},
    {"a space before", " 123", 4, DP_EHEX, 0},
    {"a line end after", "12\n0", 4, DP_EHEX, 0},
    {"a sign", "+1-1", 4, DP_EHEX, 0},
    {"the letter after f", "0g", 4, DP_EHEX, 0},
    {"the last digit is bad", "000000z0", 4, DP_EHEX, 0},
    {"a bad digit that a good one follows", "z0000000", 4, DP_EHEX, 0},
    {"a byte above ASCII", "\xb0\xb1", 4, DP_EHEX, 0},
};

static void decoding(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t out[8];
        size_t len = 9;
        enum dp_err err;

        memset(out, 0xee, sizeof(out));
        err = dp_hex_decode(out, cases[i].cap, &len, cases[i].text, strlen(cases[i].text));
        if (err != cases[i].want || len != cases[i].len)
            fail_msg("%s: %s, %zu bytes", cases[i].name, dp_err_text(err), len);
        for (size_t j = cases[i].cap; j < sizeof(out); j++)
            assert_int_equal(out[j], 0xee);
    }
}

static void the_text_needs_no_nul(void **state)
{
    uint8_t out[1];
    size_t len;

    (void)state;
    assert_int_equal(dp_hex_decode(out, 1, &len, "12junk", 2), DP_OK);
    assert_int_equal(out[0], 0x12);
    assert_int_equal(dp_hex_decode(out, 1, &len, "1\0", 2), DP_EHEX);
}

static void an_exact_length_is_exact(void **state)
{
    uint8_t out[2];

    (void)state;
    assert_int_equal(dp_hex_decode_exact(out, 2, "0xa1b2"), DP_OK);
    assert_memory_equal(out, "\xa1\xb2", 2);
    assert_int_equal(dp_hex_decode_exact(out, 2, "a1"), DP_EHEX);
    assert_int_equal(dp_hex_decode_exact(out, 2, "a1b2c3"), DP_EHEX);
    assert_int_equal(dp_hex_decode_exact(out, 2, ""), DP_EHEX);
}

static void what_is_encoded_decodes_again(void **state)
{
    uint8_t in[256], out[256];
    char text[DP_HEX0X_SIZE(sizeof(in))];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)i;
    dp_hex0x_encode(text, in, sizeof(in));
    assert_int_equal(strlen(text), sizeof(text) - 1);
    assert_memory_equal(text, "0x000102", 8);
    assert_int_equal(dp_hex_decode(out, sizeof(out), &len, text, strlen(text)), DP_OK);
    assert_int_equal(len, sizeof(in));
    assert_memory_equal(in, out, sizeof(in));
    dp_hex_encode(text, in + 254, 2);
    assert_string_equal(text, "feff");
}

static void a_secret_has_digits_alone_and_all_of_them(void **state)
{
    static const uint8_t want[] = {0x00, 0xfa, 0x9B};
    uint8_t out[sizeof(want)];
    char text[2 * sizeof(want)];

    (void)state;
    assert_int_equal(dp_hex_decode_secret(out, sizeof(out), "00fA9b and more"), DP_OK);
    assert_memory_equal(out, want, sizeof(want));
    assert_int_equal(dp_hex_decode_secret(out, sizeof(out), "0x00fA9b"), DP_EHEX);
    for (size_t at = 0; at < sizeof(text); at++) {
        for (int c = 0; c < 256; c++) {
            bool digit = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');

            memset(text, '0', sizeof(text));
            text[at] = (char)c;
            assert_int_equal(dp_hex_decode_secret(out, sizeof(out), text), digit ? DP_OK : DP_EHEX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_has_digits_alone_and_all_of_them),
        cmocka_unit_test(every_pair_reads_as_the_naive_decoder_reads_it),
        cmocka_unit_test(decoding),
        cmocka_unit_test(the_text_needs_no_nul),
        cmocka_unit_test(an_exact_length_is_exact),
        cmocka_unit_test(what_is_encoded_decodes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
