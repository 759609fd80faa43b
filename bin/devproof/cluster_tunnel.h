/* cluster_tunnel.h - devproof cluster run --mode wireguard: tunnels that follow the list of peers.
 */
#ifndef DEVPROOF_CLUSTER_TUNNEL_H
#define DEVPROOF_CLUSTER_TUNNEL_H

#include "cluster/p2p.h"
#include "devproof/cluster.h"

/*
 * A thread of its own has the interface. It is there from when the list has this node with the key
 * of this process on, and until the end; while the list does not have it, it has no peers. What
 * fails is logged and tried again.
 */
struct cluster_tunnel;

/* Who is verified, or has what address, has changed; called in the tunnels' thread. */
typedef void cluster_tunnel_tell(void *arg);

/**
 * Make this node's key, and take the settings of the tunnels.
 *
 * Out: out      to be closed by cluster_tunnel_close, also after an error
 *      cluster  tunnel_key is set
 * Returns: an exit code, after complaining
 */
int cluster_tunnel_make(struct cluster_tunnel **out, struct cluster *cluster);

/* Learn of the guest agent who this node is. In: p2p  borrowed for the call. Returns: an exit code,
 * after complaining */
int cluster_tunnel_know(struct cluster_tunnel *tunnel, const struct dstack_p2p *p2p);

/* Begin. In: tell  called until cluster_tunnel_stop has been waited for */
void cluster_tunnel_start(struct cluster_tunnel *tunnel, cluster_tunnel_tell *tell, void *arg);

/* Follow this list from now on. Any thread. Takes NULL. */
void cluster_tunnel_list(struct cluster_tunnel *tunnel, const struct dstack_p2p_peers *peers,
                         uint64_t chain_id);

/* Put address, address6 and verified into the peers of the peers file: false for who has proven
 * nothing yet, null for this node itself and for who has no tunnel. Any thread. Takes NULL. */
void cluster_tunnel_describe(struct cluster_tunnel *tunnel, struct json_object *peers);

/* Have it end. Returns: the thread, which is to be waited for; the interface is gone with it */
pthread_t cluster_tunnel_stop(struct cluster_tunnel *tunnel);

/* Free it, once the thread has ended or where it was never started. Takes NULL. */
void cluster_tunnel_close(struct cluster_tunnel *tunnel);

#endif
