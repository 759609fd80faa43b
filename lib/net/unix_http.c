/* unix_http.c - HTTP/1.1 over a Unix socket, with kept connections. Answers may hold a secret. */
#include "net/unix_http.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define HEAD_MAX 512    /* bytes of a request's head */
#define AT_ONCE_US 2000 /* a call that got so far in this time has its whole deadline left */

struct dp_unix_http {
    struct sockaddr_un addr;
    int64_t within_us;
    pthread_mutex_t lock; /* guards what follows */
    size_t kept_max, kept_count;
    int kept[];
};

/* One answer as it comes in. */
struct answer {
    char *mem;
    size_t cap, len;
    size_t head_len; /* 0 until the empty line was seen */
    int status;
    size_t content_length;
    bool chunked, has_length;
    bool may_block; /* the first read may wait as long as the socket's own timeout */
    bool close; /* not to be used again: it is said so, or there is more than the answer to read */
};

enum dp_err dp_unix_http_open(struct dp_unix_http **out, const char *path, size_t kept_max,
                              unsigned within_ms)
{
    struct dp_unix_http *http;

    *out = NULL;
    if (path[0] == '\0' || strlen(path) >= sizeof(http->addr.sun_path) || kept_max == 0)
        return DP_EINVAL;
    http = calloc(1, sizeof(*http) + kept_max * sizeof(http->kept[0]));
    if (http == NULL)
        return DP_ENOMEM;
    http->addr.sun_family = AF_UNIX;
    memcpy(http->addr.sun_path, path, strlen(path));
    http->within_us = within_ms * INT64_C(1000);
    http->kept_max = kept_max;
    pthread_mutex_init(&http->lock, NULL);
    *out = http;
    return DP_OK;
}

void dp_unix_http_close(struct dp_unix_http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->kept_count; i++)
        close(http->kept[i]);
    pthread_mutex_destroy(&http->lock);
    free(http);
}

static int pop_kept(struct dp_unix_http *http)
{
    int fd = -1;

    pthread_mutex_lock(&http->lock);
    if (http->kept_count > 0)
        fd = http->kept[--http->kept_count];
    pthread_mutex_unlock(&http->lock);
    return fd;
}

/* Open, and nothing to be read: bytes that nobody asked for would answer somebody else's request.
 */
static bool is_idle(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* An idle connection, or -1 where none is kept. */
static int take_kept(struct dp_unix_http *http)
{
    int fd;

    while ((fd = pop_kept(http)) >= 0 && !is_idle(fd))
        close(fd);
    return fd;
}

static void keep(struct dp_unix_http *http, int fd)
{
    pthread_mutex_lock(&http->lock);
    if (http->kept_count < http->kept_max) {
        http->kept[http->kept_count++] = fd;
        fd = -1;
    }
    pthread_mutex_unlock(&http->lock);
    if (fd >= 0)
        close(fd);
}

/* Wait until fd is ready for events. Returns: DP_OK, DP_ETIMEOUT, DP_EIO */
static enum dp_err wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        int64_t left = deadline - dp_clock_mono_us();
        int n;

        if (left <= 0)
            return DP_ETIMEOUT;
        n = poll(&p, 1, (int)((left + 999) / 1000));
        if (n > 0)
            return DP_OK;
        if (n < 0 && errno != EINTR)
            return DP_EIO;
    }
}

/* A Unix socket connects at once or, with a full queue at the other end, says EAGAIN. */
static enum dp_err connect_to(struct dp_unix_http *http, int *out, int64_t deadline)
{
    struct timeval within = {http->within_us / 1000000, http->within_us % 1000000};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return DP_EIO;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within, sizeof(within));
    while (connect(fd, (struct sockaddr *)&http->addr, sizeof(http->addr)) != 0) {
        if ((errno != EAGAIN && errno != EINTR) || dp_clock_mono_us() >= deadline) {
            enum dp_err err = errno == EAGAIN ? DP_ETIMEOUT : DP_EIO;

            close(fd);
            return err;
        }
        usleep(1000);
    }
    /* Blocking from here on: the first read then needs no poll before it. */
    fcntl(fd, F_SETFL, 0);
    *out = fd;
    return DP_OK;
}

