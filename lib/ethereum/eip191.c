/* eip191.c - the digest of a personal message (EIP-191, version 0x45), and what raw must not sign.
 */
#include "ethereum/eip191.h"

#include <stdio.h>

#include "ethereum/rlp.h"

#define INTRODUCER 0x19 /* of EIP-191: what begins with it is no RLP */
#define TYPE_MAX 0x7f   /* of EIP-2718 */

void dp_eip191_digest(uint8_t out[static DP_KECCAK_LEN], const void *message, size_t len)
{
    char head[64];
    int head_len = snprintf(head, sizeof(head),
                            "\x19"
                            "Ethereum Signed Message:\n%zu",
                            len);
    struct dp_keccak k;

    dp_keccak_init(&k);
    dp_keccak_add(&k, head, (size_t)head_len);
    dp_keccak_add(&k, message, len);
    dp_keccak_final(&k, out);
}

bool dp_eip191_transaction_like(const uint8_t *message, size_t len)
{
    if (len == 0)
        return false;
    if (message[0] == INTRODUCER)
        return true;
    if (message[0] <= TYPE_MAX)
        return dp_rlp_is_list(message + 1, len - 1);
    return dp_rlp_is_list(message, len);
}
