/* cluster_accept.h - is what a peer has proven good enough to be let in? */
#ifndef DEVPROOF_CLUSTER_ACCEPT_H
#define DEVPROOF_CLUSTER_ACCEPT_H

#include "cluster/tunnel.h"
#include "devproof/cluster.h"
#include "dstack/guest.h"

#define CLUSTER_ACCEPT_ANSWERS 64 /* definitions of apps that are remembered */

/* Does the contract of an app allow a compose hash? */
struct cluster_answer {
    uint8_t app_id[DP_ADDRESS_LEN], compose_hash[DP_TUNNEL_COMPOSE_HASH_LEN];
    bool is_known; /* the contract was heard */
    bool is_allowed;
    int64_t asked_us; /* by dp_clock_mono_us */
};

/*
 * The app id is one that the cluster's contract takes, or the peer were not on the list; that its
 * KMS hangs on the contract's root the voucher showed, without which it were not on it either. Here
 * it is about the code and the platform:
 *
 *     compose hash  that of this node itself, or one that the contract at the app id allows, which
 *                   the KMS asks, too: allowedComposeHashes(bytes32), by all nodes, in the block of
 *                   --block. What it allows is good for half a minute; where no node answers, the
 * last answer stays TCB status    not worse than --tcb
 *
 * One thread at a time may use it, and meanwhile nobody else cluster->nodes.
 */
struct cluster_accept {
    struct cluster *cluster;
    uint8_t compose_hash[DP_TUNNEL_COMPOSE_HASH_LEN]; /* of this node */
    enum dp_tcb_status worst;
    struct cluster_answer answers[CLUSTER_ACCEPT_ANSWERS];
    size_t count;
};

/* Returns: an exit code, after complaining: --tcb is none, or the guest agent names no compose hash
 */
int cluster_accept_open(struct cluster_accept *accept, struct cluster *cluster,
                        struct dp_guest *guest);

/* As dp_tunnel_accept. May wait for Ethereum nodes, ten seconds at most. */
bool cluster_accept(struct cluster_accept *accept, const struct dp_peer *peer,
                    const struct dp_tunnel_proven *proven, struct dp_detail *detail);

#endif
