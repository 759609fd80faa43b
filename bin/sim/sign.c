/* sign.c - Sign {algorithm, data} and Verify {algorithm, data, signature, public_key}. Sign holds
 * a secret: the key of path "vms", for which the app key vouches as "signing". */
#include "methods.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/hex.h"
#include "params.h"

#define SIGNATURE_LEN 64 /* r || s, or that of Ed25519 */

static enum dp_err read_algorithm(enum sim_algorithm *out, struct json_object *params,
                                  struct dp_detail *detail)
{
    struct dp_slice name;
    enum dp_err err = sim_params_text(&name, params, "algorithm", detail);

    return err == DP_OK ? sim_algorithm_parse(out, name, detail) : err;
}

static enum dp_err sign_ed25519(uint8_t out[static SIGNATURE_LEN],
                                const uint8_t seed[static SIM_KEY_LEN], const struct dp_buf *data)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SIM_KEY_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = SIGNATURE_LEN;
    bool done = pkey != NULL && ctx != NULL &&
                EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestSign(ctx, out, &len, (const uint8_t *)data->data, data->len) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return done ? DP_OK : DP_ECRYPTO;
}

static enum dp_err sign_digest(uint8_t out[static SIGNATURE_LEN],
                               const uint8_t key[static SIM_KEY_LEN],
                               const uint8_t digest[static 32])
{
    uint8_t sig[DP_SECP_SIG_LEN];
    enum dp_err err = dp_secp_sign(sig, key, digest);

    memcpy(out, sig, SIGNATURE_LEN);
    return err;
}

/* What of the data secp256k1 signs: its SHA-256, or itself where it is a digest already. */
static bool digest_of(uint8_t out[static 32], enum sim_algorithm algorithm,
                      const struct dp_buf *data)
{
    if (algorithm == SIM_SECP256K1) {
        SHA256((const uint8_t *)data->data, data->len, out);
        return true;
    }
    if (data->len != 32)
        return false;
    memcpy(out, data->data, 32);
    return true;
}

static enum dp_err sign(uint8_t out[static SIGNATURE_LEN], enum sim_algorithm algorithm,
                        const uint8_t key[static SIM_KEY_LEN], const struct dp_buf *data,
                        struct dp_detail *detail)
{
    uint8_t digest[32];

    if (algorithm == SIM_ED25519)
        return sign_ed25519(out, key, data);
    if (!digest_of(digest, algorithm, data))
        return dp_fail(detail, DP_EINVAL, "data",
                       "A prehashed message must be a digest of 32 bytes, not %zu", data->len);
    return sign_digest(out, key, digest);
}

static void write_signature(struct dp_buf *out, const struct sim *sim, const struct sim_key *key,
                            const uint8_t signature[static SIGNATURE_LEN])
{
    char sig[2 * SIGNATURE_LEN + 1], app_sig[2 * DP_SECP_SIG_LEN + 1];
    char pub[2 * sizeof(key->public_key) + 1];

    dp_hex_encode(sig, signature, SIGNATURE_LEN);
    dp_hex_encode(app_sig, key->app_signature, sizeof(key->app_signature));
    dp_hex_encode(pub, key->public_key, key->public_len);
    dp_buf_addf(out,
                "{\"signature\":\"%s\",\"signature_chain\":[\"%s\",\"%s\",\"%s\"],"
                "\"public_key\":\"%s\"}",
                sig, sig, app_sig, sim->kms_signature, pub);
}

static enum dp_err sign_data(const struct sim *sim, struct dp_buf *out,
                             enum sim_algorithm algorithm, const struct dp_buf *data,
                             struct dp_detail *detail)
{
    uint8_t signature[SIGNATURE_LEN];
    struct sim_key key;
    enum dp_err err = sim_key_derive(&key, sim->app_key, algorithm, SIM_SIGNING_PATH,
                                     SIM_SIGNING_PURPOSE, detail);

    if (err == DP_OK)
        err = sign(signature, algorithm, key.secret, data, detail);
    if (err == DP_OK)
        write_signature(out, sim, &key, signature);
    OPENSSL_cleanse(&key, sizeof(key));
    return err == DP_OK ? out->err : err;
}

