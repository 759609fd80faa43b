/* clock.h - what time it is, and how long something took. */
#ifndef DP_BASE_CLOCK_H
#define DP_BASE_CLOCK_H

#include <stdint.h>

#include "base/err.h"

#define DP_CLOCK_TEXT_SIZE 25 /* "2026-01-31T09:30:00.000Z" and a NUL */

/* Milliseconds since 1970-01-01 UTC. May jump when the clock is set. */
int64_t dp_clock_unix_ms(void);

/* Microseconds of a clock that never jumps, for durations and deadlines. */
int64_t dp_clock_mono_us(void);

/* Unix milliseconds as RFC 3339 text in UTC, years 1970 to 9999. */
void dp_clock_format(char out[static DP_CLOCK_TEXT_SIZE], int64_t unix_ms);

/* Read what dp_clock_format writes, and nothing else. Returns: DP_OK, DP_EFORMAT */
DP_MUST_CHECK
enum dp_err dp_clock_parse(int64_t *out, const char *text);

/**
 * Read any RFC 3339 text of the years 1970 to 9999: with a fraction of a second or without, in UTC
 * or at an offset. A leap second is refused.
 *
 * Out: out  Unix milliseconds; what is finer is cut off
 * Returns: DP_OK, DP_EFORMAT
 */
DP_MUST_CHECK
enum dp_err dp_clock_parse_any(int64_t *out, const char *text);

#endif
