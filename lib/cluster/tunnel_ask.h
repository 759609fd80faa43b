/* tunnel_ask.h - ask a peer for its proof, and judge it: in a thread, as both take their time. */
#ifndef DP_CLUSTER_TUNNEL_ASK_H
#define DP_CLUSTER_TUNNEL_ASK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cluster/tunnel_address.h"
#include "cluster/tunnel_endpoint.h"
#include "cluster/tunnel_proof.h"

#define DP_TUNNEL_ASK_MS 8000 /* for an answer: a quote, and the wait for others' before it */

/**
 * Where collateral for a quote comes from. Called in a thread, never twice at a time.
 *
 * Out: out  to be freed by dp_collateral_free; NULL unless DP_OK
 */
typedef enum dp_err dp_tunnel_collateral(struct dp_collateral **out, struct dp_slice quote,
                                         void *arg, struct dp_detail *detail);

/* What is to be found out of a peer. The caller fills in the first part and keeps it where it is
 * until dp_tunnel_ask_end. */
struct dp_tunnel_ask {
    struct dp_tunnel_claim claim; /* but for the nonce, which is made here */
    uint8_t app_id[DP_ADDRESS_LEN];
    char address[DP_TUNNEL_ADDRESS_SIZE]; /* its proof address */
    struct dp_tunnel_endpoint endpoint;   /* is_name: it is looked up, and nothing is asked */
    dp_tunnel_collateral *collateral;
    void *arg;

    struct dp_tunnel_proven proven;         /* where err is DP_OK, and it was asked */
    char resolved[DP_TUNNEL_ENDPOINT_SIZE]; /* where err is DP_OK, and it was looked up */
    enum dp_err err;
    struct dp_detail detail;

    pthread_t thread;
    atomic_bool done;
};

/* Begin. Returns: DP_OK, DP_ENOMEM (no thread) */
DP_MUST_CHECK
enum dp_err dp_tunnel_ask_begin(struct dp_tunnel_ask *ask);

/* Wait for its end, if it has not come; then err says how it went: DP_OK, DP_EINVAL or DP_EFORMAT
 * (the peer proves nothing), or that it could not be asked. */
void dp_tunnel_ask_end(struct dp_tunnel_ask *ask);

#endif