enum dp_err sim_sign(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                     struct dp_detail *detail)
{
    struct dp_buf data = DP_BUF_INIT(SIM_FILE_MAX);
    enum sim_algorithm algorithm;
    enum dp_err err = read_algorithm(&algorithm, params, detail);

    if (err == DP_OK)
        err = sim_params_bytes(&data, params, "data", detail);
    if (err == DP_OK)
        err = sign_data(sim, out, algorithm, &data, detail);
    dp_buf_free(&data);
    return err;
}

struct claim {
    enum sim_algorithm algorithm;
    struct dp_buf data, signature, public_key;
};

static enum dp_err read_claim(struct claim *out, struct json_object *params,
                              struct dp_detail *detail)
{
    enum dp_err err = read_algorithm(&out->algorithm, params, detail);

    if (err == DP_OK)
        err = sim_params_bytes(&out->data, params, "data", detail);
    if (err == DP_OK)
        err = sim_params_bytes(&out->signature, params, "signature", detail);
    if (err == DP_OK)
        err = sim_params_bytes(&out->public_key, params, "public_key", detail);
    if (err == DP_OK && out->signature.len != SIGNATURE_LEN)
        err = dp_fail(detail, DP_ESIGNATURE, "signature", "signature is not 64 bytes");
    return err;
}

static enum dp_err verify_ed25519(bool *valid, const struct claim *claim, struct dp_detail *detail)
{
    const uint8_t *signature = (const uint8_t *)claim->signature.data;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *pkey = NULL;
    enum dp_err err = DP_ECRYPTO;

    if (claim->public_key.len == SIM_ED25519_PUB_LEN)
        pkey = EVP_PKEY_new_raw_public_key(
            EVP_PKEY_ED25519, NULL, (const uint8_t *)claim->public_key.data, SIM_ED25519_PUB_LEN);
    if (pkey == NULL) {
        err = dp_fail(detail, DP_EPUBKEY, "public_key", "invalid public key");
    } else if (ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1) {
        *valid = EVP_DigestVerify(ctx, signature, SIGNATURE_LEN, (const uint8_t *)claim->data.data,
                                  claim->data.len) == 1;
        err = DP_OK;
    }
    EVP_PKEY_free(pkey);
    EVP_MD_CTX_free(ctx);
    return err;
}

static enum dp_err verify_secp256k1(bool *valid, const struct claim *claim,
                                    struct dp_detail *detail)
{
    uint8_t pub[DP_SECP_PUB_LEN], digest[32];
    struct dp_secp_sig sig;

    if (dp_secp_parse_public(pub, (const uint8_t *)claim->public_key.data, claim->public_key.len) !=
        DP_OK)
        return dp_fail(detail, DP_EPUBKEY, "public_key", "invalid public key");
    if (dp_secp_parse_sig(&sig, (const uint8_t *)claim->signature.data, SIGNATURE_LEN) != DP_OK)
        return dp_fail(detail, DP_ESIGNATURE, "signature", "invalid signature");
    *valid = sig.low_s && digest_of(digest, claim->algorithm, &claim->data) &&
             dp_secp_verify(&sig, digest, pub);
    return DP_OK;
}

enum dp_err sim_verify(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                       struct dp_detail *detail)
{
    struct claim claim = {
        .data = DP_BUF_INIT(SIM_FILE_MAX),
        .signature = DP_BUF_INIT(SIM_FILE_MAX),
        .public_key = DP_BUF_INIT(SIM_FILE_MAX),
    };
    bool valid = false;
    enum dp_err err = read_claim(&claim, params, detail);

    (void)sim;
    if (err == DP_OK)
        err = claim.algorithm == SIM_ED25519 ? verify_ed25519(&valid, &claim, detail)
                                             : verify_secp256k1(&valid, &claim, detail);
    if (err == DP_OK)
        dp_buf_addf(out, "{\"valid\":%s}", valid ? "true" : "false");
    dp_buf_free(&claim.public_key);
    dp_buf_free(&claim.signature);
    dp_buf_free(&claim.data);
    return err == DP_OK ? out->err : err;
}
