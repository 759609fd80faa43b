/* hex.c - bytes as hexadecimal text and back. */
#include "base/hex.h"

#include <string.h>

void dp_hex_encode(char *out, const uint8_t *in, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * len] = '\0';
}

void dp_hex0x_encode(char *out, const uint8_t *in, size_t len)
{
    out[0] = '0';
    out[1] = 'x';
    dp_hex_encode(out + 2, in, len);
}

/* Without a branch or a table on the digit's value: some of what comes through here is secret. */
static int nibble(unsigned char c)
{
    int digit = (int)c - '0', letter = (int)(c | 0x20) - 'a';
    int is_digit = ((digit | (9 - digit)) >> 8) + 1;    /* 1 where 0 <= digit <= 9, else 0 */
    int is_letter = ((letter | (5 - letter)) >> 8) + 1; /* the same for a to f */

    return is_digit * digit + is_letter * (letter + 10) + (is_digit + is_letter - 1) * 256;
}

enum dp_err dp_hex_decode_secret(uint8_t *out, size_t len, const char *text)
{
    int bad = 0;

    for (size_t i = 0; i < len; i++) {
        int byte = nibble((unsigned char)text[2 * i]) * 16 + nibble((unsigned char)text[2 * i + 1]);

        bad |= byte; /* a bad digit makes the sum negative */
        out[i] = (uint8_t)byte;
    }
    return bad < 0 ? DP_EHEX : DP_OK;
}

enum dp_err dp_hex_decode(uint8_t *out, size_t cap, size_t *out_len, const char *text, size_t len)
{
    enum dp_err err;

    *out_len = 0;
    if (len >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text += 2;
        len -= 2;
    }
    if (len % 2 != 0)
        return DP_EHEX;
    if (len / 2 > cap)
        return DP_ETOOBIG;
    err = dp_hex_decode_secret(out, len / 2, text);
    if (err == DP_OK)
        *out_len = len / 2;
    return err;
}

enum dp_err dp_hex_decode_exact(uint8_t *out, size_t len, const char *text)
{
    size_t got;

    if (dp_hex_decode(out, len, &got, text, strlen(text)) != DP_OK || got != len)
        return DP_EHEX;
    return DP_OK;
}
