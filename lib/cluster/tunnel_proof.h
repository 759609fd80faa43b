/* tunnel_proof.h - what proves that a peer's TD holds the key of its tunnel. */
#ifndef DP_CLUSTER_TUNNEL_PROOF_H
#define DP_CLUSTER_TUNNEL_PROOF_H

#include <stdint.h>

#include <json-c/json.h>

#include "attest/collateral.h"
#include "attest/live.h"
#include "attest/tcb_status.h"
#include "base/buf.h"
#include "cluster/tunnel_key.h"
#include "ethereum/address.h"

#define DP_TUNNEL_NONCE_LEN 32
#define DP_TUNNEL_COMPOSE_HASH_LEN 32
#define DP_TUNNEL_PROOF_MAX (1024 * 1024) /* bytes of a proof; real ones have some 40 KB */

/* What a quote is asked to be over. */
struct dp_tunnel_claim {
    uint8_t nonce[DP_TUNNEL_NONCE_LEN]; /* of who asks, new each time */
    uint8_t contract[DP_ADDRESS_LEN];   /* of the cluster */
    uint64_t chain_id;
    uint8_t instance_id[DP_ADDRESS_LEN]; /* of who proves */
    uint8_t key[DP_TUNNEL_KEY_LEN];      /* of its tunnel */
    uint8_t asker[DP_TUNNEL_KEY_LEN];    /* key of the tunnel of who asks */
};

/**
 * SHA-512("devproof-tunnel:" || nonce || contract || chain id, 8 bytes, big-endian || instance id
 * || key || asker): parts of fixed length behind a tag of its own, as in attest/live.h. The asker
 * is in it so that a proof is of no use to another.
 */
void dp_tunnel_report_data(uint8_t out[static DP_REPORT_DATA_LEN],
                           const struct dp_tunnel_claim *claim);

/* A proof that was read; nothing of it is believed yet. */
struct dp_tunnel_proof {
    struct json_object *object;
    struct dp_buf quote;
    struct dp_slice event_log; /* borrowed from object */
};

/**
 * Read what a peer answered: an object with the texts quote (hex) and event_log.
 *
 * Out: out  to be freed by dp_tunnel_proof_free, also after an error
 * Returns: DP_OK, DP_EFORMAT, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_proof_read(struct dp_tunnel_proof *out, struct dp_slice answer,
                                 struct dp_detail *detail);
void dp_tunnel_proof_free(struct dp_tunnel_proof *proof);

/* What a proof shows beside that it holds: whether this is good enough is the caller's to say. */
struct dp_tunnel_proven {
    uint8_t compose_hash[DP_TUNNEL_COMPOSE_HASH_LEN];
    enum dp_tcb_status status;
};

/**
 * Does it hold? A genuine quote of a TD that is no debug TD, over the claim; RTMR3 replays from the
 * event log, which names this app and the instance of the claim.
 *
 * Out: out     all zero unless DP_OK
 *      detail  field is "quote", "report_data", "rtmr3", "event_log", "app_id" or "instance_id"
 * In:  now     seconds since 1970
 * Returns: DP_OK, DP_EINVAL (it does not hold), DP_EFORMAT (the event log does not read), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_proof_check(struct dp_tunnel_proven *out, const struct dp_tunnel_proof *proof,
                                  const struct dp_tunnel_claim *claim,
                                  const uint8_t app_id[static DP_ADDRESS_LEN],
                                  const struct dp_collateral *collateral, int64_t now,
                                  struct dp_detail *detail);

#endif
