/* cluster_key.h - sign for a node of a cluster: vouchers as the app, transactions as the node. */
#ifndef DP_DSTACK_CLUSTER_KEY_H
#define DP_DSTACK_CLUSTER_KEY_H

#include "base/err.h"
#include "dstack/guest.h"

/* Which key: lib/dstack/keyuse.h has their paths. */
enum dp_cluster_key {
    DP_CLUSTER_KEY_VOUCHER, /* one for all nodes of the app */
    DP_CLUSTER_KEY_GAS,     /* one for each node: two that share an account take one another's
                               nonces */
};

#define DP_INSTANCE_ID_LEN 20

/* What a signature is, and whose. */
struct dp_cluster_signature {
    uint8_t signature[DP_SECP_SIG_LEN];     /* r || s || recovery id */
    uint8_t public_key[DP_SECP_PUB_LEN];    /* of the key that signed */
    uint8_t app_signature[DP_SECP_SIG_LEN]; /* signature_chain[0] */
    uint8_t kms_signature[DP_SECP_SIG_LEN]; /* signature_chain[1] */
};

/**
 * Sign a digest. The key is in locked memory during the call only.
 *
 * Out: out  all zero unless DP_OK
 * In:  instance_id  of this node
 *      digest       NULL: sign nothing, only say whose the key is
 * Returns: DP_OK, DP_EGUEST, DP_ENOMEM, DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err dp_cluster_key_sign(struct dp_guest *guest, struct dp_cluster_signature *out,
                                enum dp_cluster_key which,
                                const uint8_t instance_id[static DP_INSTANCE_ID_LEN],
                                const uint8_t *digest);

/* The purpose that the chain of such a key names. Static. */
const char *dp_cluster_key_purpose(enum dp_cluster_key which);

#endif
