/* dcap_path.c - the way from a certificate to the root, and whether it holds at a time. */
#include "attest/dcap_chain.h"

#include <stdbool.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypto/p256.h"

static bool names_match(X509 *cert, X509 *issuer)
{
    return X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) == 0;
}

static bool has_signed(X509 *issuer, X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    bool holds = dp_p256_is(key) && X509_get_signature_nid(cert) == NID_ecdsa_with_SHA256 &&
                 X509_verify(cert, key) == 1;

    ERR_clear_error();
    return holds;
}

/* below: certificates between it and the leaf. */
static bool may_issue(X509 *cert, int below)
{
    long limit = X509_get_pathlen(cert);

    return X509_check_ca(cert) == 1 && (X509_get_key_usage(cert) & KU_KEY_CERT_SIGN) != 0 &&
           (limit < 0 || below <= limit);
}

static bool is_sound(X509 *cert)
{
    return (X509_get_extension_flags(cert) & (EXFLAG_CRITICAL | EXFLAG_INVALID)) == 0;
}

/* The issuer of the path's last certificate: the root, or one of those that came; NULL: neither. */
static X509 *issuer_of(const struct dp_dcap_path *path, const struct dp_dcap_certs *certs,
                       X509 *root)
{
    X509 *last = path->certs[path->len - 1];

    if (names_match(last, root))
        return root;
    for (int i = 1; i < certs->len; i++) {
        if (names_match(last, certs->certs[i]) && may_issue(certs->certs[i], path->len - 1) &&
            has_signed(certs->certs[i], last))
            return certs->certs[i];
    }
    return NULL;
}

static bool on_path(const struct dp_dcap_path *path, X509 *cert)
{
    for (int i = 0; i < path->len; i++) {
        if (path->certs[i] == cert)
            return true;
    }
    return X509_cmp(path->certs[path->len - 1], cert) == 0;
}

const char *dp_dcap_path_find(struct dp_dcap_path *out, const struct dp_dcap_certs *certs,
                              X509 *root)
{
    X509 *issuer;

    *out = (struct dp_dcap_path){.certs = {certs->certs[0]}, .len = 1};
    if (X509_check_ca(certs->certs[0]) != 0)
        return "The first certificate of a chain is that of a CA.";
    do {
        issuer = issuer_of(out, certs, root);
        if (issuer == NULL || out->len > DP_DCAP_CERTS_MAX)
            return "A chain does not lead to the root: an issuer is missing.";
        if (issuer == root &&
            (!may_issue(root, out->len - 1) || !has_signed(root, out->certs[out->len - 1])))
            return "A chain does not lead to the root: the root has not signed it.";
        out->certs[out->len++] = issuer;
    } while (issuer != root);
    for (int i = 0; i < certs->len; i++) {
        if (!on_path(out, certs->certs[i]))
            return "A chain has a certificate that leads nowhere.";
        if (!is_sound(certs->certs[i]))
            return "A certificate has an extension that is malformed, or critical and unknown.";
    }
    return NULL;
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : -1;
}

struct dp_dcap_fault dp_dcap_path_check(const struct dp_dcap_path *path,
                                        const struct dp_dcap_crl *crls, int count, int64_t now,
                                        enum dp_dcap_failure failure)
{
    for (int i = 0; i < path->len; i++) {
        int64_t from = seconds_of(X509_get0_notBefore(path->certs[i]));
        int64_t until = seconds_of(X509_get0_notAfter(path->certs[i]));

        if (from < 0 || now < from)
            return DP_DCAP_FAULT(failure, "A certificate is not valid yet.");
        if (now > until)
            return DP_DCAP_FAULT(failure, "A certificate has expired.");
    }
    for (int i = 0; i + 1 < path->len; i++) {
        struct dp_dcap_fault fault =
            dp_dcap_crl_check(crls, count, path->certs[i], path->certs[i + 1], now);

        if (fault.failure != DP_DCAP_VALID)
            return fault;
    }
    return DP_DCAP_NO_FAULT;
}
