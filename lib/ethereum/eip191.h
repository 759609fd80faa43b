/* eip191.h - the digest of a personal message (EIP-191, version 0x45), and what raw must not sign.
 */
#ifndef DP_ETHEREUM_EIP191_H
#define DP_ETHEREUM_EIP191_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/keccak.h"

/* keccak-256 of 0x19 "Ethereum Signed Message:" LF, len in decimal, and the message. */
void dp_eip191_digest(uint8_t out[static DP_KECCAK_LEN], const void *message, size_t len);

/**
 * Could the keccak-256 of these bytes be what authorizes something on a chain? True for an RLP
 * list (a legacy transaction), a byte up to 0x7f and an RLP list (EIP-2718, EIP-7702), and
 * whatever begins with 0x19 (EIP-191, of which EIP-712 is a version).
 */
bool dp_eip191_transaction_like(const uint8_t *message, size_t len);

#endif
