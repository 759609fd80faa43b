/* clock.c - what time it is, and how long something took. */
#include "base/clock.h"

#include <stdio.h>
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
