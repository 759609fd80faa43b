/* peers.h - the peers of a cluster contract at one block, proven by its storage. */
#ifndef DP_CLUSTER_PEERS_H
#define DP_CLUSTER_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ethereum/witness.h"

#define DP_PEERS_MAX 1024                     /* the contract has no more seats */
#define DP_PEER_ENDPOINT_MAX 128              /* characters; the contract takes no more */
#define DP_PEERS_ANSWER_MAX (4 * 1024 * 1024) /* what a node must be allowed to answer */

/* How it is reached, by the contract's numbers. */
enum dp_peer_network { DP_PEER_TLS_GATEWAY, DP_PEER_WIREGUARD, DP_PEER_NETWORK_COUNT };

/* As ClusterPeers.sol has it. */
struct dp_peer {
    uint64_t token_id;
    uint8_t app_id[DP_ADDRESS_LEN], instance_id[DP_ADDRESS_LEN];
    enum dp_peer_network network;
    uint64_t lease_until;               /* Unix seconds: the last one at which it is a peer */
    uint8_t wireguard_key[DP_WORD_LEN]; /* zero on a gateway */
    char endpoint[DP_PEER_ENDPOINT_MAX + 1];
};

struct dp_peers {
    struct dp_peer *list; /* count of them, in the contract's order, lapsed ones too; owned */
    size_t count;
    uint8_t digest[DP_KECCAK_LEN]; /* peersDigest, proven */
    struct dp_agreed agreed;       /* the block that all of it is of */
};

/* The storage slot of peersDigest. */
void dp_peers_slot(uint8_t out[static DP_WORD_LEN]);

/* What peersDigest is for a list. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_peers_digest(uint8_t out[static DP_KECCAK_LEN], const struct dp_peer *list,
                            size_t count);

/* Does its lease run at that time (Unix seconds)? */
bool dp_peer_is_active(const struct dp_peer *peer, uint64_t time);

/**
 * Find a block that all witnesses agree on, prove peersDigest in it, and take the list of the first
 * who has it. One who refuses is passed over; one whose list is not the proven one ends it.
 *
 * In:  witnesses  their rpc.answer_max should be DP_PEERS_ANSWER_MAX
 *      known      a list that was read before: where the proof says that nothing has changed since,
 *                 it is copied, and nobody is asked for a list; NULL for none
 * Out: out     to be freed by dp_peers_free; empty unless DP_OK
 *      detail  field is the name of the node at fault
 * Returns: DP_OK, what dp_witness_agree and dp_witness_prove do
 *          DP_ENOTFOUND  there is no cluster at this address in that block
 *          DP_ECONFLICT  also: a list that is not the proven one
 *          DP_ETOOBIG    more than DP_PEERS_MAX
 */
DP_MUST_CHECK
enum dp_err dp_peers_read(struct dp_peers *out, const struct dp_peers *known,
                          struct dp_witness *witnesses, size_t count,
                          const uint8_t contract[static DP_ADDRESS_LEN], enum dp_witness_tag wanted,
                          struct dp_detail *detail);

void dp_peers_free(struct dp_peers *peers);

/* What the contract's peerOf(uint256) answers. Returns: DP_OK, DP_EFORMAT, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_peer_decode(struct dp_peer *out, const struct dp_buf *answer);

#endif