static enum dp_err send_all(int fd, struct iovec *iov, size_t count, int64_t deadline)
{
    while (count > 0) {
        struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};
        ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EAGAIN) {
            enum dp_err err = wait_for(fd, POLLOUT, deadline);

            if (err != DP_OK)
                return err;
        } else if (n < 0 && errno != EINTR) {
            return DP_EIO;
        }
        /* An empty part is passed too, or it would be sent for ever. */
        for (; count > 0 && n >= 0 && (size_t)n >= iov->iov_len; iov++, count--)
            n -= (ssize_t)iov->iov_len;
        if (count > 0 && n > 0) {
            iov->iov_base = (char *)iov->iov_base + n;
            iov->iov_len -= (size_t)n;
        }
    }
    return DP_OK;
}

/* Read what is there into the answer. Returns: DP_OK, DP_EIO (also at the end), DP_ETIMEOUT,
 * DP_ETOOBIG */
static enum dp_err receive(int fd, struct answer *a, int64_t deadline)
{
    for (;;) {
        enum dp_err err;
        ssize_t n;

        if (a->len == a->cap)
            return DP_ETOOBIG;
        n = recv(fd, a->mem + a->len, a->cap - a->len, a->may_block ? 0 : MSG_DONTWAIT);
        /* What comes in pieces waits by poll, for what is left of the time. */
        a->may_block = false;
        if (n > 0) {
            a->len += (size_t)n;
            return DP_OK;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
            return DP_EIO;
        err = wait_for(fd, POLLIN, deadline);
        if (err != DP_OK)
            return err;
    }
}

/* The value of a header line if it has this name, else NULL. */
static const char *header(const char *line, const char *end, const char *name)
{
    size_t len = strlen(name);

    if ((size_t)(end - line) <= len || strncasecmp(line, name, len) != 0 || line[len] != ':')
        return NULL;
    for (line += len + 1; line < end && (*line == ' ' || *line == '\t');)
        line++;
    return line;
}

/* 16: no digit. */
static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (unsigned)((c | 0x20) - 'a') + 10 : 16;
}

/* The digits from text on, up to the first other character; strtoul would take signs and 0x too. */
static enum dp_err parse_size(size_t *out, const char **text, const char *end, unsigned base)
{
    const char *from = *text;

    for (*out = 0; *text < end && digit_of(**text) < base; ++*text) {
        unsigned digit = digit_of(**text);

        if (*out > (SIZE_MAX - digit) / base)
            return DP_EFORMAT;
        *out = *out * base + digit;
    }
    return *text > from ? DP_OK : DP_EFORMAT;
}

static enum dp_err parse_length(struct answer *a, const char *value, const char *end)
{
    size_t len;
    enum dp_err err = parse_size(&len, &value, end, 10);

    if (err != DP_OK || value != end || (a->has_length && len != a->content_length))
        return DP_EFORMAT;
    a->content_length = len;
    a->has_length = true;
    return DP_OK;
}

/* A chunk's size may be followed by extensions, which mean nothing to us. */
static enum dp_err parse_chunk_size(size_t *out, const char *text, const char *end)
{
    enum dp_err err = parse_size(out, &text, end, 16);

    return err == DP_OK && (text == end || *text == ';' || *text == ' ') ? DP_OK : DP_EFORMAT;
}

static bool value_is(const char *value, const char *end, const char *word)
{
    size_t len = strlen(word);

    return (size_t)(end - value) == len && strncasecmp(value, word, len) == 0;
}

static enum dp_err parse_header(struct answer *a, const char *line, const char *end)
{
    const char *value;

    while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if ((value = header(line, end, "Content-Length")) != NULL)
        return parse_length(a, value, end);
    if ((value = header(line, end, "Transfer-Encoding")) != NULL) {
        a->chunked = value_is(value, end, "chunked");
        return a->chunked ? DP_OK : DP_EFORMAT;
    }
    if ((value = header(line, end, "Connection")) != NULL)
        a->close = value_is(value, end, "close");
    return DP_OK;
}

static enum dp_err parse_head(struct answer *a)
{
    const char *line = a->mem, *head_end = a->mem + a->head_len;

    if (a->head_len < sizeof("HTTP/1.1 200\r\n\r\n") - 1 || strncmp(line, "HTTP/1.1 ", 9) != 0 ||
        strspn(line + 9, "0123456789") != 3)
        return DP_EFORMAT;
    a->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    while ((line = memchr(line, '\n', (size_t)(head_end - line))) != NULL && ++line < head_end) {
        const char *end = memchr(line, '\r', (size_t)(head_end - line));
        enum dp_err err = end == NULL ? DP_EFORMAT : parse_header(a, line, end);

        if (err != DP_OK)
            return err;
    }
    /* Both at once is how one answer is made to look like two (RFC 9112, 6.3). */
    return a->has_length != a->chunked ? DP_OK : DP_EFORMAT;
}

