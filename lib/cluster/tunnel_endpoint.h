/* tunnel_endpoint.h - where a peer's tunnel is said to be: hostile text, until it is read here. */
#ifndef DP_CLUSTER_TUNNEL_ENDPOINT_H
#define DP_CLUSTER_TUNNEL_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cluster/peers.h"

#define DP_TUNNEL_ENDPOINT_SIZE 54 /* "[IPv6]:port" with its NUL */
#define DP_TUNNEL_RESOLVE_MS 2000
#define DP_TUNNEL_STREAM_PORT 443 /* where an endpoint of a stream names none */

struct dp_tunnel_endpoint {
    char host[DP_PEER_ENDPOINT_MAX + 1]; /* an address, without brackets, or a name */
    uint16_t port;
    bool is_name;
    bool is_stream; /* a gateway's name: by TCP, see tunnel_streams.h */
};

/**
 * Read what takes UDP, host:port, or a stream, https://name or https://name:port. A host is
 * a.b.c.d, [IPv6], or a name of letters, digits and hyphens (RFC 1123) whose last label does not
 * begin with a digit, since such a name may be a way to write an address. The port is 1 to 65535
 * without zeros in front.
 *
 * Returns: DP_OK
 *          DP_EFORMAT  none of these
 *          DP_EINVAL   an address that is no other machine's: of this host, multicast, reserved
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_endpoint_read(struct dp_tunnel_endpoint *out, const char *text,
                                    struct dp_detail *detail);

/**
 * As WireGuard takes it: an address and a port. A name is looked up, by a program of the system
 * that is ended after DP_TUNNEL_RESOLVE_MS.
 *
 * Out: out  empty unless DP_OK
 * Returns: DP_OK, DP_ENOTFOUND (the name has no address), DP_EINVAL (as above), and what dp_run
 * does
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_endpoint_resolve(char out[static DP_TUNNEL_ENDPOINT_SIZE],
                                       const struct dp_tunnel_endpoint *endpoint,
                                       struct dp_detail *detail);

#endif
