/* test_integer.c - the EVM's integers: every width's bounds, and text that is none. */
#include "vectors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "ethereum/integer.h"

#define UINT(n)                                                                                    \
    {                                                                                              \
        n, false                                                                                   \
    }
#define INT(n)                                                                                     \
    {                                                                                              \
        n, true                                                                                    \
    }
#define F8 "ffffffff"
#define Z8 "00000000"
#define MAX256 "115792089237316195423570985008687907853269984665640564039457584007913129639935"
#define MIN256 "-57896044618658097711785492504343953926634992332820282019728792003956564819968"

static const struct {
    const char *text;
    struct dp_integer_type type;
    enum dp_err want;
    const char *word; /* its last bytes; the others are those of its sign */
} cases[] = {
    {"0", UINT(8), DP_OK, "00"},
    {"-0", INT(8), DP_OK, "00"},
    {"-0", UINT(8), DP_OK, "00"},
    {"255", UINT(8), DP_OK, "00ff"},
    {"256", UINT(8), DP_ETOOBIG, NULL},
    {"-1", UINT(256), DP_ETOOBIG, NULL},
    {"127", INT(8), DP_OK, "007f"},
    {"128", INT(8), DP_ETOOBIG, NULL},
    {"-128", INT(8), DP_OK, "ff80"},
    {"-129", INT(8), DP_ETOOBIG, NULL},
    {"-255", INT(8), DP_ETOOBIG, NULL},
    {"-255", INT(16), DP_OK, "ff01"},
    {"0x80", INT(8), DP_ETOOBIG, NULL},
    {"0xff", UINT(8), DP_OK, "00ff"},
    {"0xFf", UINT(8), DP_OK, "00ff"},
    {"0x0000000000000000000000000000000000000000000000000000000000000000000000ff", UINT(8), DP_OK,
     "00ff"},
    {"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "7",
     UINT(8), DP_OK, "07"},
    {MAX256, UINT(256), DP_OK, F8 F8 F8 F8 F8 F8 F8 F8},
    {MAX256, INT(256), DP_ETOOBIG, NULL},
    {MAX256 "0", UINT(256), DP_ETOOBIG, NULL},
    {"115792089237316195423570985008687907853269984665640564039457584007913129639936", UINT(256),
     DP_ETOOBIG, NULL},
    {"0x10000000000000000000000000000000000000000000000000000000000000000", UINT(256), DP_ETOOBIG,
     NULL},
    {MIN256, INT(256), DP_OK, "80000000" Z8 Z8 Z8 Z8 Z8 Z8 Z8},
    {"-57896044618658097711785492504343953926634992332820282019728792003956564819969", INT(256),
     DP_ETOOBIG, NULL},
    {"57896044618658097711785492504343953926634992332820282019728792003956564819967", INT(256),
     DP_OK, "7fffffff" F8 F8 F8 F8 F8 F8 F8},
    {"57896044618658097711785492504343953926634992332820282019728792003956564819968", INT(256),
     DP_ETOOBIG, NULL},
    {"18446744073709551616", UINT(72), DP_OK, "010000000000000000"},
    {"-18446744073709551616", INT(72), DP_OK, "ff0000000000000000"},
    {"", UINT(8), DP_EFORMAT, NULL},
    {"-", INT(8), DP_EFORMAT, NULL},
    {"--1", INT(8), DP_EFORMAT, NULL},
    {"+1", INT(8), DP_EFORMAT, NULL},
    {"0x", UINT(8), DP_EFORMAT, NULL},
    {"0X1", UINT(8), DP_EFORMAT, NULL},
    {"x1", UINT(8), DP_EFORMAT, NULL},
    {"-0x1", INT(8), DP_EFORMAT, NULL},
    {"0x-1", INT(8), DP_EFORMAT, NULL},
    {"0xg", UINT(8), DP_EFORMAT, NULL},
    {" 1", UINT(8), DP_EFORMAT, NULL},
    {"1 ", UINT(8), DP_EFORMAT, NULL},
    {"1.0", UINT(8), DP_EFORMAT, NULL},
    {"1e2", UINT(8), DP_EFORMAT, NULL},
    {"1_0", UINT(8), DP_EFORMAT, NULL},
    {"a", UINT(8), DP_EFORMAT, NULL},
    {"0b1", UINT(8), DP_EFORMAT, NULL},
    {MAX256 MAX256 "x", UINT(256), DP_EFORMAT, NULL},
};

