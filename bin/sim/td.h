/* td.h - start the TD otherwise than it was when its attestation was stored. */
#ifndef DP_SIM_TD_H
#define DP_SIM_TD_H

#include <stdint.h>

#include "attest/blob.h"
#include "base/buf.h"
#include "base/err.h"

#define SIM_COMPOSE_HASH_LEN 32 /* SHA-256 */
#define SIM_INSTANCE_ID_LEN 20

/* In all of these bytes is what the blob points into, and holds a quote of version 4. */

/**
 * Let the event log name this compose hash. RTMR3 stays as it is.
 *
 * Returns: DP_OK, DP_EFORMAT (no compose-hash event of that length in the log), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_td_log_compose(struct dp_buf *bytes, const struct dp_blob *blob,
                               const uint8_t hash[static SIM_COMPOSE_HASH_LEN]);

/**
 * Start the TD with this compose hash: it stands in the event log, RTMR3 is what the log replays
 * to, and mr_config_id is that of the hash (version 1).
 *
 * Returns: as sim_td_log_compose
 */
DP_MUST_CHECK
enum dp_err sim_td_measure(struct dp_buf *bytes, const struct dp_blob *blob,
                           const uint8_t hash[static SIM_COMPOSE_HASH_LEN]);

/**
 * Start the TD as this instance of its app: it stands in the event log, and RTMR3 is what the log
 * replays to.
 *
 * Returns: DP_OK, DP_EFORMAT (no instance-id event of that length in the log), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_td_instance(struct dp_buf *bytes, const struct dp_blob *blob,
                            const uint8_t id[static SIM_INSTANCE_ID_LEN]);

/* Let the TD be one whose memory its host may read. */
void sim_td_debug(struct dp_buf *bytes, const struct dp_blob *blob);

#endif
