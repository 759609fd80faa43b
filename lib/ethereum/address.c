/* address.c - EIP-55 both ways. */
#include "ethereum/address.h"

#include <stdbool.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/keccak.h"

#define DIGITS (2 * DP_ADDRESS_LEN)

void dp_address_of_public(uint8_t out[static DP_ADDRESS_LEN],
                          const uint8_t pub[static DP_SECP_PUB_LEN])
{
    uint8_t digest[DP_KECCAK_LEN];

    dp_keccak256(digest, pub + 1, DP_SECP_PUB_LEN - 1);
    memcpy(out, digest + DP_KECCAK_LEN - DP_ADDRESS_LEN, DP_ADDRESS_LEN);
}

/* EIP-55: a letter is upper case where the digest of the lower-case text has a digit over 7. */
void dp_address_format(char out[static DP_ADDRESS_TEXT_SIZE],
                       const uint8_t address[static DP_ADDRESS_LEN])
{
    uint8_t digest[DP_KECCAK_LEN];

    dp_hex0x_encode(out, address, DP_ADDRESS_LEN);
    dp_keccak256(digest, out + 2, DIGITS);
    for (size_t i = 0; i < DIGITS; i++) {
        unsigned nibble = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 0x0f;

        if (nibble > 7 && out[2 + i] >= 'a')
            out[2 + i] = (char)(out[2 + i] - 'a' + 'A');
    }
}

static bool has_mixed_case(const char *digits)
{
    bool lower = false, upper = false;

    for (; *digits != '\0'; digits++) {
        lower = lower || (*digits >= 'a' && *digits <= 'f');
        upper = upper || (*digits >= 'A' && *digits <= 'F');
    }
    return lower && upper;
}

enum dp_err dp_address_parse(uint8_t out[static DP_ADDRESS_LEN], const char *text)
{
    char checksummed[DP_ADDRESS_TEXT_SIZE];
    uint8_t address[DP_ADDRESS_LEN];

    if (strncmp(text, "0x", 2) != 0 || dp_hex_decode_exact(address, sizeof(address), text) != DP_OK)
        return DP_EADDRESS;
    dp_address_format(checksummed, address);
    if (has_mixed_case(text + 2) && strcmp(text, checksummed) != 0)
        return DP_EADDRESS;
    memcpy(out, address, sizeof(address));
    return DP_OK;
}
