/* pki.c - the test root in Intel's place, and whom it certifies. Holds their keys: secrets. */
#include "pki.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pck_extension.h"

#define SERIAL 42
#define NOT_BEFORE 1577836800 /* 2020-01-01 */
#define NOT_AFTER 4102444800  /* 2100-01-01 */

static const struct {
    const char *name;
    enum sim_signer issuer;
} signers[SIM_SIGNERS] = {
    [SIM_ROOT] = {"Mock Intel SGX Root CA", SIM_ROOT},
    [SIM_PCK_CA] = {"Mock Intel SGX PCK Platform CA", SIM_ROOT},
    [SIM_PCK] = {"Mock Intel SGX PCK Certificate", SIM_PCK_CA},
    [SIM_TCB] = {"Mock Intel SGX TCB Signing", SIM_ROOT},
    [SIM_QE] = {"Mock Intel SGX QE Identity Signing", SIM_ROOT},
};

static bool is_ca(enum sim_signer who)
{
    return who == SIM_ROOT || who == SIM_PCK_CA;
}

/* --- certificates; each part says whether it was done --- */

static bool add(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool done = extension != NULL && X509_add_ext(cert, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return done;
}

static bool add_platform(X509 *cert)
{
    X509_EXTENSION *extension = sim_pck_extension();
    bool done = extension != NULL && X509_add_ext(cert, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return done;
}

static bool add_extensions(X509 *cert, enum sim_signer who)
{
    if (!add(cert, NID_subject_alt_name, "DNS:mock.dstack.invalid"))
        return false;
    if (is_ca(who))
        return add(cert, NID_basic_constraints, "critical,CA:TRUE") &&
               add(cert, NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign");
    return add(cert, NID_key_usage, "critical,digitalSignature") &&
           add(cert, NID_ext_key_usage, "serverAuth") && (who != SIM_PCK || add_platform(cert));
}

static bool set_name(X509_NAME *name, enum sim_signer who)
{
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)signers[who].name, -1, -1, 0) == 1;
}

static bool fill(X509 *cert, const struct sim_pki *pki, enum sim_signer who)
{
    enum sim_signer issuer = signers[who].issuer;

    return X509_set_version(cert, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(cert), SERIAL) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(cert), NOT_BEFORE) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), NOT_AFTER) != NULL &&
           set_name(X509_get_subject_name(cert), who) &&
           set_name(X509_get_issuer_name(cert), issuer) &&
           X509_set_pubkey(cert, pki->key[who]) == 1 && add_extensions(cert, who) &&
           X509_sign(cert, pki->key[issuer], EVP_sha256()) > 0;
}

enum dp_err sim_pki_make(struct sim_pki *out)
{
    enum dp_err err = DP_OK;

    memset(out, 0, sizeof(*out));
    for (int who = 0; err == DP_OK && who < SIM_SIGNERS; who++) {
        out->key[who] = EVP_EC_gen("P-256");
        err = out->key[who] != NULL ? DP_OK : DP_ECRYPTO;
    }
    for (int who = 0; err == DP_OK && who < SIM_SIGNERS; who++) {
        out->cert[who] = X509_new();
        if (out->cert[who] == NULL)
            err = DP_ENOMEM;
        else if (!fill(out->cert[who], out, (enum sim_signer)who))
            err = DP_ECRYPTO;
    }
    return err;
}

void sim_pki_free(struct sim_pki *pki)
{
    for (int who = 0; who < SIM_SIGNERS; who++) {
        EVP_PKEY_free(pki->key[who]);
        X509_free(pki->cert[who]);
    }
    memset(pki, 0, sizeof(*pki));
}

enum dp_err sim_pki_chain(const struct sim_pki *pki, struct dp_buf *pem, enum sim_signer signer)
{
    BIO *bio = BIO_new(BIO_s_mem());
    enum sim_signer last = SIM_SIGNERS, who = signer;
    bool done = bio != NULL;
    char *text;

    for (; done && who != last; last = who, who = signers[who].issuer)
        done = PEM_write_bio_X509(bio, pki->cert[who]) == 1;
    if (done) {
        long len = BIO_get_mem_data(bio, &text);

        dp_buf_add(pem, text, (size_t)len);
    }
    BIO_free(bio);
    return done ? pem->err : DP_ENOMEM;
}

/* --- revocation lists --- */

static bool revoke(X509_CRL *crl, const X509 *cert)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *when = ASN1_TIME_set(NULL, NOT_BEFORE);
    bool done =
        entry != NULL && when != NULL &&
        X509_REVOKED_set_serialNumber(entry, (ASN1_INTEGER *)X509_get0_serialNumber(cert)) == 1 &&
        X509_REVOKED_set_revocationDate(entry, when) == 1 && X509_CRL_add0_revoked(crl, entry) == 1;

    if (!done)
        X509_REVOKED_free(entry);
    ASN1_TIME_free(when);
    return done;
}

static bool set_dates(X509_CRL *crl)
{
    ASN1_TIME *from = ASN1_TIME_set(NULL, NOT_BEFORE), *until = ASN1_TIME_set(NULL, NOT_AFTER);
    bool done = from != NULL && until != NULL && X509_CRL_set1_lastUpdate(crl, from) == 1 &&
                X509_CRL_set1_nextUpdate(crl, until) == 1;

    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return done;
}

static bool add_number(X509_CRL *crl)
{
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    bool done = number != NULL && ASN1_INTEGER_set(number, 1) == 1 &&
                X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;

    ASN1_INTEGER_free(number);
    return done;
}

enum dp_err sim_pki_crl(const struct sim_pki *pki, struct dp_buf *der, enum sim_signer issuer,
                        const X509 *revoked)
{
    X509_CRL *crl = X509_CRL_new();
    unsigned char *bytes = NULL;
    int len = -1;

    if (crl != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
        X509_CRL_set_issuer_name(crl, X509_get_subject_name(pki->cert[issuer])) == 1 &&
        set_dates(crl) && add_number(crl) && (revoked == NULL || revoke(crl, revoked)) &&
        X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, pki->key[issuer], EVP_sha256()) > 0)
        len = i2d_X509_CRL(crl, &bytes);
    if (len > 0)
        dp_buf_add(der, bytes, (size_t)len);
    OPENSSL_free(bytes);
    X509_CRL_free(crl);
    return len > 0 ? der->err : DP_ECRYPTO;
}