static void text_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t word[DP_WORD_LEN], want[DP_WORD_LEN] = {0};
        size_t len;

        if (dp_integer_parse(word, cases[i].text, strlen(cases[i].text), cases[i].type) !=
            cases[i].want)
            fail_msg("%s", cases[i].text);
        if (cases[i].want == DP_OK) {
            len = strlen(cases[i].word) / 2;
            memset(want, strncmp(cases[i].word, "ff", 2) == 0 ? 0xff : 0, sizeof(want));
            assert_int_equal(dp_hex_decode_exact(want + sizeof(want) - len, len, cases[i].word),
                             DP_OK);
        }
        assert_memory_equal(word, want, sizeof(want));
    }
}

/* The text is not read past its length. */
static void the_length_counts(void **state)
{
    const struct dp_integer_type type = UINT(256);
    uint8_t word[DP_WORD_LEN];

    (void)state;
    assert_int_equal(dp_integer_parse(word, "12x", 2, type), DP_OK);
    assert_int_equal(word[DP_WORD_LEN - 1], 12);
    assert_int_equal(dp_integer_parse(word, "1\0002", 3, type), DP_EFORMAT);
    assert_int_equal(dp_integer_parse(word, "0x1", 2, type), DP_EFORMAT);
    assert_int_equal(dp_integer_parse(word, "0x1", 1, type), DP_OK);
}

/* Text and number agree at and around the bounds of every width up to 64 bits. */
static void numbers_are_as_their_text(void **state)
{
    (void)state;
    for (unsigned bits = 8; bits <= 64; bits += 8) {
        for (int i = -3; i <= 3; i++) {
            for (int is_signed = 0; is_signed <= 1; is_signed++) {
                const struct dp_integer_type type = {bits, is_signed != 0};
                const int64_t bound = bits == 64 ? INT64_MAX - 3 : INT64_C(1) << (bits - is_signed);
                const int64_t values[] = {bound + i, -bound + i, i};

                for (size_t v = 0; v < 3; v++) {
                    uint8_t word[DP_WORD_LEN], again[DP_WORD_LEN];
                    char text[24];
                    int len = snprintf(text, sizeof(text), "%" PRId64, values[v]);

                    assert_int_equal(dp_integer_write(word, values[v], type),
                                     dp_integer_parse(again, text, (size_t)len, type));
                    assert_memory_equal(word, again, sizeof(word));
                }
            }
        }
    }
}

static void the_least_int64_has_its_word(void **state)
{
    const struct dp_integer_type type = INT(64);
    uint8_t word[DP_WORD_LEN];

    (void)state;
    assert_int_equal(dp_integer_write(word, INT64_MIN, type), DP_OK);
    assert_int_equal(word[23], 0xff);
    assert_int_equal(word[24], 0x80);
    assert_int_equal(word[31], 0);
}

/* What was read is written as it was, in the one form that decimal has. */
static void words_are_written_in_decimal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t word[DP_WORD_LEN], again[DP_WORD_LEN];
        char text[DP_INTEGER_TEXT_SIZE];

        if (cases[i].want != DP_OK)
            continue;
        assert_int_equal(
            dp_integer_parse(word, cases[i].text, strlen(cases[i].text), cases[i].type), DP_OK);
        assert_true(dp_integer_fits(word, cases[i].type));
        dp_integer_format(text, word, cases[i].type.is_signed);
        assert_int_equal(dp_integer_parse(again, text, strlen(text), cases[i].type), DP_OK);
        assert_memory_equal(again, word, sizeof(word));
        assert_false(text[0] == '0' && text[1] != '\0');
        if (strcmp(cases[i].text, MAX256) == 0 || strcmp(cases[i].text, MIN256) == 0)
            assert_string_equal(text, cases[i].text);
    }
}

static void words_fit_or_do_not(void **state)
{
    const struct dp_integer_type u8 = UINT(8), i8 = INT(8), u256 = UINT(256);
    uint8_t word[DP_WORD_LEN] = {0};
    uint64_t number;

    (void)state;
    word[31] = 0x80;
    assert_true(dp_integer_fits(word, u8));
    assert_false(dp_integer_fits(word, i8));
    word[30] = 1;
    assert_false(dp_integer_fits(word, u8));
    memset(word, 0xff, sizeof(word));
    assert_true(dp_integer_fits(word, u256) && dp_integer_fits(word, i8));
    word[31] = 0x7f;
    assert_false(dp_integer_fits(word, i8));
    assert_int_equal(dp_integer_read(&number, word), DP_ETOOBIG);
    assert_int_equal(number, 0);
    memset(word, 0, sizeof(word) - 8);
    assert_int_equal(dp_integer_read(&number, word), DP_OK);
    assert_true(number == UINT64_C(0xffffffffffffff7f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_or_refused),   cmocka_unit_test(the_length_counts),
        cmocka_unit_test(numbers_are_as_their_text), cmocka_unit_test(words_are_written_in_decimal),
        cmocka_unit_test(words_fit_or_do_not),       cmocka_unit_test(the_least_int64_has_its_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
