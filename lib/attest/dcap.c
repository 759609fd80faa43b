/* dcap.c - is a quote genuine, and how current is the platform that made it? */
#include "attest/dcap.h"

#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "attest/collateral_parts.h"
#include "attest/td_policy.h"
#include "crypto/p256.h"

#define QE_AUTH_LEN 32

/* What the checks share. */
struct check {
    struct dp_dcap_result *out;
    const struct dp_collateral *c;
    const struct dp_quote *q;
    int64_t now;
    struct dp_dcap_certs own;          /* the PCK chain in the quote */
    const struct dp_dcap_certs *certs; /* the PCK chain */
    bool tdx;
};

#define FAULT(failure, sentence) DP_DCAP_FAULT(DP_DCAP_##failure, sentence)
#define OK DP_DCAP_NO_FAULT

typedef struct dp_dcap_fault check_fn(struct check *k);

static struct dp_dcap_fault check_root(struct check *k)
{
    const char *fault = k->c->crl_fault;

    if (fault != NULL)
        return FAULT(CRL, fault);
    return dp_dcap_crl_check(k->c->crls, DP_CRL_COUNT, k->c->root, k->c->root, k->now);
}

static struct dp_dcap_fault check_header(struct check *k)
{
    static const uint8_t intel[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

    if (memcmp(k->q->qe_vendor_id, intel, sizeof(intel)) != 0)
        return FAULT(HEADER, "The quoting enclave is not of Intel.");
    if (k->q->key_type != DP_QUOTE_KEY_ECDSA_P256)
        return FAULT(HEADER, "The attestation key is not of ECDSA over P-256.");
    k->tdx = k->q->tee_type == DP_QUOTE_TEE_TDX;
    if (k->tdx != (k->q->version != 3))
        return FAULT(HEADER, "SGX has quotes of version 3, TDX of 4 and 5.");
    if (k->tdx != (k->q->td != NULL))
        return FAULT(FORMAT, "The quote's report is not of its TEE type.");
    return OK;
}

/* A text of Intel's: its form, dates, signer and signature. */
static struct dp_dcap_fault check_part(const struct check *k, const struct dp_signed_part *part,
                                       int64_t issued, int64_t next_update,
                                       enum dp_dcap_failure date, enum dp_dcap_failure chain,
                                       enum dp_dcap_failure signature)
{
    struct dp_dcap_fault fault;

    if (part->form_fault != NULL)
        return FAULT(COLLATERAL, part->form_fault);
    if (k->now * 1000 < issued)
        return DP_DCAP_FAULT(date, "It is of a later date: is the clock right?");
    if (k->now * 1000 > next_update)
        return DP_DCAP_FAULT(date, "It is out of date.");
    if (part->chain_fault != NULL)
        return DP_DCAP_FAULT(chain, part->chain_fault);
    fault = dp_dcap_path_check(&part->path, k->c->crls, DP_CRL_COUNT, k->now, chain);
    if (fault.failure == DP_DCAP_VALID && part->signature_fault != NULL)
        fault = DP_DCAP_FAULT(signature, part->signature_fault);
    return fault;
}

static struct dp_dcap_fault check_tcb_info(struct check *k)
{
    return check_part(k, &k->c->tcb_info_part, k->c->tcb_info.issued, k->c->tcb_info.next_update,
                      DP_DCAP_TCB_INFO_DATE, DP_DCAP_TCB_INFO_CHAIN, DP_DCAP_TCB_INFO_SIGNATURE);
}

static struct dp_dcap_fault check_qe_identity(struct check *k)
{
    const struct dp_qe_identity *id = &k->c->qe_identity;
    struct dp_dcap_fault fault = check_part(k, &k->c->qe_identity_part, id->issued, id->next_update,
                                            DP_DCAP_QE_IDENTITY_DATE, DP_DCAP_QE_IDENTITY_CHAIN,
                                            DP_DCAP_QE_IDENTITY_SIGNATURE);

    if (fault.failure != DP_DCAP_VALID)
        return fault;
    if (strcmp(id->id, k->tdx ? "TD_QE" : "QE") != 0 || id->version < 2 ||
        id->version > (k->tdx ? 3 : 2))
        return FAULT(QE_IDENTITY_KIND, "The QE identity is not one for this kind of quote.");
    return OK;
}

static struct dp_dcap_fault check_pck_chain(struct check *k)
{
    struct dp_dcap_path path;
    struct dp_dcap_fault fault;
    const char *sentence = k->c->pck_fault;

    if (k->c->has_pck) {
        k->certs = &k->c->pck_certs;
    } else {
        if (k->q->cert_type != DP_QUOTE_CERT_CHAIN)
            return FAULT(CERTIFICATION_DATA, "The quote has no PCK chain in it.");
        if (dp_dcap_certs_read(&k->own, k->q->cert_data, &k->c->known) != DP_OK)
            sentence = "The PCK chain has not two certificates or more that can be read.";
        k->certs = &k->own;
    }
    if (sentence == NULL)
        sentence = dp_dcap_path_find(&path, k->certs, k->c->root);
    if (sentence != NULL)
        return FAULT(PCK_CHAIN, sentence);
    fault = dp_dcap_path_check(&path, k->c->crls, DP_CRL_COUNT, k->now, DP_DCAP_PCK_CHAIN);
    if (fault.failure == DP_DCAP_VALID && dp_pck_read(&k->out->pck, k->certs->certs[0]) != DP_OK)
        fault = FAULT(PCK_EXTENSION, "The PCK certificate does not say what its platform is.");
    return fault;
}

/* The platform vouches for the quoting enclave, and that for the attestation key. */
static struct dp_dcap_fault check_qe_report(struct check *k)
{
    uint8_t bound[DP_P256_POINT_LEN + QE_AUTH_LEN], hash[SHA256_DIGEST_LENGTH];
    EVP_PKEY *key = X509_get0_pubkey(k->certs->certs[0]);

