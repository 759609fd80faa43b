/* log.h - one JSON line an event on standard error. */
#ifndef DP_BASE_LOG_H
#define DP_BASE_LOG_H

#include <stdint.h>

#include "base/err.h"

enum dp_log_level { DP_LOG_DEBUG, DP_LOG_INFO, DP_LOG_WARN, DP_LOG_ERROR };

/* The lowest level that is written; DP_LOG_INFO until set. */
void dp_log_set_level(enum dp_log_level level);

/**
 * Where standard error is a pipe, rather lose lines than stand still when its reader does: on a
 * full disk it stops reading. A line waits for room up to a second, those after it not at all; the
 * next that is written comes with a "log_lost" that counts them. Call it once, before any thread
 * starts.
 */
void dp_log_never_block(void);

/**
 * Read "debug", "info", "warn" or "error".
 * Returns: DP_OK, DP_ECONFIG
 */
DP_MUST_CHECK
enum dp_err dp_log_parse_level(enum dp_log_level *out, const char *text);

/* Write {ts, level, event, program, detail}. Never give it an email address, a message, a token or
 * a key. */
void dp_log(enum dp_log_level level, const char *event, const char *fmt, ...) DP_PRINTF(3, 4);

/* One served request. Strings may be NULL where there is nothing to say. */
struct dp_log_request {
    const char *route, *method, *user_id, *request_id, *error_code;
    int status;
    int64_t latency_us;
};
void dp_log_request(const struct dp_log_request *request);

#endif
