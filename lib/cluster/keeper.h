/* keeper.h - keep this node entered in its cluster: what is to be done, and when. */
#ifndef DP_CLUSTER_KEEPER_H
#define DP_CLUSTER_KEEPER_H

#include "cluster/join.h"

#define DP_KEEPER_LOOK_S 30 /* seconds between two looks, at most: a lease is at least 60 */

/* What is to be done for a node that the contract has so. */
enum dp_keeper_act { DP_KEEPER_REST, DP_KEEPER_RENEW, DP_KEEPER_REGISTER };

/* A lease is prolonged when a third of it is left; one that has lapsed is past that. A node whose
 * endpoint or key is another one now, or that is no peer, is entered anew. */
enum dp_keeper_act dp_keeper_decide(const struct dp_join_seen *seen);

/* Seconds until the next look: so that no lease lapses between two, and after failures in a row
 * ever later, up to DP_KEEPER_LOOK_S. */
unsigned dp_keeper_pause(const struct dp_join_seen *seen, unsigned failures);

#endif
