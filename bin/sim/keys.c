/* keys.c - may hold a secret: derived keys pass through and are wiped on every way out. */
#include "keys.h"

#include <assert.h>
#include <string.h>

#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "base/hex.h"
#include "crypto/keccak.h"

#define WRITTEN_MAX 512 /* bytes of a key and its two signatures, as they are written */

/* Fetching costs more than deriving, hence once. Read by any number of threads. */
static EVP_KDF *hkdf;

enum dp_err sim_algorithm_parse(enum sim_algorithm *out, struct dp_slice name,
                                struct dp_detail *detail)
{
    static const struct {
        const char *name;
        enum sim_algorithm algorithm;
    } names[] = {
        {"secp256k1", SIM_SECP256K1},
        {"k256", SIM_SECP256K1},
        {"secp256k1_prehashed", SIM_SECP256K1_PREHASHED},
        {"ed25519", SIM_ED25519},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (name.len == strlen(names[i].name) && memcmp(name.data, names[i].name, name.len) == 0) {
            *out = names[i].algorithm;
            return DP_OK;
        }
    }
    return dp_fail(detail, DP_EINVAL, "algorithm", "Unsupported algorithm");
}

enum dp_err sim_keys_init(void)
{
    hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    return hkdf != NULL ? DP_OK : DP_ECRYPTO;
}

void sim_keys_free(void)
{
    EVP_KDF_free(hkdf);
    hkdf = NULL;
}

enum dp_err sim_hkdf(uint8_t *out, size_t len, const uint8_t *ikm, size_t ikm_len,
                     struct dp_slice info)
{
    struct hmac_sha256_ctx hmac;
    uint8_t prk[SHA256_DIGEST_SIZE];

    hmac_sha256_set_key(&hmac, 5, (const uint8_t *)"RATLS");
    hkdf_extract(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
                 (nettle_hash_digest_func *)hmac_sha256_digest, SHA256_DIGEST_SIZE, ikm_len, ikm,
                 prk);
    hmac_sha256_set_key(&hmac, sizeof(prk), prk);
    hkdf_expand(&hmac, (nettle_hash_update_func *)hmac_sha256_update,
                (nettle_hash_digest_func *)hmac_sha256_digest, SHA256_DIGEST_SIZE, info.len,
                (const uint8_t *)info.data, len, out);
    OPENSSL_cleanse(prk, sizeof(prk));
    OPENSSL_cleanse(&hmac, sizeof(hmac));
    return DP_OK;
}

static enum dp_err ed25519_public(struct sim_key *key)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->secret, sizeof(key->secret));
    int done;

    key->public_len = SIM_ED25519_PUB_LEN;
    done = pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, key->public_key, &key->public_len);
    EVP_PKEY_free(pkey);
    return done ? DP_OK : DP_ECRYPTO;
}

static enum dp_err secp256k1_public(struct sim_key *key)
{
    uint8_t pub[DP_SECP_PUB_LEN];
    enum dp_err err = dp_secp_public(pub, key->secret);

    key->public_len = DP_SECP_PUB_COMPRESSED_LEN;
    dp_secp_compress(key->public_key, pub);
    return err;
}

/* The app key's word for a key of either kind: over purpose ":" hex of the public key. */
static enum dp_err vouch(struct sim_key *key, const uint8_t app_key[static SIM_KEY_LEN],
                         struct dp_slice purpose)
{
    char hex[2 * sizeof(key->public_key) + 1];
    uint8_t digest[DP_KECCAK_LEN];
    struct dp_keccak k;

    dp_hex_encode(hex, key->public_key, key->public_len);
    dp_keccak_init(&k);
    dp_keccak_add(&k, purpose.data, purpose.len);
    dp_keccak_add(&k, ":", 1);
    dp_keccak_add(&k, hex, strlen(hex));
    dp_keccak_final(&k, digest);
    return dp_secp_sign(key->app_signature, app_key, digest);
}

enum dp_err sim_key_derive(struct sim_key *out, const uint8_t app_key[static SIM_KEY_LEN],
                           enum sim_algorithm algorithm, struct dp_slice path,
                           struct dp_slice purpose, struct dp_detail *detail)
{
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    if (path.len > SIM_PATH_MAX)
        return dp_fail(detail, DP_ETOOBIG, "path", "path is longer than %d bytes", SIM_PATH_MAX);
    err = sim_hkdf(out->secret, sizeof(out->secret), app_key, SIM_KEY_LEN, path);
    if (err == DP_OK)
        err = algorithm == SIM_ED25519 ? ed25519_public(out) : secp256k1_public(out);
    if (err == DP_OK)
        err = vouch(out, app_key, purpose);
    if (err != DP_OK)
        OPENSSL_cleanse(out, sizeof(*out));
    return err;
}

void sim_key_write(struct dp_buf *out, const struct sim_key *key, const char *kms_signature,
                   const char *name, const char *chain)
{
    char hex[2 * SIM_KEY_LEN + 1], app_signature[2 * DP_SECP_SIG_LEN + 1];

    dp_hex_encode(hex, key->secret, sizeof(key->secret));
    dp_hex_encode(app_signature, key->app_signature, sizeof(key->app_signature));
    /* All the room at once: growing would leave a copy of the key behind. */
    dp_buf_room(out, WRITTEN_MAX);
    dp_buf_addf(out, "{\"%s\":\"%s\",\"%s\":[\"%s\",\"%s\"]}", name, hex, chain, app_signature,
                kms_signature);
    OPENSSL_cleanse(hex, sizeof(hex));
}
