/* p256.c - ECDSA signatures over P-256 and SHA-256, as r || s. */
#include "crypto/p256.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/sha.h>

#define SIG_DER_MAX 80 /* 2 + 2 * (2 + 33) is the longest */

#define GROUP "prime256v1"

enum dp_err dp_p256_key(EVP_PKEY **out, const uint8_t point[static DP_P256_POINT_LEN])
{
    uint8_t octets[1 + DP_P256_POINT_LEN] = {POINT_CONVERSION_UNCOMPRESSED};
    char name[] = GROUP;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof(octets)),
        OSSL_PARAM_construct_end()};
    enum dp_err err = DP_EPUBKEY;

    memcpy(octets + 1, point, DP_P256_POINT_LEN);
    *out = NULL;
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        err = DP_ENOMEM;
    else if (EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1)
        err = DP_OK;
    EVP_PKEY_CTX_free(ctx);
    if (err != DP_OK)
        ERR_clear_error();
    return err;
}

bool dp_p256_is(const EVP_PKEY *key)
{
    char name[32];
    size_t len;

    return key != NULL && EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, name, sizeof(name), &len) == 1 && strcmp(name, GROUP) == 0;
}

/* Returns: the length of the DER, 0 where memory ran out */
static int encode(uint8_t der[static SIG_DER_MAX], const uint8_t sig[static DP_P256_SIG_LEN])
{
    BIGNUM *r = BN_bin2bn(sig, 32, NULL), *s = BN_bin2bn(sig + 32, 32, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int len = 0;

    if (r != NULL && s != NULL && pair != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* pair's now */
        len = i2d_ECDSA_SIG(pair, &der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return len > 0 ? len : 0;
}

bool dp_p256_verify(EVP_PKEY *key, const uint8_t sig[static DP_P256_SIG_LEN], const void *data,
                    size_t len)
{
    uint8_t der[SIG_DER_MAX], digest[SHA256_DIGEST_LENGTH];
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    int der_len = encode(der, sig);
    bool holds;

    SHA256(data, len, digest);
    holds = ctx != NULL && der_len > 0 && EVP_PKEY_verify_init(ctx) == 1 &&
            EVP_PKEY_verify(ctx, der, (size_t)der_len, digest, sizeof(digest)) == 1;
    EVP_PKEY_CTX_free(ctx);
    if (!holds)
        ERR_clear_error();
    return holds;
}
