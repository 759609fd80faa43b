/* p256.c - signatures by P-256 keys as r || s. May hold a secret. */
#include "p256.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/sha.h>

#define OCTETS_LEN (1 + DP_P256_POINT_LEN)
#define SIG_DER_MAX 80 /* 2 + 2 * (2 + 33) is the longest */

static bool decode(uint8_t sig[static DP_P256_SIG_LEN], const uint8_t *der, size_t len)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool done = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), sig, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), sig + 32, 32) == 32;

    ECDSA_SIG_free(pair);
    return done;
}

enum dp_err sim_p256_sign(uint8_t sig[static DP_P256_SIG_LEN], EVP_PKEY *key, const void *data,
                          size_t len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    uint8_t digest[SHA256_DIGEST_LENGTH], der[SIG_DER_MAX];
    size_t der_len = sizeof(der);
    bool done;

    memset(sig, 0, DP_P256_SIG_LEN);
    SHA256(data, len, digest);
    done = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 &&
           EVP_PKEY_sign(ctx, der, &der_len, digest, sizeof(digest)) == 1 &&
           decode(sig, der, der_len);
    EVP_PKEY_CTX_free(ctx);
    return done ? DP_OK : DP_ECRYPTO;
}

enum dp_err sim_p256_point(uint8_t point[static DP_P256_POINT_LEN], const EVP_PKEY *key)
{
    uint8_t octets[OCTETS_LEN];
    size_t len;

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof(octets),
                                        &len) != 1 ||
        len != OCTETS_LEN)
        return DP_ECRYPTO;
    memcpy(point, octets + 1, DP_P256_POINT_LEN);
    return DP_OK;
}
