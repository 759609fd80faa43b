/* tunnel_routes.h - does the net of the tunnels get in the way of what the machine has? */
#ifndef DP_CLUSTER_TUNNEL_ROUTES_H
#define DP_CLUSTER_TUNNEL_ROUTES_H

#include "base/buf.h"
#include "base/err.h"
#include "cluster/tunnel_address.h"

/**
 * Hold the net against all routes of this machine, those of its own addresses too; a default route
 * does not count, nor does what goes over the interface itself.
 *
 * Returns: DP_OK
 *          DP_ECONFLICT  detail names the route, and what to do
 *          DP_EFORMAT    ip(8) says something else than routes
 *          and what dp_run does
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_routes_check(const struct dp_tunnel_net *net, const char *interface,
                                   struct dp_detail *detail);

/* The same against what `ip -json route` said. */
DP_MUST_CHECK
enum dp_err dp_tunnel_routes_judge(const struct dp_tunnel_net *net, const char *interface,
                                   struct dp_slice json, struct dp_detail *detail);

#endif
