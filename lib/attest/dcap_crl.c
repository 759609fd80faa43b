/* dcap_crl.c - what Intel has revoked. */
#include "attest/dcap_chain.h"

#include <stdbool.h>
#include <time.h>

#include <openssl/err.h>

#include "crypto/p256.h"

static bool has_critical(const X509_CRL *crl)
{
    for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
        if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)) == 1)
            return true;
    }
    return false;
}

enum dp_err dp_dcap_crl_read(struct dp_dcap_crl *out, const uint8_t *der, size_t len)
{
    const unsigned char *p = der;
    struct tm tm;

    *out = (struct dp_dcap_crl){.crl = d2i_X509_CRL(NULL, &p, (long)len)};
    ERR_clear_error();
    if (out->crl == NULL || p != der + len || X509_CRL_get0_nextUpdate(out->crl) == NULL ||
        ASN1_TIME_to_tm(X509_CRL_get0_nextUpdate(out->crl), &tm) != 1 || has_critical(out->crl))
        return DP_EFORMAT;
    out->next_update = timegm(&tm);
    return DP_OK;
}

void dp_dcap_crl_free(struct dp_dcap_crl *crl)
{
    X509_CRL_free(crl->crl);
    *crl = (struct dp_dcap_crl){.crl = NULL};
}

static bool signed_by(const struct dp_dcap_crl *crl, EVP_PKEY *key)
{
    bool holds;

    if (crl->signer != NULL && key != NULL && EVP_PKEY_eq(crl->signer, key) == 1)
        return true;
    holds = dp_p256_is(key) && X509_CRL_get_signature_nid(crl->crl) == NID_ecdsa_with_SHA256 &&
            X509_CRL_verify(crl->crl, key) == 1;
    ERR_clear_error();
    return holds;
}

void dp_dcap_crl_learn(struct dp_dcap_crl *crl, EVP_PKEY *key)
{
    if (crl->crl != NULL && signed_by(crl, key))
        crl->signer = key;
}

struct dp_dcap_fault dp_dcap_crl_check(const struct dp_dcap_crl *crls, int count, X509 *cert,
                                       X509 *issuer, int64_t now)
{
    const struct dp_dcap_crl *crl = NULL;
    X509_REVOKED *revoked;

    for (int i = 0; i < count && crl == NULL; i++) {
        if (X509_NAME_cmp(X509_CRL_get_issuer(crls[i].crl), X509_get_issuer_name(cert)) == 0)
            crl = &crls[i];
    }
    if (crl == NULL)
        return DP_DCAP_FAULT(DP_DCAP_CRL, "There is no CRL of a certificate's issuer.");
    if (!signed_by(crl, X509_get0_pubkey(issuer)))
        return DP_DCAP_FAULT(DP_DCAP_CRL, "A CRL is not signed by the issuer that it names.");
    if (now >= crl->next_update)
        return DP_DCAP_FAULT(DP_DCAP_CRL, "A CRL is out of date.");
    if (X509_CRL_get0_by_serial(crl->crl, &revoked, X509_get0_serialNumber(cert)) != 0)
        return DP_DCAP_FAULT(DP_DCAP_REVOKED_CERTIFICATE, "A certificate is revoked.");
    return DP_DCAP_NO_FAULT;
}
