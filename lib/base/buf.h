/* buf.h - a byte buffer that grows up to a limit stated where it is made. */
#ifndef DP_BASE_BUF_H
#define DP_BASE_BUF_H

#include <stddef.h>

#include "base/err.h"

struct dp_slice {
    const char *data;
    size_t len;
};

/* data is len bytes and always followed by a NUL once anything was added; it may be NULL before. */
struct dp_buf {
    char *data;
    size_t len, cap, limit;
    enum dp_err err; /* first failure; sticks, so that a run of adds is checked once at its end */
};

#define DP_BUF_INIT(max)                                                                           \
    (struct dp_buf)                                                                                \
    {                                                                                              \
        .limit = (max)                                                                             \
    }

/* Each add does nothing once buf->err is set: DP_ETOOBIG past the limit, DP_ENOMEM, or, where a
 * text cannot be formatted, DP_EINVAL. */
void dp_buf_add(struct dp_buf *buf, const void *data, size_t len);
void dp_buf_add_text(struct dp_buf *buf, const char *text);
void dp_buf_addf(struct dp_buf *buf, const char *fmt, ...) DP_PRINTF(2, 3);

/* Make room for len more bytes and return where they go; NULL on failure. Add them by dp_buf_grew.
 */
char *dp_buf_room(struct dp_buf *buf, size_t len);
void dp_buf_grew(struct dp_buf *buf, size_t len);

/* Forget the content and any error, keep the memory. */
void dp_buf_reset(struct dp_buf *buf);
void dp_buf_free(struct dp_buf *buf);

#endif
