/* clock.c - what time it is, and how long something took. */
#include "base/clock.h"

#include <ctype.h>
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

/* Exactly count digits at *text, which moves behind them. Returns: their value, or -1 */
static int digits(const char **text, int count)
{
    int value = 0;

    for (; count > 0; count--, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return -1;
        value = value * 10 + (**text - '0');
    }
    return value;
}

static int is_char(const char **text, char c)
{
    return *(*text)++ == c;
}

/* A date and a time of day. Returns: seconds since 1970, or -1 */
static int64_t read_instant(const char **text)
{
    struct tm tm = {0}, again;
    time_t seconds;

    if ((tm.tm_year = digits(text, 4) - 1900) < 70 || !is_char(text, '-') ||
        (tm.tm_mon = digits(text, 2) - 1) < 0 || !is_char(text, '-') ||
        (tm.tm_mday = digits(text, 2)) < 0 || (**text != 'T' && **text != 't'))
        return -1;
    (*text)++;
    if ((tm.tm_hour = digits(text, 2)) < 0 || !is_char(text, ':') ||
        (tm.tm_min = digits(text, 2)) < 0 || !is_char(text, ':') ||
        (tm.tm_sec = digits(text, 2)) < 0)
        return -1;
    again = tm;
    seconds = timegm(&again);
    /* timegm makes a date of whatever it gets, the 30th of February too. */
    if (again.tm_mon != tm.tm_mon || again.tm_mday != tm.tm_mday || again.tm_hour != tm.tm_hour ||
        again.tm_min != tm.tm_min || again.tm_sec != tm.tm_sec)
        return -1;
    return (int64_t)seconds;
}

/* What follows the seconds. Returns: milliseconds to add for it, or -1 and *text at fault */
static int read_fraction(const char **text)
{
    int ms = 0, unit = 100;

    if (**text != '.')
        return 0;
    (*text)++;
    if (!isdigit((unsigned char)**text))
        return -1;
    for (; isdigit((unsigned char)**text); (*text)++, unit /= 10)
        ms += (**text - '0') * unit;
    return ms;
}

/* Out: seconds  that local time is ahead of UTC. Returns: 0, or -1 */
static int read_offset(int *seconds, const char **text)
{
    int sign = **text == '-' ? -1 : 1, hours, minutes;

    *seconds = 0;
    if (**text == 'Z' || **text == 'z') {
        (*text)++;
        return 0;
    }
    if (**text != '+' && **text != '-')
        return -1;
    (*text)++;
    hours = digits(text, 2);
    if (hours < 0 || hours > 23 || !is_char(text, ':'))
        return -1;
    minutes = digits(text, 2);
    *seconds = sign * (hours * 3600 + minutes * 60);
    return minutes < 0 || minutes > 59 ? -1 : 0;
}

enum dp_err dp_clock_parse_any(int64_t *out, const char *text)
{
    int64_t seconds = read_instant(&text);
    int ms, ahead;

    if (seconds < 0)
        return DP_EFORMAT;
    ms = read_fraction(&text);
    if (ms < 0 || read_offset(&ahead, &text) != 0 || *text != '\0')
        return DP_EFORMAT;
    *out = (seconds - ahead) * 1000 + ms;
    return DP_OK;
}
