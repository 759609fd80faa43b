/* test_clock.c - instants as RFC 3339 text, and clocks that move forward. */
#include "helper.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

static const struct {
    int64_t unix_ms;
    const char *text;
} instants[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {1, "1970-01-01T00:00:00.001Z"},
    {999, "1970-01-01T00:00:00.999Z"},
    {1000, "1970-01-01T00:00:01.000Z"},
    {86399999, "1970-01-01T23:59:59.999Z"},
    {951782400000, "2000-02-29T00:00:00.000Z"}, /* a leap day in a century that has one */
    {1234567890123, "2009-02-13T23:31:30.123Z"},
    {1709251199050, "2024-02-29T23:59:59.050Z"},
    {1709251200000, "2024-03-01T00:00:00.000Z"},
    {2147483648000, "2038-01-19T03:14:08.000Z"}, /* past 32 bits */
    {4107542399999, "2100-02-28T23:59:59.999Z"},
    {4107542400000, "2100-03-01T00:00:00.000Z"}, /* 2100 is no leap year */
    {253402300799999, "9999-12-31T23:59:59.999Z"},
};

static void known_instants(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(instants); i++) {
        char text[DP_CLOCK_TEXT_SIZE];

        dp_clock_format(text, instants[i].unix_ms);
        assert_string_equal(text, instants[i].text);
    }
}

static void wall_time_is_that_of_the_system(void **state)
{
    int64_t before = (int64_t)time(NULL) * 1000, now = dp_clock_unix_ms();

    (void)state;
    /* time() may lag a tick behind. */
    assert_true(now >= before && now <= ((int64_t)time(NULL) + 2) * 1000);
}

static void durations_never_run_backwards(void **state)
{
    int64_t start = dp_clock_mono_us(), last = start;
    struct timespec pause = {.tv_nsec = 20000000};

    (void)state;
    for (int i = 0; i < 100000; i++) {
        int64_t now = dp_clock_mono_us();

        assert_true(now >= last);
        last = now;
    }
    start = dp_clock_mono_us();
    nanosleep(&pause, NULL);
    assert_true(dp_clock_mono_us() - start >= 20000);
}

static const struct {
    const char *text;
    int64_t unix_ms; /* -1: refused */
} spellings[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2025-06-19T10:10:35Z", 1750327835000},
    {"2025-06-19t10:10:35z", 1750327835000},
    {"2025-06-19T10:10:35.5Z", 1750327835500},
    {"2025-06-19T10:10:35.123456789Z", 1750327835123},
    {"2025-06-19T12:10:35+02:00", 1750327835000},
    {"2025-06-19T04:40:35-05:30", 1750327835000},
    {"2024-02-29T00:00:00Z", 1709164800000},
    {"9999-12-31T23:59:59Z", 253402300799000},
    {"2025-02-29T00:00:00Z", -1},
    {"2025-13-01T00:00:00Z", -1},
    {"2025-00-01T00:00:00Z", -1},
    {"2025-01-00T00:00:00Z", -1},
    {"2025-01-01T24:00:00Z", -1},
    {"2025-01-01T00:60:00Z", -1},
    {"2025-01-01T00:00:60Z", -1},
    {"2025-01-01T00:00:00", -1},
    {"2025-01-01T00:00:00.Z", -1},
    {"2025-01-01T00:00:00Z ", -1},
    {"2025-01-01 00:00:00Z", -1},
    {"2025-1-01T00:00:00Z", -1},
    {"+025-01-01T00:00:00Z", -1},
    {"1969-12-31T23:59:59Z", -1},
    {"2025-01-01T00:00:00+24:00", -1},
    {"2025-01-01T00:00:00+01:60", -1},
    {"2025-01-01T00:00:00+0100", -1},
    {"2025-01-01", -1},
    {"", -1},
};

static void any_spelling_of_rfc_3339_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(spellings); i++) {
        int64_t got = -1;
        enum dp_err err = dp_clock_parse_any(&got, spellings[i].text);

        if (got != spellings[i].unix_ms || (err == DP_OK) != (spellings[i].unix_ms >= 0))
            fail_msg("%s: %lld", spellings[i].text, (long long)got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_spelling_of_rfc_3339_is_read),
        cmocka_unit_test(known_instants),
        cmocka_unit_test(wall_time_is_that_of_the_system),
        cmocka_unit_test(durations_never_run_backwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
