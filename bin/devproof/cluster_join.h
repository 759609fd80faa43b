/* cluster_join.h - what the files of devproof cluster join share. */
/*
 * Nothing is kept between two runs: what is done is asked of the chain (the wallet's seat and the
 * instance that it names, whether the code is allowed) and of the cloud (the app's CVMs), so that a
 * run goes on where another was cut off.
 */
#ifndef DEVPROOF_CLUSTER_JOIN_H
#define DEVPROOF_CLUSTER_JOIN_H

#include "devproof/cloud.h"
#include "devproof/cluster.h"
#include "dstack/env.h"

#define JOIN_HEX_SIZE(len) (2 * (len) + 1)

struct join {
    struct cluster *cluster;
    struct cloud cloud;
    struct dp_env *env;              /* NULL: none */
    struct json_object *app_compose; /* as it was read */
    struct dp_buf compose;           /* the same, in canonical form */
    uint8_t compose_hash[DP_COMPOSE_HASH_LEN];
    uint8_t app_id[DP_ADDRESS_LEN]; /* also its contract's address */
    char app[JOIN_HEX_SIZE(DP_ADDRESS_LEN)];
    const char *name, *wallet;

    uint64_t token;                   /* of the wallet; 0: none yet */
    uint8_t instance[DP_ADDRESS_LEN]; /* that it names */
    bool names_instance;
    struct cloud_cvm cvm;
    bool has_cvm, is_created, is_minted;
    bool is_first; /* the app has no CVM yet */
};

/* What comes next, on standard error. */
void join_say(const struct join *join, const char *fmt, ...) DP_PRINTF(2, 3);

/* Each returns an exit code, after complaining. */

/* --- the chain: cluster_join_chain.c --- */

/* Which seat the wallet has, and which instance that names; is the app one of the cluster's? */
int join_look_at_seat(struct join *join);

/* Does no seat name this instance? */
int join_is_free(struct join *join, bool *is_free, const uint8_t instance[static DP_ADDRESS_LEN]);

/* Have the app's contract allow the code. Where that takes a notice, it is proposed, and this fails
 * until the notice has passed. */
int join_authorize(struct join *join);

/* The KMS root: of --kms-root, else of the cluster's contract as all nodes say. */
int join_root(struct join *join, uint8_t root[static DP_ADDRESS_LEN]);

/* Give the wallet a seat for the CVM's instance, or have its seat name it. */
int join_seat(struct join *join);

/* --- the cloud: cluster_join_cloud.c --- */

/* The CVM that the wallet's seat names, else one that no seat names; has_cvm tells whether there is
 * one. */
int join_find_cvm(struct join *join);

/* Have one made, of the code and with the variables, sealed to a key that the KMS root signed. */
int join_create_cvm(struct join *join);

/* Wait until its instance id is known, and it does not run. */
int join_pause(struct join *join);

/* Have it run again, if it does not. */
int join_resume(struct join *join);

#endif
