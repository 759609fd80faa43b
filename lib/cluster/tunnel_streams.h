/* tunnel_streams.h - WireGuard's datagrams in TLS streams, where a gateway takes no UDP. */
#ifndef DP_CLUSTER_TUNNEL_STREAMS_H
#define DP_CLUSTER_TUNNEL_STREAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cluster/tunnel_dial.h"

/*
 * Each peer whose endpoint is a stream has a UDP port on 127.0.0.1, which WireGuard takes for its
 * endpoint; each stream that is accepted has one, too, from which WireGuard hears it and to which
 * it answers. Datagrams are framed by tunnel_frame.h, the streams wrapped by tunnel_tls.h, and lost
 * where a stream is slower than they come.
 *
 * Anybody may connect, since only WireGuard can tell who it is. So those that it has not answered
 * are few, and end for those that come after them; no stranger ends a peer's.
 *
 * All is done by one thread, and none of this waits for the network. One thread at a time may use a
 * handle.
 */
#define DP_TUNNEL_STREAMS_UNKNOWN 64 /* accepted, and not answered by WireGuard */
#define DP_TUNNEL_STREAMS_MAX (DP_PEERS_MAX + DP_TUNNEL_STREAMS_UNKNOWN) /* accepted */

struct dp_tunnel_streams;

/**
 * In:  wireguard  the UDP port of WireGuard
 *      port       TCP, on all addresses, where peers' streams come in; 0: none are taken
 * Returns: DP_OK, DP_EIO (it cannot listen there), DP_ECRYPTO, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_streams_open(struct dp_tunnel_streams **out, uint16_t wireguard,
                                   uint16_t port, struct dp_detail *detail);

/**
 * Have these and no others to dial.
 *
 * In:  targets  count of them, no key twice
 * Out: ports    of each, where WireGuard is to send to on 127.0.0.1
 * Returns: DP_OK, DP_ENOMEM, DP_EIO (no socket), DP_ETOOBIG (more than DP_PEERS_MAX)
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_streams_update(struct dp_tunnel_streams *streams,
                                     const struct dp_tunnel_target *targets, size_t count,
                                     uint16_t *ports);

/* How many streams have ended that peers had opened: who was reached by one has to be told
 * another endpoint. */
unsigned dp_tunnel_streams_lost(struct dp_tunnel_streams *streams);

/* Is there something at this port of 127.0.0.1? */
bool dp_tunnel_streams_has(struct dp_tunnel_streams *streams, uint16_t port);

/* Could the peer of this key not be reached several times in a row? */
bool dp_tunnel_streams_fails(struct dp_tunnel_streams *streams,
                             const uint8_t key[static DP_TUNNEL_KEY_LEN]);

/* Takes NULL. */
void dp_tunnel_streams_close(struct dp_tunnel_streams *streams);

#endif
