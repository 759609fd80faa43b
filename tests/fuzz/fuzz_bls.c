/* fuzz_bls.c - public keys and a signature: points, or refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bls/bls.h"
#include "bls/g2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a signature and a key. No one has found a signature of this by chance; a point that
 * is on the curve has another on the other side. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t sig[DP_BLS_SIG_LEN], key[1][DP_BLS_PUBLIC_LEN];
    struct dp_bls_keys *keys;
    struct dp_g2 point, other;

    if (size != sizeof(sig) + sizeof(key))
        return 0;
    memcpy(sig, data, sizeof(sig));
    memcpy(key, data + sizeof(sig), sizeof(key));
    if (dp_bls_keys_open(&keys, (const uint8_t(*)[DP_BLS_PUBLIC_LEN])key, 1, NULL) == DP_OK) {
        if (dp_bls_verify(keys, NULL, "fuzz", 4, sig))
            abort();
        dp_bls_keys_free(keys);
    }
    if (dp_g2_decode(&point, sig) != DP_OK || dp_g2_is_infinity(&point))
        return 0;
    sig[0] ^= 0x20;
    if (dp_g2_decode(&other, sig) != DP_OK)
        abort();
    dp_g2_add(&point, &point, &other);
    if (!dp_g2_is_infinity(&point))
        abort();
    return 0;
}
