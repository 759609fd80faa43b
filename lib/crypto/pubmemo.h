/* pubmemo.h - the public keys of private keys that were seen before. May hold a secret. */
/*
 * Who signs by a key that comes anew each time has to know each time that it is the same key, and
 * to derive the public one takes nearly as long as to sign. The memo keeps public keys only, each
 * under a MAC of its private key: keccak-256 of a random key and the private key, cut to 16 bytes.
 * The random key is the memo's own, in locked memory, and gone with it. Without it
 * - a tag tells nothing of its private key, not even whether a guess is right, and
 * - whoever chooses private keys cannot make two with one tag, so a key is never taken for another
 *   that has been seen.
 */
#ifndef DP_CRYPTO_PUBMEMO_H
#define DP_CRYPTO_PUBMEMO_H

#include "crypto/secp.h"

struct dp_pub_memo;

/**
 * An empty memo for up to 16384 keys, 1.3 MB when it is full. dp_secp_init must have been called.
 *
 * Returns: DP_OK, DP_ENOMEM, DP_ECRYPTO (no randomness)
 */
DP_MUST_CHECK
enum dp_err dp_pub_memo_open(struct dp_pub_memo **out);

/* No call may be under way. Takes NULL. */
void dp_pub_memo_close(struct dp_pub_memo *memo);

/* As dp_secp_public. Any thread may call at any time. */
DP_MUST_CHECK
enum dp_err dp_pub_memo_public(struct dp_pub_memo *memo, uint8_t pub[static DP_SECP_PUB_LEN],
                               const uint8_t key[static DP_SECP_KEY_LEN]);

#endif
