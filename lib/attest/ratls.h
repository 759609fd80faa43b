/* ratls.h - a certificate whose key a TD attests (RA-TLS), as dstack makes them. */
#ifndef DP_ATTEST_RATLS_H
#define DP_ATTEST_RATLS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "attest/blob.h"
#include "attest/collateral.h"
#include "attest/dcap.h"
#include "attest/event_facts.h"
#include "base/buf.h"
#include "base/err.h"

#define DP_RATLS_APP_ID_LEN 20
#define DP_RATLS_COMPOSE_HASH_LEN 32
#define DP_RATLS_INSTANCE_ID_LEN 20

/* What the attestation of a certificate proves. */
struct dp_ratls {
    struct dp_dcap_result dcap; /* status, advisories; points into quote */
    struct dp_buf quote;
    uint8_t app_id[DP_RATLS_APP_ID_LEN];
    uint8_t compose_hash[DP_RATLS_COMPOSE_HASH_LEN];
    bool has_instance_id; /* false: the app wants none, and the next is zero */
    uint8_t instance_id[DP_RATLS_INSTANCE_ID_LEN];
    struct dp_key_provider key_provider; /* name "" where the events name none that reads */
};

/**
 * SHA-512("ratls-cert:" || SubjectPublicKeyInfo): what the report data of a certificate's quote is.
 *
 * Returns: DP_OK, DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err dp_ratls_report_data(uint8_t out[static DP_BLOB_REPORT_DATA_LEN], EVP_PKEY *key);

/**
 * The quote of a certificate, of which nothing is verified: to get the collateral that it takes.
 *
 * Out: out     added to; its limit should be DP_QUOTE_MAX
 *      detail  field is "attestation"; may be NULL
 * Returns: DP_OK, DP_EMISSING, DP_EFORMAT as dp_ratls_verify; DP_ENOMEM, DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err dp_ratls_quote(struct dp_buf *out, X509 *cert, struct dp_detail *detail);

/**
 * Verify what a certificate says of its own key: the quote is over it, is genuine and of no debug
 * TD, and RTMR3 is what the events replay to. Who issued the certificate does not matter, nor does
 * anything else that it says. Which TCB status, app and compose hash are good enough is the
 * caller's to decide.
 *
 * Read are dstack's extensions (arc 1.3.6.1.4.1.62397.1): 8, an attestation in either form; else
 * 1 and 2, quote and event log as JSON, of releases before 0.5.6.
 *
 * Out: out     to be freed by dp_ratls_free, also after an error; counts only after DP_OK, but for
 * dcap.fault: what a quote that does not hold fails at detail  field is "attestation",
 * "report_data", "quote" or "rtmr3"; may be NULL In:  now     seconds since 1970 Returns: DP_OK
 *          DP_EMISSING  no attestation: only the issuer vouches for it
 *          DP_EFORMAT   the attestation does not read, or is of another platform
 *          DP_EINVAL    it reads and does not hold
 *          DP_ECRYPTO, DP_ENOMEM, DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err dp_ratls_verify(struct dp_ratls *out, X509 *cert,
                            const struct dp_collateral *collateral, int64_t now,
                            struct dp_detail *detail);
void dp_ratls_free(struct dp_ratls *ratls);

#endif
