/* quote.c - how long it takes to verify a quote and to replay an event log, on one core. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/dcap.h"
#include "attest/event_facts.h"
#include "attest/eventlog.h"
#include "base/clock.h"

#define FILE_MAX (8 * 1024 * 1024)
#define ROUNDS 41
#define BATCH 20 /* calls of a round */

/* What is measured, and on what. */
struct work {
    struct dp_slice quote, json, log;
    int64_t at;
    struct dp_collateral *collateral;
};

static void die(const char *what)
{
    fprintf(stderr, "bench/quote: %s\n", what);
    exit(EXIT_FAILURE);
}

static struct dp_slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data = malloc(FILE_MAX);
    size_t len;

    if (file == NULL || data == NULL)
        die(path);
    len = fread(data, 1, FILE_MAX, file);
    fclose(file);
    return (struct dp_slice){data, len};
}

static struct dp_collateral *read_collateral(const struct work *w)
{
    struct dp_collateral *collateral;

    if (dp_collateral_read(&collateral, w->json, dp_intel_root(), NULL) != DP_OK)
        die("the collateral cannot be read");
    return collateral;
}

static void verify_with(const struct work *w, const struct dp_collateral *collateral)
{
    struct dp_dcap_result result;

    if (dp_dcap_verify(&result, (const uint8_t *)w->quote.data, w->quote.len, collateral, w->at) !=
        DP_OK)
        die(result.text);
}

static void verify(const struct work *w)
{
    verify_with(w, w->collateral);
}

static void verify_all(const struct work *w)
{
    struct dp_collateral *collateral = read_collateral(w);

    verify_with(w, collateral);
    dp_collateral_free(collateral);
}

static void replay(const struct work *w)
{
    uint8_t rtmr[DP_RTMR_COUNT][DP_RTMR_LEN];
    struct dp_event_facts facts;
    struct dp_eventlog log;

    if (dp_eventlog_read(&log, w->log.data, w->log.len, NULL) != DP_OK ||
        dp_event_facts(&facts, &log, NULL) != DP_OK || facts.compose_hash.len == 0)
        die("the event log does not hold");
    dp_eventlog_replay(rtmr, &log, NULL);
    dp_eventlog_free(&log);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Microseconds a call: the middle round, as others use the machine too. */
static double measure(void (*call)(const struct work *), const struct work *w)
{
    double rounds[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        int64_t start = dp_clock_mono_us();

        for (int j = 0; j < BATCH; j++)
            call(w);
        rounds[i] = (double)(dp_clock_mono_us() - start) / BATCH;
    }
    qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
    return rounds[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    struct work w;

    if (argc != 5)
        die("usage: quote QUOTE COLLATERAL SECONDS EVENTLOG");
    w = (struct work){.quote = read_file(argv[1]),
                      .json = read_file(argv[2]),
                      .log = read_file(argv[4]),
                      .at = strtoll(argv[3], NULL, 10)};
    w.collateral = read_collateral(&w);
    printf("%.0f %.0f %.0f\n", measure(verify, &w), measure(verify_all, &w), measure(replay, &w));
    dp_collateral_free(w.collateral);
    return EXIT_SUCCESS;
}
