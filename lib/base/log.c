/* log.c - one JSON line an event on standard error. */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define PATIENCE_MS 1000
#define LINE_MAX_BYTES 2048 /* below PIPE_BUF, so that the lines of two workers never mix */

static const char *const names[] = {"debug", "info", "warn", "error"};
static enum dp_log_level lowest = DP_LOG_INFO;
static int log_fd = STDERR_FILENO;
static atomic_bool stuck; /* the last line found no room */
static atomic_ulong lost; /* lines, since the last one that was written */

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

void dp_log_set_level(enum dp_log_level level)
{
    lowest = level;
}

void dp_log_never_block(void)
{
    struct stat st;
    int fd;

    if (fstat(STDERR_FILENO, &st) != 0 || !S_ISFIFO(st.st_mode))
        return;
    /* Opened anew, as the flag of standard error itself is everybody's who has that pipe. */
    fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        log_fd = fd;
}

enum dp_err dp_log_parse_level(enum dp_log_level *out, const char *text)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum dp_log_level)i;
            return DP_OK;
        }
    }
    return DP_ECONFIG;
}

/* Bytes that members may still take; the end of the line is kept free. */
static size_t room(const struct line *line)
{
    return sizeof(line->text) - 2 - line->len;
}

static void put(struct line *line, const char *text, size_t len)
{
    assert(len <= room(line));
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

/* A string without its quotes, cut where the line is full. Bytes above ASCII become '?': a log line
 * is read by many tools. */
static void put_escaped(struct line *line, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char escaped[8] = {c < 0x7f ? (char)c : '?'};

        if (room(line) < sizeof("\\u0000\"") - 1)
            return;
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof(escaped), "\\%c", c);
        else if (c < 0x20)
            snprintf(escaped, sizeof(escaped), "\\u%04x", c);
        put(line, escaped, strlen(escaped));
    }
}

/* Left out where not even its name fits. */
static void put_member(struct line *line, const char *name, const char *value)
{
    if (value == NULL || room(line) < strlen(name) + sizeof(",\"\":\"\"") - 1)
        return;
    put(line, ",\"", 2);
    put(line, name, strlen(name));
    put(line, "\":\"", 3);
    put_escaped(line, value);
    put(line, "\"", 1);
}

static void put_number(struct line *line, const char *name, double value, int decimals)
{
    char text[64];
    int len = snprintf(text, sizeof(text), ",\"%s\":%.*f", name, decimals, value);

    if ((size_t)len <= room(line))
        put(line, text, (size_t)len);
}

static void begin(struct line *line, enum dp_log_level level, const char *event)
{
    char now[DP_CLOCK_TEXT_SIZE];

    dp_clock_format(now, dp_clock_unix_ms());
    line->len = 0;
    put(line, "{\"ts\":\"", 7);
    put(line, now, strlen(now));
    put(line, "\"", 1);
    put_member(line, "level", names[level]);
    put_member(line, "event", event);
}

/* False where the line is lost. Only the first line that finds a pipe full waits for its reader. */
static bool write_line(const struct line *line)
{
    struct pollfd pipe_end = {.fd = log_fd, .events = POLLOUT};
    int64_t deadline = dp_clock_mono_us() + PATIENCE_MS * 1000;

    while (write(log_fd, line->text, line->len) < 0) {
        if (errno != EAGAIN || atomic_load(&stuck) || dp_clock_mono_us() > deadline)
            return false;
        if (poll(&pipe_end, 1, PATIENCE_MS) <= 0)
            return false;
    }
    return true;
}

/* A log that cannot be written is no reason to fail a request. */
static void end(struct line *line)
{
    bool written;

    memcpy(line->text + line->len, "}\n", 2);
    line->len += 2;
    written = write_line(line);
    atomic_store(&stuck, !written);
    if (!written)
        atomic_fetch_add(&lost, 1);
    else if (atomic_load(&lost) > 0)
        dp_log(DP_LOG_WARN, "log_lost", "%lu lines, as nobody read them",
               atomic_exchange(&lost, 0));
}

void dp_log(enum dp_log_level level, const char *event, const char *fmt, ...)
{
    struct line line;
    char detail[512];
    va_list args;

    if (level < lowest)
        return;
    va_start(args, fmt);
    vsnprintf(detail, sizeof(detail), fmt, args);
    va_end(args);
    begin(&line, level, event);
    put_member(&line, "program", program_invocation_short_name);
    put_member(&line, "detail", detail);
    end(&line);
}

void dp_log_request(const struct dp_log_request *r)
{
    enum dp_log_level level = r->status >= 500 ? DP_LOG_ERROR : DP_LOG_INFO;
    struct line line;

    if (level < lowest)
        return;
    begin(&line, level, "request");
    put_member(&line, "route", r->route);
    put_member(&line, "method", r->method);
    put_number(&line, "status", r->status, 0);
    put_member(&line, "userId", r->user_id);
    put_member(&line, "request_id", r->request_id);
    put_number(&line, "latency_ms", (double)r->latency_us / 1000, 3);
    put_member(&line, "result", r->status < 400 ? "ok" : "error");
    put_member(&line, "error_code", r->error_code);
    end(&line);
}
