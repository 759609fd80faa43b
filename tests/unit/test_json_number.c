/* test_json_number.c - numbers as ECMAScript writes them. */
#include "helper.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_number.h"

/* From ECMA-262, Number::toString, its notes and its borders; powers of two are where the closest
 * decimal of the least digits does not read back. */
static const struct {
    double value;
    const char *want;
} cases[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-1, "-1"},
    {0.1, "0.1"},
    {0.30000000000000004, "0.30000000000000004"},
    {100, "100"},
    {123456.789, "123456.789"},
    {1e20, "100000000000000000000"},
    {123456789012345680000.0, "123456789012345680000"},
    {1e21, "1e+21"},
    {-1.5e21, "-1.5e+21"},
    {1e-6, "0.000001"},
    {-1.5e-6, "-0.0000015"},
    {1e-7, "1e-7"},
    {1.2345e-7, "1.2345e-7"},
    {5e-324, "5e-324"},
    {2.2250738585072014e-308, "2.2250738585072014e-308"},
    {DBL_MAX, "1.7976931348623157e+308"},
    {9007199254740992.0, "9007199254740992"},
    {0x1p-44, "5.684341886080802e-14"},
    {0x1p-24, "5.960464477539063e-8"},
    {0x1p+70, "1.1805916207174113e+21"},
    {9.5, "9.5"},
    {99.99999999999999, "99.99999999999999"},
};

static void numbers_as_ecmascript_writes_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char got[DP_JSON_NUMBER_SIZE];

        dp_json_number(got, cases[i].value);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%.17g: %s, not %s", cases[i].value, got, cases[i].want);
    }
}

/* Any number reads back as itself, and has no more digits than 17. */
static void every_number_reads_back(void **state)
{
    uint64_t bits = 0x9e3779b97f4a7c15;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[DP_JSON_NUMBER_SIZE];
        double value;

        bits = bits * 6364136223846793005U + 1442695040888963407U;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        dp_json_number(text, value);
        if (strtod(text, NULL) != value)
            fail_msg("%.17g became %s", value, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_as_ecmascript_writes_them),
        cmocka_unit_test(every_number_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
