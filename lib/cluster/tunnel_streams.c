/* tunnel_streams.c - WireGuard's datagrams in TLS streams, where a gateway takes no UDP. */
#include "cluster/tunnel_streams.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cluster/tunnel_tls.h"

#define ACCEPTS 16     /* connections that are taken at a time */
#define TICK_MS 250    /* between two looks at what has not come in its time */
#define FULL_US 100000 /* until accepting is tried again after there was nothing to accept with */
#define FAILS 3        /* in a row */
#define FDS_MAX (2 + 2 * DP_PEERS_MAX + 2 * DP_TUNNEL_STREAMS_MAX)

struct accepted {
    struct dp_tunnel_stream *stream;
    uint16_t port;
};

struct dp_tunnel_streams {
    struct dp_tunnel_tls tls;
    uint16_t wireguard;
    int listener, wake; /* -1: there is none */
    bool has_thread;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows; the thread leaves it only to wait */
    bool is_over;
    struct dp_tunnel_dial
        *dials[2 * DP_PEERS_MAX]; /* with those that are gone and not closed yet */
    size_t dial_count;
    struct accepted accepted[DP_TUNNEL_STREAMS_MAX]; /* the oldest first */
    size_t accepted_count;
    unsigned lost;
    int64_t full_until_us;

    struct pollfd fds[FDS_MAX]; /* the thread's own */
    int fd_count;
};

/* --- what is waited for --- */

static void close_gone(struct dp_tunnel_streams *streams)
{
    size_t kept = 0;

    for (size_t i = 0; i < streams->dial_count; i++) {
        struct dp_tunnel_dial *dial = streams->dials[i];

        if (dial->is_gone)
            dp_tunnel_dial_close(dial);
        else
            streams->dials[kept++] = dial;
    }
    streams->dial_count = kept;
}

/* Returns: its place */
static int add(struct dp_tunnel_streams *streams, int fd, short events)
{
    streams->fds[streams->fd_count] = (struct pollfd){.fd = fd, .events = events};
    return streams->fd_count++;
}

static short news(const struct dp_tunnel_streams *streams, int slot)
{
    return slot >= 0 ? streams->fds[slot].revents : 0;
}

/* A socket that nothing is wanted of is left out, as poll would tell of its errors all the same. */
static void add_stream(struct dp_tunnel_streams *streams, struct dp_tunnel_stream *stream)
{
    const short events = dp_tunnel_stream_udp_events(stream);

    stream->tcp_slot = add(streams, stream->tcp, dp_tunnel_stream_tcp_events(stream));
    stream->udp_slot = events != 0 ? add(streams, stream->udp, events) : -1;
}

static void add_dial(struct dp_tunnel_streams *streams, struct dp_tunnel_dial *dial)
{
    if (dial->stream != NULL)
        add_stream(streams, dial->stream);
    dial->udp_slot =
        dial->stream != NULL ? dial->stream->udp_slot : add(streams, dial->udp, POLLIN);
}

static void prepare(struct dp_tunnel_streams *streams, int64_t now_us)
{
    close_gone(streams);
    streams->fd_count = 0;
    add(streams, streams->wake, POLLIN);
    add(streams, now_us >= streams->full_until_us ? streams->listener : -1, POLLIN);
    for (size_t i = 0; i < streams->dial_count; i++)
        add_dial(streams, streams->dials[i]);
    for (size_t i = 0; i < streams->accepted_count; i++)
        add_stream(streams, streams->accepted[i].stream);
}

/* --- who is dialled --- */

static void go_on_dial(struct dp_tunnel_streams *streams, struct dp_tunnel_dial *dial,
                       int64_t now_us)
{
    if (dial->is_gone)
        return;
    if (dial->stream != NULL && news(streams, dial->stream->tcp_slot) != 0)
        dp_tunnel_stream_on_tcp(dial->stream);
    if (news(streams, dial->udp_slot) != 0)
        dp_tunnel_dial_on_udp(dial, now_us);
    dp_tunnel_dial_step(dial, streams->tls.client, now_us);
}

/* --- who has come --- */

static void end_accepted(struct dp_tunnel_streams *streams, size_t at)
{
    struct accepted *list = streams->accepted;

    if (list[at].stream->is_answered)
        streams->lost++;
    dp_tunnel_stream_close(list[at].stream);
    streams->accepted_count--;
    memmove(list + at, list + at + 1, (streams->accepted_count - at) * sizeof(*list));
}

static void go_on_accepted(struct dp_tunnel_streams *streams, int64_t now_us)
{
    for (size_t i = streams->accepted_count; i-- > 0;) {
        struct dp_tunnel_stream *stream = streams->accepted[i].stream;

        if (news(streams, stream->tcp_slot) != 0)
            dp_tunnel_stream_on_tcp(stream);
        if (news(streams, stream->udp_slot) != 0)
            dp_tunnel_stream_on_udp(stream);
        if (dp_tunnel_stream_is_over(stream, now_us))
            end_accepted(streams, i);
    }
}

