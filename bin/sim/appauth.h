/* appauth.h - ask a contract whether the machine may have its keys. */
/*
 * The node may be anybody's: an answer that is not a clear yes is a no.
 */
#ifndef DP_SIM_APPAUTH_H
#define DP_SIM_APPAUTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "ethereum/address.h"

/* Of one question: less than the two seconds that devproof's programs give an agent. */
#define SIM_APPAUTH_WITHIN_MS 1500
#define SIM_APPAUTH_KEPT_MS 1000 /* so long an answer is not asked for again */

struct sim_appauth;

/**
 * Asks nothing yet.
 *
 * Out: out       to be closed by sim_appauth_close; NULL unless DP_OK
 * In:  contract  whom to ask
 *      url       of a node; borrowed for the life of *out
 *      call      what to ask, by sim_boot_call; copied
 * Returns: DP_OK, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_appauth_open(struct sim_appauth **out,
                             const uint8_t contract[static DP_ADDRESS_LEN], const char *url,
                             const struct dp_buf *call);

/* No call may be under way. Takes NULL. */
void sim_appauth_close(struct sim_appauth *appauth);

/**
 * May the machine have its keys now? Any thread may ask at any time: they share an answer for
 * SIM_APPAUTH_KEPT_MS, a yes from when it was asked for, anything else from when it came.
 *
 * Out: detail  why not, in words that can be shown; may be NULL
 * Returns: DP_OK       it may
 *          DP_EINVAL   the contract says no
 *          another     there is no answer: as of dp_rpc_call
 */
DP_MUST_CHECK
enum dp_err sim_appauth_ask(struct sim_appauth *appauth, struct dp_detail *detail);

/**
 * Read what isAppAllowed returns.
 *
 * Out: detail  the contract's reason, as it came
 * Returns: DP_OK (yes), DP_EINVAL (no), DP_EFORMAT (neither), DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_appauth_read(const uint8_t *data, size_t len, struct dp_detail *detail);

#endif
