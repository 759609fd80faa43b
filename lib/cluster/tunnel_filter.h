/* tunnel_filter.h - what may pass between this node and one that has not proven itself yet. */
#ifndef DP_CLUSTER_TUNNEL_FILTER_H
#define DP_CLUSTER_TUNNEL_FILTER_H

#include <stdint.h>

#include "base/buf.h"
#include "cluster/tunnel_address.h"

/*
 * WireGuard holds a peer to its addresses as a source. It does not hold it to a destination: with
 * its proof address alone a peer could send to whatever listens on all IPv6 addresses here. So
 * packets of the proof's subnet pass to the port of the proof and to nothing else, in either
 * direction, and are not passed on: by nft(8), in a table of its own, devproof-INTERFACE.
 */

/**
 * In:  own  this node's proof address
 * Returns: DP_OK, and what dp_run does. An earlier table of this name is replaced.
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_filter_open(const char *interface, const struct dp_tunnel_net *net,
                                  const char *own, uint16_t port, struct dp_detail *detail);

/* Take the table away, if it is there. */
void dp_tunnel_filter_close(const char *interface);

#endif
