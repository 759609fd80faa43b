/* test_unix_http.c - the HTTP client over a Unix socket, against a server that misbehaves. */
#include "helper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/unix_http.h"

#define CAP 4096
#define SHORT_MS 400 /* the deadline where it is to pass */
#define LONG_MS 10000
#define SLACK_US 2000000 /* for a busy machine */

/* How the server sends an answer. */
enum manner {
    WHOLE,
    BYTES,    /* one write a byte */
    DRIP,     /* the same, with a pause before each that is far below the deadline */
    AND_CLOSE /* and then close the connection */
};

struct answer {
    const char *text;
    size_t len;
    enum manner manner;
};

struct fixture {
    struct temp temp;
    char path[TEMP_SIZE];
    struct server *server;
    struct dp_unix_http *http;
    struct answer answer;
    unsigned within_ms; /* 0: LONG_MS */
};

static bool give(int fd, const struct request *request, void *arg)
{
    const struct answer *answer = arg;
    size_t step = answer->manner == BYTES || answer->manner == DRIP ? 1 : answer->len;

    (void)request;
    for (size_t at = 0; at < answer->len; at += step) {
        if (answer->manner == DRIP)
            usleep(20000);
        if (!send_bytes(fd, answer->text + at, step))
            return false;
    }
    return answer->manner != AND_CLOSE;
}

static void serve(struct fixture *f, server_answer_fn *answer, void *arg)
{
    temp_make(&f->temp);
    temp_path(f->path, &f->temp, "s");
    f->server = server_listen(f->path, answer, arg);
    server_start(f->server);
    assert_int_equal(
        dp_unix_http_open(&f->http, f->path, 4, f->within_ms != 0 ? f->within_ms : LONG_MS), DP_OK);
}

static void end(struct fixture *f)
{
    dp_unix_http_close(f->http);
    server_stop(f->server);
    temp_remove(&f->temp);
}

/* One call; what it says, and the body's length where that is DP_OK. */
static enum dp_err post(struct fixture *f, int *status, char body[static CAP], size_t *len)
{
    static __thread char mem[CAP];
    struct dp_slice slice = {NULL, 0};
    enum dp_err err =
        dp_unix_http_post(f->http, status, &slice, mem, sizeof(mem), "/Method", "{}", 2);

