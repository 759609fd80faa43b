/* quote_json.c - every field of a quote, by name. */
#include "attest/quote_json.h"

#include <stdlib.h>

#include "base/hex.h"

struct field {
    const char *name;
    size_t offset, size;
};

#define FIELD(type, member)                                                                        \
    {                                                                                              \
#member, offsetof(type, member), sizeof(((type *)0)->member)                               \
    }
#define RTMR(n)                                                                                    \
    {                                                                                              \
        "rtmr" #n, offsetof(struct dp_td_report, rtmr[n]), 48                                      \
    }

/* The two integers of this report are not bytes; see add_sgx. */
static const struct field sgx_fields[] = {
    FIELD(struct dp_sgx_report, cpu_svn),    FIELD(struct dp_sgx_report, misc_select),
    FIELD(struct dp_sgx_report, reserved1),  FIELD(struct dp_sgx_report, attributes),
    FIELD(struct dp_sgx_report, mr_enclave), FIELD(struct dp_sgx_report, reserved2),
    FIELD(struct dp_sgx_report, mr_signer),  FIELD(struct dp_sgx_report, reserved3),
    FIELD(struct dp_sgx_report, reserved4),  FIELD(struct dp_sgx_report, report_data),
};
static const struct field td_fields[] = {
    FIELD(struct dp_td_report, tee_tcb_svn),
    FIELD(struct dp_td_report, mr_seam),
    FIELD(struct dp_td_report, mr_signer_seam),
    FIELD(struct dp_td_report, seam_attributes),
    FIELD(struct dp_td_report, td_attributes),
    FIELD(struct dp_td_report, xfam),
    FIELD(struct dp_td_report, mr_td),
    FIELD(struct dp_td_report, mr_config_id),
    FIELD(struct dp_td_report, mr_owner),
    FIELD(struct dp_td_report, mr_owner_config),
    RTMR(0),
    RTMR(1),
    RTMR(2),
    RTMR(3),
    FIELD(struct dp_td_report, report_data),
};
static const struct field td15_fields[] = {
    FIELD(struct dp_td_report_15, tee_tcb_svn2),
    FIELD(struct dp_td_report_15, mr_service_td),
};

static void add_fields(struct json_object *out, const struct field *fields, size_t count,
                       const void *report)
{
    for (size_t i = 0; i < count; i++)
        dp_json_add_hex(out, fields[i].name, (const uint8_t *)report + fields[i].offset,
                        fields[i].size);
}

#define ADD_FIELDS(out, fields, report)                                                            \
    add_fields(out, fields, sizeof(fields) / sizeof((fields)[0]), report)

static void add_sgx(struct json_object *out, const struct dp_sgx_report *report)
{
    ADD_FIELDS(out, sgx_fields, report);
    dp_json_add_int(out, "isv_prod_id", dp_le16(report->isv_prod_id));
    dp_json_add_int(out, "isv_svn", dp_le16(report->isv_svn));
}

static void add_signature(struct json_object *out, const struct dp_quote *quote)
{
    struct json_object *qe = json_object_new_object();

    if (qe == NULL)
        abort();
    dp_json_add_hex(out, "signature", quote->signature, 64);
    dp_json_add_hex(out, "attestation_key", quote->key, 64);
    if (quote->version >= 4)
        dp_json_add_int(out, "outer_cert_type", quote->outer_type);
    add_sgx(qe, quote->qe_report);
    dp_json_add(out, "qe_report", qe);
    dp_json_add_hex(out, "qe_report_signature", quote->qe_signature, 64);
    dp_json_add_hex(out, "qe_auth_data", quote->qe_auth.data, quote->qe_auth.len);
    dp_json_add_int(out, "cert_type", quote->cert_type);
    dp_json_add_hex(out, "cert_data", quote->cert_data.data, quote->cert_data.len);
    dp_json_add_int(out, "trailing_bytes", (int64_t)quote->trailing);
}

struct json_object *dp_quote_json(const struct dp_quote *quote)
{
    struct json_object *out = json_object_new_object();

    if (out == NULL)
        abort();
    dp_json_add_int(out, "version", quote->version);
    dp_json_add_int(out, "att_key_type", quote->key_type);
    dp_json_add_int(out, "tee_type", quote->tee_type);
    dp_json_add_int(out, "qe_svn", quote->qe_svn);
    dp_json_add_int(out, "pce_svn", quote->pce_svn);
    dp_json_add_hex(out, "qe_vendor_id", quote->qe_vendor_id, 16);
    dp_json_add_hex(out, "user_data", quote->user_data, 20);
    dp_json_add_text(out, "report_kind", dp_quote_kind(quote));
    if (quote->version == 5) {
        dp_json_add_int(out, "body_type", quote->body_type);
        dp_json_add_int(out, "body_size", quote->body_size);
    }
    if (quote->sgx != NULL)
        add_sgx(out, quote->sgx);
    if (quote->td != NULL)
        ADD_FIELDS(out, td_fields, quote->td);
    if (quote->td15 != NULL)
        ADD_FIELDS(out, td15_fields, quote->td15);
    add_signature(out, quote);
    return out;
}
