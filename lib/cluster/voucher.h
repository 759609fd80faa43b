/* voucher.h - what a node's app signs to enter a cluster or to stay, and the calls that carry it.
 */
#ifndef DP_CLUSTER_VOUCHER_H
#define DP_CLUSTER_VOUCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cluster/peers.h"
#include "dstack/cluster_key.h"

#define DP_VOUCHER_CALL_MAX 4096 /* bytes of either call; a voucher takes some 1300 */

/* As ClusterPeers.sol has it. */
struct dp_voucher {
    uint8_t app_id[DP_ADDRESS_LEN];
    uint64_t token_id;
    uint8_t instance_id[DP_ADDRESS_LEN];
    enum dp_peer_network network;
    char endpoint[DP_PEER_ENDPOINT_MAX + 1];
    uint8_t wireguard_key[DP_WORD_LEN]; /* zero on a gateway */
    uint64_t nonce;                     /* what the contract's nonces(instanceId) says */
    uint64_t deadline;                  /* Unix seconds: the last one at which it is taken */
};

struct dp_renewal {
    uint64_t token_id;
    uint8_t instance_id[DP_ADDRESS_LEN];
    uint64_t nonce, deadline; /* as of a voucher */
};

/* The digests that are signed: EIP-712, by the domain of the cluster. */
void dp_voucher_digest(uint8_t out[static DP_KECCAK_LEN], const struct dp_voucher *voucher,
                       uint64_t chain_id, const uint8_t contract[static DP_ADDRESS_LEN]);
void dp_renewal_digest(uint8_t out[static DP_KECCAK_LEN], const struct dp_renewal *renewal,
                       uint64_t chain_id, const uint8_t contract[static DP_ADDRESS_LEN]);

/**
 * The call of registerPeer, which anybody may send.
 *
 * Out: out  added to; DP_VOUCHER_CALL_MAX is enough
 * In:  signed_by  dp_cluster_key_sign's, over the voucher's digest
 * Returns: DP_OK, or as out says
 *          DP_ESIGNATURE  the chain holds no keys
 */
DP_MUST_CHECK
enum dp_err dp_voucher_call(struct dp_buf *out, const struct dp_voucher *voucher,
                            const struct dp_cluster_signature *signed_by, struct dp_detail *detail);

/* The call of renewLease. Returns: DP_OK, or as out says */
DP_MUST_CHECK
enum dp_err dp_renewal_call(struct dp_buf *out, const struct dp_renewal *renewal,
                            const struct dp_cluster_signature *signed_by, struct dp_detail *detail);

/* Is it a call of registerPeer or renewLease, by its selector? */
bool dp_voucher_is_call(const struct dp_buf *data);

#endif
