/* bls.c - one verdict a line, for those who have thousands: see README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "bls/bls.h"

#define KEYS_MAX 16
#define MESSAGE_MAX 256

static const char *judge(const uint8_t (*bytes)[DP_BLS_PUBLIC_LEN], size_t count,
                         const uint8_t *message, size_t len, const uint8_t *sig)
{
    struct dp_bls_keys *keys;
    bool valid;

    if (dp_bls_keys_open(&keys, bytes, count, NULL) != DP_OK)
        return "keys";
    valid = dp_bls_verify(keys, NULL, message, len, sig);
    dp_bls_keys_free(keys);
    return valid ? "valid" : "invalid";
}

/* A case is three words of hex: keys one after another, 0x and the message, the signature. */
int main(void)
{
    static char keys[2 * KEYS_MAX * DP_BLS_PUBLIC_LEN + 1], message[2 * MESSAGE_MAX + 3];
    static uint8_t key_bytes[KEYS_MAX][DP_BLS_PUBLIC_LEN], message_bytes[MESSAGE_MAX];
    char sig[2 * DP_BLS_SIG_LEN + 1];
    uint8_t sig_bytes[DP_BLS_SIG_LEN];
    size_t keys_len, len;

    while (scanf("%1536s %514s %192s", keys, message, sig) == 3) {
        if (dp_hex_decode(key_bytes[0], sizeof(key_bytes), &keys_len, keys, strlen(keys)) !=
                DP_OK ||
            dp_hex_decode(message_bytes, sizeof(message_bytes), &len, message, strlen(message)) !=
                DP_OK ||
            dp_hex_decode_exact(sig_bytes, sizeof(sig_bytes), sig) != DP_OK)
            return EXIT_FAILURE;
        puts(judge((const uint8_t(*)[DP_BLS_PUBLIC_LEN])key_bytes, keys_len / DP_BLS_PUBLIC_LEN,
                   message_bytes, len, sig_bytes));
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
