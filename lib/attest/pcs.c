/* pcs.c - collateral from a PCCS, or from Intel's own PCS, over HTTPS. */
#include "attest/pcs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "attest/dcap_chain.h"
#include "attest/pck.h"
#include "attest/quote.h"
#include "base/hex.h"
#include "base/json.h"
#include "net/http.h"

#define WITHIN_MS 10000
#define ANSWER_MAX (1024 * 1024)
#define HEADERS_MAX (64 * 1024)
#define URL_MAX 1024

/* --- which platform --- */

static void read_ca(struct dp_pcs_platform *out, X509 *cert)
{
    char issuer[256] = "";

    X509_NAME_get_text_by_NID(X509_get_issuer_name(cert), NID_commonName, issuer, sizeof(issuer));
    out->ca = strstr(issuer, "Platform") != NULL ? "platform" : "processor";
}

static void read_fmspc(struct dp_pcs_platform *out, const struct dp_pck *pck)
{
    dp_hex_encode(out->fmspc, pck->fmspc, sizeof(pck->fmspc));
    for (char *p = out->fmspc; *p != '\0'; p++)
        *p = (char)toupper((unsigned char)*p);
}

enum dp_err dp_pcs_platform_of(struct dp_pcs_platform *out, const uint8_t *quote, size_t len,
                               struct dp_detail *detail)
{
    const struct dp_dcap_known none = {.len = 0};
    struct dp_dcap_certs certs;
    struct dp_quote parsed;
    struct dp_pck pck;
    enum dp_err err = dp_quote_parse(&parsed, quote, len, detail);

    memset(out, 0, sizeof(*out));
    if (err != DP_OK)
        return err;
    err = DP_EFORMAT;
    if (parsed.cert_type == DP_QUOTE_CERT_CHAIN)
        err = dp_dcap_certs_read(&certs, parsed.cert_data, &none);
    else
        certs.len = 0;
    if (err == DP_OK)
        err = dp_pck_read(&pck, certs.certs[0]);
    if (err == DP_OK) {
        out->tdx = parsed.tee_type == DP_QUOTE_TEE_TDX;
        read_fmspc(out, &pck);
        read_ca(out, certs.certs[0]);
    }
    dp_dcap_certs_free(&certs);
    return err == DP_OK ? err
                        : dp_fail(detail, err, "certification-data",
                                  "The quote has no PCK chain that says what its platform is.");
}

void dp_pcs_cache_name(char out[static DP_PCS_NAME_SIZE], const struct dp_pcs_platform *platform)
{
    snprintf(out, DP_PCS_NAME_SIZE, "%s-%s-%s.json", platform->tdx ? "tdx" : "sgx", platform->fmspc,
             platform->ca);
}

/* --- fetching --- */

/* One answer after the other, each in its place of the collateral. */
struct fetch {
    char base[URL_MAX / 2];
    const struct dp_pcs_platform *platform;
    struct dp_slice root;
    struct json_object *out;
    struct dp_buf headers, body;
    struct dp_detail *detail;
};

static enum dp_err get(struct fetch *f, const char *url, long *status)
{
    const struct dp_http_request request = {
        .method = "GET", .url = url, .within_ms = WITHIN_MS, .headers = &f->headers};
    struct dp_detail why = {"", ""};
    enum dp_err err;

    dp_buf_reset(&f->headers);
    dp_buf_reset(&f->body);
    err = dp_http_send(&request, status, &f->body, &why);
    if (err != DP_OK)
        return dp_fail(f->detail, err, "collateral", "%s: %s", url, why.text);
    return DP_OK;
}

static enum dp_err get_path(struct fetch *f, const char *tee, const char *path, const char *query)
{
    char url[URL_MAX];
    long status;
    enum dp_err err;

    snprintf(url, sizeof(url), "%s/%s/certification/v4/%s%s", f->base, tee, path, query);
    err = get(f, url, &status);
    if (err == DP_OK && status != 200)
        err = dp_fail(f->detail, DP_EIO, "collateral", "%s answered %ld.", url, status);
    return err;
}

static enum dp_err malformed(const struct fetch *f, const char *what)
{
    return dp_fail(f->detail, DP_EFORMAT, "collateral", "%s answered without %s.", f->base, what);
}

static void add_text(struct fetch *f, const char *name, const char *text, size_t len)
{
    struct json_object *value = json_object_new_string_len(text, (int)len);

    if (value == NULL)
        abort();
    dp_json_add(f->out, name, value);
}

/* An issuer chain is PEM, percent-encoded. */
static enum dp_err add_chain(struct fetch *f, const char *name, const char *header,
                             const char *other)
{
    struct dp_slice value;
    char *text;
    size_t len = 0;

    if (!dp_http_header(&value, &f->headers, header) &&
        (other == NULL || !dp_http_header(&value, &f->headers, other)))
        return malformed(f, header);
    text = malloc(value.len + 1);
    if (text == NULL)
        return DP_ENOMEM;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte;
        size_t got;

        if (value.data[i] == '%' && i + 2 < value.len &&
            dp_hex_decode(&byte, 1, &got, value.data + i + 1, 2) == DP_OK && got == 1) {
            text[len++] = (char)byte;
            i += 2;
        } else {
            text[len++] = value.data[i];
        }
    }
    add_text(f, name, text, len);
    free(text);
    return DP_OK;
}

/* A CRL, which comes as DER or as its hex. */
static enum dp_err add_crl(struct fetch *f, const char *name)
{
    size_t len = f->body.len;
    char *hex;

