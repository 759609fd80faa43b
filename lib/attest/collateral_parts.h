/* collateral_parts.h - collateral as its parts, for those who verify with it. */
#ifndef DP_ATTEST_COLLATERAL_PARTS_H
#define DP_ATTEST_COLLATERAL_PARTS_H

#include "attest/collateral.h"
#include "attest/dcap_chain.h"
#include "attest/qe_identity.h"
#include "attest/tcb_info.h"

enum { DP_CRL_ROOT, DP_CRL_PCK, DP_CRL_COUNT };

/* A text that Intel signed, with the chain of who signed it. */
struct dp_signed_part {
    struct dp_dcap_certs certs;
    struct dp_dcap_path path;
    /* What does not hold, whatever the time; the sentence is NULL where all does. */
    const char *form_fault, *chain_fault, *signature_fault;
};

struct dp_collateral {
    X509 *root;
    struct dp_dcap_known known; /* the certificates of all chains in it */
    struct dp_dcap_crl crls[DP_CRL_COUNT];
    const char *crl_fault;
    struct dp_dcap_certs crl_issuers; /* may be none */
    struct dp_signed_part tcb_info_part, qe_identity_part;
    struct dp_tcb_info tcb_info;
    struct dp_qe_identity qe_identity;
    bool has_pck; /* the PCK chain is here, not in the quote */
    struct dp_dcap_certs pck_certs;
    const char *pck_fault;
};

#endif
