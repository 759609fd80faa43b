/* measure.h - what a TDX quote of version 4 and its event log say of the machine. */
#ifndef DP_SIM_MEASURE_H
#define DP_SIM_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/blob.h"

/* Offsets within the quote: a header of 48 bytes, then the TD report. */
#define SIM_REGISTER_LEN 48
#define SIM_QUOTE_LEN_MIN 632
#define SIM_MR_TD 184
#define SIM_MR_CONFIG_ID 232 /* then mr_owner and mr_owner_config */
#define SIM_RTMR0 376
#define SIM_REPORT_DATA 568

bool sim_is_tdx_v4(struct dp_slice quote);

/* All of these of a blob whose quote is one of version 4. */

/* Over MRTD and the RTMRs; with them the three configuration fields if any of those is used. */
void sim_mr_aggregated(uint8_t out[static 32], const struct dp_blob *blob);

/* Over MRTD, the first three RTMRs and the hash of what the event log says of the key provider. */
void sim_mr_system(uint8_t out[static 32], const struct dp_blob *blob);

/* SHA-256 of the PPID: the agent has not verified its quote and knows none, so it hashes nothing.
 */
void sim_device_id(uint8_t out[static 32]);

/* The image hash that the blob's configuration claims. False where it claims none. */
bool sim_image_hash(uint8_t out[static 32], const struct dp_blob *blob);

#endif
