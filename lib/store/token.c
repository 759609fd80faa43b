/* token.c - make a token and hash one. Sees tokens in the clear. */
#include "store/token.h"

#include <string.h>

#include <nettle/sha2.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "base/hex.h"

void dp_token_hash(uint8_t out[static DP_TOKEN_HASH_LEN], const char *text)
{
    struct sha256_ctx ctx;

    /* OpenSSL's looks its digest up by name each time, under a lock. */
    sha256_init(&ctx);
    sha256_update(&ctx, strlen(text), (const uint8_t *)text);
    sha256_digest(&ctx, DP_TOKEN_HASH_LEN, out);
    OPENSSL_cleanse(&ctx, sizeof(ctx));
}

enum dp_err dp_token_make(struct dp_token *token, char text[static DP_TOKEN_TEXT_SIZE],
                          bool session)
{
    uint8_t random[(DP_TOKEN_TEXT_SIZE - 1) / 2];

    if (RAND_bytes(random, sizeof(random)) != 1)
        return DP_ECRYPTO;
    dp_hex_encode(text, random, sizeof(random));
    OPENSSL_cleanse(random, sizeof(random));
    memset(token, 0, sizeof(*token));
    dp_token_hash(token->hash, text);
    token->session = session;
    token->created_ms = dp_clock_unix_ms();
    if (session)
        token->expires_ms = token->created_ms + DP_SESSION_MS;
    return DP_OK;
}
