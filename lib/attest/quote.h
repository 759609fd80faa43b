/* quote.h - an SGX or TDX quote as its parts; proves nothing by itself. */
#ifndef DP_ATTEST_QUOTE_H
#define DP_ATTEST_QUOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Source: Intel, "DCAP ECDSA Quote Library API" (quote formats 3, 4 and 5) and "TDX Module Base
 * Architecture" (TD report). Integers are little-endian. */
#define DP_QUOTE_MAX (256 * 1024) /* bytes; real ones have some 5000 */
#define DP_QUOTE_KEY_ECDSA_P256 2
#define DP_QUOTE_TEE_SGX 0
#define DP_QUOTE_TEE_TDX 0x81
#define DP_QUOTE_CERT_CHAIN 5 /* certification data: PEM of PCK, PCK CA and root */

/* Reports are bytes in their order, so that one lies in the quote as it is. */
struct dp_sgx_report {
    uint8_t cpu_svn[16], misc_select[4], reserved1[28], attributes[16], mr_enclave[32];
    uint8_t reserved2[32], mr_signer[32], reserved3[96], isv_prod_id[2], isv_svn[2];
    uint8_t reserved4[60], report_data[64];
};

struct dp_td_report { /* version 1.0, and the beginning of 1.5 */
    uint8_t tee_tcb_svn[16], mr_seam[48], mr_signer_seam[48], seam_attributes[8];
    uint8_t td_attributes[8], xfam[8], mr_td[48], mr_config_id[48], mr_owner[48];
    uint8_t mr_owner_config[48], rtmr[4][48], report_data[64];
};

struct dp_td_report_15 { /* what version 1.5 has behind it */
    uint8_t tee_tcb_svn2[16], mr_service_td[48];
};

/* All pointers lead into the bytes that were parsed. */
struct dp_quote {
    uint16_t version, key_type, qe_svn, pce_svn;
    uint32_t tee_type;
    const uint8_t *qe_vendor_id; /* 16 bytes */
    const uint8_t *user_data;    /* 20 bytes */
    uint16_t body_type;          /* of version 5, else 0 */
    uint32_t body_size;

    /* Either sgx or td is set; td15 only beside td. */
    const struct dp_sgx_report *sgx;
    const struct dp_td_report *td;
    const struct dp_td_report_15 *td15;

    struct dp_slice signed_part; /* header and report */
    const uint8_t *signature;    /* 64 bytes, r || s, over the former */
    const uint8_t *key;          /* 64 bytes, x || y: the attestation key */
    uint16_t outer_type;         /* of version 4 and 5: type of what holds the rest; else 0 */
    const struct dp_sgx_report *qe_report;
    const uint8_t *qe_signature; /* 64 bytes, r || s, over qe_report */
    struct dp_slice qe_auth;
    uint16_t cert_type;
    struct dp_slice cert_data;
    size_t trailing; /* bytes after the quote's end, which nothing signs */
};

/**
 * Read a quote of version 3 (SGX), 4 or 5.
 *
 * Out: out     all zero unless DP_OK
 *      detail  field is "header" (a version or TEE type that is not known) or "format"; may be
 *              NULL
 * Returns: DP_OK, DP_EFORMAT, DP_ETOOBIG (over DP_QUOTE_MAX)
 * Every length is held against what is left. No signature is looked at.
 */
DP_MUST_CHECK
enum dp_err dp_quote_parse(struct dp_quote *out, const uint8_t *data, size_t len,
                           struct dp_detail *detail);

/**
 * A quote from a file's content: the bytes themselves, or hex with white space around it.
 *
 * Out: out  added to; its limit should be DP_QUOTE_MAX
 * Returns: DP_OK, DP_EHEX (hex of an odd length), DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_quote_bytes(struct dp_buf *out, const char *text, size_t len);

/* "sgx", "td10" or "td15". */
const char *dp_quote_kind(const struct dp_quote *quote);

uint16_t dp_le16(const uint8_t in[static 2]);
uint32_t dp_le32(const uint8_t in[static 4]);
uint64_t dp_le64(const uint8_t in[static 8]);

#endif
