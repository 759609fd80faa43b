/* tunnel.h - tunnels to the peers of a cluster, each open to applications once it is proven. */
#ifndef DP_CLUSTER_TUNNEL_H
#define DP_CLUSTER_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cluster/peers.h"
#include "cluster/tunnel_ask.h"
#include "cluster/tunnel_key.h"
#include "cluster/wireguard.h"

/*
 * A peer first has its proof address alone (tunnel_address.h), over which it is asked for a quote
 * that says who holds the key of its tunnel (tunnel_proof.h). Once that holds, it has the addresses
 * for applications too. Until then WireGuard itself drops their packets, in both directions, as no
 * key goes with the address; and tunnel_filter.h holds what comes from the proof address to the
 * proof.
 *
 * A proof is for a key, an endpoint, an instance and an app: where the list changes any of them,
 * the peer proves anew, without its addresses until it has. It is asked again when half of
 * proof_max_age_s is over; one that gives a wrong proof, or none until all of it is over, loses its
 * addresses.
 *
 * One thread at a time may use a handle. The thread that opens it must outlive it, and
 * dp_secret_init, curl_global_init and the key come before.
 */
#define DP_TUNNEL_PORT 51820
#define DP_TUNNEL_MTU 1420 /* 1500, less 80 of IPv6, UDP and WireGuard */
#define DP_TUNNEL_INTERFACE "devproof0"
#define DP_TUNNEL_PROOF_MAX_AGE_S 3600
#define DP_TUNNEL_ASKS 8 /* peers that are asked at a time */

struct dp_tunnel;

/**
 * Is what a peer has proven good enough, by the contract or by whatever the program goes by? Called
 * by dp_tunnel_step, and for each proven peer again by dp_tunnel_update.
 *
 * Out: detail  why not
 */
typedef bool dp_tunnel_accept(const struct dp_peer *peer, const struct dp_tunnel_proven *proven,
                              void *arg, struct dp_detail *detail);

/* Zeros and NULLs are the defaults above; accept and collateral must be there. Texts are borrowed
 * for the call. */
struct dp_tunnel_setup {
    const char *interface;
    uint16_t listen_port; /* UDP, on all addresses */
    uint16_t stream_port; /* TCP, on all addresses, for peers' streams; 0: none are taken */
    unsigned mtu;
    const char *range;                   /* of IPv4, as dp_tunnel_net_make takes it */
    uint8_t contract[DP_ADDRESS_LEN];    /* of the cluster */
    uint64_t chain_id, token_id;         /* this node's token */
    uint8_t instance_id[DP_ADDRESS_LEN]; /* of this node */
    const char *guest_socket;            /* as dp_guest_open takes it */
    unsigned proof_max_age_s;
    dp_tunnel_accept *accept;
    dp_tunnel_collateral *collateral;
    void *arg; /* of both */
};

/**
 * Make the interface, with this node's addresses and without peers, and answer for its key.
 *
 * In:  key  made by dp_tunnel_key_make; borrowed for the call. A key may be opened with again, as
 *           after wireguard-go has died
 * Out: out  to be closed by dp_tunnel_close; NULL unless DP_OK
 * Returns: DP_OK
 *          DP_ECONFIG    no range, or no name of an interface
 *          DP_ETOOBIG    the range has no address for the token
 *          DP_ECONFLICT  the machine has a route that the range or the prefix meets; it is named
 *          DP_EIO, DP_ENOTFOUND, DP_ETIMEOUT  a program fails or is missing; detail says which
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_open(struct dp_tunnel **out, const struct dp_tunnel_setup *setup,
                           const struct dp_tunnel_key *key, struct dp_detail *detail);

/* Takes the interface away; waits for questions under way, up to DP_TUNNEL_ASK_MS. Takes NULL. */
void dp_tunnel_close(struct dp_tunnel *tunnel);

/**
 * Have tunnels to these peers and no others; what did not change is not touched. Who is off the
 * list is cut off before this returns.
 *
 * In:  list  count of them, active ones; those that are no WireGuard peers, or this node itself,
 *            are passed over
 * Returns: DP_OK, DP_ENOMEM, and what dp_run does; then the next call sets all of it right
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_update(struct dp_tunnel *tunnel, const struct dp_peer *list, size_t count,
                             struct dp_detail *detail);

/**
 * Go on with the proofs: ask who is due, take what has come in. To be called again after wait_ms
 * at the latest.
 *
 * Returns: DP_OK, and as dp_tunnel_update
 *          DP_EIO  also: wireguard-go has died. Close, and open anew
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_step(struct dp_tunnel *tunnel, unsigned *wait_ms, struct dp_detail *detail);

/* How it is with a peer. */
struct dp_tunnel_status {
    uint64_t token_id;
    uint8_t key[DP_TUNNEL_KEY_LEN];
    char address[DP_TUNNEL_ADDRESS_SIZE];  /* for applications, IPv4; "" where the range has none */
    char address6[DP_TUNNEL_ADDRESS_SIZE]; /* the same of IPv6 */
    bool verified;                         /* it has proven its key, and has these addresses */
    char detail[320];                      /* what keeps it from being verified, or "" */
};

/* Out: out  cap entries, in the order of the list. Returns: how many were filled */
size_t dp_tunnel_statuses(const struct dp_tunnel *tunnel, struct dp_tunnel_status *out, size_t cap);

/* The addresses of this node, for applications. */
struct dp_tunnel_own {
    char address[DP_TUNNEL_ADDRESS_SIZE], address6[DP_TUNNEL_ADDRESS_SIZE];
};
void dp_tunnel_own(const struct dp_tunnel *tunnel, struct dp_tunnel_own *out);

/**
 * When each peer was last heard of, as WireGuard says.
 *
 * Out: out  cap entries; count is how many were filled
 * Returns: as dp_wireguard_handshakes
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_handshakes(const struct dp_tunnel *tunnel, struct dp_wireguard_handshake *out,
                                 size_t cap, size_t *count, struct dp_detail *detail);

#endif
