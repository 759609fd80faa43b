/* set_hash.h - one digest of a set of hashes, whatever their order, as PeerSetHash.sol has it. */
#ifndef DP_CRYPTO_SET_HASH_H
#define DP_CRYPTO_SET_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypto/keccak.h"

/**
 * Digest of a set. Each member becomes a point of secp256k1; the digest is keccak-256 of three
 * words: how many members, x and y of the sum of their points. Whoever finds two sets with one
 * digest can compute discrete logarithms.
 *
 * In:  members  count of them, 32 bytes each; a member given twice counts twice
 * Returns: DP_OK, DP_ENOMEM
 * About 300 us a member.
 */
DP_MUST_CHECK
enum dp_err dp_set_hash(uint8_t out[static DP_KECCAK_LEN], const uint8_t (*members)[DP_KECCAK_LEN],
                        size_t count);

#endif
