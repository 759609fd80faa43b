/* keeper.c - keep this node entered in its cluster: what is to be done, and when. */
#include "cluster/keeper.h"

#define LEFT_OF 3   /* of a lease, when it is prolonged */
#define LOOKS_OF 12 /* in one lease */

enum dp_keeper_act dp_keeper_decide(const struct dp_join_seen *seen)
{
    const uint64_t until = seen->peer.lease_until;

    if (seen->token_id == 0 || !seen->is_wanted || until < seen->block_time)
        return DP_KEEPER_REGISTER;
    return until - seen->block_time <= seen->lease_s / LEFT_OF ? DP_KEEPER_RENEW : DP_KEEPER_REST;
}

unsigned dp_keeper_pause(const struct dp_join_seen *seen, unsigned failures)
{
    uint64_t pause = seen->lease_s / LOOKS_OF;

    if (failures > 0)
        pause = failures < 5 ? UINT64_C(1) << failures : DP_KEEPER_LOOK_S;
    if (pause < 1)
        pause = 1;
    return pause < DP_KEEPER_LOOK_S ? (unsigned)pause : DP_KEEPER_LOOK_S;
}
