/* clock.c - what time it is, and how long something took. */
#include "base/clock.h"

#include <time.h>

int64_t dp_clock_unix_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t dp_clock_mono_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void put_number(char *out, int digits, int value, char after)
{
    out[digits] = after;
    while (digits-- > 0) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* By hand: the library's calls take a lock that all threads share, and look at /etc/localtime. */
void dp_clock_format(char out[static DP_CLOCK_TEXT_SIZE], int64_t unix_ms)
{
    /* Years that begin in March, in eras of 400 years, so that leap days come last. */
    int64_t seconds = unix_ms / 1000, days = seconds / 86400 + 719468;
    int of_day = (int)(seconds % 86400);
    int era = (int)(days / 146097), of_era = (int)(days % 146097);
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100);
    int month = (5 * of_year + 2) / 153; /* 0 is March */
    int day = of_year - (153 * month + 2) / 5 + 1;

    year += era * 400 + (month >= 10);
    month += month < 10 ? 3 : -9;
    put_number(out, 4, year, '-');
    put_number(out + 5, 2, month, '-');
    put_number(out + 8, 2, day, 'T');
    put_number(out + 11, 2, of_day / 3600, ':');
    put_number(out + 14, 2, of_day / 60 % 60, ':');
    put_number(out + 17, 2, of_day % 60, '.');
    put_number(out + 20, 3, (int)(unix_ms % 1000), 'Z');
    out[24] = '\0';
}
