/* measure.h - what dstack's KMS and its contracts call a TD by. */
#ifndef DP_ATTEST_MEASURE_H
#define DP_ATTEST_MEASURE_H

#include "attest/eventlog.h"
#include "attest/quote.h"

#define DP_MEASURE_LEN 32 /* SHA-256 */

/* SHA-256 of mr_td, rtmr0 to rtmr2 and that of the key provider's payload; data NULL (as the KMS
 * has it at boot): 32 zero bytes for the latter. */
void dp_measure_system(uint8_t out[static DP_MEASURE_LEN], const struct dp_td_report *td,
                       struct dp_slice key_provider);

/* SHA-256 of mr_td, rtmr0 to rtmr2, this rtmr3, and, unless all are zero, mr_config_id, mr_owner
 * and mr_owner_config. */
void dp_measure_aggregated(uint8_t out[static DP_MEASURE_LEN], const struct dp_td_report *td,
                           const uint8_t rtmr3[static DP_RTMR_LEN]);

#endif
