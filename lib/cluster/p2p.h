/* p2p.h - what the files of the public library dstack_p2p share. */
#ifndef DP_CLUSTER_P2P_H
#define DP_CLUSTER_P2P_H

#include <stdatomic.h>

#include "base/err.h"
#include "cluster/join.h"
#include "cluster/newcomers.h"
#include "dstack_p2p.h"
#include "ethereum/witnesses.h"

struct dstack_p2p {
    struct dp_guest *guest;
    char instance_id[DSTACK_P2P_ID_SIZE], app_id[DSTACK_P2P_ID_SIZE]; /* as join has them */
    char *urls; /* NULs between them; nodes borrows from it */
    struct dp_witnesses nodes;
    struct dp_join join;
    enum dp_witness_tag wanted;
    unsigned additions_after, max_age_s, reuse_ms;

    struct dp_peers last; /* the last good list; its digest is zero where there never was one */
    struct dp_newcomers newcomers; /* those of it whose lease runs */
    int64_t read_at;               /* by dp_clock_mono_us */
    bool has_failed;               /* a read since then */

    char *subscribe_url; /* NULL: nothing is tried */
    char *relay_url;     /* NULL: calls are sent from this node's account */

    char message[DSTACK_P2P_MESSAGE_SIZE];
    atomic_bool stop;
};

/* Keep the sentence: who, and what was wrong. Returns: what the error is to a caller of this
 * library; DSTACK_P2P_OK for DP_OK */
enum dstack_p2p_error dp_p2p_failed(struct dstack_p2p *p2p, enum dp_err err,
                                    const struct dp_detail *detail);

/* dstack_p2p_get_peers, which reads in any case. */
enum dstack_p2p_error dp_p2p_read_peers(struct dstack_p2p *p2p, struct dstack_p2p_peers **out);

/* As callers have it. */
void dp_p2p_copy_peer(struct dstack_p2p_peer *out, const struct dp_peer *peer);

/* And back: one that this library handed out. */
void dp_p2p_take_peer(struct dp_peer *out, const struct dstack_p2p_peer *peer);

/* dstack_p2p_watch, but for what it tells: every read, and whether it is news. */
typedef int dp_p2p_each(const struct dstack_p2p_peers *peers, enum dstack_p2p_error error,
                        bool is_news, void *arg);
void dp_p2p_watch_each(struct dstack_p2p *p2p, unsigned interval_ms, dp_p2p_each *each, void *arg);

/* Can this node be reached, so that it can be entered? Returns: DSTACK_P2P_OK,
 * DSTACK_P2P_ESETTING */
enum dstack_p2p_error dp_p2p_check_reach(struct dstack_p2p *p2p);

/* Wait in steps, so that a stop is seen. */
void dp_p2p_pause(struct dstack_p2p *p2p, unsigned ms);

/* Give the nodes their time: to be called before each run of calls. */
void dp_p2p_start_clock(struct dstack_p2p *p2p);

#endif
