/* tunnel_stream.h - one stream of a peer's datagrams: TLS on one side, WireGuard's port on the
 * other.
 */
#ifndef DP_CLUSTER_TUNNEL_STREAM_H
#define DP_CLUSTER_TUNNEL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "base/err.h"
#include "cluster/tunnel_frame.h"

#define DP_TUNNEL_STREAM_OUT_MAX (32 * 1024) /* bytes that wait for TLS; after that UDP waits */

/* Seconds: for TCP and TLS to come about; for WireGuard to answer who has connected, which it does
 * not do to strangers; without a datagram, as WireGuard's keys do not last longer. */
#define DP_TUNNEL_STREAM_OPEN_S 10
#define DP_TUNNEL_STREAM_ANSWER_S 60
#define DP_TUNNEL_STREAM_SILENT_S 180

/* Times are by dp_clock_mono_us. Nothing here waits: a caller polls, with the events below. */
struct dp_tunnel_stream {
    SSL *ssl;
    int tcp;
    int udp; /* connected to WireGuard's port */
    bool is_accepted;
    bool is_open;     /* TLS has come about */
    bool is_over;     /* nothing can be done any more but to close it */
    bool is_answered; /* WireGuard has sent into it what it sends to peers alone */
    bool wants_write; /* TLS does */
    int64_t since_us;
    int64_t heard_us; /* when the last datagram came in; 0: never */
    struct dp_tunnel_frames in;
    uint8_t out[DP_TUNNEL_STREAM_OUT_MAX];
    size_t out_len;
    int tcp_slot, udp_slot; /* the caller's: where it polls them */
};

/**
 * A UDP socket on 127.0.0.1 that sends to WireGuard's port, and takes from it alone.
 *
 * Out: port  its own
 * Returns: -1 where there is none
 */
int dp_tunnel_stream_socket(uint16_t wireguard, uint16_t *port);

/**
 * Begin to connect.
 *
 * Out: out   to be closed by dp_tunnel_stream_close; NULL unless DP_OK
 * In:  name  for the gateway, in the ClientHello
 *      udp   borrowed
 * Returns: DP_OK, DP_EIO (no socket), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_stream_dial(struct dp_tunnel_stream **out, SSL_CTX *tls, const char *name,
                                  const struct sockaddr *to, socklen_t len, int udp);

/* Take who has connected. In: tcp, udp  the stream's from now on, unless this fails. Returns:
 * DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_tunnel_stream_accept(struct dp_tunnel_stream **out, SSL_CTX *tls, int tcp, int udp);

/* What to poll the sockets for. */
short dp_tunnel_stream_tcp_events(const struct dp_tunnel_stream *stream);
short dp_tunnel_stream_udp_events(const struct dp_tunnel_stream *stream);

/* TCP has news: go on with TLS, and with what comes in and goes out. */
void dp_tunnel_stream_on_tcp(struct dp_tunnel_stream *stream);

/* WireGuard has sent: frame it. What is no datagram for a frame is dropped. */
void dp_tunnel_stream_on_udp(struct dp_tunnel_stream *stream);

/* Is it over, or has something not come in its time? */
bool dp_tunnel_stream_is_over(const struct dp_tunnel_stream *stream, int64_t now_us);

/* Takes NULL. */
void dp_tunnel_stream_close(struct dp_tunnel_stream *stream);

#endif
