/* tunnel_peer.h - one peer of the tunnels: what it may do now, and when it is asked next. */
#ifndef DP_CLUSTER_TUNNEL_PEER_H
#define DP_CLUSTER_TUNNEL_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/tunnel.h"
#include "cluster/tunnel_address.h"
#include "cluster/tunnel_ask.h"
#include "cluster/wireguard.h"

/* Times are by dp_clock_mono_us. */
struct dp_tunnel_peer {
    struct dp_peer is; /* as the list has it */
    char proof_address[DP_TUNNEL_ADDRESS_SIZE];
    char address4[DP_TUNNEL_ADDRESS_SIZE]; /* "" where the range has none for it */
    char address6[DP_TUNNEL_ADDRESS_SIZE];
    struct dp_tunnel_endpoint endpoint;
    char reached[DP_TUNNEL_ENDPOINT_SIZE]; /* the endpoint as address:port, or "" */
    uint16_t stream_port; /* on 127.0.0.1, where WireGuard sends to for its stream; 0: none */
    bool resolve;         /* the name of the endpoint is to be looked up */

    bool verified;
    struct dp_tunnel_proven proven; /* where it is */
    int64_t proven_us;
    bool asked;        /* right now */
    int64_t due_us;    /* when it is asked next */
    unsigned failures; /* in a row */
    char detail[320];
};

/* Is it the same peer, of which the same proof holds? A lease that is longer changes nothing. */
bool dp_tunnel_peer_is_same(const struct dp_peer *a, const struct dp_peer *b);

/* One that has proven nothing, and is asked at once. An endpoint that is none is left out: such a
 * peer can still come to us. */
void dp_tunnel_peer_make(struct dp_tunnel_peer *out, const struct dp_tunnel_net *net,
                         const struct dp_peer *peer);

/* What WireGuard is to have of it: addresses for applications only where it is verified. */
void dp_tunnel_peer_wanted(struct dp_wireguard_peer *out, const struct dp_tunnel_peer *peer);

/* Its name is to be looked up anew, now. */
void dp_tunnel_peer_look_up(struct dp_tunnel_peer *peer, int64_t now_us);

/* Its name was looked up. Returns: whether it has an endpoint that it had not */
bool dp_tunnel_peer_resolved(struct dp_tunnel_peer *peer, const struct dp_tunnel_ask *ask,
                             int64_t now_us);

/* It has proven its key. It is asked again when half of max_age_us is over. */
void dp_tunnel_peer_prove(struct dp_tunnel_peer *peer, const struct dp_tunnel_proven *proven,
                          int64_t now_us, int64_t max_age_us);

/* What it says proves nothing, or is not accepted: it is not verified, and asked again later. */
void dp_tunnel_peer_refuse(struct dp_tunnel_peer *peer, const struct dp_detail *why,
                           int64_t now_us);

/* It could not be asked: whether it is verified stays as it is. */
void dp_tunnel_peer_fail(struct dp_tunnel_peer *peer, const struct dp_detail *why, int64_t now_us);

void dp_tunnel_peer_status(struct dp_tunnel_status *out, const struct dp_tunnel_peer *peer);

#endif