/* Of those that WireGuard has not answered the oldest goes, where there are too many. */
static void make_room(struct dp_tunnel_streams *streams)
{
    size_t unknown = 0, oldest = 0;

    for (size_t i = streams->accepted_count; i-- > 0;) {
        if (streams->accepted[i].stream->is_answered)
            continue;
        unknown++;
        oldest = i;
    }
    if (unknown >= DP_TUNNEL_STREAMS_UNKNOWN)
        end_accepted(streams, oldest);
}

static void take(struct dp_tunnel_streams *streams, int tcp)
{
    struct accepted *next = &streams->accepted[streams->accepted_count];
    int udp = -1;

    if (streams->accepted_count < DP_TUNNEL_STREAMS_MAX)
        udp = dp_tunnel_stream_socket(streams->wireguard, &next->port);
    if (udp >= 0 &&
        dp_tunnel_stream_accept(&next->stream, streams->tls.server, tcp, udp) == DP_OK) {
        streams->accepted_count++;
        return;
    }
    if (udp >= 0)
        close(udp);
    close(tcp);
}

/* Where there is no descriptor for one more, poll would tell of it on and on. */
static void accept_some(struct dp_tunnel_streams *streams, int64_t now_us)
{
    for (int i = 0; i < ACCEPTS; i++) {
        const int tcp = accept4(streams->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (tcp < 0) {
            streams->full_until_us = i == 0 ? now_us + FULL_US : 0;
            return;
        }
        make_room(streams);
        take(streams, tcp);
    }
}

/* --- the thread --- */

static void go_on(struct dp_tunnel_streams *streams)
{
    const int64_t now_us = dp_clock_mono_us();
    uint64_t count;

    if (news(streams, 0) != 0)
        (void)!read(streams->wake, &count, sizeof(count));
    for (size_t i = 0; i < streams->dial_count; i++)
        go_on_dial(streams, streams->dials[i], now_us);
    go_on_accepted(streams, now_us);
    if (news(streams, 1) != 0)
        accept_some(streams, now_us);
}

static void *serve(void *arg)
{
    struct dp_tunnel_streams *streams = arg;

    pthread_mutex_lock(&streams->lock);
    while (!streams->is_over) {
        const bool is_idle =
            streams->dial_count == 0 && streams->accepted_count == 0 && streams->full_until_us == 0;

        prepare(streams, dp_clock_mono_us());
        pthread_mutex_unlock(&streams->lock);
        (void)!poll(streams->fds, (nfds_t)streams->fd_count, is_idle ? -1 : TICK_MS);
        pthread_mutex_lock(&streams->lock);
        go_on(streams);
    }
    pthread_mutex_unlock(&streams->lock);
    return NULL;
}

static void wake(struct dp_tunnel_streams *streams)
{
    const uint64_t one = 1;

    (void)!write(streams->wake, &one, sizeof(one));
}

/* It takes no signals: those are for the program, and SIGPIPE for nobody. */
static bool start(struct dp_tunnel_streams *streams)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    streams->has_thread = pthread_create(&streams->thread, NULL, serve, streams) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return streams->has_thread;
}

/* --- opening --- */

