/* p256.c - P-256 keys out of 32 bytes, and their signatures as r || s. Holds a secret. */
#include "p256.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#define OCTETS_LEN (1 + DP_P256_POINT_LEN)
#define SIG_DER_MAX 80 /* 2 + 2 * (2 + 33) is the longest */

static bool multiply(uint8_t octets[static OCTETS_LEN], const EC_GROUP *group, const BIGNUM *scalar)
{
    EC_POINT *point = EC_POINT_new(group);
    bool done = point != NULL && EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
                EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, octets, OCTETS_LEN,
                                   NULL) == OCTETS_LEN;

    EC_POINT_free(point);
    return done;
}

static EVP_PKEY *import(OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *key_pair(const BIGNUM *scalar, const uint8_t octets[static OCTETS_LEN])
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key;

    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, octets, OCTETS_LEN) == 1)
        params = OSSL_PARAM_BLD_to_param(build);
    key = import(params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    return key;
}

enum dp_err sim_p256_key(EVP_PKEY **out, const uint8_t scalar[static SIM_SCALAR_LEN])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *number = BN_secure_new();
    uint8_t octets[OCTETS_LEN];
    enum dp_err err = DP_ECRYPTO;

    *out = NULL;
    if (group != NULL && number != NULL && BN_bin2bn(scalar, SIM_SCALAR_LEN, number) != NULL) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        if (BN_is_zero(number) || BN_cmp(number, EC_GROUP_get0_order(group)) >= 0)
            err = DP_EINVAL;
        else if (multiply(octets, group, number))
            *out = key_pair(number, octets);
    }
    BN_clear_free(number);
    EC_GROUP_free(group);
    return *out != NULL ? DP_OK : err;
}

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
