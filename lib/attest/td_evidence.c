/* td_evidence.c - what a quote and an event log prove of a TD, whatever brought them. */
#include "attest/td_evidence.h"

#include <string.h>

enum dp_err dp_td_verify_quote(struct dp_dcap_result *out, struct dp_slice quote,
                               const struct dp_collateral *collateral, int64_t now,
                               struct dp_detail *detail)
{
    static const uint8_t intel[sizeof(out->quote.td->mr_signer_seam)];

    if (dp_dcap_verify(out, (const uint8_t *)quote.data, quote.len, collateral, now) != DP_OK)
        return dp_fail(detail, DP_EINVAL, "quote", "%s", out->text);
    if (out->quote.td == NULL)
        return dp_fail(detail, DP_EINVAL, "quote", "The quote is none of a TD.");
    if (memcmp(out->quote.td->mr_signer_seam, intel, sizeof(intel)) != 0)
        return dp_fail(detail, DP_EINVAL, "quote", "The TDX module is not one of Intel's.");
    return DP_OK;
}

enum dp_err dp_td_verify_events(struct dp_event_facts *out, const struct dp_eventlog *log,
                                const struct dp_td_report *td, struct dp_detail *detail)
{
    uint8_t rtmr[DP_RTMR_COUNT][DP_RTMR_LEN];

    dp_eventlog_replay(rtmr, log, NULL);
    if (memcmp(rtmr[DP_RTMR_RUNTIME], td->rtmr[DP_RTMR_RUNTIME], DP_RTMR_LEN) != 0)
        return dp_fail(detail, DP_EINVAL, "rtmr3", "RTMR3 is not what the events replay to.");
    if (dp_event_facts(out, log, NULL) != DP_OK || out->app_id.len != DP_EVENT_APP_ID_LEN ||
        out->compose_hash.len != DP_EVENT_HASH_LEN)
        return dp_fail(detail, DP_EINVAL, "rtmr3", "The events name no app and compose hash.");
    return DP_OK;
}
