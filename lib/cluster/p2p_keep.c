/* p2p_keep.c - dstack_p2p: staying there. */
#include <stdio.h>
#include <string.h>

#include "cluster/keeper.h"
#include "cluster/p2p.h"

/* What was seen, and what came of acting on it. */
static enum dstack_p2p_error look(struct dstack_p2p *p2p, struct dp_join_seen *seen)
{
    struct dp_detail detail = {"", ""};

    dp_p2p_start_clock(p2p);
    return dp_p2p_failed(p2p, dp_join_look(&p2p->join, seen, &detail), &detail);
}

static enum dstack_p2p_error act(struct dstack_p2p *p2p, struct dp_join_seen *seen)
{
    const enum dp_keeper_act act = dp_keeper_decide(seen);
    enum dstack_p2p_error error;

    if (act == DP_KEEPER_REST)
        return DSTACK_P2P_OK;
    error = act == DP_KEEPER_RENEW ? dstack_p2p_renew(p2p, NULL) : dstack_p2p_register(p2p, NULL);
    return error == DSTACK_P2P_OK ? look(p2p, seen) : error;
}

/* A lapsed lease makes no peer. */
static struct dstack_p2p_self self_of(const struct dstack_p2p *p2p, const struct dp_join_seen *seen,
                                      enum dstack_p2p_error error)
{
    struct dstack_p2p_self self = {.error = error};

    if (seen->token_id != 0 && seen->is_wanted && seen->peer.lease_until >= seen->block_time) {
        self.token_id = seen->token_id;
        self.lease_until = seen->peer.lease_until;
    }
    snprintf(self.message, sizeof(self.message), "%s", p2p->message);
    return self;
}

static bool is_same_self(const struct dstack_p2p_self *a, const struct dstack_p2p_self *b)
{
    return a->token_id == b->token_id && a->lease_until == b->lease_until && a->error == b->error;
}

enum dstack_p2p_error dstack_p2p_keep(struct dstack_p2p *p2p, dstack_p2p_tell_self *tell, void *arg)
{
    enum dstack_p2p_error error = dp_p2p_check_reach(p2p);
    struct dstack_p2p_self self, last = {.token_id = 0};
    struct dp_join_seen seen = {.token_id = 0}, now;
    bool is_first = true;
    unsigned failures = 0;
    int end = 0;

    if (error != DSTACK_P2P_OK)
        return error;
    while (end == 0 && !atomic_load(&p2p->stop)) {
        error = look(p2p, &now);
        if (error == DSTACK_P2P_OK) {
            seen = now;
            error = act(p2p, &seen);
        }
        failures = error == DSTACK_P2P_OK ? 0 : failures + 1;
        self = self_of(p2p, &seen, error);
        if (is_first || !is_same_self(&self, &last))
            end = tell(&self, arg);
        last = self;
        is_first = false;
        if (end == 0)
            dp_p2p_pause(p2p, dp_keeper_pause(&seen, failures) * 1000);
    }
    atomic_store(&p2p->stop, false);
    return DSTACK_P2P_OK;
}
