/* collateral.h - what Intel says of a platform beside its quote: CRLs, TCB info, QE identity. */
#ifndef DP_ATTEST_COLLATERAL_H
#define DP_ATTEST_COLLATERAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_COLLATERAL_MAX (4 * 1024 * 1024) /* bytes of JSON; real ones have some 30 KB */
#define DP_ROOT_MAX (64 * 1024)             /* bytes of a root certificate's file */

struct dp_collateral;

/* Intel's SGX Root CA, as DER. Static. Source: Intel, certificates.trustedservices.intel.com;
 * SHA-256 44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3. */
struct dp_slice dp_intel_root(void);

/**
 * Read collateral, and check all of it that hangs neither on a quote nor on the time, so that many
 * quotes can be verified with it at little cost. What does not hold is remembered, and said when a
 * quote is verified: see dcap.h.
 *
 * Out: out   to be freed by dp_collateral_free; NULL unless DP_OK. It does not change any more, so
 *            any thread may verify with it at any time.
 * In:  json  the object of the members root_ca_crl, pck_crl (DER as hex), tcb_info_issuer_chain,
 *            qe_identity_issuer_chain (PEM), tcb_info, qe_identity (JSON as text, just as it was
 *            signed), tcb_info_signature, qe_identity_signature (hex, r || s); there may be
 *            pck_crl_issuer_chain and pck_certificate_chain (PEM)
 *      root  the one certificate that is trusted: DER or PEM
 * Returns: DP_OK
 *          DP_EINVAL   root is no certificate over P-256; detail->field is "root"
 *          DP_EFORMAT  not such an object; detail->field is the member
 *          DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_collateral_read(struct dp_collateral **out, struct dp_slice json,
                               struct dp_slice root, struct dp_detail *detail);

/* Takes NULL. */
void dp_collateral_free(struct dp_collateral *collateral);

#endif
