/* requests.h - what to ask: a file of requests, and the bytes of the n-th one. */
#ifndef DP_BENCH_REQUESTS_H
#define DP_BENCH_REQUESTS_H

#include <stdbool.h>

#include "base/buf.h"

#define REQUEST_MAX (128 * 1024) /* bytes of one request */

struct request {
    int status; /* that it must be answered with */
    char *method, *path, *token, *body;
    struct dp_buf text; /* all of it, where no counter is in it; else empty */
};

struct requests {
    size_t count;
    struct request *list;
};

/**
 * Read a file of requests, one a line: METHOD PATH STATUS TOKEN BODY, with single spaces; TOKEN is
 * sent as a bearer token unless it is "-"; BODY goes to the end of the line and may be missing.
 * "{n}" in PATH or BODY stands for the request's number.
 *
 * Returns: DP_OK
 *          DP_EIO      the file cannot be read
 *          DP_EFORMAT  *line is not a request, or there is none at all (*line is 0)
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err requests_read(struct requests *out, const char *path, size_t *line);

void requests_free(struct requests *requests);

/* The bytes of request number n, which cycles through the file. scratch is used where they are
 * made for the occasion; they are good until it is used again. Empty on failure. */
struct dp_slice requests_get(const struct requests *requests, const struct request **request,
                             unsigned long long n, struct dp_buf *scratch);

#endif
