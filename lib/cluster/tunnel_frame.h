/* tunnel_frame.h - datagrams in a stream: each behind its length, as RFC 9329 has those of IPsec.
 */
#ifndef DP_CLUSTER_TUNNEL_FRAME_H
#define DP_CLUSTER_TUNNEL_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A frame is two bytes, big-endian, and a datagram; the two bytes say the length of all of it,
 * themselves included. WireGuard's largest datagram is its MTU and 32 bytes, so that this bound
 * does for an MTU of 2016.
 */
#define DP_TUNNEL_FRAME_HEAD 2
#define DP_TUNNEL_DATAGRAM_MAX 2048
#define DP_TUNNEL_FRAME_MAX (DP_TUNNEL_FRAME_HEAD + DP_TUNNEL_DATAGRAM_MAX)

/* What has come of a frame that is not whole yet. All zero is the begin of a stream. */
struct dp_tunnel_frames {
    uint8_t held[DP_TUNNEL_FRAME_MAX];
    size_t len;
};

/* Called for each datagram, of 1 to DP_TUNNEL_DATAGRAM_MAX bytes, borrowed for the call. */
typedef void dp_tunnel_frame_take(const uint8_t *datagram, size_t len, void *arg);

/**
 * Read on: what a stream has brought, cut anywhere.
 *
 * Returns: DP_OK
 *          DP_EFORMAT  a length of no datagram, or of one that is too long: the stream has to end,
 *                      as nothing says where the next frame begins
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_frames_read(struct dp_tunnel_frames *frames, const uint8_t *data, size_t len,
                                  dp_tunnel_frame_take *take, void *arg);

/* What goes before a datagram of 1 to DP_TUNNEL_DATAGRAM_MAX bytes. */
void dp_tunnel_frame_head(uint8_t out[static DP_TUNNEL_FRAME_HEAD], size_t len);

#endif
