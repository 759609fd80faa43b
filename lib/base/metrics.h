/* metrics.h - counters and histograms that all workers share, as Prometheus text. */
#ifndef DP_BASE_METRICS_H
#define DP_BASE_METRICS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum dp_metric {
    DP_METRIC_HTTP_REQUEST_DURATION, /* labels route, method, status */
    DP_METRIC_GETKEY_LATENCY,        /* no labels, as the next two */
    DP_METRIC_SIGN_LATENCY,
    DP_METRIC_VERIFY_LATENCY,
    DP_METRIC_SIGNUP_TOTAL, /* no labels */
    DP_METRIC_SIGN_TOTAL,   /* label result, as the next */
    DP_METRIC_VERIFY_TOTAL,
    DP_METRIC_HTTP_FAILURE_TOTAL, /* label code */
    DP_METRIC_HEALTH_CHECK_TOTAL, /* labels check, result */
    DP_METRIC_WORKER_START_TOTAL, /* label program */
    DP_METRIC_COUNT
};

/**
 * Map the file that all workers add to; it is made when it is missing. Without this call, or with
 * path NULL, the process counts for itself.
 *
 * Returns: DP_OK, DP_EIO (cannot be made, opened or mapped), DP_EFORMAT (of another version or
 * kind, and left as it is)
 */
DP_MUST_CHECK
enum dp_err dp_metrics_open(const char *path);

/**
 * Count one event, or observe one duration. Lock-free, from any thread.
 *
 * In: labels  such as `result="ok"`, at most 119 bytes, or "". Their values come from a fixed set,
 *             never from a client: each combination takes one of 512 places for ever.
 */
void dp_metrics_count(enum dp_metric metric, const char *labels);
void dp_metrics_observe(enum dp_metric metric, const char *labels, int64_t duration_us);

/* Show a series as 0 until it counts something: what grows from nothing has no rate for Prometheus.
 */
void dp_metrics_declare(enum dp_metric metric, const char *labels);

/* Add everything in Prometheus' text format. Failures stick in out->err. */
void dp_metrics_write(struct dp_buf *out);

#endif
