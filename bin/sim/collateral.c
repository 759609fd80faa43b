/* collateral.c - what Intel would say of this platform, signed under the test root. */
#include "collateral.h"

#include <string.h>
#include <time.h>

#include "base/json.h"
#include "log_json.h"
#include "p256.h"

#define PART_MAX (64 * 1024)
#define DAY 86400
#define DATE_LEN 21 /* 2026-01-01T00:00:00Z */

/* Sixteen components at zero, which any platform reaches. */
#define SVN "{\"svn\":0}"
#define FOUR SVN "," SVN "," SVN "," SVN
#define COMPONENTS "[" FOUR "," FOUR "," FOUR "," FOUR "]"
#define ZERO_8 "0000000000000000"
#define ZERO_16 ZERO_8 ZERO_8
#define ZERO_48 ZERO_16 ZERO_16 ZERO_16
#define QE_SIGNER "44444444444444444444444444444444"

const struct sim_tcb *sim_tcb_find(const char *name)
{
    static const struct {
        const char *name;
        struct sim_tcb tcb;
    } names[] = {
        {"up-to-date", {"UpToDate", NULL}},
        {"outdated", {"OutOfDate", "INTEL-SA-00615"}},
        {"hardening", {"SWHardeningNeeded", "INTEL-SA-00334"}},
        {"configuration", {"ConfigurationNeeded", "INTEL-SA-00219"}},
        {"revoked", {"Revoked", NULL}},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].name, name) == 0)
            return &names[i].tcb;
    return NULL;
}

struct dates {
    char issued[DATE_LEN], next[DATE_LEN];
};

static void write_date(char out[static DATE_LEN], int64_t seconds)
{
    time_t at = (time_t)seconds;
    struct tm tm;

    gmtime_r(&at, &tm);
    strftime(out, DATE_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static struct dates dates_of(int64_t now, enum sim_fault fault)
{
    int64_t past = fault == SIM_FAULT_EXPIRED ? 31 * DAY : 0;
    struct dates out = {"", ""};

    write_date(out.issued, now - DAY - past);
    write_date(out.next, now + 30 * DAY - past);
    return out;
}

static void write_tcb_info(struct dp_buf *out, const struct dates *dates, const struct sim_tcb *tcb)
{
    dp_buf_addf(out,
                "{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
                "\"fmspc\":\"000000000000\",\"pceId\":\"0000\",\"tcbType\":0,"
                "\"tcbEvaluationDataNumber\":1,\"tdxModule\":{\"mrsigner\":\"" ZERO_48
                "\",\"attributes\":\"" ZERO_8 "\",\"attributesMask\":\"" ZERO_8
                "\"},\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":" COMPONENTS
                ",\"pcesvn\":0,\"tdxtcbcomponents\":" COMPONENTS
                "},\"tcbDate\":\"2020-01-01T00:00:00Z\",\"tcbStatus\":\"%s\"",
                dates->issued, dates->next, tcb->status);
    if (tcb->advisory != NULL)
        dp_buf_addf(out, ",\"advisoryIDs\":[\"%s\"]", tcb->advisory);
    dp_buf_add_text(out, "}]}");
}

static void write_qe_identity(struct dp_buf *out, const struct dates *dates)
{
    dp_buf_addf(out,
                "{\"id\":\"TD_QE\",\"version\":2,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\","
                "\"tcbEvaluationDataNumber\":1,\"miscselect\":\"00000000\","
                "\"miscselectMask\":\"00000000\",\"attributes\":\"" ZERO_16
                "\",\"attributesMask\":\"" ZERO_16 "\",\"mrsigner\":\"" QE_SIGNER QE_SIGNER
                "\",\"isvprodid\":1,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":1},"
                "\"tcbDate\":\"2020-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}",
                dates->issued, dates->next);
}

static enum dp_err add_chain(struct json_object *object, const char *name,
                             const struct sim_pki *pki, enum sim_signer signer)
{
    struct dp_buf pem = DP_BUF_INIT(PART_MAX);
    enum dp_err err = sim_pki_chain(pki, &pem, signer);

    if (err == DP_OK)
        dp_json_add_text(object, name, pem.data);
    dp_buf_free(&pem);
    return err;
}

static enum dp_err add_crl(struct json_object *object, const char *name, const struct sim_pki *pki,
                           enum sim_signer issuer, const struct x509_st *revoked)
{
    struct dp_buf der = DP_BUF_INIT(PART_MAX);
    enum dp_err err = sim_pki_crl(pki, &der, issuer, revoked);

    if (err == DP_OK)
        sim_add_hex(object, name, (struct dp_slice){der.data, der.len});
    dp_buf_free(&der);
    return err;
}

static enum dp_err add_signed(struct json_object *object, const char *name,
                              const char *signature_name, const struct dp_buf *text,
                              struct evp_pkey_st *key)
{
    uint8_t sig[DP_P256_SIG_LEN];
    enum dp_err err = text->err;

    if (err == DP_OK)
        err = sim_p256_sign(sig, key, text->data, text->len);
    if (err != DP_OK)
        return err;
    dp_json_add_text(object, name, text->data);
    sim_add_hex(object, signature_name, (struct dp_slice){(const char *)sig, sizeof(sig)});
    return DP_OK;
}

static enum dp_err add_lists(struct json_object *object, const struct sim_pki *pki,
                             enum sim_fault fault)
{
    enum dp_err err = add_chain(object, "pck_crl_issuer_chain", pki, SIM_PCK_CA);

    if (err == DP_OK)
        err = add_crl(object, "root_ca_crl", pki, SIM_ROOT, NULL);
    if (err == DP_OK)
        err = add_crl(object, "pck_crl", pki, SIM_PCK_CA,
                      fault == SIM_FAULT_REVOKED ? pki->cert[SIM_PCK] : NULL);
    return err;
}

static enum dp_err add_statements(struct json_object *object, const struct sim_pki *pki,
                                  const struct sim_tcb *tcb, const struct dates *dates)
{
    struct dp_buf tcb_info = DP_BUF_INIT(PART_MAX), identity = DP_BUF_INIT(PART_MAX);
    enum dp_err err = add_chain(object, "tcb_info_issuer_chain", pki, SIM_TCB);

    write_tcb_info(&tcb_info, dates, tcb);
    write_qe_identity(&identity, dates);
    if (err == DP_OK)
        err = add_signed(object, "tcb_info", "tcb_info_signature", &tcb_info, pki->key[SIM_TCB]);
    if (err == DP_OK)
        err = add_chain(object, "qe_identity_issuer_chain", pki, SIM_QE);
    if (err == DP_OK)
        err =
            add_signed(object, "qe_identity", "qe_identity_signature", &identity, pki->key[SIM_QE]);
    dp_buf_free(&identity);
    dp_buf_free(&tcb_info);
    return err;
}

enum dp_err sim_collateral_write(struct dp_buf *out, const struct sim_pki *pki,
                                 const struct sim_tcb *tcb, enum sim_fault fault, int64_t now)
{
    struct json_object *object = json_object_new_object();
    struct dates dates = dates_of(now, fault);
    enum dp_err err = add_lists(object, pki, fault);

    if (err == DP_OK)
        err = add_statements(object, pki, tcb, &dates);
    if (err == DP_OK) {
        dp_json_write(out, object);
        err = out->err;
    }
    json_object_put(object);
    return err;
}
