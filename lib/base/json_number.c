/* json_number.c - a number as ECMAScript writes it. */
#include "base/json_number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 17 /* enough for any double to read back as itself */

/* value = 0.DIGITS * 10^point */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int len, point;
};

static bool reads_back(const struct decimal *d, double value)
{
    char text[DP_JSON_NUMBER_SIZE];

    snprintf(text, sizeof(text), "0.%se%d", d->digits, d->point);
    return strtod(text, NULL) == value;
}

/* The closest decimal of len digits. */
static void round_to(struct decimal *d, double value, int len)
{
    char text[DP_JSON_NUMBER_SIZE];
    char *exponent;
    size_t at = 0;

    snprintf(text, sizeof(text), "%.*e", len - 1, value);
    exponent = strchr(text, 'e');
    d->point = (int)strtol(exponent + 1, NULL, 10) + 1;
    for (const char *p = text; p < exponent; p++) {
        if (*p != '.')
            d->digits[at++] = *p;
    }
    d->digits[at] = '\0';
    d->len = len;
}

/* Add one to the last digit. */
static void step_up(struct decimal *d)
{
    int i = d->len - 1;

    while (i >= 0 && d->digits[i] == '9')
        d->digits[i--] = '0';
    if (i >= 0) {
        d->digits[i]++;
    } else {
        d->digits[0] = '1';
        d->point++;
    }
}

static void shortest(struct decimal *d, double value)
{
    for (int len = 1; len <= DIGITS_MAX; len++) {
        round_to(d, value, len);
        if (reads_back(d, value))
            break;
        /* Below a power of two doubles lie twice as close as above: the closest decimal may be
         * out of reach below, and the next one up in reach. */
        step_up(d);
        if (reads_back(d, value))
            break;
    }
    while (d->len > 1 && d->digits[d->len - 1] == '0')
        d->digits[--d->len] = '\0';
}

void dp_json_number(char out[static DP_JSON_NUMBER_SIZE], double value)
{
    static const char zeros[] = "00000000000000000000";
    const char *sign = value < 0 ? "-" : "";
    struct decimal d;

    if (value == 0) {
        snprintf(out, DP_JSON_NUMBER_SIZE, "0");
        return;
    }
    shortest(&d, fabs(value));
    if (d.point > 21 || d.point < -5)
        snprintf(out, DP_JSON_NUMBER_SIZE, "%s%c%s%se%+d", sign, d.digits[0], d.len > 1 ? "." : "",
                 d.digits + 1, d.point - 1);
    else if (d.point >= d.len)
        snprintf(out, DP_JSON_NUMBER_SIZE, "%s%s%.*s", sign, d.digits, d.point - d.len, zeros);
    else if (d.point > 0)
        snprintf(out, DP_JSON_NUMBER_SIZE, "%s%.*s.%s", sign, d.point, d.digits,
                 d.digits + d.point);
    else
        snprintf(out, DP_JSON_NUMBER_SIZE, "%s0.%.*s%s", sign, -d.point, zeros, d.digits);
}
