/* dcap.h - is a quote genuine, and how current is the platform that made it? */
#ifndef DP_ATTEST_DCAP_H
#define DP_ATTEST_DCAP_H

#include <stdint.h>

#include "attest/collateral.h"
#include "attest/dcap_failure.h"
#include "attest/pck.h"
#include "attest/quote.h"
#include "attest/tcb_status.h"

#define DP_DEVICE_ID_LEN 32

/* Pointers lead into the quote and the collateral. */
struct dp_dcap_result {
    struct dp_dcap_fault fault; /* DP_DCAP_VALID: the rest counts; else it says nothing */
    struct dp_quote quote;
    struct dp_tcb_verdict verdict;      /* the worse of the two below; never DP_TCB_REVOKED */
    struct dp_tcb_verdict platform, qe; /* the TDX module is part of the platform */
    struct dp_pck pck;
    uint8_t device_id[DP_DEVICE_ID_LEN]; /* SHA-256 of the PPID */
    char text[320];                      /* of the fault: one sentence */
};

/**
 * Verify a quote: signatures from Intel's root (that of the collateral) down to the report, CRLs,
 * dates, TCB level, QE identity, TDX module, attributes. All is judged as of now and of no other
 * time. Which status is good enough is the caller's to decide.
 *
 * In:  quote  the bytes; have to live as long as out is used, and so has the collateral
 *      now    seconds since 1970
 * Returns: DP_OK where it is valid, else DP_EINVAL, and out->fault says why
 */
DP_MUST_CHECK
enum dp_err dp_dcap_verify(struct dp_dcap_result *out, const uint8_t *quote, size_t len,
                           const struct dp_collateral *collateral, int64_t now);

#endif
