/* histogram.h - how long things took, in buckets at most 1/64 wide: percentiles without a sort. */
#ifndef DP_BENCH_HISTOGRAM_H
#define DP_BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 64 /* buckets for each doubling */
#define HISTOGRAM_BUCKETS (32 * HISTOGRAM_STEPS)

struct histogram {
    uint64_t count, longest; /* longest in microseconds */
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

/* Negative durations count as 0, those past a day as a day. */
void histogram_add(struct histogram *h, int64_t duration_us);

/* The time in milliseconds that this part (0 to 1) of all stayed within; 0 where there are none. */
double histogram_percentile_ms(const struct histogram *h, double part);

#endif
