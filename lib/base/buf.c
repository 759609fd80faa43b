/* buf.c - a byte buffer that grows up to a limit stated where it is made. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 256

/* One byte more than asked for, so that the NUL at the end always has room. */
static enum dp_err reserve(struct dp_buf *buf, size_t len)
{
    size_t cap = buf->cap != 0 ? buf->cap : FIRST_CAP;
    char *data;

    if (len > buf->limit - buf->len)
        return DP_ETOOBIG;
    if (buf->data != NULL && len < buf->cap - buf->len)
        return DP_OK;
    while (cap - buf->len <= len)
        cap *= 2;
    data = realloc(buf->data, cap);
    if (data == NULL)
        return DP_ENOMEM;
    buf->data = data;
    buf->cap = cap;
    return DP_OK;
}

char *dp_buf_room(struct dp_buf *buf, size_t len)
{
    if (buf->err == DP_OK)
        buf->err = reserve(buf, len);
    return buf->err == DP_OK ? buf->data + buf->len : NULL;
}

void dp_buf_grew(struct dp_buf *buf, size_t len)
{
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void dp_buf_add(struct dp_buf *buf, const void *data, size_t len)
{
    char *room = dp_buf_room(buf, len);

    if (room == NULL)
        return;
    if (len > 0)
        memcpy(room, data, len);
    dp_buf_grew(buf, len);
}

void dp_buf_add_text(struct dp_buf *buf, const char *text)
{
    dp_buf_add(buf, text, strlen(text));
}

void dp_buf_addf(struct dp_buf *buf, const char *fmt, ...)
{
    va_list args, again;
    int len;

    va_start(args, fmt);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, fmt, args);
    if (len < 0 && buf->err == DP_OK)
        buf->err = DP_EINVAL;
    if (len >= 0 && dp_buf_room(buf, (size_t)len) != NULL) {
        vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, again);
        buf->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

void dp_buf_reset(struct dp_buf *buf)
{
    buf->len = 0;
    buf->err = DP_OK;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

void dp_buf_free(struct dp_buf *buf)
{
    free(buf->data);
    *buf = DP_BUF_INIT(buf->limit);
}
