/* ratls.c - a certificate whose key a TD attests (RA-TLS), as dstack makes them. */
#include "attest/ratls.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "attest/blob_pack.h"
#include "attest/quote.h"
#include "attest/td_evidence.h"

#define ARC "1.3.6.1.4.1.62397.1."
#define QUOTE ARC "1"
#define EVENT_LOG ARC "2"
#define ATTESTATION ARC "8"
#define TAG "ratls-cert:"
#define TAG_LEN (sizeof(TAG) - 1)
#define SPKI_MAX 1100 /* that of an RSA key of 8192 bits */
#define APP_REGISTER 3
#define RUNTIME_EVENT 0x08000001
#define ATTESTATION_MAX ((size_t)10 << 20)

/* What is to be held against the key. */
struct evidence {
    ASN1_OCTET_STRING *held[2]; /* extensions, decoded: slices lead into them */
    struct dp_blob blob;
    struct dp_slice quote;
    const uint8_t *report_data; /* beside the one in the quote, or NULL */
    struct dp_eventlog log;     /* only RTMR3 of it counts */
};

/* --- reading --- */

/* The content of an extension, inside its OCTET STRING: exactly one, and nothing behind it. */
static enum dp_err read_extension(ASN1_OCTET_STRING **out, X509 *cert, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = object != NULL ? X509_get_ext_by_OBJ(cert, object, -1) : -1;
    enum dp_err err = object != NULL ? DP_EMISSING : DP_ENOMEM;

    if (at >= 0) {
        const ASN1_OCTET_STRING *outer = X509_EXTENSION_get_data(X509_get_ext(cert, at));
        const unsigned char *der = ASN1_STRING_get0_data(outer);
        const unsigned char *end = der + ASN1_STRING_length(outer);

        *out = d2i_ASN1_OCTET_STRING(NULL, &der, (long)(end - der));
        err = *out != NULL && der == end && X509_get_ext_by_OBJ(cert, object, at) < 0 &&
                      (size_t)ASN1_STRING_length(*out) <= ATTESTATION_MAX
                  ? DP_OK
                  : DP_EFORMAT;
    }
    ASN1_OBJECT_free(object);
    return err;
}

static struct dp_slice content(const ASN1_OCTET_STRING *string)
{
    return (struct dp_slice){(const char *)ASN1_STRING_get0_data(string),
                             (size_t)ASN1_STRING_length(string)};
}

/* The digest is computed, of version 2 too: no given one counts. */
static enum dp_err read_event(struct dp_event *out, const struct dp_blob_runtime *event)
{
    struct dp_buf preimage = DP_BUF_INIT(ATTESTATION_MAX + 64);
    enum dp_err err;

    *out = (struct dp_event){.imr = APP_REGISTER,
                             .version = (uint8_t)event->version,
                             .type = RUNTIME_EVENT,
                             .name = event->name,
                             .payload = event->payload};
    dp_event_preimage(&preimage, event->version, event->name, event->payload);
    err = preimage.err;
    if (err == DP_OK)
        SHA384((const uint8_t *)preimage.data, preimage.len, out->digest);
    dp_buf_free(&preimage);
    return err;
}

/* The list that dstack replays; the event log beside it is for other registers. */
static enum dp_err read_runtime(struct evidence *out)
{
    const struct dp_blob *blob = &out->blob;
    enum dp_err err = DP_OK;

    out->log.events = calloc(blob->runtime_count + 1, sizeof(*out->log.events));
    if (out->log.events == NULL)
        return DP_ENOMEM;
    for (size_t i = 0; err == DP_OK && i < blob->runtime_count; i++)
        err = read_event(&out->log.events[out->log.len++], &blob->runtime[i]);
    return err;
}

static enum dp_err read_new(struct evidence *out)
{
    struct dp_slice bytes = content(out->held[0]);
    const uint8_t *in = (const uint8_t *)bytes.data;
    bool is_first = bytes.len > 0 && in[0] == 0;
    enum dp_err err = is_first ? dp_blob_parse(&out->blob, in, bytes.len)
                               : dp_blob_parse_pack(&out->blob, in, bytes.len);

    if (err != DP_OK)
        return err;
    out->quote = out->blob.quote;
    out->report_data = out->blob.report_data;
    return read_runtime(out);
}

static enum dp_err read_old(struct evidence *out, X509 *cert)
{
    enum dp_err err = read_extension(&out->held[0], cert, QUOTE);
    struct dp_slice text;

    if (err != DP_OK)
        return err;
    err = read_extension(&out->held[1], cert, EVENT_LOG);
    if (err == DP_EMISSING)
        err = DP_EFORMAT;
    if (err != DP_OK)
        return err;
    out->quote = content(out->held[0]);
    text = content(out->held[1]);
    err = dp_eventlog_read(&out->log, text.data, text.len, NULL);
    return err == DP_EJSON || err == DP_EDUPLICATE ? DP_EFORMAT : err;
}

static enum dp_err read_evidence(struct evidence *out, X509 *cert, struct dp_detail *detail)
{
    enum dp_err err = read_extension(&out->held[0], cert, ATTESTATION);

