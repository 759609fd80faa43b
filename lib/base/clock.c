/* clock.c - what time it is, and how long something took. */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

void dp_clock_format(char out[static DP_CLOCK_TEXT_SIZE], int64_t unix_ms)
{
    /* The library's calls take a lock that all threads share, so each second is formatted once. */
    static _Thread_local time_t known = -1;
    static _Thread_local char text[DP_CLOCK_TEXT_SIZE];
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;

    if (seconds != known) {
        gmtime_r(&seconds, &tm);
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
        known = seconds;
    }
    snprintf(out, DP_CLOCK_TEXT_SIZE, "%.19s.%03uZ", text, (unsigned)(unix_ms % 1000) % 1000);
}

enum dp_err dp_clock_parse(int64_t *out, const char *text)
{
    struct tm tm = {0};
    char again[DP_CLOCK_TEXT_SIZE];
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    long ms;

    if (rest == NULL || rest[0] != '.')
        return DP_EFORMAT;
    ms = strtol(rest + 1, NULL, 10);
    if (tm.tm_year < 70 || ms < 0 || ms > 999)
        return DP_EFORMAT;
    *out = (int64_t)timegm(&tm) * 1000 + ms;
    /* What strptime takes is more than one spelling; only one comes out the same. */
    dp_clock_format(again, *out);
    return strcmp(again, text) == 0 ? DP_OK : DP_EFORMAT;
}
