/* td_policy.h - what a TD must not be, whoever signed its quote. */
#ifndef DP_ATTEST_TD_POLICY_H
#define DP_ATTEST_TD_POLICY_H

#include "attest/quote.h"

/**
 * Is the TD, or enclave, one whose memory is its own? Refused: debug mode; attributes that are
 * reserved, or tell too much (PERFMON); SEPT_VE_DISABLE not set, without which a host can take
 * pages away unseen; a service TD, which may move it elsewhere.
 *
 * Returns: NULL, or a sentence (static)
 */
const char *dp_td_policy_fault(const struct dp_quote *quote);

#endif
