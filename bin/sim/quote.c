/* quote.c - a quote as hardware makes one, but under the test root. Holds the attestation key. */
#include "quote.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "measure.h"
#include "p256.h"

#define QE_REPORT_LEN 384
#define QE_MR_SIGNER 128
#define QE_PRODUCT 256 /* then its SVN, both of two bytes */
#define QE_REPORT_DATA 320
#define AUTH_LEN 32
#define CERT_CHAIN 5  /* type of certification data: PEM */
#define QE_AND_CERT 6 /* the same: the enclave's report, and data of another type */

struct signed_by_key {
    EVP_PKEY *key;
    uint8_t point[DP_P256_POINT_LEN];
};

/* The lowest byte first. */
static void add_integer(struct dp_buf *out, size_t value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)(value >> (8 * i));

        dp_buf_add(out, &byte, 1);
    }
}

/* The enclave whose signer, product and SVN the collateral's QE identity names (collateral.c). */
static void make_qe_report(uint8_t report[static QE_REPORT_LEN],
                           const uint8_t point[static DP_P256_POINT_LEN],
                           const uint8_t auth[static AUTH_LEN])
{
    uint8_t both[DP_P256_POINT_LEN + AUTH_LEN];

    memset(report, 0, QE_REPORT_LEN);
    memset(report + QE_MR_SIGNER, 0x44, 32);
    report[QE_PRODUCT] = 1;
    report[QE_PRODUCT + 2] = 1;
    memcpy(both, point, DP_P256_POINT_LEN);
    memcpy(both + DP_P256_POINT_LEN, auth, AUTH_LEN);
    SHA256(both, sizeof(both), report + QE_REPORT_DATA);
}

/* From the enclave's report to the certificates. */
static enum dp_err add_certification(struct dp_buf *out, const struct sim_quoting *quoting,
                                     const uint8_t point[static DP_P256_POINT_LEN])
{
    static const uint8_t auth[AUTH_LEN];
    uint8_t report[QE_REPORT_LEN], sig[DP_P256_SIG_LEN];
    enum dp_err err;

    make_qe_report(report, point, auth);
    err = sim_p256_sign(sig, quoting->pki->key[SIM_PCK], report, sizeof(report));
    if (err != DP_OK)
        return err;
    if (quoting->fault == SIM_FAULT_QE_REPORT)
        sig[0] ^= 1;
    dp_buf_add(out, report, sizeof(report));
    dp_buf_add(out, sig, sizeof(sig));
    add_integer(out, sizeof(auth), 2);
    dp_buf_add(out, auth, sizeof(auth));
    add_integer(out, CERT_CHAIN, 2);
    add_integer(out, quoting->pck_chain.len, 4);
    dp_buf_add(out, quoting->pck_chain.data, quoting->pck_chain.len);
    return out->err;
}

static enum dp_err add_signed(struct dp_buf *out, const struct sim_quoting *quoting,
                              const uint8_t *head, const struct signed_by_key *by)
{
    struct dp_buf certification = DP_BUF_INIT(out->limit);
    uint8_t sig[DP_P256_SIG_LEN];
    enum dp_err err = add_certification(&certification, quoting, by->point);

    if (err == DP_OK)
        err = sim_p256_sign(sig, by->key, head, SIM_QUOTE_LEN_MIN);
    if (err == DP_OK) {
        if (quoting->fault == SIM_FAULT_QUOTE_SIGNATURE)
            sig[0] ^= 1;
        dp_buf_add(out, head, SIM_QUOTE_LEN_MIN);
        add_integer(out, sizeof(sig) + sizeof(by->point) + 6 + certification.len, 4);
        dp_buf_add(out, sig, sizeof(sig));
        dp_buf_add(out, by->point, sizeof(by->point));
        add_integer(out, QE_AND_CERT, 2);
        add_integer(out, certification.len, 4);
        dp_buf_add(out, certification.data, certification.len);
        err = out->err;
    }
    dp_buf_free(&certification);
    return err;
}

enum dp_err sim_quote_write(struct dp_buf *out, const struct sim_quoting *quoting,
                            struct dp_slice stored,
                            const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN],
                            struct dp_detail *detail)
{
    struct signed_by_key by = {.key = NULL};
    uint8_t head[SIM_QUOTE_LEN_MIN];
    enum dp_err err;

    if (quoting->fault == SIM_FAULT_NO_QUOTE)
        return dp_fail(detail, DP_EIO, NULL, "Failed to get quote");
    memcpy(head, stored.data, sizeof(head));
    memcpy(head + SIM_REPORT_DATA, report_data, DP_BLOB_REPORT_DATA_LEN);
    if (quoting->fault == SIM_FAULT_REPORT_DATA)
        memset(head + SIM_REPORT_DATA, 0, DP_BLOB_REPORT_DATA_LEN);
    by.key = EVP_EC_gen("P-256");
    err = by.key != NULL ? sim_p256_point(by.point, by.key) : DP_ECRYPTO;
    if (err == DP_OK)
        err = add_signed(out, quoting, head, &by);
    EVP_PKEY_free(by.key);
    return err;
}