    while (len > 0 && isspace((unsigned char)f->body.data[len - 1]))
        len--;
    /* Each is a SEQUENCE, which begins with 0x30: '0' of DER, "30" of hex. */
    if (len > 0 && f->body.data[0] == '3') {
        add_text(f, name, f->body.data, len);
        return DP_OK;
    }
    hex = malloc(2 * f->body.len + 1);
    if (hex == NULL)
        return DP_ENOMEM;
    dp_hex_encode(hex, (const uint8_t *)f->body.data, f->body.len);
    add_text(f, name, hex, 2 * f->body.len);
    free(hex);
    return DP_OK;
}

/* What is signed, byte for byte, and its signature. */
static enum dp_err add_signed(struct fetch *f, const char *member, const char *name,
                              const char *signature_name)
{
    struct dp_slice body = {f->body.data, f->body.len}, cut, signature;
    struct json_object *object = NULL;
    enum dp_err err = dp_pcs_cut(&cut, body, member);

    if (err != DP_OK || dp_json_parse(&object, body.data, body.len, NULL) != DP_OK ||
        dp_json_string(&signature, object, "signature", NULL) != DP_OK) {
        err = malformed(f, member);
    } else {
        add_text(f, name, cut.data, cut.len);
        add_text(f, signature_name, signature.data, signature.len);
    }
    json_object_put(object);
    return err;
}

/* The first URL among the root's CRL distribution points, never among those that a quote names:
 * whoever writes a quote would have us ask whom he likes. */
static void read_crl_url(char *out, size_t size, struct dp_slice root)
{
    const unsigned char *p = (const unsigned char *)root.data;
    X509 *cert = d2i_X509(NULL, &p, (long)root.len);
    CRL_DIST_POINTS *points =
        cert == NULL ? NULL : X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
    DIST_POINT *point = points != NULL ? sk_DIST_POINT_value(points, 0) : NULL;
    GENERAL_NAME *name = NULL;

    out[0] = '\0';
    if (point != NULL && point->distpoint != NULL && point->distpoint->type == 0)
        name = sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0);
    if (name != NULL && name->type == GEN_URI &&
        (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier) < size)
        snprintf(out, size, "%s",
                 (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier));
    CRL_DIST_POINTS_free(points);
    X509_free(cert);
    ERR_clear_error();
}

static enum dp_err fetch_crls(struct fetch *f)
{
    char query[64], url[URL_MAX / 2];
    long status = 0;
    enum dp_err err;

    snprintf(query, sizeof(query), "?ca=%s&encoding=der", f->platform->ca);
    err = get_path(f, "sgx", "pckcrl", query);
    if (err == DP_OK)
        err = add_chain(f, "pck_crl_issuer_chain", "SGX-PCK-CRL-Issuer-Chain", NULL);
    if (err == DP_OK)
        err = add_crl(f, "pck_crl");
    if (err != DP_OK)
        return err;
    err = get_path(f, "sgx", "rootcacrl", "");
    /* Intel's own service has it only where the root says. */
    read_crl_url(url, sizeof(url), f->root);
    if (err != DP_OK && url[0] != '\0') {
        err = get(f, url, &status);
        if (err == DP_OK && status != 200)
            err = malformed(f, "the root's CRL");
    }
    return err == DP_OK ? add_crl(f, "root_ca_crl") : err;
}

static enum dp_err fetch_signed(struct fetch *f)
{
    const char *tee = f->platform->tdx ? "tdx" : "sgx";
    char query[32];
    enum dp_err err;

    snprintf(query, sizeof(query), "?fmspc=%s", f->platform->fmspc);
    err = get_path(f, tee, "tcb", query);
    if (err == DP_OK)
        err = add_chain(f, "tcb_info_issuer_chain", "TCB-Info-Issuer-Chain",
                        "SGX-TCB-Info-Issuer-Chain");
    if (err == DP_OK)
        err = add_signed(f, "tcbInfo", "tcb_info", "tcb_info_signature");
    if (err == DP_OK)
        err = get_path(f, tee, "qe/identity", "?update=standard");
    if (err == DP_OK)
        err = add_chain(f, "qe_identity_issuer_chain", "SGX-Enclave-Identity-Issuer-Chain", NULL);
    return err == DP_OK ? add_signed(f, "enclaveIdentity", "qe_identity", "qe_identity_signature")
                        : err;
}

/* The URL without what we add to it ourselves. */
static enum dp_err set_base(struct fetch *f, const char *url)
{
    static const char *const tails[] = {"/", "/sgx/certification/v4", "/tdx/certification/v4"};
    size_t len = strlen(url);

    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        size_t tail = strlen(tails[i]);

        if (len >= tail && memcmp(url + len - tail, tails[i], tail) == 0)
            len -= tail;
    }
    if (len >= sizeof(f->base))
        return dp_fail(f->detail, DP_ETOOBIG, "collateral", "The PCCS's URL is too long.");
    memcpy(f->base, url, len);
    f->base[len] = '\0';
    return DP_OK;
}

enum dp_err dp_pcs_fetch(struct dp_buf *out, const char *url,
                         const struct dp_pcs_platform *platform, struct dp_slice root,
                         struct dp_detail *detail)
{
    struct fetch f = {.platform = platform,
                      .root = root,
                      .out = json_object_new_object(),
                      .headers = DP_BUF_INIT(HEADERS_MAX),
                      .body = DP_BUF_INIT(ANSWER_MAX),
                      .detail = detail};
    enum dp_err err = f.out != NULL ? set_base(&f, url) : DP_ENOMEM;

    if (err == DP_OK)
        err = fetch_crls(&f);
    if (err == DP_OK)
        err = fetch_signed(&f);
    if (err == DP_OK) {
        dp_json_write(out, f.out);
        err = out->err;
    }
    json_object_put(f.out);
    dp_buf_free(&f.headers);
    dp_buf_free(&f.body);
    return err;
}