    if (err == DP_OK)
        err = read_new(out);
    else if (err == DP_EMISSING)
        err = read_old(out, cert);
    if (err == DP_EMISSING)
        return dp_fail(detail, err, "attestation", "The certificate has no attestation.");
    if (err != DP_OK)
        return dp_fail(detail, err, "attestation", "The certificate's attestation does not read.");
    return DP_OK;
}

static void free_evidence(struct evidence *evidence)
{
    dp_eventlog_free(&evidence->log);
    dp_blob_free(&evidence->blob);
    ASN1_OCTET_STRING_free(evidence->held[0]);
    ASN1_OCTET_STRING_free(evidence->held[1]);
}

/* --- checking --- */

enum dp_err dp_ratls_report_data(uint8_t out[static DP_BLOB_REPORT_DATA_LEN], EVP_PKEY *key)
{
    uint8_t in[TAG_LEN + SPKI_MAX] = TAG, *at = in + TAG_LEN;
    int len = i2d_PUBKEY(key, NULL);

    _Static_assert(SHA512_DIGEST_LENGTH == DP_BLOB_REPORT_DATA_LEN, "the hash fills it");
    if (len <= 0 || len > SPKI_MAX || i2d_PUBKEY(key, &at) != len)
        return DP_ECRYPTO;
    SHA512(in, (size_t)(at - in), out);
    return DP_OK;
}

/* Both say what the key's hash is. */
static enum dp_err check_key(const struct evidence *evidence, const struct dp_td_report *td,
                             X509 *cert, struct dp_detail *detail)
{
    uint8_t want[DP_BLOB_REPORT_DATA_LEN];
    EVP_PKEY *key = X509_get0_pubkey(cert);
    enum dp_err err = key != NULL ? dp_ratls_report_data(want, key) : DP_EFORMAT;

    if (err != DP_OK)
        return dp_fail(detail, err, "attestation", "The certificate's key does not read.");
    if (memcmp(td->report_data, want, sizeof(want)) != 0 ||
        (evidence->report_data != NULL && memcmp(evidence->report_data, want, sizeof(want)) != 0))
        return dp_fail(detail, DP_EINVAL, "report_data",
                       "The quote is over something else than the certificate's key.");
    return DP_OK;
}

static enum dp_err check_events(struct dp_ratls *out, const struct dp_eventlog *log,
                                struct dp_detail *detail)
{
    struct dp_event_facts facts;
    enum dp_err err = dp_td_verify_events(&facts, log, out->dcap.quote.td, detail);

    if (err != DP_OK)
        return err;
    memcpy(out->app_id, facts.app_id.data, sizeof(out->app_id));
    memcpy(out->compose_hash, facts.compose_hash.data, sizeof(out->compose_hash));
    out->has_instance_id = facts.instance_id.len == sizeof(out->instance_id);
    if (out->has_instance_id)
        memcpy(out->instance_id, facts.instance_id.data, sizeof(out->instance_id));
    if (facts.key_provider.data == NULL ||
        dp_key_provider_read(&out->key_provider, facts.key_provider) != DP_OK)
        out->key_provider = (struct dp_key_provider){.id_len = 0};
    return DP_OK;
}

static enum dp_err check(struct dp_ratls *out, const struct evidence *evidence, X509 *cert,
                         const struct dp_collateral *collateral, int64_t now,
                         struct dp_detail *detail)
{
    struct dp_quote quote;
    enum dp_err err;

    dp_buf_add(&out->quote, evidence->quote.data, evidence->quote.len);
    if (out->quote.err != DP_OK)
        return out->quote.err;
    if (dp_quote_parse(&quote, (const uint8_t *)out->quote.data, out->quote.len, NULL) != DP_OK ||
        quote.td == NULL)
        return dp_fail(detail, DP_EFORMAT, "attestation", "The quote is none of a TD.");
    err = check_key(evidence, quote.td, cert, detail);
    if (err == DP_OK)
        err = dp_td_verify_quote(&out->dcap, (struct dp_slice){out->quote.data, out->quote.len},
                                 collateral, now, detail);
    if (err == DP_OK)
        err = check_events(out, &evidence->log, detail);
    return err;
}

enum dp_err dp_ratls_quote(struct dp_buf *out, X509 *cert, struct dp_detail *detail)
{
    struct evidence evidence = {.held = {NULL, NULL}};
    enum dp_err err = read_evidence(&evidence, cert, detail);

    if (err == DP_OK) {
        dp_buf_add(out, evidence.quote.data, evidence.quote.len);
        err = out->err;
    }
    free_evidence(&evidence);
    return err;
}

enum dp_err dp_ratls_verify(struct dp_ratls *out, X509 *cert,
                            const struct dp_collateral *collateral, int64_t now,
                            struct dp_detail *detail)
{
    struct evidence evidence = {.held = {NULL, NULL}};
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    out->quote = DP_BUF_INIT(DP_QUOTE_MAX);
    err = read_evidence(&evidence, cert, detail);
    if (err == DP_OK)
        err = check(out, &evidence, cert, collateral, now, detail);
    free_evidence(&evidence);
    return err;
}

void dp_ratls_free(struct dp_ratls *ratls)
{
    dp_buf_free(&ratls->quote);
}
