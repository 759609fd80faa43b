/* tunnel_key.c - the key of this node's tunnels. Holds a key, in locked memory. */
#include "cluster/tunnel_key.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/run.h"
#include "base/secret.h"

#define WG_MS 5000
#define PORT_TEXT_SIZE 6
#define TEXT_AT (DP_SECRET_SLOT_SIZE / 2) /* where in a slot the key stands as text */

/* --- making --- */

struct making {
    uint8_t *slot;
    uint8_t public_key[DP_TUNNEL_KEY_LEN];
    enum dp_err err;
};

/* OpenSSL holds a copy for this moment, and wipes it. */
static enum dp_err find_public(struct making *making)
{
    EVP_PKEY *pair =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, making->slot, DP_TUNNEL_KEY_LEN);
    size_t len = DP_TUNNEL_KEY_LEN;
    const enum dp_err err =
        pair != NULL && EVP_PKEY_get_raw_public_key(pair, making->public_key, &len) == 1 &&
                len == DP_TUNNEL_KEY_LEN
            ? DP_OK
            : DP_ECRYPTO;

    EVP_PKEY_free(pair);
    return err;
}

/* The bits that every X25519 key has (RFC 7748): wg would set them too, and show another key than
 * the one that was made. */
static void make(void *arg)
{
    struct making *making = arg;

    making->err = DP_ECRYPTO;
    if (RAND_priv_bytes(making->slot, DP_TUNNEL_KEY_LEN) != 1)
        return;
    making->slot[0] &= 0xf8;
    making->slot[DP_TUNNEL_KEY_LEN - 1] &= 0x7f;
    making->slot[DP_TUNNEL_KEY_LEN - 1] |= 0x40;
    making->err = find_public(making);
}

/* What OpenSSL loads when first used takes more stack than the locked one has. */
static enum dp_err warm_up(void)
{
    EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    const enum dp_err err = pair != NULL ? DP_OK : DP_ECRYPTO;

    EVP_PKEY_free(pair);
    return err;
}

enum dp_err dp_tunnel_key_make(struct dp_tunnel_key *out)
{
    struct making making = {.slot = NULL};
    enum dp_err err = dp_secret_init();

    memset(out, 0, sizeof(*out));
    if (err == DP_OK)
        err = warm_up();
    if (err != DP_OK)
        return err;
    making.slot = dp_secret_take();
    if (making.slot == NULL)
        return DP_ENOMEM;
    dp_secret_call(make, &making);
    if (making.err != DP_OK) {
        dp_secret_return(making.slot);
        return making.err;
    }
    out->slot = making.slot;
    memcpy(out->public_key, making.public_key, DP_TUNNEL_KEY_LEN);
    return DP_OK;
}

void dp_tunnel_key_free(struct dp_tunnel_key *key)
{
    dp_secret_return(key->slot);
    memset(key, 0, sizeof(*key));
}

/* --- as text --- */

void dp_tunnel_key_text(char out[static DP_TUNNEL_KEY_TEXT_SIZE],
                        const uint8_t public_key[static DP_TUNNEL_KEY_LEN])
{
    EVP_EncodeBlock((unsigned char *)out, public_key, DP_TUNNEL_KEY_LEN);
}

enum dp_err dp_tunnel_key_read(uint8_t out[static DP_TUNNEL_KEY_LEN], const char *text)
{
    uint8_t bytes[DP_TUNNEL_KEY_LEN + 1]; /* the last group has a byte more, which is padding */
    char again[DP_TUNNEL_KEY_TEXT_SIZE];

    if (strlen(text) != DP_TUNNEL_KEY_TEXT_SIZE - 1 ||
        EVP_DecodeBlock(bytes, (const unsigned char *)text, DP_TUNNEL_KEY_TEXT_SIZE - 1) !=
            (int)sizeof(bytes))
        return DP_EFORMAT;
    /* OpenSSL takes more than one text for a key. */
    dp_tunnel_key_text(again, bytes);
    if (strcmp(again, text) != 0)
        return DP_EFORMAT;
    memcpy(out, bytes, DP_TUNNEL_KEY_LEN);
    return DP_OK;
}

/* --- installing --- */

/* By hand, as what holds a key calls nothing that formats. */
static void write_port(char out[static PORT_TEXT_SIZE], uint16_t port)
{
    char digits[PORT_TEXT_SIZE];
    size_t count = 0;

    do
        digits[count++] = (char)('0' + port % 10);
    while ((port /= 10) > 0);
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
}

struct encoding {
    uint8_t *slot;
};

static void encode(void *arg)
{
    const struct encoding *encoding = arg;
    char *text = (char *)encoding->slot + TEXT_AT;

    EVP_EncodeBlock((unsigned char *)text, encoding->slot, DP_TUNNEL_KEY_LEN);
    text[DP_TUNNEL_KEY_TEXT_SIZE - 1] = '\n';
}

enum dp_err dp_tunnel_key_install(const struct dp_tunnel_key *key, const char *interface,
                                  uint16_t listen_port, struct dp_detail *detail)
{
    struct encoding encoding = {key->slot};
    char *text = (char *)key->slot + TEXT_AT;
    char port[PORT_TEXT_SIZE];
    const char *const argv[] = {"wg", "set",         interface,    "listen-port",
                                port, "private-key", "/dev/stdin", NULL};
    enum dp_err err;

    write_port(port, listen_port);
    dp_secret_call(encode, &encoding);
    err = dp_run(
        &(struct dp_run){.argv = argv, .in = {text, DP_TUNNEL_KEY_TEXT_SIZE}, .within_ms = WG_MS},
        NULL);
    OPENSSL_cleanse(text, DP_TUNNEL_KEY_TEXT_SIZE);
    /* Not in its own words: a program that complains of a key may quote it. */
    return err == DP_OK ? DP_OK
                        : dp_fail(detail, err, "wg", "wg does not give the key to %s.", interface);
}
