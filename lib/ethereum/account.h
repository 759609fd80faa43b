/* account.h - an account whose private key an operator has given, to send transactions with. */
#ifndef DP_ETHEREUM_ACCOUNT_H
#define DP_ETHEREUM_ACCOUNT_H

#include "base/err.h"
#include "ethereum/address.h"
#include "ethereum/transaction.h"

/* The key is in locked memory (base/secret.h) while it is open. */
struct dp_account {
    uint8_t address[DP_ADDRESS_LEN];
    uint8_t *key; /* a slot, or NULL */
};

/**
 * Read a key from a file: 64 hex digits, with or without 0x, and at most a line's end after them.
 *
 * Out: account  to be closed by dp_account_close; all zero unless DP_OK
 *      detail   says what is wrong, never what the file holds; may be NULL
 * Returns: DP_OK
 *          DP_EIO      the file cannot be read
 *          DP_ECONFIG  it is no regular file, another user owns it, or anyone else may read it
 *          DP_EFORMAT  it holds no key
 *          DP_ENOMEM   no memory that can be locked
 * dp_secp_init must have been called.
 */
DP_MUST_CHECK
enum dp_err dp_account_open(struct dp_account *account, const char *path, struct dp_detail *detail);

/**
 * The same from a variable of the environment, which is wiped and unset: a program that is started
 * later must not have it.
 *
 * Returns: DP_OK, DP_EMISSING (not set, or empty), DP_EFORMAT, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_account_take(struct dp_account *account, const char *variable,
                            struct dp_detail *detail);

/* Wipe the key. Takes one that is all zero, too. */
void dp_account_close(struct dp_account *account);

/**
 * Sign a transaction.
 *
 * Out: out   added to: as nodes take it
 *      hash  by which the transaction will be known
 * Returns: DP_OK, DP_ECRYPTO, DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_account_sign(const struct dp_account *account, struct dp_buf *out,
                            uint8_t hash[static DP_KECCAK_LEN],
                            const struct dp_transaction *transaction);

/* Sign a transaction's digest: r || s || recovery id. Returns: DP_OK, DP_ECRYPTO */
DP_MUST_CHECK
enum dp_err dp_account_sign_digest(const struct dp_account *account,
                                   uint8_t sig[static DP_SECP_SIG_LEN],
                                   const uint8_t digest[static DP_KECCAK_LEN]);

#endif
