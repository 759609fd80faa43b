/* tunnel_address.h - which addresses the nodes of a cluster have inside its tunnels. */
#ifndef DP_CLUSTER_TUNNEL_ADDRESS_H
#define DP_CLUSTER_TUNNEL_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ethereum/address.h"

#define DP_TUNNEL_RANGE "10.0.1.0/24" /* of IPv4, where none is set */
#define DP_TUNNEL_ADDRESS_SIZE 46     /* of either family, with its NUL */
#define DP_TUNNEL_PREFIX_SIZE 50      /* an address, '/', at most three digits, NUL */

/*
 * IPv4: 10.0.1.TOKEN, or TOKEN counted from the begin of another range.
 * IPv6: fd (RFC 4193, unique local), then the first 40 bits of
 *
 *     SHA-256("devproof-tunnel-net:" || chain id, 8 bytes, big-endian || contract, 20 bytes)
 *
 * a /48 that every node computes alike, and that two clusters on one machine hardly share. In it
 * subnet 1 is for applications, subnet 2 for the proof that comes before them; the last 64 bits are
 * the token.
 */
enum dp_tunnel_subnet { DP_TUNNEL_APPLICATION = 1, DP_TUNNEL_PROOF = 2 };

struct dp_tunnel_net {
    uint32_t network4; /* host byte order; no bit of a host is set */
    unsigned bits4;    /* 8 to 30 */
    uint8_t prefix6[6];
};

/**
 * In:  range  a.b.c.d/bits of IPv4; NULL: DP_TUNNEL_RANGE
 * Out: detail says what is wrong with it; may be NULL
 * Returns: DP_OK, DP_ECONFIG (no range, or none that nodes can have)
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_net_make(struct dp_tunnel_net *out, const char *range,
                               const uint8_t contract[static DP_ADDRESS_LEN], uint64_t chain_id,
                               struct dp_detail *detail);

/**
 * The IPv4 address of a token. The range's own address and its broadcast are nobody's.
 *
 * Returns: DP_OK, DP_ETOOBIG (the range has none for it; detail says how large a token may be)
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_address4(char out[static DP_TUNNEL_ADDRESS_SIZE],
                               const struct dp_tunnel_net *net, uint64_t token_id,
                               struct dp_detail *detail);

/* The IPv6 address of a token. Every token but 0 has one. Returns: DP_OK, DP_ETOOBIG (token 0) */
DP_MUST_CHECK
enum dp_err dp_tunnel_address6(char out[static DP_TUNNEL_ADDRESS_SIZE],
                               const struct dp_tunnel_net *net, enum dp_tunnel_subnet subnet,
                               uint64_t token_id, struct dp_detail *detail);

/* A subnet as prefix/64. */
void dp_tunnel_subnet6(char out[static DP_TUNNEL_PREFIX_SIZE], const struct dp_tunnel_net *net,
                       enum dp_tunnel_subnet subnet);

/* Does a prefix, or a single address, share an address with the net? A default route, which shares
 * one with all, does not count, nor does what is no prefix. */
bool dp_tunnel_overlaps(const struct dp_tunnel_net *net, const char *prefix);

#endif
