/* test_tunnel_stream.c - two ends of a stream, with sockets in WireGuard's place. */
#include "helper.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cluster/tunnel_stream.h"
#include "cluster/tunnel_tls.h"

#define SECOND_US INT64_C(1000000)
#define STEPS 2000 /* of a millisecond at most */
#define FLOOD 20000

/* Here the first of two dials the second. */
struct fixture {
    struct dp_tunnel_tls tls;
    int wireguard[2], udp[2]; /* what stands in for WireGuard, and the streams' sockets */
    int listener;
    struct sockaddr_in at;
    struct dp_tunnel_stream *ends[2];
};

static int bound(int type, struct sockaddr_in *at)
{
    const int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    socklen_t len = sizeof(*at);

    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
    return fd;
}

static void open_udp(struct fixture *f, int end)
{
    struct sockaddr_in at;
    uint16_t port;

    f->wireguard[end] = bound(SOCK_DGRAM, &at);
    f->udp[end] = dp_tunnel_stream_socket(ntohs(at.sin_port), &port);
    assert_true(f->udp[end] >= 0);
    at.sin_port = htons(port);
    assert_int_equal(connect(f->wireguard[end], (struct sockaddr *)&at, sizeof(at)), 0);
}

static int start(void **state)
{
    static struct fixture f;

    f = (struct fixture){.listener = -1};
    assert_int_equal(dp_tunnel_tls_open(&f.tls, true), DP_OK);
    open_udp(&f, 0);
    open_udp(&f, 1);
    f.listener = bound(SOCK_STREAM, &f.at);
    assert_int_equal(listen(f.listener, 1), 0);
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    dp_tunnel_stream_close(f->ends[0]);
    dp_tunnel_stream_close(f->ends[1]);
    close(f->udp[0]);
    close(f->wireguard[0]);
    close(f->wireguard[1]);
    close(f->listener);
    dp_tunnel_tls_close(&f->tls);
    return 0;
}

static void take(struct fixture *f)
{
    struct pollfd fd = {.fd = f->listener, .events = POLLIN};

    assert_int_equal(poll(&fd, 1, 1000), 1);
    assert_int_equal(dp_tunnel_stream_accept(&f->ends[1], f->tls.server,
                                             accept4(f->listener, NULL, NULL, SOCK_NONBLOCK),
                                             f->udp[1]),
                     DP_OK);
}

/* One turn of a loop, of one end. */
static void step(struct dp_tunnel_stream *end)
{
    struct pollfd fds[] = {{.fd = end->tcp, .events = dp_tunnel_stream_tcp_events(end)},
                           {.fd = end->udp, .events = dp_tunnel_stream_udp_events(end)}};

    (void)poll(fds, 2, 1);
    if (fds[0].revents != 0)
        dp_tunnel_stream_on_tcp(end);
    if ((fds[1].revents & POLLIN) != 0)
        dp_tunnel_stream_on_udp(end);
}

static void join(struct fixture *f)
{
    assert_int_equal(dp_tunnel_stream_dial(&f->ends[0], f->tls.client, "gateway.example",
                                           (struct sockaddr *)&f->at, sizeof(f->at), f->udp[0]),
                     DP_OK);
    take(f);
    for (int i = 0; i < STEPS && !(f->ends[0]->is_open && f->ends[1]->is_open); i++) {
        step(f->ends[0]);
        step(f->ends[1]);
    }
    assert_true(f->ends[0]->is_open && f->ends[1]->is_open);
}

/* Returns: the length of what has come to the end's WireGuard, or -1 */
static ssize_t arrives(struct fixture *f, int end, uint8_t out[static DP_TUNNEL_DATAGRAM_MAX])
{
    ssize_t len = -1;

    for (int i = 0; i < STEPS && len < 0; i++) {
        step(f->ends[0]);
        step(f->ends[1]);
        len = recv(f->wireguard[end], out, DP_TUNNEL_DATAGRAM_MAX, 0);
    }
    return len;
}

static void datagrams_come_as_they_were_sent_both_ways(void **state)
{
    struct fixture *f = *state;
    uint8_t sent[DP_TUNNEL_DATAGRAM_MAX + 1], got[DP_TUNNEL_DATAGRAM_MAX];
    static const size_t lengths[] = {1, 32, 148, 1452, DP_TUNNEL_DATAGRAM_MAX};

    join(f);
    for (size_t i = 0; i < sizeof(sent); i++)
        sent[i] = (uint8_t)(i * 7 + 4);
    for (size_t i = 0; i < 2 * COUNT(lengths); i++) {
        const int from = (int)(i % 2);
        const size_t len = lengths[i / 2];

        /* What no frame holds is left out, and what comes after it is not. */
        assert_int_equal(send(f->wireguard[from], sent, sizeof(sent), 0), sizeof(sent));
        assert_int_equal(send(f->wireguard[from], sent, len, 0), len);
        assert_int_equal(arrives(f, 1 - from, got), len);
        assert_memory_equal(got, sent, len);
    }
    assert_true(f->ends[0]->heard_us != 0 && f->ends[1]->heard_us != 0);
}