/* IPv4 comes to it, too. Returns: -1 where it cannot listen */
static int listen_at(uint16_t port)
{
    const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const int on = 1, off = 0;

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0 &&
        bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static enum dp_err open_all(struct dp_tunnel_streams *streams, uint16_t port,
                            struct dp_detail *detail)
{
    enum dp_err err = dp_tunnel_tls_open(&streams->tls, port != 0);

    if (err != DP_OK)
        return err;
    streams->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (streams->wake < 0)
        return DP_ENOMEM;
    if (port != 0)
        streams->listener = listen_at(port);
    if (port != 0 && streams->listener < 0)
        return dp_fail(detail, DP_EIO, "streams", "cannot listen on TCP port %u.", port);
    return start(streams) ? DP_OK : DP_ENOMEM;
}

enum dp_err dp_tunnel_streams_open(struct dp_tunnel_streams **out, uint16_t wireguard,
                                   uint16_t port, struct dp_detail *detail)
{
    struct dp_tunnel_streams *streams = calloc(1, sizeof(*streams));
    enum dp_err err;

    *out = NULL;
    if (streams == NULL)
        return DP_ENOMEM;
    pthread_mutex_init(&streams->lock, NULL);
    streams->wireguard = wireguard;
    streams->listener = streams->wake = -1;
    err = open_all(streams, port, detail);
    if (err == DP_OK)
        *out = streams;
    else
        dp_tunnel_streams_close(streams);
    return err;
}

static void end_thread(struct dp_tunnel_streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    streams->is_over = true;
    wake(streams);
    pthread_mutex_unlock(&streams->lock);
    pthread_join(streams->thread, NULL);
}

void dp_tunnel_streams_close(struct dp_tunnel_streams *streams)
{
    if (streams == NULL)
        return;
    if (streams->has_thread)
        end_thread(streams);
    for (size_t i = 0; i < streams->dial_count; i++)
        dp_tunnel_dial_close(streams->dials[i]);
    while (streams->accepted_count > 0)
        end_accepted(streams, streams->accepted_count - 1);
    if (streams->listener >= 0)
        close(streams->listener);
    if (streams->wake >= 0)
        close(streams->wake);
    dp_tunnel_tls_close(&streams->tls);
    pthread_mutex_destroy(&streams->lock);
    free(streams);
}

/* --- calls --- */

static struct dp_tunnel_dial *find(const struct dp_tunnel_streams *streams,
                                   const struct dp_tunnel_target *target)
{
    for (size_t i = 0; i < streams->dial_count; i++) {
        if (!streams->dials[i]->is_gone && dp_tunnel_dial_is(streams->dials[i], target))
            return streams->dials[i];
    }
    return NULL;
}

static bool is_among(const struct dp_tunnel_dial *dial, const struct dp_tunnel_target *targets,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (dp_tunnel_dial_is(dial, &targets[i]))
            return true;
    }
    return false;
}

/* Who is not among them is closed by the thread, which may wait for its sockets just now. */
static void let_go(struct dp_tunnel_streams *streams, const struct dp_tunnel_target *targets,
                   size_t count)
{
    for (size_t i = 0; i < streams->dial_count; i++) {
        if (!is_among(streams->dials[i], targets, count))
            streams->dials[i]->is_gone = true;
    }
}

static enum dp_err have(struct dp_tunnel_streams *streams, const struct dp_tunnel_target *target,
                        uint16_t *port)
{
    struct dp_tunnel_dial *dial = find(streams, target);
    enum dp_err err = DP_OK;

    if (dial != NULL) {
        dp_tunnel_dial_change(dial, target);
    } else {
        if (streams->dial_count >= sizeof(streams->dials) / sizeof(streams->dials[0]))
            return DP_ETOOBIG;
        err = dp_tunnel_dial_make(&dial, target, streams->wireguard);
        if (err == DP_OK)
            streams->dials[streams->dial_count++] = dial;
    }
    *port = err == DP_OK ? dial->port : 0;
    return err;
}

enum dp_err dp_tunnel_streams_update(struct dp_tunnel_streams *streams,
                                     const struct dp_tunnel_target *targets, size_t count,
                                     uint16_t *ports)
{
    enum dp_err err = count <= DP_PEERS_MAX ? DP_OK : DP_ETOOBIG;

    if (err != DP_OK)
        return err;
    pthread_mutex_lock(&streams->lock);
    let_go(streams, targets, count);
    for (size_t i = 0; err == DP_OK && i < count; i++)
        err = have(streams, &targets[i], &ports[i]);
    wake(streams);
    pthread_mutex_unlock(&streams->lock);
    return err;
}

unsigned dp_tunnel_streams_lost(struct dp_tunnel_streams *streams)
{
    unsigned lost;

    pthread_mutex_lock(&streams->lock);
    lost = streams->lost;
    pthread_mutex_unlock(&streams->lock);
    return lost;
}

bool dp_tunnel_streams_has(struct dp_tunnel_streams *streams, uint16_t port)
{
    bool has = false;

    pthread_mutex_lock(&streams->lock);
    for (size_t i = 0; i < streams->dial_count; i++)
        has |= !streams->dials[i]->is_gone && streams->dials[i]->port == port;
    for (size_t i = 0; i < streams->accepted_count; i++)
        has |= streams->accepted[i].port == port;
    pthread_mutex_unlock(&streams->lock);
    return has;
}

bool dp_tunnel_streams_fails(struct dp_tunnel_streams *streams,
                             const uint8_t key[static DP_TUNNEL_KEY_LEN])
{
    bool fails = false;

    pthread_mutex_lock(&streams->lock);
    for (size_t i = 0; i < streams->dial_count; i++) {
        const struct dp_tunnel_dial *dial = streams->dials[i];

        if (!dial->is_gone && memcmp(dial->target.key, key, DP_TUNNEL_KEY_LEN) == 0)
            fails =
                dial->failures >= FAILS && (dial->stream == NULL || dial->stream->heard_us == 0);
    }
    pthread_mutex_unlock(&streams->lock);
    return fails;
}
