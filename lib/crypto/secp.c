/* secp.c - may hold a secret: private keys pass through as arguments, none is copied or kept. */
#include "crypto/secp.h"

#include <assert.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "base/secret.h"

/* Written by dp_secp_init alone; the library allows any number of threads to read it. */
static secp256k1_context *context;

enum dp_err dp_secp_init(void)
{
    uint8_t seed[32];
    enum dp_err err = DP_ECRYPTO;

    if (context == NULL)
        context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    if (context == NULL || dp_secret_init() != DP_OK)
        return DP_ENOMEM;
    /* Blinding hides the key from a neighbour who times or measures the multiplication. */
    if (RAND_bytes(seed, sizeof(seed)) == 1 && secp256k1_context_randomize(context, seed))
        err = DP_OK;
    OPENSSL_cleanse(seed, sizeof(seed));
    return err;
}

static void write_public(uint8_t pub[static DP_SECP_PUB_LEN], const secp256k1_pubkey *point)
{
    size_t len = DP_SECP_PUB_LEN;

    secp256k1_ec_pubkey_serialize(context, pub, &len, point, SECP256K1_EC_UNCOMPRESSED);
}

/* The library leaves the key, the nonce and what it makes of them on its stack, hence each of the
 * two calls that take a key is one of dp_secret_call. */
struct making {
    const uint8_t *key, *digest;
    uint8_t *out;
    bool done;
};

static void make_public(void *arg)
{
    struct making *m = arg;
    secp256k1_pubkey point;

    m->done = secp256k1_ec_pubkey_create(context, &point, m->key) == 1;
    if (m->done)
        write_public(m->out, &point);
}

enum dp_err dp_secp_public(uint8_t pub[static DP_SECP_PUB_LEN],
                           const uint8_t key[static DP_SECP_KEY_LEN])
{
    struct making m = {.key = key, .out = pub};

    assert(context != NULL);
    memset(pub, 0, DP_SECP_PUB_LEN);
    dp_secret_call(make_public, &m);
    return m.done ? DP_OK : DP_ECRYPTO;
}

static void make_signature(void *arg)
{
    struct making *m = arg;
    secp256k1_ecdsa_recoverable_signature made;
    int recid;

    /* NULL, NULL: the RFC 6979 nonce, so a weak random generator cannot leak the key. */
    if (!secp256k1_ecdsa_sign_recoverable(context, &made, m->digest, m->key, NULL, NULL))
        return;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context, m->out, &recid, &made);
    m->out[DP_SECP_RS_LEN] = (uint8_t)recid;
    /* 2 and 3 mean an r above the group order: one signature in 2^127, and no Ethereum v. */
    m->done = recid <= 1;
}

enum dp_err dp_secp_sign(uint8_t sig[static DP_SECP_SIG_LEN],
                         const uint8_t key[static DP_SECP_KEY_LEN], const uint8_t digest[static 32])
{
    struct making m = {.key = key, .digest = digest, .out = sig};

    assert(context != NULL);
    memset(sig, 0, DP_SECP_SIG_LEN);
    dp_secret_call(make_signature, &m);
    if (m.done)
        return DP_OK;
    memset(sig, 0, DP_SECP_SIG_LEN);
    return DP_ECRYPTO;
}

/* The library takes the hybrid forms 06 and 07 too, hence the look at the prefix. */
static bool has_plain_form(const uint8_t *in, size_t len)
{
    if (len == DP_SECP_PUB_COMPRESSED_LEN)
        return in[0] == 0x02 || in[0] == 0x03;
    return len == DP_SECP_PUB_LEN && in[0] == 0x04;
}

enum dp_err dp_secp_parse_public(uint8_t pub[static DP_SECP_PUB_LEN], const uint8_t *in, size_t len)
{
    secp256k1_pubkey point;

    assert(context != NULL);
    memset(pub, 0, DP_SECP_PUB_LEN);
    if (!has_plain_form(in, len) || !secp256k1_ec_pubkey_parse(context, &point, in, len))
        return DP_EPUBKEY;
    write_public(pub, &point);
    return DP_OK;
}

void dp_secp_compress(uint8_t out[static DP_SECP_PUB_COMPRESSED_LEN],
                      const uint8_t pub[static DP_SECP_PUB_LEN])
{
    out[0] = (pub[DP_SECP_PUB_LEN - 1] & 1) != 0 ? 0x03 : 0x02;
    memcpy(out + 1, pub + 1, DP_SECP_PUB_COMPRESSED_LEN - 1);
}

/* The recovery id of a v as dstack (0, 1) or Ethereum (27, 28) writes it; -1 for any other. */
static int recid_of(uint8_t v)
{
    if (v == 27 || v == 28)
        return v - 27;
    return v <= 1 ? v : -1;
}

/* The library reads zero as a valid r or s, and only verification would refuse it. */
static bool is_zero(const uint8_t in[static 32])
{
    static const uint8_t zero[32];

    return memcmp(in, zero, sizeof(zero)) == 0;
}

enum dp_err dp_secp_parse_sig(struct dp_secp_sig *sig, const uint8_t *in, size_t len)
{
    secp256k1_ecdsa_signature parsed;
    int recid = -1;

    assert(context != NULL);
    *sig = (struct dp_secp_sig){.recid = -1};
    if (len != DP_SECP_RS_LEN && len != DP_SECP_SIG_LEN)
        return DP_ESIGNATURE;
    if (len == DP_SECP_SIG_LEN) {
        recid = recid_of(in[DP_SECP_RS_LEN]);
        if (recid < 0)
            return DP_ESIGNATURE;
    }
    if (is_zero(in) || is_zero(in + 32) ||
        !secp256k1_ecdsa_signature_parse_compact(context, &parsed, in))
        return DP_ESIGNATURE;
    memcpy(sig->rs, in, DP_SECP_RS_LEN);
    sig->recid = recid;
    sig->low_s = !secp256k1_ecdsa_signature_normalize(context, NULL, &parsed);
    return DP_OK;
}

bool dp_secp_verify(const struct dp_secp_sig *sig, const uint8_t digest[static 32],
                    const uint8_t pub[static DP_SECP_PUB_LEN])
{
    secp256k1_ecdsa_signature parsed;
    secp256k1_pubkey point;

    assert(context != NULL);
    if (!secp256k1_ec_pubkey_parse(context, &point, pub, DP_SECP_PUB_LEN) ||
        !secp256k1_ecdsa_signature_parse_compact(context, &parsed, sig->rs))
        return false;
    secp256k1_ecdsa_signature_normalize(context, &parsed, &parsed);
    return secp256k1_ecdsa_verify(context, &parsed, digest, &point) == 1;
}

enum dp_err dp_secp_recover(uint8_t pub[static DP_SECP_PUB_LEN], const struct dp_secp_sig *sig,
                            int recid, const uint8_t digest[static 32])
{
    secp256k1_ecdsa_recoverable_signature parsed;
    secp256k1_pubkey point;

    assert(context != NULL);
    assert(recid == 0 || recid == 1);
    memset(pub, 0, DP_SECP_PUB_LEN);
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context, &parsed, sig->rs, recid) ||
        !secp256k1_ecdsa_recover(context, &point, &parsed, digest))
        return DP_ESIGNATURE;
    write_public(pub, &point);
    return DP_OK;
}
