/* dcap_failure.h - why a quote is not valid. */
#ifndef DP_ATTEST_DCAP_FAILURE_H
#define DP_ATTEST_DCAP_FAILURE_H

/* name in C, name in answers. In the order in which the checks are made, as far as they have one.
 */
#define DP_DCAP_FAILURES(X)                                                                        \
    X(DP_DCAP_VALID, "")                                                                           \
    X(DP_DCAP_COLLATERAL, "collateral")                                                            \
    X(DP_DCAP_CRL, "crl")                                                                          \
    X(DP_DCAP_REVOKED_CERTIFICATE, "revoked-certificate")                                          \
    X(DP_DCAP_FORMAT, "format")                                                                    \
    X(DP_DCAP_HEADER, "header")                                                                    \
    X(DP_DCAP_TCB_INFO_DATE, "tcb-info-date")                                                      \
    X(DP_DCAP_TCB_INFO_CHAIN, "tcb-info-chain")                                                    \
    X(DP_DCAP_TCB_INFO_SIGNATURE, "tcb-info-signature")                                            \
    X(DP_DCAP_QE_IDENTITY_DATE, "qe-identity-date")                                                \
    X(DP_DCAP_QE_IDENTITY_CHAIN, "qe-identity-chain")                                              \
    X(DP_DCAP_QE_IDENTITY_SIGNATURE, "qe-identity-signature")                                      \
    X(DP_DCAP_QE_IDENTITY_KIND, "qe-identity-kind")                                                \
    X(DP_DCAP_CERTIFICATION_DATA, "certification-data")                                            \
    X(DP_DCAP_PCK_CHAIN, "pck-chain")                                                              \
    X(DP_DCAP_PCK_EXTENSION, "pck-extension")                                                      \
    X(DP_DCAP_QE_REPORT_SIGNATURE, "qe-report-signature")                                          \
    X(DP_DCAP_QE_AUTH_DATA, "qe-auth-data")                                                        \
    X(DP_DCAP_QE_REPORT_HASH, "qe-report-hash")                                                    \
    X(DP_DCAP_QE_IDENTITY, "qe-identity")                                                          \
    X(DP_DCAP_QUOTE_SIGNATURE, "quote-signature")                                                  \
    X(DP_DCAP_FMSPC, "fmspc")                                                                      \
    X(DP_DCAP_TCB_INFO_KIND, "tcb-info-kind")                                                      \
    X(DP_DCAP_TCB_LEVEL, "tcb-level")                                                              \
    X(DP_DCAP_TDX_MODULE, "tdx-module")                                                            \
    X(DP_DCAP_REVOKED_TCB, "revoked-tcb")                                                          \
    X(DP_DCAP_ATTRIBUTES, "attributes")

#define DP_DCAP_FAILURE_NAME(name, text) name,
enum dp_dcap_failure { DP_DCAP_FAILURES(DP_DCAP_FAILURE_NAME) };
#undef DP_DCAP_FAILURE_NAME

/* What is wrong, and in a sentence. The sentence is static. */
struct dp_dcap_fault {
    enum dp_dcap_failure failure; /* DP_DCAP_VALID: nothing */
    const char *text;
};

#define DP_DCAP_FAULT(failure, sentence) ((struct dp_dcap_fault){failure, sentence})
#define DP_DCAP_NO_FAULT ((struct dp_dcap_fault){DP_DCAP_VALID, ""})

/* As in answers; static. */
const char *dp_dcap_failure_name(enum dp_dcap_failure failure);

#endif
