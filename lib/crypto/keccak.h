/* keccak.h - Keccak-256 as Ethereum uses it: the original padding, not that of SHA-3. */
#ifndef DP_CRYPTO_KECCAK_H
#define DP_CRYPTO_KECCAK_H

#include <stddef.h>
#include <stdint.h>

#include <nettle/sha3.h>

#define DP_KECCAK_LEN 32
#define DP_KECCAK_BLOCK 136 /* rate of Keccak[c=512], bytes */

struct dp_keccak {
    struct sha3_state state;
    unsigned used; /* bytes absorbed of the current block */
};

void dp_keccak_init(struct dp_keccak *k);
void dp_keccak_add(struct dp_keccak *k, const void *data, size_t len);

/* Writes the digest and wipes the state: init again before the next use. */
void dp_keccak_final(struct dp_keccak *k, uint8_t out[static DP_KECCAK_LEN]);

/* The digest of one piece. */
void dp_keccak256(uint8_t out[static DP_KECCAK_LEN], const void *data, size_t len);

#endif
