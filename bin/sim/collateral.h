/* collateral.h - what Intel would say of this platform, signed under the test root. */
#ifndef DP_SIM_COLLATERAL_H
#define DP_SIM_COLLATERAL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "fault.h"
#include "pki.h"

/* What TCB info says of the platform. */
struct sim_tcb {
    const char *status;   /* "UpToDate" */
    const char *advisory; /* NULL: none */
};

/* "up-to-date", "outdated", "hardening", "configuration" or "revoked"; NULL for another name. */
const struct sim_tcb *sim_tcb_find(const char *name);

/**
 * Add the collateral that the quotes verify with, as `devproof quote verify --collateral` reads it:
 * issued a day before now, and valid for thirty days from then on.
 *
 * In: now  seconds since 1970
 * Returns: DP_OK, DP_ECRYPTO, DP_ENOMEM, DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err sim_collateral_write(struct dp_buf *out, const struct sim_pki *pki,
                                 const struct sim_tcb *tcb, enum sim_fault fault, int64_t now);

#endif
