/* td_evidence.h - what a quote and an event log prove of a TD, whatever brought them. */
#ifndef DP_ATTEST_TD_EVIDENCE_H
#define DP_ATTEST_TD_EVIDENCE_H

#include <stdint.h>

#include "attest/collateral.h"
#include "attest/dcap.h"
#include "attest/event_facts.h"
#include "attest/eventlog.h"

/**
 * Is it a genuine quote of a TD that is no debug TD, under one of Intel's own TDX modules?
 *
 * Out: out     counts only after DP_OK; points into the quote
 *      detail  field is "quote"; may be NULL
 * Returns: DP_OK, DP_EINVAL
 */
DP_MUST_CHECK
enum dp_err dp_td_verify_quote(struct dp_dcap_result *out, struct dp_slice quote,
                               const struct dp_collateral *collateral, int64_t now,
                               struct dp_detail *detail);

/**
 * Does RTMR3 replay from the log, and does the log name an app and a compose hash?
 *
 * Out: out     app_id and compose_hash have their lengths after DP_OK; points into the log
 *      detail  field is "rtmr3"; may be NULL
 * Returns: DP_OK, DP_EINVAL
 */
DP_MUST_CHECK
enum dp_err dp_td_verify_events(struct dp_event_facts *out, const struct dp_eventlog *log,
                                const struct dp_td_report *td, struct dp_detail *detail);

#endif