    *len = 0;
    if (err != DP_OK)
        return err;
    if (slice.data < mem || slice.data + slice.len > mem + sizeof(mem))
        return DP_EINVAL;
    memcpy(body, slice.data, slice.len);
    *len = slice.len;
    return DP_OK;
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"
#define TEXT(s) (s), sizeof(s) - 1

static const struct {
    const char *name;
    struct answer answer;
    enum dp_err want;
    int status;
    const char *body;
} cases[] = {
    {"a length", {TEXT(OK "Content-Length: 5\r\n\r\nhello"), WHOLE}, DP_OK, 200, "hello"},
    {"an empty body", {TEXT(OK "Content-Length: 0\r\n\r\n"), WHOLE}, DP_OK, 200, ""},
    {"any status",
     {TEXT("HTTP/1.1 503 Gone\r\ncontent-length:3\r\n\r\nabc"), WHOLE},
     DP_OK,
     503,
     "abc"},
    {"no reason", {TEXT("HTTP/1.1 404\r\nContent-Length: 1\r\n\r\nx"), WHOLE}, DP_OK, 404, "x"},
    {"other headers around it",
     {TEXT(OK "A: b\r\nContent-Length-X: 9\r\nCONTENT-LENGTH: \t 2\r\nC:\r\n\r\nhi"), WHOLE},
     DP_OK,
     200,
     "hi"},
    {"the same length twice",
     {TEXT(OK "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi"), WHOLE},
     DP_OK,
     200,
     "hi"},
    {"byte by byte", {TEXT(OK "Content-Length: 5\r\n\r\nhello"), BYTES}, DP_OK, 200, "hello"},
    {"closed after its end",
     {TEXT(OK "Connection: close\r\nContent-Length: 2\r\n\r\nhi"), AND_CLOSE},
     DP_OK,
     200,
     "hi"},
    {"chunks", {TEXT(CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), WHOLE}, DP_OK, 200, "abcde"},
    {"chunks, byte by byte",
     {TEXT(CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), BYTES},
     DP_OK,
     200,
     "abcde"},
    {"chunks with hex sizes, zeros and an extension",
     {TEXT(CHUNKED "00a;x=y\r\n0123456789\r\nB\r\n01234567890\r\n000\r\n\r\n"), WHOLE},
     DP_OK,
     200,
     "012345678901234567890"},
    {"no chunk but the last", {TEXT(CHUNKED "0\r\n\r\n"), WHOLE}, DP_OK, 200, ""},
    {"chunks whose data look like a size",
     {TEXT(CHUNKED "5\r\n0\r\n\r\n\r\n0\r\n\r\n"), WHOLE},
     DP_OK,
     200,
     "0\r\n\r\n"},

    {"closed at once", {"", 0, AND_CLOSE}, DP_EIO, 0, NULL},
    {"closed in the status line", {TEXT("HTTP/1.1 2"), AND_CLOSE}, DP_EIO, 0, NULL},
    {"closed in the head", {TEXT(OK "Content-Length: 5\r\n"), AND_CLOSE}, DP_EIO, 0, NULL},
    {"closed in the body", {TEXT(OK "Content-Length: 5\r\n\r\nhell"), AND_CLOSE}, DP_EIO, 0, NULL},
    {"closed in a chunk's size", {TEXT(CHUNKED "3"), AND_CLOSE}, DP_EIO, 0, NULL},
    {"closed in a chunk", {TEXT(CHUNKED "3\r\nab"), AND_CLOSE}, DP_EIO, 0, NULL},
    {"closed before the last chunk", {TEXT(CHUNKED "3\r\nabc\r\n"), AND_CLOSE}, DP_EIO, 0, NULL},
    {"closed in the last chunk", {TEXT(CHUNKED "3\r\nabc\r\n0\r\n"), AND_CLOSE}, DP_EIO, 0, NULL},

    {"no HTTP", {TEXT("hello\r\n\r\n"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"an empty head", {TEXT("\r\n\r\n"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"HTTP/1.0",
     {TEXT("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"a status of two digits",
     {TEXT("HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"a status of four digits",
     {TEXT("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"no status",
     {TEXT("HTTP/1.1 OK OK\r\nContent-Length: 0\r\n\r\n"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"no length", {TEXT(OK "\r\n{}"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"no length, then closed", {TEXT(OK "\r\n{}"), AND_CLOSE}, DP_EFORMAT, 0, NULL},
    {"100 Continue", {TEXT("HTTP/1.1 100 Continue\r\n\r\n"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"an empty length", {TEXT(OK "Content-Length: \r\n\r\n"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a negative length", {TEXT(OK "Content-Length: -1\r\n\r\n"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a signed length", {TEXT(OK "Content-Length: +1\r\n\r\na"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a hex length", {TEXT(OK "Content-Length: 0x1\r\n\r\na"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a length of letters", {TEXT(OK "Content-Length: a\r\n\r\na"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a length and more", {TEXT(OK "Content-Length: 1;a\r\n\r\na"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a list of lengths", {TEXT(OK "Content-Length: 1, 1\r\n\r\na"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a length above 64 bits",
     {TEXT(OK "Content-Length: 18446744073709551617\r\n\r\na"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"two lengths",
     {TEXT(OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"a length and chunks",
     {TEXT(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"an unknown coding",
     {TEXT(OK "Content-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\na"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"a coding that begins alike",
     {TEXT(OK "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"a chunk without size", {TEXT(CHUNKED "\r\nabc\r\n0\r\n\r\n"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a chunk's size with 0x",
     {TEXT(CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},
    {"a negative chunk", {TEXT(CHUNKED "-1\r\nabc\r\n0\r\n\r\n"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a chunk's size that is none", {TEXT(CHUNKED "xyz\r\nabc\r\n"), WHOLE}, DP_EFORMAT, 0, NULL},
    {"a chunk that is longer than it says",
     {TEXT(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), WHOLE},
     DP_EFORMAT,
     0,
     NULL},

    {"a body over the room", {TEXT(OK "Content-Length: 4096\r\n\r\n"), WHOLE}, DP_ETOOBIG, 0, NULL},
    {"a body that would wrap",
     {TEXT(OK "Content-Length: 18446744073709551615\r\n\r\n"), WHOLE},
     DP_ETOOBIG,
     0,
     NULL},
    {"a chunk over the room", {TEXT(CHUNKED "1000\r\n"), WHOLE}, DP_ETOOBIG, 0, NULL},
    {"a chunk that would wrap", {TEXT(CHUNKED "ffffffffffffffff\r\n"), WHOLE}, DP_ETOOBIG, 0, NULL},
    {"a chunk that would wrap with its end",
     {TEXT(CHUNKED "fffffffffffffffd\r\n"), WHOLE},
     DP_ETOOBIG,
     0,
     NULL},

    {"nothing at all", {"", 0, WHOLE}, DP_ETIMEOUT, 0, NULL},
    {"half a head", {TEXT("HTTP/1.1 200"), WHOLE}, DP_ETIMEOUT, 0, NULL},
    {"half a body", {TEXT(OK "Content-Length: 5\r\n\r\nhe"), WHOLE}, DP_ETIMEOUT, 0, NULL},
    {"half a chunk", {TEXT(CHUNKED "5\r\nhe"), WHOLE}, DP_ETIMEOUT, 0, NULL},
    {"a slow drip of bytes",
     {TEXT(OK "Content-Length: 5\r\n\r\nhello"), DRIP},
     DP_ETIMEOUT,
     0,
     NULL},
};

static void answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f = {.answer = cases[i].answer,
                            .within_ms = cases[i].want == DP_ETIMEOUT ? SHORT_MS : LONG_MS};
        char body[CAP];
        size_t len;
        int status = 0;
        int64_t start;
        enum dp_err err;

        serve(&f, give, &f.answer);
        start = dp_clock_mono_us();
        err = post(&f, &status, body, &len);
        if (err != cases[i].want)
            fail_msg("%s: %s", cases[i].name, dp_err_text(err));
        if (err == DP_OK && (status != cases[i].status || len != strlen(cases[i].body) ||
                             memcmp(body, cases[i].body, len) != 0))
            fail_msg("%s: %d, %zu bytes", cases[i].name, status, len);
        /* The deadline is for all of a call; some slack for a busy machine. */
        if (dp_clock_mono_us() - start > f.within_ms * 1000 + SLACK_US)
            fail_msg("%s: took %lld us", cases[i].name, (long long)(dp_clock_mono_us() - start));
        if (err == DP_ETIMEOUT && dp_clock_mono_us() - start < SHORT_MS * 1000 - 1000)
            fail_msg("%s: gave up early", cases[i].name);
        end(&f);
    }
}

/* Head and body together fill the room to its last byte, and one more is refused. */
static void the_room_is_used_to_its_last_byte(void **state)
{
    static char text[CAP + 2];

    (void)state;
    for (size_t over = 0; over < 2; over++) {
        int head = snprintf(text, sizeof(text), OK "Content-Length: %04zu\r\n\r\n",
                            CAP + over - strlen(OK "Content-Length: 0000\r\n\r\n"));
        struct fixture f = {.answer = {text, CAP + over, WHOLE}};
        char body[CAP];
        size_t len;
        int status;

        memset(text + head, 'x', sizeof(text) - (size_t)head);
        serve(&f, give, &f.answer);
        assert_int_equal(post(&f, &status, body, &len), over ? DP_ETOOBIG : DP_OK);
        assert_int_equal(len, over ? 0 : CAP - (size_t)head);
        end(&f);
    }
}

static bool give_request(int fd, const struct request *request, void *arg)
{
    char head[128];

    (void)arg;
    snprintf(head, sizeof(head), OK "Content-Length: %zu\r\n\r\n", request->len);
    return send_text(fd, head) && send_bytes(fd, request->text, request->len);
}

static void the_request_is_one_plain_post(void **state)
{
    static const char want[] = "POST /Method HTTP/1.1\r\nHost: dstack\r\n"
                               "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    struct fixture f = {.server = NULL};
    char body[CAP];
    size_t len;
    int status;

    (void)state;
    serve(&f, give_request, NULL);
    assert_int_equal(post(&f, &status, body, &len), DP_OK);
    assert_int_equal(len, sizeof(want) - 1);
    assert_memory_equal(body, want, len);
    end(&f);
}

static void an_empty_body_can_be_sent(void **state)
{
    struct fixture f = {.answer = {TEXT(OK "Content-Length: 0\r\n\r\n"), WHOLE}};
    struct dp_slice body;
    char mem[CAP];
    int status;

    (void)state;
    serve(&f, give, &f.answer);
    assert_int_equal(dp_unix_http_post(f.http, &status, &body, mem, sizeof(mem), "/", "", 0),
                     DP_OK);
    assert_int_equal(status, 200);
    end(&f);
}

static void a_connection_is_kept_for_the_next_call(void **state)
{
    struct fixture f = {.answer = {TEXT(OK "Content-Length: 2\r\n\r\n{}"), WHOLE}};
    char body[CAP];
    size_t len;
    int status;

    (void)state;
    serve(&f, give, &f.answer);
    for (int i = 0; i < 20; i++)
        assert_int_equal(post(&f, &status, body, &len), DP_OK);
    assert_int_equal(server_connections(f.server), 1);
    assert_int_equal(server_requests(f.server), 20);
    end(&f);
}

/* One answer on each connection, then the server closes without having said so. */
static bool give_once(int fd, const struct request *request, void *arg)
{
    if (request->number == 0)
        give(fd, request, arg);
    return request->number == 0 && request->connection < 3;
}

static void a_kept_connection_that_was_closed_is_replaced_once(void **state)
{
    struct fixture f = {.answer = {TEXT(OK "Content-Length: 2\r\n\r\n{}"), WHOLE}};
    char body[CAP];
    size_t len;
    int status;

    (void)state;
    serve(&f, give_once, &f.answer);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(post(&f, &status, body, &len), DP_OK);
        assert_int_equal(server_connections(f.server), i + 1);
    }
    end(&f);
}

static bool refuse_the_second(int fd, const struct request *request, void *arg)
{
    return request->connection == 0 && request->number == 0 && give(fd, request, arg);
}

/* The second connection is new: that it is closed is an answer, and no third is tried. */
static void a_new_connection_that_is_closed_is_not_replaced(void **state)
{
    struct fixture f = {.answer = {TEXT(OK "Content-Length: 2\r\n\r\n{}"), WHOLE}};
    char body[CAP];
    size_t len;
    int status;

    (void)state;
    serve(&f, refuse_the_second, &f.answer);
    assert_int_equal(post(&f, &status, body, &len), DP_OK);
    assert_int_equal(post(&f, &status, body, &len), DP_EIO);
    assert_int_equal(server_connections(f.server), 2);
    end(&f);
}

#define STALE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale"

struct surplus {
    bool later; /* than the answer */
    atomic_bool sent;
};

static bool give_more_than_asked(int fd, const struct request *request, void *arg)
{
    struct surplus *surplus = arg;
    bool sent;

    if (request->connection > 0)
        return send_text(fd, OK "Content-Length: 5\r\n\r\nfresh");
    /* The first bytes of what nobody asked for come with the answer, or a little later. */
    if (!surplus->later)
        sent = send_text(fd, OK "Content-Length: 5\r\n\r\nfirst" STALE);
    else
        sent = send_text(fd, OK "Content-Length: 5\r\n\r\nfirst") && usleep(20000) == 0 &&
               send_text(fd, STALE);
    atomic_store(&surplus->sent, true);
    return sent;
}

/* Else one user's answer could be read as another's. */
static void bytes_that_nobody_asked_for_answer_no_later_call(void **state)
{
    (void)state;
    for (int later = 0; later < 2; later++) {
        struct surplus surplus = {.later = later};
        struct fixture f = {.server = NULL};
        char body[CAP];
        size_t len;
        int status;

        serve(&f, give_more_than_asked, &surplus);
        assert_int_equal(post(&f, &status, body, &len), DP_OK);
        assert_memory_equal(body, "first", 5);
        while (!atomic_load(&surplus.sent))
            usleep(1000);
        assert_int_equal(post(&f, &status, body, &len), DP_OK);
        assert_memory_equal(body, "fresh", 5);
        end(&f);
    }
}

static bool answer_the_second_late(int fd, const struct request *request, void *arg)
{
    if (request->connection == 0 && request->number == 1)
        usleep(3 * SHORT_MS * 1000);
    return give(fd, request, arg);
}

static void a_call_that_timed_out_leaves_nothing_for_the_next(void **state)
{
    struct fixture f = {.answer = {TEXT(OK "Content-Length: 2\r\n\r\n{}"), WHOLE},
                        .within_ms = SHORT_MS};
    char body[CAP];
    size_t len;
    int status;

    (void)state;
    serve(&f, answer_the_second_late, &f.answer);
    assert_int_equal(post(&f, &status, body, &len), DP_OK);
    assert_int_equal(post(&f, &status, body, &len), DP_ETIMEOUT);
    assert_int_equal(post(&f, &status, body, &len), DP_OK);
    assert_int_equal(server_connections(f.server), 2);
    end(&f);
}

static void an_absent_socket_is_an_error_until_it_is_there(void **state)
{
    struct fixture f = {.answer = {TEXT(OK "Content-Length: 2\r\n\r\n{}"), WHOLE}};
    char body[CAP];
    size_t len;
    int status;

    (void)state;
    temp_make(&f.temp);
    temp_path(f.path, &f.temp, "s");
    assert_int_equal(dp_unix_http_open(&f.http, f.path, 1, LONG_MS), DP_OK);
    assert_int_equal(post(&f, &status, body, &len), DP_EIO);
    f.server = server_listen(f.path, give, &f.answer);
    server_start(f.server);
    assert_int_equal(post(&f, &status, body, &len), DP_OK);
    end(&f);
}

/* Nobody accepts, and the queue is full: connecting and waiting share one deadline. */
static void a_full_queue_is_waited_for_until_the_deadline(void **state)
{
    struct fixture f = {.server = NULL};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    char body[CAP];
    size_t len;
    int64_t start;
    int status;

    (void)state;
    temp_make(&f.temp);
    temp_path(f.path, &f.temp, "s");
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", f.path);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(dp_unix_http_open(&f.http, f.path, 1, SHORT_MS), DP_OK);
    for (int i = 0; i < 3; i++) {
        start = dp_clock_mono_us();
        assert_int_equal(post(&f, &status, body, &len), DP_ETIMEOUT);
        assert_true(dp_clock_mono_us() - start < SHORT_MS * 1000 + SLACK_US);
    }
    dp_unix_http_close(f.http);
    close(listener);
    temp_remove(&f.temp);
}

#define LATE_MS 3000

/* Takes the listener and leaves what it has accepted. */
static void *accept_late(void *arg)
{
    int *fd = arg;

    usleep(LATE_MS * 1000 * 3 / 4);
    *fd = accept(*fd, NULL, NULL);
    return NULL;
}

/* A connection that took most of the time leaves the rest, not the whole again, for the answer. */
static void a_late_connection_does_not_extend_the_deadline(void **state)
{
    struct fixture f = {.server = NULL};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), first = socket(AF_UNIX, SOCK_STREAM, 0);
    char body[CAP];
    pthread_t thread;
    int accepted = listener;
    size_t len;
    int64_t start;
    int status;

    (void)state;
    temp_make(&f.temp);
    temp_path(f.path, &f.temp, "s");
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", f.path);
    assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(connect(first, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(dp_unix_http_open(&f.http, f.path, 1, LATE_MS), DP_OK);
    assert_int_equal(pthread_create(&thread, NULL, accept_late, &accepted), 0);
    start = dp_clock_mono_us();
    assert_int_equal(post(&f, &status, body, &len), DP_ETIMEOUT);
    assert_true(dp_clock_mono_us() - start < LATE_MS * 1000 * 3 / 2);
    pthread_join(thread, NULL);
    close(accepted);
    close(first);
    close(listener);
    dp_unix_http_close(f.http);
    temp_remove(&f.temp);
}

static void bad_arguments_are_refused(void **state)
{
    struct dp_unix_http *http;
    struct dp_slice body;
    char path[109], target[600], mem[64];
    int status;

    (void)state;
    memset(path, 'a', sizeof(path));
    path[108] = '\0';
    assert_int_equal(dp_unix_http_open(&http, path, 1, 100), DP_EINVAL);
    assert_null(http);
    path[107] = '\0';
    assert_int_equal(dp_unix_http_open(&http, path, 1, 100), DP_OK);
    memset(target, '/', sizeof(target));
    target[sizeof(target) - 1] = '\0';
    assert_int_equal(dp_unix_http_post(http, &status, &body, mem, sizeof(mem), target, "{}", 2),
                     DP_EINVAL);
    dp_unix_http_close(http);
    assert_int_equal(dp_unix_http_open(&http, "", 1, 100), DP_EINVAL);
    assert_int_equal(dp_unix_http_open(&http, "a", 0, 100), DP_EINVAL);
    dp_unix_http_close(NULL);
}

/* The answer repeats a number that only this request has. */
static bool give_number(int fd, const struct request *request, void *arg)
{
    const char *body = strstr(request->text, "\r\n\r\n") + 4;
    char head[64];

    (void)arg;
    snprintf(head, sizeof(head), OK "Content-Length: %zu\r\n\r\n", strlen(body));
    return send_text(fd, head) && send_text(fd, body) && request->number % 7 != 6;
}

struct crowd {
    struct fixture f;
    atomic_uint faults;
};

static void ask_many_times(size_t index, void *arg)
{
    struct crowd *crowd = arg;

    for (int i = 0; i < 100; i++) {
        char json[64], mem[1024];
        int len = snprintf(json, sizeof(json), "{\"n\":\"%zu-%d\"}", index, i), status;
        struct dp_slice body;

        if (dp_unix_http_post(crowd->f.http, &status, &body, mem, sizeof(mem), "/", json,
                              (size_t)len) != DP_OK ||
            body.len != (size_t)len || memcmp(body.data, json, body.len) != 0)
            atomic_fetch_add(&crowd->faults, 1);
    }
}

/* The server closes a connection with each seventh answer, so that many are replaced meanwhile. */
static void each_of_many_threads_gets_its_own_answer(void **state)
{
    static struct crowd crowd;

    (void)state;
    serve(&crowd.f, give_number, NULL);
    on_threads(32, ask_many_times, &crowd);
    assert_int_equal(atomic_load(&crowd.faults), 0);
    assert_true(server_connections(crowd.f.server) < 1000);
    end(&crowd.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(the_room_is_used_to_its_last_byte),
        cmocka_unit_test(the_request_is_one_plain_post),
        cmocka_unit_test(an_empty_body_can_be_sent),
        cmocka_unit_test(a_connection_is_kept_for_the_next_call),
        cmocka_unit_test(a_kept_connection_that_was_closed_is_replaced_once),
        cmocka_unit_test(a_new_connection_that_is_closed_is_not_replaced),
        cmocka_unit_test(bytes_that_nobody_asked_for_answer_no_later_call),
        cmocka_unit_test(a_call_that_timed_out_leaves_nothing_for_the_next),
        cmocka_unit_test(an_absent_socket_is_an_error_until_it_is_there),
        cmocka_unit_test(a_full_queue_is_waited_for_until_the_deadline),
        cmocka_unit_test(a_late_connection_does_not_extend_the_deadline),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(each_of_many_threads_gets_its_own_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
