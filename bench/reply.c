/* reply.c - an HTTP/1.1 reply as it comes in, in pieces of any size. */
#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void reply_begin(struct reply *reply, struct dp_buf *body)
{
    *reply = (struct reply){.body = body};
    if (body != NULL)
        dp_buf_reset(body);
}

/* The value of a header line if it has this name, else NULL. */
static const char *value_of(const char *line, const char *name)
{
    size_t len = strlen(name);

    return strncasecmp(line, name, len) == 0 ? line + len + strspn(line + len, " ") : NULL;
}

static void read_line(struct reply *reply, const char *line)
{
    const char *value;

    if ((value = value_of(line, "Content-Length:")) != NULL) {
        reply->left = strtoul(value, NULL, 10);
        reply->state = REPLY_BODY;
    } else if (value_of(line, "Transfer-Encoding:") != NULL) {
        reply->state = REPLY_CHUNK_SIZE;
    } else if ((value = value_of(line, "Connection:")) != NULL) {
        reply->close = strncasecmp(value, "close", 5) == 0;
    }
}

/* data has an empty line in it, so every look ahead ends there. */
static enum dp_err read_head(struct reply *reply, const char *data, const char *end)
{
    if (strncmp(data, "HTTP/1.1 ", 9) != 0)
        return DP_EFORMAT;
    reply->status = (int)strtol(data + 9, NULL, 10);
    for (const char *line = data; (line = memchr(line, '\n', (size_t)(end - line))) != NULL;)
        read_line(reply, ++line);
    if (reply->status == 204 || reply->status == 304)
        reply->state = REPLY_DONE;
    if (reply->state == REPLY_BODY && reply->left == 0)
        reply->state = REPLY_DONE;
    return reply->state == REPLY_HEAD ? DP_EFORMAT : DP_OK;
}

static enum dp_err take_head(struct reply *reply, size_t *used, const char *data, size_t len)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);

    *used = 0;
    if (end == NULL)
        return DP_OK;
    *used = (size_t)(end - data) + 4;
    return read_head(reply, data, end);
}

static enum dp_err take_body(struct reply *reply, size_t *used, const char *data, size_t len,
                             enum reply_state next)
{
    *used = len < reply->left ? len : reply->left;
    reply->left -= *used;
    if (reply->left == 0)
        reply->state = next;
    if (reply->body == NULL)
        return DP_OK;
    dp_buf_add(reply->body, data, *used);
    return reply->body->err;
}

/* The line before a chunk: "\r\n" of the one before may precede it. */
static enum dp_err take_chunk_size(struct reply *reply, size_t *used, const char *data, size_t len)
{
    size_t skip = len >= 2 && memcmp(data, "\r\n", 2) == 0 ? 2 : 0;
    const char *end = memchr(data + skip, '\n', len - skip);
    char *stop;

    *used = 0;
    if (end == NULL || len < 2)
        return DP_OK;
    reply->left = strtoul(data + skip, &stop, 16);
    if (stop == data + skip)
        return DP_EFORMAT;
    reply->state = reply->left > 0 ? REPLY_CHUNK : REPLY_TRAILER;
    *used = (size_t)(end - data) + 1;
    return DP_OK;
}

static enum dp_err take_trailer(struct reply *reply, size_t *used, const char *data, size_t len)
{
    *used = 0;
    if (len < 2)
        return DP_OK;
    reply->state = REPLY_DONE;
    *used = 2;
    return memcmp(data, "\r\n", 2) == 0 ? DP_OK : DP_EFORMAT;
}

static enum dp_err take_some(struct reply *reply, size_t *used, const char *data, size_t len)
{
    switch (reply->state) {
    case REPLY_HEAD:
        return take_head(reply, used, data, len);
    case REPLY_BODY:
        return take_body(reply, used, data, len, REPLY_DONE);
    case REPLY_CHUNK_SIZE:
        return take_chunk_size(reply, used, data, len);
    case REPLY_CHUNK:
        return take_body(reply, used, data, len, REPLY_CHUNK_SIZE);
    case REPLY_TRAILER:
        return take_trailer(reply, used, data, len);
    default:
        *used = 0;
        return DP_OK;
    }
}

enum dp_err reply_take(struct reply *reply, size_t *used, const char *data, size_t len)
{
    size_t some;
    enum dp_err err;

    *used = 0;
    do {
        err = take_some(reply, &some, data + *used, len - *used);
        *used += some;
    } while (err == DP_OK && some > 0 && *used < len);
    return err;
}
