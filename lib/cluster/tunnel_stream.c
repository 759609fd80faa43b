/* tunnel_stream.c - one stream of a peer's datagrams: TLS on one side, WireGuard's port on the
 * other.
 */
#include "cluster/tunnel_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/clock.h"

#define PIECE_LEN 16384 /* bytes: a record of TLS */
#define TURNS 16 /* pieces, or datagrams, that one stream moves before the next has its turn */
#define UNACKED_MS 15000       /* that TCP waits for its peer to say that it has got something */
#define UNSENT_MAX (64 * 1024) /* bytes that the kernel holds beyond what is on its way */
#define COOKIE_REPLY 3         /* the type of WireGuard's messages that strangers are sent, too */
#define SECOND_US INT64_C(1000000)

/* --- sockets --- */

int dp_tunnel_stream_socket(uint16_t wireguard, uint16_t *port)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in to = at;
    socklen_t len = sizeof(at);

    to.sin_port = htons(wireguard);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
        connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &len) == 0) {
        *port = ntohs(at.sin_port);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* What waits in the kernel is late when it comes: rather let WireGuard's packets be lost. Where an
 * option fails the stream is slower. */
static void tune(int tcp)
{
    const int on = 1, unacked = UNACKED_MS, unsent = UNSENT_MAX;

    setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(tcp, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked, sizeof(unacked));
    setsockopt(tcp, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
}

static int begin_connect(const struct sockaddr *to, socklen_t len)
{
    const int tcp = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (tcp >= 0 && (connect(tcp, to, len) == 0 || errno == EINPROGRESS))
        return tcp;
    if (tcp >= 0)
        close(tcp);
    return -1;
}

/* --- opening and closing --- */

static enum dp_err make(struct dp_tunnel_stream **out, SSL_CTX *tls, int tcp, int udp)
{
    struct dp_tunnel_stream *stream = calloc(1, sizeof(*stream));

    *out = NULL;
    if (stream == NULL)
        return DP_ENOMEM;
    stream->ssl = SSL_new(tls);
    if (stream->ssl == NULL || SSL_set_fd(stream->ssl, tcp) != 1) {
        SSL_free(stream->ssl);
        free(stream);
        ERR_clear_error();
        return DP_ENOMEM;
    }
    tune(tcp);
    stream->tcp = tcp;
    stream->udp = udp;
    stream->tcp_slot = stream->udp_slot = -1;
    stream->since_us = dp_clock_mono_us();
    *out = stream;
    return DP_OK;
}

enum dp_err dp_tunnel_stream_dial(struct dp_tunnel_stream **out, SSL_CTX *tls, const char *name,
                                  const struct sockaddr *to, socklen_t len, int udp)
{
    const int tcp = begin_connect(to, len);
    enum dp_err err;

    *out = NULL;
    if (tcp < 0)
        return DP_EIO;
    err = make(out, tls, tcp, udp);
    if (err != DP_OK) {
        close(tcp);
        return err;
    }
    SSL_set_connect_state((*out)->ssl);
    (*out)->wants_write = true; /* it can once it is connected */
    if (SSL_set_tlsext_host_name((*out)->ssl, name) == 1)
        return DP_OK;
    dp_tunnel_stream_close(*out);
    *out = NULL;
    return DP_ENOMEM;
}

enum dp_err dp_tunnel_stream_accept(struct dp_tunnel_stream **out, SSL_CTX *tls, int tcp, int udp)
{
    const enum dp_err err = make(out, tls, tcp, udp);

    if (err != DP_OK)
        return err;
    SSL_set_accept_state((*out)->ssl);
    (*out)->is_accepted = true;
    return DP_OK;
}

void dp_tunnel_stream_close(struct dp_tunnel_stream *stream)
{
    if (stream == NULL)
        return;
    SSL_free(stream->ssl);
    close(stream->tcp);
    if (stream->is_accepted)
        close(stream->udp);
    free(stream);
}

/* --- TLS --- */

/* After a call of TLS that did not do what it was to. */
static void note(struct dp_tunnel_stream *stream, int result)
{
    const int error = SSL_get_error(stream->ssl, result);

    if (error == SSL_ERROR_WANT_WRITE)
        stream->wants_write = true;
    else if (error != SSL_ERROR_WANT_READ)
        stream->is_over = true;
    ERR_clear_error();
}

static void shake_hands(struct dp_tunnel_stream *stream)
{
    const int result = SSL_do_handshake(stream->ssl);

    stream->is_open = result == 1;
    if (!stream->is_open)
        note(stream, result);
}

static void send_out(struct dp_tunnel_stream *stream)
{
    while (stream->out_len > 0 && !stream->is_over) {
        const int sent = SSL_write(stream->ssl, stream->out, (int)stream->out_len);

        if (sent <= 0) {
            note(stream, sent);
            return;
        }
        stream->out_len -= (size_t)sent;
        memmove(stream->out, stream->out + sent, stream->out_len);
    }
}

/* What WireGuard has no room for is lost, as on any way. */
static void to_wireguard(const uint8_t *datagram, size_t len, void *arg)
{
    struct dp_tunnel_stream *stream = arg;

    stream->heard_us = dp_clock_mono_us();
    (void)!send(stream->udp, datagram, len, MSG_NOSIGNAL);
}

static void take_in(struct dp_tunnel_stream *stream)
{
    uint8_t piece[PIECE_LEN];

    for (int turn = 0; turn < TURNS && !stream->is_over; turn++) {
        const int got = SSL_read(stream->ssl, piece, sizeof(piece));

        if (got <= 0) {
            note(stream, got);
            return;
        }
        if (dp_tunnel_frames_read(&stream->in, piece, (size_t)got, to_wireguard, stream) != DP_OK)
            stream->is_over = true;
    }
}

void dp_tunnel_stream_on_tcp(struct dp_tunnel_stream *stream)
{
    stream->wants_write = false;
    if (!stream->is_open)
        shake_hands(stream);
    if (!stream->is_open)
        return;
    take_in(stream);
    send_out(stream);
}

/* --- WireGuard --- */

static bool has_room(const struct dp_tunnel_stream *stream)
{
    return sizeof(stream->out) - stream->out_len >= DP_TUNNEL_FRAME_MAX;
}

/* Returns: false where there is nothing more */
static bool frame_one(struct dp_tunnel_stream *stream)
{
    uint8_t *head = stream->out + stream->out_len, *datagram = head + DP_TUNNEL_FRAME_HEAD;
    const ssize_t len = recv(stream->udp, datagram, DP_TUNNEL_DATAGRAM_MAX, MSG_TRUNC);

    if (len < 0)
        return false;
    if (len == 0 || len > DP_TUNNEL_DATAGRAM_MAX)
        return true;
    if (datagram[0] != COOKIE_REPLY)
        stream->is_answered = true;
    dp_tunnel_frame_head(head, (size_t)len);
    stream->out_len += DP_TUNNEL_FRAME_HEAD + (size_t)len;
    return true;
}

void dp_tunnel_stream_on_udp(struct dp_tunnel_stream *stream)
{
    for (int turn = 0; turn < TURNS && has_room(stream) && frame_one(stream); turn++)
        ;
    if (stream->is_open)
        send_out(stream);
}

/* --- what to wait for --- */

short dp_tunnel_stream_tcp_events(const struct dp_tunnel_stream *stream)
{
    const bool has_out = stream->is_open && stream->out_len > 0;

    return (short)(POLLIN | (stream->wants_write || has_out ? POLLOUT : 0));
}

short dp_tunnel_stream_udp_events(const struct dp_tunnel_stream *stream)
{
    return has_room(stream) ? POLLIN : 0;
}

bool dp_tunnel_stream_is_over(const struct dp_tunnel_stream *stream, int64_t now_us)
{
    const int64_t age = now_us - stream->since_us;
    const int64_t heard = stream->heard_us != 0 ? stream->heard_us : stream->since_us;

    return stream->is_over || (!stream->is_open && age > DP_TUNNEL_STREAM_OPEN_S * SECOND_US) ||
           (stream->is_accepted && !stream->is_answered &&
            age > DP_TUNNEL_STREAM_ANSWER_S * SECOND_US) ||
           now_us - heard > DP_TUNNEL_STREAM_SILENT_S * SECOND_US;
}
