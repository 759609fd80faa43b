/* address.h - Ethereum addresses (EIP-55). */
#ifndef DP_ETHEREUM_ADDRESS_H
#define DP_ETHEREUM_ADDRESS_H

#include <stdint.h>

#include "base/err.h"
#include "crypto/secp.h"

#define DP_ADDRESS_LEN 20
#define DP_ADDRESS_TEXT_SIZE 43 /* "0x", 40 digits, NUL */

/* The last 20 bytes of keccak-256(x || y). */
void dp_address_of_public(uint8_t out[static DP_ADDRESS_LEN],
                          const uint8_t pub[static DP_SECP_PUB_LEN]);

/* As text with the EIP-55 checksum in the case of its letters. */
void dp_address_format(char out[static DP_ADDRESS_TEXT_SIZE],
                       const uint8_t address[static DP_ADDRESS_LEN]);

/**
 * Read "0x" and 40 hex digits. All lower or all upper case is taken as it is; mixed case must be
 * the EIP-55 checksum, since a typing error is the likelier reason for any other mixture.
 *
 * Returns: DP_OK, DP_EADDRESS
 */
DP_MUST_CHECK
enum dp_err dp_address_parse(uint8_t out[static DP_ADDRESS_LEN], const char *text);

#endif
