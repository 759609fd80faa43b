/* newcomers.h - since which block each peer has been seen, so that additions can wait. */
#ifndef DP_CLUSTER_NEWCOMERS_H
#define DP_CLUSTER_NEWCOMERS_H

#include "cluster/peers.h"

/* A peer, and the first block that it was seen in; 0: from the beginning. */
struct dp_seen {
    struct dp_peer peer;
    uint64_t since;
};

/* Zeros: nothing was seen yet. */
struct dp_newcomers {
    struct dp_seen *list; /* count of them; owned */
    size_t count;
    bool started;
};

/* Is it the same node at the same place? Its lease does not count. */
bool dp_peer_is_same(const struct dp_peer *a, const struct dp_peer *b);

/**
 * Take note of a list: who has left is forgotten, who has come is noted with the list's block, but
 * those of the first list. Peers whose lease has lapsed at that block have left.
 *
 * Returns: DP_OK, DP_ENOMEM (nothing is noted then)
 */
DP_MUST_CHECK
enum dp_err dp_newcomers_note(struct dp_newcomers *newcomers, const struct dp_peers *peers);

/* Has one been there for so many blocks? */
bool dp_seen_is_settled(const struct dp_seen *seen, uint64_t block, unsigned after);

void dp_newcomers_free(struct dp_newcomers *newcomers);

#endif
