/* metrics.c - counters and histograms that all workers share, as Prometheus text. */
#include "base/metrics.h"

#include <assert.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACES 512
#define LABELS_SIZE 120
#define BUCKETS 12
#define LAYOUT 1

static const double bounds_ms[BUCKETS] = {0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500};

static const struct {
    const char *name, *help;
    bool histogram;
} metrics[DP_METRIC_COUNT] = {
    {"http_request_duration_ms", "Time to answer a request, milliseconds.", true},
    {"dstack_getKey_latency_ms", "Time of a GetKey call to the guest agent, milliseconds.", true},
    {"sign_latency_ms", "Time to make a signature, GetKey included, milliseconds.", true},
    {"verify_latency_ms", "Time to verify a signature, milliseconds.", true},
    {"signup_total", "Users who signed up.", false},
    {"sign_total", "Requests to sign, by result.", false},
    {"verify_total", "Requests to verify, by result.", false},
    {"http_failure_total", "Answers with status 500 or above, by error code.", false},
    {"health_check_total", "Checks of what the service needs, by check and result.", false},
    {"worker_start_total", "Starts of a worker, by program.", false},
};

enum place_state { EMPTY, CLAIMED, READY };

struct place {
    atomic_uint state;
    uint32_t metric;
    char labels[LABELS_SIZE];
    atomic_ullong count, sum_us;
    atomic_ullong buckets[BUCKETS]; /* not yet cumulative */
};

struct shared {
    atomic_uint version;
    struct place places[PLACES];
};

static struct shared own;
static struct shared *shared = &own;

enum dp_err dp_metrics_open(const char *path)
{
    struct shared *map;
    unsigned fresh = 0;
    struct stat st;
    int fd;

    if (path == NULL)
        return DP_OK;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return DP_EIO;
    /* Its room is taken at once: to count into a hole of a file on a full disk ends the process.
     * A file with another length is somebody else's, or mapped by workers of another version. */
    if (fstat(fd, &st) != 0 || (st.st_size == 0 && posix_fallocate(fd, 0, sizeof(*map)) != 0)) {
        close(fd);
        return DP_EIO;
    }
    if (st.st_size != 0 && st.st_size != (off_t)sizeof(*map)) {
        close(fd);
        return DP_EFORMAT;
    }
    map = mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return DP_EIO;
    if (!atomic_compare_exchange_strong(&map->version, &fresh, LAYOUT) && fresh != LAYOUT) {
        munmap(map, sizeof(*map));
        return DP_EFORMAT;
    }
    shared = map;
    return DP_OK;
}

static uint32_t hash(enum dp_metric metric, const char *labels)
{
    uint32_t h = 2166136261u ^ (uint32_t)metric; /* FNV-1a */

    for (; *labels != '\0'; labels++)
        h = (h ^ (unsigned char)*labels) * 16777619u;
    return h;
}

static bool is_for(const struct place *place, enum dp_metric metric, const char *labels)
{
    return place->metric == (uint32_t)metric && strcmp(place->labels, labels) == 0;
}

/*
 * The place of a metric with these labels, taken if there is none yet; NULL where all are taken.
 * Nobody waits for a place that is being claimed: its owner may have been killed. Two workers may
 * so take a place each for the same labels, and writing adds them up.
 */
static struct place *find(enum dp_metric metric, const char *labels)
{
    uint32_t start = hash(metric, labels);

    assert(strlen(labels) < LABELS_SIZE);
    for (uint32_t i = 0; i < PLACES; i++) {
        struct place *place = &shared->places[(start + i) % PLACES];
        unsigned state = atomic_load_explicit(&place->state, memory_order_acquire);

        if (state == EMPTY && atomic_compare_exchange_strong(&place->state, &state, CLAIMED)) {
            place->metric = (uint32_t)metric;
            strncpy(place->labels, labels, LABELS_SIZE - 1);
            atomic_store_explicit(&place->state, READY, memory_order_release);
            return place;
        }
        if (state == READY && is_for(place, metric, labels))
            return place;
    }
    return NULL;
}

