/* transaction.h - transactions of type 2 (EIP-1559), to be signed and sent. */
#ifndef DP_ETHEREUM_TRANSACTION_H
#define DP_ETHEREUM_TRANSACTION_H

#include "base/buf.h"
#include "base/err.h"
#include "crypto/keccak.h"
#include "crypto/secp.h"
#include "ethereum/address.h"
#include "ethereum/integer.h"

#define DP_TRANSACTION_MAX (1024 * 1024) /* bytes of one with its signature */

/* Without an access list. */
struct dp_transaction {
    uint64_t chain_id, nonce, gas;
    uint64_t max_fee, max_priority_fee; /* wei a unit of gas */
    const uint8_t *to;                  /* DP_ADDRESS_LEN bytes, borrowed; NULL makes a contract */
    uint8_t value[DP_WORD_LEN];         /* wei, big-endian */
    const void *data;                   /* data_len bytes, borrowed; init code where to is NULL */
    size_t data_len;
};

/**
 * What its sender signs (EIP-1559): keccak-256 of the type and its fields.
 *
 * Returns: DP_OK, DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_transaction_digest(uint8_t out[static DP_KECCAK_LEN],
                                  const struct dp_transaction *transaction);

/**
 * As nodes take it. Its hash, by which it is known from then on, is keccak-256 of all its bytes.
 *
 * Out: out  added to
 * In:  sig  r || s || recovery id, over the digest
 * Returns: DP_OK, or as out says
 */
DP_MUST_CHECK
enum dp_err dp_transaction_write(struct dp_buf *out, const struct dp_transaction *transaction,
                                 const uint8_t sig[static DP_SECP_SIG_LEN]);

/* The address of the contract that a transaction makes (the yellow paper, section 7). */
void dp_create_address(uint8_t out[static DP_ADDRESS_LEN],
                       const uint8_t from[static DP_ADDRESS_LEN], uint64_t nonce);

#endif
