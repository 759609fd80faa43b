/* collateral.c - what Intel says of a platform beside its quote: CRLs, TCB info, QE identity. */
#include "attest/collateral.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "attest/collateral_parts.h"
#include "base/hex.h"
#include "base/json.h"
#include "crypto/p256.h"

/* The members, borrowed from the JSON. */
struct members {
    struct dp_slice root_ca_crl, pck_crl, pck_crl_issuer_chain;
    struct dp_slice tcb_info_issuer_chain, tcb_info, tcb_info_signature;
    struct dp_slice qe_identity_issuer_chain, qe_identity, qe_identity_signature;
    struct dp_slice pck_certificate_chain;
};

static enum dp_err read_members(struct members *out, struct json_object *json,
                                struct dp_detail *detail)
{
    const struct {
        const char *name;
        struct dp_slice *to;
        bool optional;
    } table[] = {
        {"root_ca_crl", &out->root_ca_crl, false},
        {"pck_crl", &out->pck_crl, false},
        {"pck_crl_issuer_chain", &out->pck_crl_issuer_chain, true},
        {"tcb_info_issuer_chain", &out->tcb_info_issuer_chain, false},
        {"tcb_info", &out->tcb_info, false},
        {"tcb_info_signature", &out->tcb_info_signature, false},
        {"qe_identity_issuer_chain", &out->qe_identity_issuer_chain, false},
        {"qe_identity", &out->qe_identity, false},
        {"qe_identity_signature", &out->qe_identity_signature, false},
        {"pck_certificate_chain", &out->pck_certificate_chain, true},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        enum dp_err err = table[i].optional
                              ? dp_json_optional_string(table[i].to, json, table[i].name, detail)
                              : dp_json_string(table[i].to, json, table[i].name, detail);

        if (err != DP_OK)
            return DP_EFORMAT;
    }
    return DP_OK;
}

static enum dp_err read_root(struct dp_collateral *c, struct dp_slice root,
                             struct dp_detail *detail)
{
    const unsigned char *p = (const unsigned char *)root.data;
    BIO *bio = NULL;

    if (root.data != NULL && root.len > 0 && root.len <= DP_ROOT_MAX) {
        c->root = d2i_X509(NULL, &p, (long)root.len);
        if (c->root == NULL)
            bio = BIO_new_mem_buf(root.data, (int)root.len);
        if (bio != NULL)
            c->root = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        BIO_free(bio);
    }
    ERR_clear_error();
    if (c->root == NULL || X509_check_purpose(c->root, -1, 0) != 1 ||
        !dp_p256_is(X509_get0_pubkey(c->root)))
        return dp_fail(detail, DP_EINVAL, "root", "The root is no certificate over P-256.");
    dp_dcap_known_add(&c->known, c->root);
    return DP_OK;
}

static enum dp_err read_crl(struct dp_collateral *c, int which, struct dp_slice hex)
{
    uint8_t *der = malloc(hex.len / 2 + 1);
    size_t len;

    if (der == NULL)
        return DP_ENOMEM;
    if (dp_hex_decode(der, hex.len / 2, &len, hex.data, hex.len) != DP_OK ||
        dp_dcap_crl_read(&c->crls[which], der, len) != DP_OK)
        c->crl_fault = "A CRL is malformed.";
    free(der);
    return DP_OK;
}

/* A chain of the collateral; later ones share its certificates. */
static enum dp_err read_chain(struct dp_collateral *c, struct dp_dcap_certs *out,
                              struct dp_slice pem)
{
    enum dp_err err = dp_dcap_certs_read(out, pem, &c->known);

    for (int i = 0; i < out->len; i++)
        dp_dcap_known_add(&c->known, out->certs[i]);
    return err;
}

static enum dp_err read_crls(struct dp_collateral *c, const struct members *m)
{
    enum dp_err err = read_crl(c, DP_CRL_ROOT, m->root_ca_crl);

    if (err == DP_OK)
        err = read_crl(c, DP_CRL_PCK, m->pck_crl);
    if (err != DP_OK || c->crl_fault != NULL)
        return err;
    for (int i = 0; i < DP_CRL_COUNT; i++)
        dp_dcap_crl_learn(&c->crls[i], X509_get0_pubkey(c->root));
    /* Only to know at once by whom it is signed: whether to believe that one is told by a quote. */
    err = read_chain(c, &c->crl_issuers, m->pck_crl_issuer_chain);
    for (int i = 0; i < c->crl_issuers.len; i++)
        dp_dcap_crl_learn(&c->crls[DP_CRL_PCK], X509_get0_pubkey(c->crl_issuers.certs[i]));
    return err == DP_ENOMEM ? err : DP_OK;
}