static enum dp_err read_head(int fd, struct answer *a, int64_t deadline)
{
    for (;;) {
        const char *end = memmem(a->mem, a->len, "\r\n\r\n", 4);
        enum dp_err err;

        if (end != NULL) {
            a->head_len = (size_t)(end - a->mem) + 4;
            return parse_head(a);
        }
        err = receive(fd, a, deadline);
        if (err != DP_OK)
            return err;
    }
}

static enum dp_err receive_up_to(int fd, struct answer *a, size_t len, int64_t deadline)
{
    if (len > a->cap)
        return DP_ETOOBIG;
    while (a->len < len) {
        enum dp_err err = receive(fd, a, deadline);

        if (err != DP_OK)
            return err;
    }
    return DP_OK;
}

/* Read chunks (RFC 9112, 7.1) and move their data together behind the head. Trailers are not read:
 * the connection is not kept then. */
static enum dp_err read_chunks(int fd, struct answer *a, size_t *body_len, int64_t deadline)
{
    size_t at = a->head_len;

    for (*body_len = 0;;) {
        const char *end;
        size_t size;
        enum dp_err err;

        while ((end = memmem(a->mem + at, a->len - at, "\r\n", 2)) == NULL) {
            err = receive(fd, a, deadline);
            if (err != DP_OK)
                return err;
        }
        err = parse_chunk_size(&size, a->mem + at, end);
        if (err != DP_OK)
            return err;
        at = (size_t)(end - a->mem) + 2;
        if (size == 0)
            break;
        if (size > a->cap - at || a->cap - at - size < 2)
            return DP_ETOOBIG;
        err = receive_up_to(fd, a, at + size + 2, deadline);
        if (err == DP_OK && memcmp(a->mem + at + size, "\r\n", 2) != 0)
            err = DP_EFORMAT;
        if (err != DP_OK)
            return err;
        memmove(a->mem + a->head_len + *body_len, a->mem + at, size);
        *body_len += size;
        at += size + 2;
    }
    return receive_up_to(fd, a, at + 2, deadline);
}

static enum dp_err read_answer(int fd, struct answer *a, struct dp_slice *body, int64_t deadline)
{
    size_t len;
    enum dp_err err = read_head(fd, a, deadline);

    if (err != DP_OK)
        return err;
    len = a->content_length;
    if (a->chunked)
        err = read_chunks(fd, a, &len, deadline);
    else if (len > a->cap - a->head_len)
        err = DP_ETOOBIG;
    else
        err = receive_up_to(fd, a, a->head_len + len, deadline);
    *body = (struct dp_slice){a->mem + a->head_len, len};
    a->close |= a->chunked || a->len != a->head_len + len;
    return err;
}

static enum dp_err exchange(struct dp_unix_http *http, int fd, struct answer *a,
                            struct dp_slice *body, struct iovec *iov, int64_t deadline)
{
    enum dp_err err = send_all(fd, iov, 2, deadline);

    if (err != DP_OK)
        return err;
    /* The socket's timeout begins with the read, so it is the deadline only if that comes at once.
     */
    a->may_block = deadline - dp_clock_mono_us() > http->within_us - AT_ONCE_US;
    return read_answer(fd, a, body, deadline);
}

enum dp_err dp_unix_http_post(struct dp_unix_http *http, int *status, struct dp_slice *body,
                              char *mem, size_t cap, const char *target, const char *json,
                              size_t len)
{
    int64_t deadline = dp_clock_mono_us() + http->within_us;
    char head[HEAD_MAX];
    int head_len = snprintf(head, sizeof(head),
                            "POST %s HTTP/1.1\r\nHost: dstack\r\nContent-Type: application/json\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            target, len);
    struct answer a;
    enum dp_err err = DP_OK;
    bool was_kept;
    int fd;

    if (head_len < 0 || (size_t)head_len >= sizeof(head))
        return DP_EINVAL;
    fd = take_kept(http);
    for (was_kept = fd >= 0;; was_kept = false) {
        struct iovec iov[] = {{head, (size_t)head_len}, {(char *)json, len}};

        if (!was_kept)
            err = connect_to(http, &fd, deadline);
        if (err != DP_OK)
            return err;
        a = (struct answer){.mem = mem, .cap = cap};
        err = exchange(http, fd, &a, body, iov, deadline);
        if (err != DP_EIO || !was_kept || a.len > 0)
            break;
        close(fd);
    }
    *status = a.status;
    if (err == DP_OK && !a.close)
        keep(http, fd);
    else
        close(fd);
    return err;
}
