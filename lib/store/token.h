/* token.h - make a token and hash one. Sees tokens in the clear. */
#ifndef DP_STORE_TOKEN_H
#define DP_STORE_TOKEN_H

#include "store/store.h"

#define DP_TOKEN_TEXT_SIZE 65                        /* 32 random bytes as hex, and a NUL */
#define DP_SESSION_MS (12 * 60 * 60 * INT64_C(1000)) /* how long a session is valid */

/**
 * Make a random token and its record. The text goes to its owner once; the record has its hash.
 *
 * In:  session  it expires after DP_SESSION_MS; else it never does
 * Returns: DP_OK, DP_ECRYPTO (no randomness)
 */
DP_MUST_CHECK
enum dp_err dp_token_make(struct dp_token *token, char text[static DP_TOKEN_TEXT_SIZE],
                          bool session);

/* SHA-256 of a token's text. */
void dp_token_hash(uint8_t out[static DP_TOKEN_HASH_LEN], const char *text);

#endif