/* The chain, and the signature of its first certificate over the text. */
static enum dp_err read_part(struct dp_collateral *c, struct dp_signed_part *part,
                             struct dp_slice chain, struct dp_slice text, struct dp_slice hex)
{
    uint8_t sig[DP_P256_SIG_LEN];
    size_t len;
    enum dp_err err = read_chain(c, &part->certs, chain);

    if (err == DP_ENOMEM)
        return err;
    part->chain_fault = err == DP_OK ? dp_dcap_path_find(&part->path, &part->certs, c->root)
                                     : "A chain has not two certificates or more that can be read.";
    if (part->chain_fault != NULL)
        return DP_OK;
    if (hex.len != 2 * sizeof(sig) ||
        dp_hex_decode(sig, sizeof(sig), &len, hex.data, hex.len) != DP_OK || len != sizeof(sig))
        part->signature_fault = "A signature is not 64 bytes of hex.";
    else if (!dp_p256_is(X509_get0_pubkey(part->certs.certs[0])) ||
             !dp_p256_verify(X509_get0_pubkey(part->certs.certs[0]), sig, text.data, text.len))
        part->signature_fault = "The text is not signed by the first certificate of its chain.";
    return DP_OK;
}

static enum dp_err read_signed(struct dp_collateral *c, const struct members *m)
{
    enum dp_err err = read_part(c, &c->tcb_info_part, m->tcb_info_issuer_chain, m->tcb_info,
                                m->tcb_info_signature);

    if (err == DP_OK)
        err = read_part(c, &c->qe_identity_part, m->qe_identity_issuer_chain, m->qe_identity,
                        m->qe_identity_signature);
    if (err != DP_OK)
        return err;
    err = dp_tcb_info_read(&c->tcb_info, m->tcb_info);
    if (err == DP_ENOMEM)
        return err;
    c->tcb_info_part.form_fault = err != DP_OK ? "The TCB info is malformed." : NULL;
    err = dp_qe_identity_read(&c->qe_identity, m->qe_identity);
    if (err == DP_ENOMEM)
        return err;
    c->qe_identity_part.form_fault = err != DP_OK ? "The QE identity is malformed." : NULL;
    return DP_OK;
}

static enum dp_err read_pck(struct dp_collateral *c, struct dp_slice chain)
{
    enum dp_err err;

    c->has_pck = chain.len > 0;
    err = c->has_pck ? read_chain(c, &c->pck_certs, chain) : DP_OK;
    if (err == DP_EFORMAT)
        c->pck_fault = "A chain has not two certificates or more that can be read.";
    return err == DP_ENOMEM ? err : DP_OK;
}

static enum dp_err read_all(struct dp_collateral *c, const struct members *m, struct dp_slice root,
                            struct dp_detail *detail)
{
    enum dp_err err = read_root(c, root, detail);

    if (err == DP_OK)
        err = read_crls(c, m);
    if (err == DP_OK)
        err = read_signed(c, m);
    return err == DP_OK ? read_pck(c, m->pck_certificate_chain) : err;
}

enum dp_err dp_collateral_read(struct dp_collateral **out, struct dp_slice json,
                               struct dp_slice root, struct dp_detail *detail)
{
    struct dp_collateral *c = NULL;
    struct json_object *object = NULL;
    struct members members;
    enum dp_err err;

    *out = NULL;
    if (json.len > DP_COLLATERAL_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "The collateral has over %d bytes.",
                       DP_COLLATERAL_MAX);
    err = dp_json_parse(&object, json.data != NULL ? json.data : "", json.len, detail);
    if (err != DP_OK)
        return err == DP_ENOMEM ? err : DP_EFORMAT;
    err = read_members(&members, object, detail);
    if (err == DP_OK) {
        c = calloc(1, sizeof(*c));
        err = c != NULL ? read_all(c, &members, root, detail) : DP_ENOMEM;
    }
    if (err == DP_OK)
        *out = c;
    else
        dp_collateral_free(c);
    json_object_put(object);
    return err;
}

static void free_part(struct dp_signed_part *part)
{
    dp_dcap_certs_free(&part->certs);
}

void dp_collateral_free(struct dp_collateral *c)
{
    if (c == NULL)
        return;
    for (int i = 0; i < DP_CRL_COUNT; i++)
        dp_dcap_crl_free(&c->crls[i]);
    dp_dcap_certs_free(&c->crl_issuers);
    free_part(&c->tcb_info_part);
    free_part(&c->qe_identity_part);
    dp_tcb_info_free(&c->tcb_info);
    dp_qe_identity_free(&c->qe_identity);
    dp_dcap_certs_free(&c->pck_certs);
    dp_dcap_known_free(&c->known);
    X509_free(c->root);
    free(c);
}
