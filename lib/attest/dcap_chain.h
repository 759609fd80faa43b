/* dcap_chain.h - certificate chains and CRLs up to Intel's root, at a given time. */
#ifndef DP_ATTEST_DCAP_CHAIN_H
#define DP_ATTEST_DCAP_CHAIN_H

#include <stdint.h>

#include <openssl/x509.h>

#include "attest/dcap_failure.h"
#include "base/buf.h"
#include "base/err.h"

#define DP_DCAP_CERTS_MAX 10

/* --- certificates that are there already --- */

/* To read a certificate's key takes longer than to check a signature with it, and most chains share
 * all but their first certificate. */
struct dp_dcap_known {
    struct {
        X509 *cert;
        unsigned char *der;
        int len;
    } list[DP_DCAP_CERTS_MAX];
    int len;
};

/* Remember it, with a reference of its own. Does nothing where there is no room. */
void dp_dcap_known_add(struct dp_dcap_known *known, X509 *cert);
void dp_dcap_known_free(struct dp_dcap_known *known);

/* --- certificates as they came --- */

struct dp_dcap_certs {
    X509 *certs[DP_DCAP_CERTS_MAX];
    int len;
};

/**
 * Read PEM, the leaf first. One whose bytes are known is not read again. What stands between
 * certificates is left out, and so is one whose base64 has another character in it; one that is no
 * certificate is a fault.
 *
 * Out: out  to be freed by dp_dcap_certs_free, whatever is returned
 * Returns: DP_OK, DP_EFORMAT (fewer than two, more than DP_DCAP_CERTS_MAX, or not certificates),
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_dcap_certs_read(struct dp_dcap_certs *out, struct dp_slice pem,
                               const struct dp_dcap_known *known);
void dp_dcap_certs_free(struct dp_dcap_certs *certs);

/* --- CRLs --- */

struct dp_dcap_crl {
    X509_CRL *crl;
    int64_t next_update; /* seconds since 1970 */
    EVP_PKEY *signer;    /* borrowed: a key that has signed it, as was seen; or NULL */
};

/* Out: out  to be freed by dp_dcap_crl_free, whatever is returned. Returns: DP_OK, DP_EFORMAT (not
 * DER of a CRL with a nextUpdate, or with a critical extension, which would narrow what it says) */
DP_MUST_CHECK
enum dp_err dp_dcap_crl_read(struct dp_dcap_crl *out, const uint8_t *der, size_t len);
void dp_dcap_crl_free(struct dp_dcap_crl *crl);

/* See whether this key has signed it, and remember that. The key has to live as long. */
void dp_dcap_crl_learn(struct dp_dcap_crl *crl, EVP_PKEY *key);

/**
 * Is this certificate not revoked, by the first of the CRLs that names its issuer?
 *
 * Returns: no fault, or DP_DCAP_CRL (none, or its signature or time does not hold),
 *          DP_DCAP_REVOKED_CERTIFICATE
 */
struct dp_dcap_fault dp_dcap_crl_check(const struct dp_dcap_crl *crls, int count, X509 *cert,
                                       X509 *issuer, int64_t now);

/* --- paths --- */

/* From the leaf to the root, both included; borrowed. */
struct dp_dcap_path {
    X509 *certs[DP_DCAP_CERTS_MAX + 1];
    int len;
};

/**
 * Find the path, and check all of it that does not hang on the time: names, signatures (ECDSA with
 * SHA-256 over P-256), the leaf no CA, its issuers CAs that may sign certificates, path lengths, no
 * critical extension that is not known. A certificate that is neither on the path nor the root is
 * refused: it would be there for nobody's good.
 *
 * Returns: NULL, or a sentence (static)
 */
const char *dp_dcap_path_find(struct dp_dcap_path *out, const struct dp_dcap_certs *certs,
                              X509 *root);

/**
 * Check what does: is now within each certificate's time, both ends included, and is none revoked?
 *
 * In: failure  of a certificate that is out of its time
 */
struct dp_dcap_fault dp_dcap_path_check(const struct dp_dcap_path *path,
                                        const struct dp_dcap_crl *crls, int count, int64_t now,
                                        enum dp_dcap_failure failure);

#endif
