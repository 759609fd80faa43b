/* ct.c - use keys whose bytes valgrind takes for undefined: a branch on one, or an index, is told.
 */
/*
 * Usage: valgrind [...] ct [--branch | --index]; the options plant a fault.
 *
 * Secret: the digits of a key, its bytes, and all that comes of them. Declared public, here and
 * nowhere else: a public key and a signature once libsecp256k1 hands them over, and its word that
 * they are there (false for a key that is zero or not below the group order: no key at all).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <secp256k1_recovery.h>
#include <valgrind/memcheck.h>

#include "base/hex.h"
#include "base/memo.h"
#include "base/secret.h"
#include "crypto/pubmemo.h"
#include "crypto/secp.h"

static const char hex[] = "58e4f5d2ac0e4a2f3b9a6d7c8b1f00e1d2c3b4a5968778695a4b3c2d1e0f1a2b";

/* The linker puts these in the library's place. */
int __real_secp256k1_ec_pubkey_create(const secp256k1_context *ctx, secp256k1_pubkey *pub,
                                      const unsigned char *key);
int __wrap_secp256k1_ec_pubkey_create(const secp256k1_context *ctx, secp256k1_pubkey *pub,
                                      const unsigned char *key);
int __real_secp256k1_ecdsa_sign_recoverable(const secp256k1_context *ctx,
                                            secp256k1_ecdsa_recoverable_signature *sig,
                                            const unsigned char *digest, const unsigned char *key,
                                            secp256k1_nonce_function nonce, const void *data);
int __wrap_secp256k1_ecdsa_sign_recoverable(const secp256k1_context *ctx,
                                            secp256k1_ecdsa_recoverable_signature *sig,
                                            const unsigned char *digest, const unsigned char *key,
                                            secp256k1_nonce_function nonce, const void *data);

int __wrap_secp256k1_ec_pubkey_create(const secp256k1_context *ctx, secp256k1_pubkey *pub,
                                      const unsigned char *key)
{
    int done = __real_secp256k1_ec_pubkey_create(ctx, pub, key);

    VALGRIND_MAKE_MEM_DEFINED(pub, sizeof(*pub));
    VALGRIND_MAKE_MEM_DEFINED(&done, sizeof(done));
    return done;
}

int __wrap_secp256k1_ecdsa_sign_recoverable(const secp256k1_context *ctx,
                                            secp256k1_ecdsa_recoverable_signature *sig,
                                            const unsigned char *digest, const unsigned char *key,
                                            secp256k1_nonce_function nonce, const void *data)
{
    int done = __real_secp256k1_ecdsa_sign_recoverable(ctx, sig, digest, key, nonce, data);

    VALGRIND_MAKE_MEM_DEFINED(sig, sizeof(*sig));
    VALGRIND_MAKE_MEM_DEFINED(&done, sizeof(done));
    return done;
}

/* A tag tells nothing of its key to who does not have the memo's own (crypto/pubmemo.h). */
bool __real_dp_memo_find(struct dp_memo *memo, void *value, const uint8_t *tag);
bool __wrap_dp_memo_find(struct dp_memo *memo, void *value, const uint8_t *tag);
bool __wrap_dp_memo_find(struct dp_memo *memo, void *value, const uint8_t *tag)
{
    VALGRIND_MAKE_MEM_DEFINED(tag, DP_MEMO_TAG_LEN);
    return __real_dp_memo_find(memo, value, tag);
}

/* valgrind loses track of what a stack holds when it changes under the program's feet. */
void __wrap_dp_secret_call(void (*work)(void *arg), void *arg);
void __wrap_dp_secret_call(void (*work)(void *arg), void *arg)
{
    work(arg);
}

static void fail(const char *what)
{
    fprintf(stderr, "ct: %s\n", what);
    exit(1);
}

/* As dp_guest_get_key does it: the digits lie in a slot, and the key is decoded beside them. */
static uint8_t *decode(uint8_t *slot)
{
    char *digits = (char *)slot + 64;
    uint8_t undefined = 0;
    enum dp_err err;

    memcpy(digits, hex, sizeof(hex) - 1);
    VALGRIND_MAKE_MEM_UNDEFINED(digits, sizeof(hex) - 1);
    err = dp_hex_decode_secret(slot, DP_SECP_KEY_LEN, digits);
    /* Whether it was hex at all is public; some compilers look at that inside the call, see
     * ct.supp. */
    VALGRIND_MAKE_MEM_DEFINED(&err, sizeof(err));
    if (err != DP_OK)
        fail("the key is not hex");
    if (VALGRIND_GET_VBITS(slot, &undefined, 1) == 1 && undefined == 0)
        fail("the key's bytes are not taken for secret");
    return slot;
}

static void use(const uint8_t *key)
{
    uint8_t pub[DP_SECP_PUB_LEN], digest[32] = {1}, sig[DP_SECP_SIG_LEN];
    struct dp_secp_sig parsed;

    if (dp_secp_public(pub, key) != DP_OK || dp_secp_sign(sig, key, digest) != DP_OK)
        fail("the key is none");
    if (dp_secp_parse_sig(&parsed, sig, sizeof(sig)) != DP_OK ||
        !dp_secp_verify(&parsed, digest, pub))
        fail("the signature does not fit");
}

/* As dp_wallet_key learns the public key, the first time and then again. */
static void look_up(const uint8_t *key)
{
    uint8_t first[DP_SECP_PUB_LEN], again[DP_SECP_PUB_LEN];
    struct dp_pub_memo *memo;

    if (dp_pub_memo_open(&memo) != DP_OK || dp_pub_memo_public(memo, first, key) != DP_OK ||
        dp_pub_memo_public(memo, again, key) != DP_OK || memcmp(first, again, sizeof(first)) != 0)
        fail("the memo does not know the key again");
    dp_pub_memo_close(memo);
}

/* As tokens are compared. */
static void compare(const uint8_t *key)
{
    uint8_t other[DP_SECP_KEY_LEN] = {0};
    int differ = CRYPTO_memcmp(key, other, sizeof(other));

    VALGRIND_MAKE_MEM_DEFINED(&differ, sizeof(differ));
    if (differ == 0)
        fail("two keys that differ count as one");
}

static void plant(const char *fault, const uint8_t *key)
{
    static const uint8_t table[256] = {1};
    volatile uint8_t seen = 0;

    if (strcmp(fault, "--branch") == 0 && key[3] > 100)
        seen = 1;
    if (strcmp(fault, "--index") == 0)
        seen = table[key[3]];
    (void)seen;
}

int main(int argc, char **argv)
{
    uint8_t *slot, *key;

    if (dp_secp_init() != DP_OK)
        fail("no context");
    slot = dp_secret_take();
    if (slot == NULL)
        fail("no slot");
    key = decode(slot);
    use(key);
    look_up(key);
    compare(key);
    if (argc > 1)
        plant(argv[1], key);
    dp_secret_return(slot);
    return 0;
}
