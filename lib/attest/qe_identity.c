/* qe_identity.c - Intel's identity of the quoting enclave, which made the attestation key. */
#include "attest/qe_identity.h"

#include <string.h>

#define ATTRIBUTE_DEBUG 2 /* of the first byte */

static enum dp_err read_members(struct dp_qe_identity *out)
{
    struct json_object *json = out->json;

    if (dp_signed_text(out->id, sizeof(out->id), json, "id") != DP_OK ||
        dp_signed_number(&out->version, json, "version", UINT32_MAX) != DP_OK ||
        dp_signed_date(&out->issued, json, "issueDate") != DP_OK ||
        dp_signed_date(&out->next_update, json, "nextUpdate") != DP_OK ||
        dp_signed_hex(out->miscselect, 4, json, "miscselect") != DP_OK ||
        dp_signed_hex(out->miscselect_mask, 4, json, "miscselectMask") != DP_OK ||
        dp_signed_hex(out->attributes, 16, json, "attributes") != DP_OK ||
        dp_signed_hex(out->attributes_mask, 16, json, "attributesMask") != DP_OK ||
        dp_signed_hex(out->mrsigner, 32, json, "mrsigner") != DP_OK)
        return DP_EFORMAT;
    return dp_signed_number(&out->isvprodid, json, "isvprodid", UINT16_MAX);
}

enum dp_err dp_qe_identity_read(struct dp_qe_identity *out, struct dp_slice text)
{
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    err = dp_json_parse(&out->json, text.data, text.len, NULL);
    if (err != DP_OK)
        return err == DP_ENOMEM ? err : DP_EFORMAT;
    err = read_members(out);
    return err == DP_OK ? dp_isv_levels_read(&out->levels, out->json) : err;
}

void dp_qe_identity_free(struct dp_qe_identity *identity)
{
    dp_isv_levels_free(&identity->levels);
    json_object_put(identity->json);
    memset(identity, 0, sizeof(*identity));
}

/* Byte for byte, in the order in which they are written. */
static bool equal_under(const uint8_t *mask, const uint8_t *a, const uint8_t *b, size_t len)
{
    uint8_t differs = 0;

    for (size_t i = 0; i < len; i++)
        differs |= (uint8_t)((a[i] ^ b[i]) & mask[i]);
    return differs == 0;
}

struct dp_dcap_fault dp_qe_identity_check(struct dp_tcb_verdict *out,
                                          const struct dp_qe_identity *identity,
                                          const struct dp_sgx_report *report)
{
    const struct dp_isv_level *level;

    if (memcmp(identity->mrsigner, report->mr_signer, sizeof(identity->mrsigner)) != 0)
        return DP_DCAP_FAULT(DP_DCAP_QE_IDENTITY, "The quoting enclave is not signed by Intel.");
    if ((report->attributes[0] & ATTRIBUTE_DEBUG) != 0)
        return DP_DCAP_FAULT(DP_DCAP_QE_IDENTITY, "The quoting enclave is in debug mode.");
    if (dp_le16(report->isv_prod_id) != identity->isvprodid)
        return DP_DCAP_FAULT(DP_DCAP_QE_IDENTITY, "The enclave that quoted is no quoting enclave.");
    if (!equal_under(identity->miscselect_mask, identity->miscselect, report->misc_select, 4))
        return DP_DCAP_FAULT(DP_DCAP_QE_IDENTITY, "The quoting enclave has another MISCSELECT.");
    if (!equal_under(identity->attributes_mask, identity->attributes, report->attributes, 16))
        return DP_DCAP_FAULT(DP_DCAP_QE_IDENTITY, "The quoting enclave has other attributes.");
    level = dp_isv_levels_find(&identity->levels, dp_le16(report->isv_svn));
    if (level == NULL)
        return DP_DCAP_FAULT(DP_DCAP_QE_IDENTITY, "The quoting enclave is below every TCB level.");
    if (!dp_tcb_verdict_set(out, level->status, level->advisories))
        return DP_DCAP_FAULT(DP_DCAP_QE_IDENTITY, "The quoting enclave has too many advisories.");
    return DP_DCAP_NO_FAULT;
}
