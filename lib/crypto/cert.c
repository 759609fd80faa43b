/* cert.c - certificate chains: what one says, and whether to take it. */
#include "crypto/cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

struct dp_cert_chain {
    X509 *leaf;             /* that of certs at 0, not counted again */
    STACK_OF(X509) * certs; /* all of them, in order */
};

static enum dp_err read_all(struct dp_cert_chain *chain, BIO *bio, struct dp_detail *detail)
{
    X509 *cert;

    while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_num(chain->certs) >= DP_CERT_CHAIN_MAX ||
            sk_X509_push(chain->certs, cert) <= 0) {
            X509_free(cert);
            return dp_fail(detail, DP_EFORMAT, NULL, "the chain has more than %d certificates.",
                           DP_CERT_CHAIN_MAX);
        }
    }
    /* The end of the text looks like this; anything else is a certificate that is broken. */
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return dp_fail(detail, DP_EFORMAT, NULL, "certificate %d cannot be read.",
                       sk_X509_num(chain->certs) + 1);
    ERR_clear_error();
    if (sk_X509_num(chain->certs) == 0)
        return dp_fail(detail, DP_EFORMAT, NULL, "there is no certificate as PEM.");
    chain->leaf = sk_X509_value(chain->certs, 0);
    return DP_OK;
}

enum dp_err dp_cert_read(struct dp_cert_chain **out, struct dp_slice pem, struct dp_detail *detail)
{
    struct dp_cert_chain *chain = calloc(1, sizeof(*chain));
    BIO *bio = BIO_new_mem_buf(pem.data != NULL ? pem.data : "", (int)pem.len);
    enum dp_err err = DP_ENOMEM;

    *out = NULL;
    if (chain != NULL)
        chain->certs = sk_X509_new_null();
    if (chain != NULL && chain->certs != NULL && bio != NULL)
        err = read_all(chain, bio, detail);
    BIO_free(bio);
    if (err == DP_OK)
        *out = chain;
    else
        dp_cert_free(chain);
    return err;
}

void dp_cert_free(struct dp_cert_chain *chain)
{
    if (chain == NULL)
        return;
    sk_X509_pop_free(chain->certs, X509_free);
    free(chain);
}

void dp_cert_write(struct dp_buf *out, const struct dp_cert_chain *chain)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool done = bio != NULL;
    char *text = NULL;
    long len;

    for (int i = 0; done && i < sk_X509_num(chain->certs); i++)
        done = PEM_write_bio_X509(bio, sk_X509_value(chain->certs, i)) == 1;
    len = done ? BIO_get_mem_data(bio, &text) : 0;
    if (len > 0)
        dp_buf_add(out, text, (size_t)len);
    else if (out->err == DP_OK)
        out->err = DP_ENOMEM;
    BIO_free(bio);
}

/* --- what it says --- */

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) == 1 ? timegm(&tm) : 0;
}

static void name_of(char *out, size_t size, const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;

    /* Controls and what is beyond ASCII come out escaped, so that no terminal obeys them. */
    if (bio != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE) >= 0)
        len = BIO_get_mem_data(bio, &text);
    snprintf(out, size, "%.*s", (int)len, text != NULL ? text : "");
    BIO_free(bio);
}

static void hash_spki(uint8_t out[static DP_CERT_HASH_LEN], X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

    SHA256(der, len > 0 ? (size_t)len : 0, out);
    OPENSSL_free(der);
}

void dp_cert_facts(struct dp_cert_facts *out, const struct dp_cert_chain *chain)
{
    unsigned len = DP_CERT_HASH_LEN;

    memset(out, 0, sizeof(*out));
    name_of(out->subject, sizeof(out->subject), X509_get_subject_name(chain->leaf));
    name_of(out->issuer, sizeof(out->issuer), X509_get_issuer_name(chain->leaf));
    out->not_before = seconds_of(X509_get0_notBefore(chain->leaf));
    out->not_after = seconds_of(X509_get0_notAfter(chain->leaf));
    X509_digest(chain->leaf, EVP_sha256(), out->hash, &len);
    hash_spki(out->spki, chain->leaf);
}

bool dp_cert_is_for(const struct dp_cert_chain *chain, const char *name)
{
    return X509_check_host(chain->leaf, name, 0, 0, NULL) == 1 ||
           X509_check_ip_asc(chain->leaf, name, 0) == 1;
}

bool dp_cert_has_key(const struct dp_cert_chain *chain, const uint8_t *spki, size_t len)
{
    unsigned char *der = NULL;
    int got = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(chain->leaf), &der);
    bool has = got > 0 && (size_t)got == len && memcmp(der, spki, len) == 0;

    OPENSSL_free(der);
    return has;
}

/* --- whether to take it --- */

static void write_date(char out[static 32], int64_t seconds)
{
    time_t time = (time_t)seconds;
    struct tm tm;

    strftime(out, 32, "%Y-%m-%d %H:%M UTC", gmtime_r(&time, &tm));
}

enum dp_err dp_cert_check_time(const struct dp_cert_chain *chain, int64_t now,
                               struct dp_detail *detail)
{
    struct dp_cert_facts facts;
    char date[32];

    dp_cert_facts(&facts, chain);
    if (now < facts.not_before) {
        write_date(date, facts.not_before);
        return dp_fail(detail, DP_EINVAL, NULL, "the certificate is not valid before %s.", date);
    }
    if (now >= facts.not_after) {
        write_date(date, facts.not_after);
        return dp_fail(detail, DP_EINVAL, NULL, "the certificate expired at %s.", date);
    }
    return DP_OK;
}

static enum dp_err load_roots(X509_STORE *store, const char *roots, struct dp_detail *detail)
{
    if (roots == NULL)
        return X509_STORE_set_default_paths(store) == 1 ? DP_OK : DP_ENOMEM;
    if (X509_STORE_load_file(store, roots) != 1)
        return dp_fail(detail, DP_EIO, roots, "%s cannot be read as certificates in PEM.", roots);
    return DP_OK;
}

static enum dp_err verify(const struct dp_cert_chain *chain, X509_STORE *store, int64_t now,
                          struct dp_detail *detail)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    enum dp_err err = DP_ENOMEM;

    if (ctx != NULL && X509_STORE_CTX_init(ctx, store, chain->leaf, chain->certs) == 1) {
        X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
        X509_STORE_CTX_set_time(ctx, 0, (time_t)now);
        err = X509_verify_cert(ctx) == 1
                  ? DP_OK
                  : dp_fail(detail, DP_EINVAL, NULL,
                            "the chain does not verify: %s (certificate %d of it).",
                            X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)),
                            X509_STORE_CTX_get_error_depth(ctx) + 1);
    }
    X509_STORE_CTX_free(ctx);
    return err;
}

enum dp_err dp_cert_verify(const struct dp_cert_chain *chain, const char *roots, int64_t now,
                           struct dp_detail *detail)
{
    X509_STORE *store = X509_STORE_new();
    enum dp_err err = store != NULL ? load_roots(store, roots, detail) : DP_ENOMEM;

    if (err == DP_OK)
        err = verify(chain, store, now, detail);
    X509_STORE_free(store);
    ERR_clear_error();
    return err;
}
