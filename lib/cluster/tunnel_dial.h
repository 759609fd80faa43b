/* tunnel_dial.h - a peer that a stream reaches: where WireGuard sends to, and when it is dialled.
 */
#ifndef DP_CLUSTER_TUNNEL_DIAL_H
#define DP_CLUSTER_TUNNEL_DIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "cluster/tunnel_endpoint.h"
#include "cluster/tunnel_key.h"
#include "cluster/tunnel_stream.h"

/* Seconds: that one who holds back does so; that a datagram keeps the stream wanted, which is more
 * than there are between two keepalives. */
#define DP_TUNNEL_DIAL_HOLD_S 3
#define DP_TUNNEL_DIAL_WANTED_S 30

/* What is known of a peer whose endpoint is a stream. */
struct dp_tunnel_target {
    uint8_t key[DP_TUNNEL_KEY_LEN];        /* its tunnel's */
    char name[DP_PEER_ENDPOINT_MAX + 1];   /* for the gateway */
    char address[DP_TUNNEL_ENDPOINT_SIZE]; /* of the name, and the port; "": not known yet */
    bool holds_back;                       /* the peer can come here as well: it goes first */
};

/*
 * It is dialled once WireGuard wants to send, and again as long as it does, ever later up to
 * 15 seconds. Two that dial each other at once would have two streams, and WireGuard would change
 * from one to the other and back; so one of them holds back, until what the other does has had its
 * time. Times are by dp_clock_mono_us.
 */
struct dp_tunnel_dial {
    struct dp_tunnel_target target;
    struct sockaddr_storage to;
    socklen_t to_len; /* 0: not known yet */
    int udp;
    uint16_t port;                   /* of it, on 127.0.0.1 */
    int udp_slot;                    /* the caller's: where it polls it */
    bool is_gone;                    /* the caller's: to be closed */
    struct dp_tunnel_stream *stream; /* or NULL */
    int64_t sent_us, first_us;       /* when WireGuard sent last, and first without a pause */
    int64_t wanted_until_us, not_before_us;
    unsigned failures; /* in a row */
};

/* Out: out  to be closed by dp_tunnel_dial_close; NULL unless DP_OK. Returns: DP_OK, DP_ENOMEM,
 * DP_EIO (no socket) */
DP_MUST_CHECK
enum dp_err dp_tunnel_dial_make(struct dp_tunnel_dial **out, const struct dp_tunnel_target *target,
                                uint16_t wireguard);

/* Is it the same peer, by the same name? */
bool dp_tunnel_dial_is(const struct dp_tunnel_dial *dial, const struct dp_tunnel_target *target);

/* The same peer, whose name may have another address by now. */
void dp_tunnel_dial_change(struct dp_tunnel_dial *dial, const struct dp_tunnel_target *target);

/* WireGuard has sent. */
void dp_tunnel_dial_on_udp(struct dp_tunnel_dial *dial, int64_t now_us);

/* Take leave of a stream that is over, and dial where that is due. */
void dp_tunnel_dial_step(struct dp_tunnel_dial *dial, SSL_CTX *tls, int64_t now_us);

/* Takes NULL. */
void dp_tunnel_dial_close(struct dp_tunnel_dial *dial);

#endif
