/* boot.h - what the machine says of itself to the contract that decides over its keys. */
#ifndef DP_SIM_BOOT_H
#define DP_SIM_BOOT_H

#include "attest/blob.h"
#include "base/buf.h"
#include "base/err.h"
#include "collateral.h"

/* The function that is asked. */
#define SIM_BOOT_FUNCTION "isAppAllowed"
#define SIM_BOOT_RETURNS "bool isAllowed, string reason"

/**
 * Add the call isAppAllowed(AppBootInfo), as contracts/src/interfaces/IAppAuth.sol has it: what a
 * KMS would find in the quote, in its event log and in the collateral. What the log does not have
 * is zero, what it has too short is filled up with zeros on the left.
 *
 * In: blob  with a quote of version 4
 * Returns: DP_OK, DP_EFORMAT (an id or hash in the log is too long), DP_ENOMEM, DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err sim_boot_call(struct dp_buf *out, const struct dp_blob *blob,
                          const struct sim_tcb *tcb);

#endif
