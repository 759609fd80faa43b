/* dcap_certs.c - certificates out of PEM. */
#include "attest/dcap_chain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

static const char begin[] = "-----BEGIN CERTIFICATE-----", end[] = "-----END CERTIFICATE-----";

/* The certificate's base64 behind the next begin; false where there is no more. */
static bool next_block(struct dp_slice *block, struct dp_slice *rest)
{
    static const char base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n";
    const char *at;

    while ((at = memmem(rest->data, rest->len, begin, sizeof(begin) - 1)) != NULL) {
        size_t len = 0, left;

        at += sizeof(begin) - 1;
        left = (size_t)(rest->data + rest->len - at);
        while (len < left && at[len] != '\0' && strchr(base64, at[len]) != NULL)
            len++;
        *rest = (struct dp_slice){at, left};
        *block = (struct dp_slice){at, len};
        if (len > 0 && left - len >= sizeof(end) - 1 && memcmp(at + len, end, sizeof(end) - 1) == 0)
            return true;
    }
    return false;
}

/* Base64 up to its first "=", without line ends; bits that make no byte are dropped. What a PEM's
 * text looks like proves nothing, its bytes do. text has room for three characters more than block.
 * Returns: the length of what it stands for, or -1 */
static int decode(uint8_t *out, char *text, struct dp_slice block)
{
    int len = 0, whole;

    for (size_t i = 0; i < block.len && block.data[i] != '='; i++) {
        if (block.data[i] != '\r' && block.data[i] != '\n')
            text[len++] = block.data[i];
    }
    whole = len * 3 / 4;
    while (len % 4 != 0)
        text[len++] = 'A';
    return EVP_DecodeBlock(out, (unsigned char *)text, len) == len / 4 * 3 ? whole : -1;
}

/* Borrowed. */
static X509 *find(const struct dp_dcap_known *known, const uint8_t *der, int len)
{
    for (int i = 0; i < known->len; i++) {
        if (known->list[i].len == len && memcmp(known->list[i].der, der, (size_t)len) == 0)
            return known->list[i].cert;
    }
    return NULL;
}

/* NULL where it is none, or more. */
static X509 *parse(const uint8_t *der, int len)
{
    const unsigned char *p = der;
    X509 *cert = d2i_X509(NULL, &p, len);

    /* Its extensions are read now, so that later nothing of it changes. */
    if (cert != NULL && p == der + len && X509_check_purpose(cert, -1, 0) == 1)
        return cert;
    X509_free(cert);
    return NULL;
}

static enum dp_err add(struct dp_dcap_certs *out, struct dp_slice block,
                       const struct dp_dcap_known *known)
{
    uint8_t *der = malloc(2 * (block.len + 3));
    X509 *cert = NULL;
    int len;

    if (der == NULL)
        return DP_ENOMEM;
    len = decode(der, (char *)der + block.len + 3, block);
    if (len > 0 && out->len < DP_DCAP_CERTS_MAX) {
        cert = find(known, der, len);
        if (cert == NULL)
            cert = parse(der, len);
        else if (X509_up_ref(cert) != 1)
            cert = NULL;
    }
    free(der);
    if (cert == NULL)
        return DP_EFORMAT;
    out->certs[out->len++] = cert;
    return DP_OK;
}

void dp_dcap_known_add(struct dp_dcap_known *known, X509 *cert)
{
    unsigned char *der = NULL;
    int len;

    if (known->len == DP_DCAP_CERTS_MAX)
        return;
    len = i2d_X509(cert, &der);
    if (len <= 0 || find(known, der, len) != NULL || X509_up_ref(cert) != 1) {
        OPENSSL_free(der);
        return;
    }
    known->list[known->len].cert = cert;
    known->list[known->len].der = der;
    known->list[known->len].len = len;
    known->len++;
}

void dp_dcap_known_free(struct dp_dcap_known *known)
{
    for (int i = 0; i < known->len; i++) {
        X509_free(known->list[i].cert);
        OPENSSL_free(known->list[i].der);
    }
    known->len = 0;
}

enum dp_err dp_dcap_certs_read(struct dp_dcap_certs *out, struct dp_slice pem,
                               const struct dp_dcap_known *known)
{
    struct dp_slice block;
    enum dp_err err = DP_OK;

    *out = (struct dp_dcap_certs){.len = 0};
    while (err == DP_OK && pem.data != NULL && next_block(&block, &pem))
        err = add(out, block, known);
    if (err == DP_OK && out->len < 2)
        err = DP_EFORMAT;
    ERR_clear_error();
    return err;
}

void dp_dcap_certs_free(struct dp_dcap_certs *certs)
{
    for (int i = 0; i < certs->len; i++)
        X509_free(certs->certs[i]);
    certs->len = 0;
}
