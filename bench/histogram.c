/* histogram.c - how long things took, in buckets at most 1/64 wide: percentiles without a sort. */
#include "histogram.h"

#include <stddef.h>

#define DAY_US INT64_C(86400000000)

/* Below 128 each microsecond has a bucket, above that each doubling has 64. */
static size_t bucket_of(uint64_t us)
{
    unsigned shift = 0;

    while (us >> shift >= 2 * HISTOGRAM_STEPS)
        shift++;
    return shift * HISTOGRAM_STEPS + (us >> shift);
}

/* The first duration past a bucket. */
static uint64_t end_of(size_t bucket)
{
    unsigned shift = bucket < 2 * HISTOGRAM_STEPS ? 0 : (unsigned)(bucket / HISTOGRAM_STEPS - 1);

    return (uint64_t)(bucket - shift * HISTOGRAM_STEPS + 1) << shift;
}

void histogram_add(struct histogram *h, int64_t duration_us)
{
    uint64_t us = duration_us < 0 ? 0 : (uint64_t)(duration_us > DAY_US ? DAY_US : duration_us);

    h->buckets[bucket_of(us)]++;
    h->count++;
    if (us > h->longest)
        h->longest = us;
}

double histogram_percentile_ms(const struct histogram *h, double part)
{
    double wanted = part * (double)h->count;
    uint64_t seen = 0, end = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS && h->count > 0; i++) {
        seen += h->buckets[i];
        end = end_of(i);
        if ((double)seen >= wanted)
            break;
    }
    /* A bucket's end may lie past the longest of all. */
    return (double)(end < h->longest ? end : h->longest) / 1000;
}
