/* trust.h - the test root of a simulator, and what those who verify need of it. */
#ifndef DP_SIM_TRUST_H
#define DP_SIM_TRUST_H

#include "sim.h"

/**
 * Make the root that quotes hang on, or take the one of the setup, and write the setup's files.
 *
 * Out: sim  pki, pck_chain and quoting; to be freed by sim_trust_free, also after an error
 * Returns: DP_OK, DP_EIO (a file cannot be written or read), DP_EFORMAT, DP_ECRYPTO, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_trust_make(struct sim *sim, const struct sim_setup *setup,
                           struct dp_detail *detail);
void sim_trust_free(struct sim *sim);

#endif