    if (!dp_p256_is(key) ||
        !dp_p256_verify(key, k->q->qe_signature, k->q->qe_report, sizeof(*k->q->qe_report)))
        return FAULT(QE_REPORT_SIGNATURE, "The platform has not signed the QE's report.");
    if (k->q->qe_auth.len != QE_AUTH_LEN)
        return FAULT(QE_AUTH_DATA, "The QE's authentication data is not 32 bytes.");
    memcpy(bound, k->q->key, DP_P256_POINT_LEN);
    memcpy(bound + DP_P256_POINT_LEN, k->q->qe_auth.data, QE_AUTH_LEN);
    SHA256(bound, sizeof(bound), hash);
    if (memcmp(hash, k->q->qe_report->report_data, sizeof(hash)) != 0)
        return FAULT(QE_REPORT_HASH, "The attestation key is not that of the QE's report.");
    return dp_qe_identity_check(&k->out->qe, &k->c->qe_identity, k->q->qe_report);
}

static struct dp_dcap_fault check_quote_signature(struct check *k)
{
    EVP_PKEY *key = NULL;
    bool holds =
        dp_p256_key(&key, k->q->key) == DP_OK &&
        dp_p256_verify(key, k->q->signature, k->q->signed_part.data, k->q->signed_part.len);

    EVP_PKEY_free(key);
    return holds ? OK : FAULT(QUOTE_SIGNATURE, "The attestation key has not signed the quote.");
}

static struct dp_dcap_fault check_tcb(struct check *k)
{
    const struct dp_tcb_info *info = &k->c->tcb_info;
    const struct dp_pck *pck = &k->out->pck;
    struct dp_dcap_fault fault;

    if (memcmp(info->fmspc, pck->fmspc, sizeof(pck->fmspc)) != 0)
        return FAULT(FMSPC, "The TCB info is that of another kind of platform.");
    if (strcmp(info->id, k->tdx ? "TDX" : "SGX") != 0 || info->version < (k->tdx ? 3 : 2))
        return FAULT(TCB_INFO_KIND, "The TCB info is not one for this kind of quote.");
    fault = dp_tcb_info_match(&k->out->platform, info, pck->cpusvn, pck->pcesvn, k->q->td);
    if (fault.failure == DP_DCAP_VALID && k->tdx)
        fault = dp_tdx_module_check(&k->out->platform, info, k->q->td);
    if (fault.failure != DP_DCAP_VALID)
        return fault;
    k->out->verdict = k->out->platform;
    if (!dp_tcb_verdict_merge(&k->out->verdict, &k->out->qe))
        return FAULT(TCB_LEVEL, "There are too many advisories.");
    if (k->out->verdict.status == DP_TCB_REVOKED)
        return FAULT(REVOKED_TCB, "Intel has revoked this TCB: its keys may be known.");
    return OK;
}

static struct dp_dcap_fault check_attributes(struct check *k)
{
    const char *fault = dp_td_policy_fault(k->q);

    return fault != NULL ? FAULT(ATTRIBUTES, fault) : OK;
}

static struct dp_dcap_fault check_format(struct check *k, const uint8_t *quote, size_t len)
{
    struct dp_detail detail = {"", ""};

    if (dp_quote_parse(&k->out->quote, quote, len, &detail) == DP_OK)
        return OK;
    snprintf(k->out->text, sizeof(k->out->text), "%s", detail.text);
    return strcmp(detail.field, "header") == 0 ? FAULT(HEADER, "") : FAULT(FORMAT, "");
}

enum dp_err dp_dcap_verify(struct dp_dcap_result *out, const uint8_t *quote, size_t len,
                           const struct dp_collateral *collateral, int64_t now)
{
    static check_fn *const checks[] = {
        check_header,    check_tcb_info,        check_qe_identity, check_pck_chain,
        check_qe_report, check_quote_signature, check_tcb,         check_attributes,
    };
    struct check k = {.out = out, .c = collateral, .q = &out->quote, .now = now};
    struct dp_dcap_fault fault;

    memset(out, 0, sizeof(*out));
    fault = check_root(&k);
    if (fault.failure == DP_DCAP_VALID)
        fault = check_format(&k, quote, len);
    for (size_t i = 0; fault.failure == DP_DCAP_VALID && i < sizeof(checks) / sizeof(checks[0]);
         i++)
        fault = checks[i](&k);
    dp_dcap_certs_free(&k.own);
    if (out->text[0] == '\0')
        snprintf(out->text, sizeof(out->text), "%s", fault.text);
    out->fault = fault;
    SHA256(out->pck.ppid, sizeof(out->pck.ppid), out->device_id);
    return fault.failure == DP_DCAP_VALID ? DP_OK : DP_EINVAL;
}
