/* qe_identity.h - Intel's identity of the quoting enclave, which made the attestation key. */
#ifndef DP_ATTEST_QE_IDENTITY_H
#define DP_ATTEST_QE_IDENTITY_H

#include <stdint.h>

#include "attest/dcap_failure.h"
#include "attest/quote.h"
#include "attest/signed_json.h"

/* Source: Intel, "PCS API v4", enclave identity version 2. */
struct dp_qe_identity {
    struct json_object *json;
    char id[16]; /* "QE" or "TD_QE" */
    uint32_t version, isvprodid;
    int64_t issued, next_update; /* Unix milliseconds */
    uint8_t miscselect[4], miscselect_mask[4], attributes[16], attributes_mask[16], mrsigner[32];
    struct dp_isv_levels levels;
};

/* Read it. Out: out  to be freed by dp_qe_identity_free, whatever is returned. Returns: DP_OK,
 * DP_EFORMAT, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_qe_identity_read(struct dp_qe_identity *out, struct dp_slice text);
void dp_qe_identity_free(struct dp_qe_identity *identity);

/**
 * Is this report one of that enclave, and how current is it?
 *
 * Out: out  status and advisories
 * Returns: no fault, or DP_DCAP_QE_IDENTITY
 */
struct dp_dcap_fault dp_qe_identity_check(struct dp_tcb_verdict *out,
                                          const struct dp_qe_identity *identity,
                                          const struct dp_sgx_report *report);

#endif