void dp_metrics_declare(enum dp_metric metric, const char *labels)
{
    (void)find(metric, labels);
}

void dp_metrics_count(enum dp_metric metric, const char *labels)
{
    struct place *place = find(metric, labels);

    if (place != NULL)
        atomic_fetch_add_explicit(&place->count, 1, memory_order_relaxed);
}

void dp_metrics_observe(enum dp_metric metric, const char *labels, int64_t duration_us)
{
    struct place *place = find(metric, labels);
    size_t bucket = 0;

    if (place == NULL)
        return;
    while (bucket < BUCKETS && (double)duration_us > bounds_ms[bucket] * 1000)
        bucket++;
    atomic_fetch_add_explicit(&place->sum_us, (unsigned long long)duration_us,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&place->count, 1, memory_order_relaxed);
    /* Last, and read first: no bucket is ever seen to hold more than all together. */
    if (bucket < BUCKETS)
        atomic_fetch_add_explicit(&place->buckets[bucket], 1, memory_order_release);
}

/* What all places with the same metric and labels hold together. */
struct total {
    unsigned long long count, sum_us, buckets[BUCKETS];
};

static void add_place(struct total *total, const struct place *place)
{
    for (size_t i = 0; i < BUCKETS; i++)
        total->buckets[i] += atomic_load(&place->buckets[i]);
    total->count += atomic_load(&place->count);
    total->sum_us += atomic_load(&place->sum_us);
}

/* False where an earlier place has the same metric and labels, and so has counted this one. */
static bool sum_up(struct total *total, size_t index)
{
    const struct place *place = &shared->places[index];

    *total = (struct total){0};
    for (size_t i = 0; i < PLACES; i++) {
        const struct place *other = &shared->places[i];

        if (atomic_load(&other->state) != READY ||
            !is_for(other, (enum dp_metric)place->metric, place->labels))
            continue;
        if (i < index)
            return false;
        add_place(total, other);
    }
    return true;
}

static void write_histogram(struct dp_buf *out, const char *name, const char *labels,
                            const struct total *total)
{
    const char *comma = labels[0] != '\0' ? "," : "";
    const char *open = labels[0] != '\0' ? "{" : "", *close = labels[0] != '\0' ? "}" : "";
    unsigned long long below = 0;

    for (size_t i = 0; i < BUCKETS; i++) {
        below += total->buckets[i];
        dp_buf_addf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma, bounds_ms[i],
                    below);
    }
    dp_buf_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma, total->count);
    dp_buf_addf(out, "%s_sum%s%s%s %.3f\n", name, open, labels, close,
                (double)total->sum_us / 1000);
    dp_buf_addf(out, "%s_count%s%s%s %llu\n", name, open, labels, close, total->count);
}

static void write_counter(struct dp_buf *out, const char *name, const char *labels,
                          const struct total *total)
{
    if (labels[0] != '\0')
        dp_buf_addf(out, "%s{%s} %llu\n", name, labels, total->count);
    else
        dp_buf_addf(out, "%s %llu\n", name, total->count);
}

static void write_metric(struct dp_buf *out, enum dp_metric metric)
{
    dp_buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", metrics[metric].name, metrics[metric].help,
                metrics[metric].name, metrics[metric].histogram ? "histogram" : "counter");
    for (size_t i = 0; i < PLACES; i++) {
        const struct place *place = &shared->places[i];
        struct total total;

        if (atomic_load(&place->state) != READY || place->metric != (uint32_t)metric ||
            !sum_up(&total, i))
            continue;
        if (metrics[metric].histogram)
            write_histogram(out, metrics[metric].name, place->labels, &total);
        else
            write_counter(out, metrics[metric].name, place->labels, &total);
    }
}

void dp_metrics_write(struct dp_buf *out)
{
    for (int metric = 0; metric < DP_METRIC_COUNT; metric++)
        write_metric(out, (enum dp_metric)metric);
}