/* A cookie reply (type 3) is sent to anybody; an answer to a handshake (type 2) is not. */
static void a_cookie_is_no_answer(void **state)
{
    struct fixture *f = *state;
    uint8_t message[92] = {3}, got[DP_TUNNEL_DATAGRAM_MAX];

    join(f);
    assert_int_equal(send(f->wireguard[1], message, 64, 0), 64);
    assert_int_equal(arrives(f, 0, got), 64);
    assert_false(f->ends[1]->is_answered);
    message[0] = 2;
    assert_int_equal(send(f->wireguard[1], message, sizeof(message), 0), sizeof(message));
    assert_int_equal(arrives(f, 0, got), sizeof(message));
    assert_true(f->ends[1]->is_answered);
}

/* The other end reads nothing: what waits has its bound, and what is more is lost. Then it reads.
 */
static void what_a_slow_stream_cannot_take_is_lost(void **state)
{
    struct fixture *f = *state;
    uint8_t datagram[1452] = {4}, got[DP_TUNNEL_DATAGRAM_MAX];
    int arrived = 0;

    join(f);
    for (int i = 0; i < FLOOD; i++) {
        (void)!send(f->wireguard[0], datagram, sizeof(datagram), 0);
        if (i % 16 == 0)
            step(f->ends[0]);
        assert_true(f->ends[0]->out_len <= DP_TUNNEL_STREAM_OUT_MAX);
    }
    assert_int_equal(dp_tunnel_stream_udp_events(f->ends[0]), 0);
    assert_false(dp_tunnel_stream_is_over(f->ends[0], dp_clock_mono_us()));
    while (arrives(f, 1, got) == (ssize_t)sizeof(datagram))
        arrived++;
    assert_in_range(arrived, 32, FLOOD - 1);
    assert_int_equal(dp_tunnel_stream_udp_events(f->ends[0]), POLLIN);
}

static void each_thing_has_its_time(void **state)
{
    struct fixture *f = *state;
    uint8_t message[92] = {2}, got[DP_TUNNEL_DATAGRAM_MAX];
    struct dp_tunnel_stream *dialled, *accepted;
    int64_t since;

    assert_int_equal(dp_tunnel_stream_dial(&f->ends[0], f->tls.client, "gateway.example",
                                           (struct sockaddr *)&f->at, sizeof(f->at), f->udp[0]),
                     DP_OK);
    since = f->ends[0]->since_us;
    assert_false(dp_tunnel_stream_is_over(f->ends[0], since + 10 * SECOND_US));
    assert_true(dp_tunnel_stream_is_over(f->ends[0], since + 10 * SECOND_US + 1));
    dp_tunnel_stream_close(f->ends[0]);
    close(accept(f->listener, NULL, NULL));
    join(f);
    dialled = f->ends[0];
    accepted = f->ends[1];
    assert_false(dp_tunnel_stream_is_over(accepted, accepted->since_us + 60 * SECOND_US));
    assert_true(dp_tunnel_stream_is_over(accepted, accepted->since_us + 60 * SECOND_US + 1));
    assert_false(dp_tunnel_stream_is_over(dialled, dialled->since_us + 180 * SECOND_US));
    assert_true(dp_tunnel_stream_is_over(dialled, dialled->since_us + 180 * SECOND_US + 1));
    assert_int_equal(send(f->wireguard[1], message, sizeof(message), 0), sizeof(message));
    assert_int_equal(arrives(f, 0, got), sizeof(message));
    assert_false(dp_tunnel_stream_is_over(accepted, accepted->since_us + 180 * SECOND_US));
    assert_true(dp_tunnel_stream_is_over(accepted, accepted->since_us + 180 * SECOND_US + 1));
    assert_false(dp_tunnel_stream_is_over(dialled, dialled->heard_us + 180 * SECOND_US));
}

static void what_is_no_tls_ends_it(void **state)
{
    struct fixture *f = *state;
    const int stranger = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(stranger, (struct sockaddr *)&f->at, sizeof(f->at)), 0);
    take(f);
    assert_int_equal(send(stranger, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    for (int i = 0; i < STEPS && !f->ends[1]->is_over; i++)
        step(f->ends[1]);
    assert_true(f->ends[1]->is_over);
    close(stranger);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(datagrams_come_as_they_were_sent_both_ways),
        TEST(a_cookie_is_no_answer),
        TEST(what_a_slow_stream_cannot_take_is_lost),
        TEST(each_thing_has_its_time),
        TEST(what_is_no_tls_ends_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
