/* wireguard.h - the peers of a WireGuard interface, kept as they are wanted. */
#ifndef DP_CLUSTER_WIREGUARD_H
#define DP_CLUSTER_WIREGUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cluster/tunnel_endpoint.h"
#include "cluster/tunnel_key.h"
#include "cluster/wireguard_device.h"

#define DP_WIREGUARD_ALLOWED_SIZE 160 /* three addresses with /32 or /128, commas, NUL */
#define DP_WIREGUARD_KEEPALIVE_S 25   /* so that routers on the way keep the way open */

struct dp_wireguard_peer {
    uint8_t key[DP_TUNNEL_KEY_LEN];
    char endpoint[DP_TUNNEL_ENDPOINT_SIZE];  /* or "": it is waited for */
    char allowed[DP_WIREGUARD_ALLOWED_SIZE]; /* what it may send from, and is sent to */
};

struct dp_wireguard {
    struct dp_wireguard_device device;
    struct dp_wireguard_peer *applied; /* count of them, sorted by key: what the interface has */
    size_t count;
    bool unsure; /* a call failed half way: the interface is asked before the next */
};

/**
 * Let the interface have these peers and no others, by one call of wg(8) that names only what
 * differs: a peer that stays as it was is not touched, and keeps its session. Where a peer's
 * endpoint has not changed in the list, the one that WireGuard has learned since stays.
 *
 * In:  wanted  count of them, no key twice
 * Returns: DP_OK, DP_ENOMEM, and what dp_run does; then the next call sets all of it right
 */
DP_MUST_CHECK
enum dp_err dp_wireguard_update(struct dp_wireguard *wireguard,
                                const struct dp_wireguard_peer *wanted, size_t count,
                                struct dp_detail *detail);

/* Is there something at this port of 127.0.0.1? */
typedef bool dp_wireguard_is_there(uint16_t port, void *arg);

/**
 * Forget what WireGuard has learned of endpoints on 127.0.0.1 where there is nothing any more: the
 * next update sets those of the list again.
 *
 * Returns: DP_OK, DP_EFORMAT, and what dp_run does
 */
DP_MUST_CHECK
enum dp_err dp_wireguard_unlearn(struct dp_wireguard *wireguard, dp_wireguard_is_there *is_there,
                                 void *arg, struct dp_detail *detail);

/* When a peer was last heard of, in Unix seconds; 0: never. */
struct dp_wireguard_handshake {
    uint8_t key[DP_TUNNEL_KEY_LEN];
    int64_t at;
};

/**
 * Ask for the last handshake of each peer.
 *
 * Out: out  cap entries; count is how many were filled
 * Returns: DP_OK, DP_EFORMAT, and what dp_run does
 */
DP_MUST_CHECK
enum dp_err dp_wireguard_handshakes(const struct dp_wireguard *wireguard,
                                    struct dp_wireguard_handshake *out, size_t cap, size_t *count,
                                    struct dp_detail *detail);

/* Forget the peers and close the device. Takes one that is all zero, too. */
void dp_wireguard_close(struct dp_wireguard *wireguard);

#endif
