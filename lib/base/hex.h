/* hex.h - bytes as hexadecimal text and back. */
#ifndef DP_BASE_HEX_H
#define DP_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Characters that n bytes take as "0x" text, with the final NUL. */
#define DP_HEX0X_SIZE(n) (2 * (n) + 3)

/* Write len bytes as lower-case hex without prefix: 2 * len characters and a NUL. */
void dp_hex_encode(char *out, const uint8_t *in, size_t len);

/* The same with a leading "0x": DP_HEX0X_SIZE(len) characters, NUL included. */
void dp_hex0x_encode(char *out, const uint8_t *in, size_t len);

/**
 * Read hex text, upper or lower case, with or without one leading "0x".
 *
 * Out: out      room for cap bytes; untouched beyond *out_len, undefined on error
 *      out_len  bytes written
 * In:  text     len characters, no NUL needed
 * Returns: DP_OK
 *          DP_EHEX     an odd number of digits, or a character that is no digit
 *          DP_ETOOBIG  more than cap bytes
 */
DP_MUST_CHECK
enum dp_err dp_hex_decode(uint8_t *out, size_t cap, size_t *out_len, const char *text, size_t len);

/* As dp_hex_decode, for exactly len bytes: DP_EHEX for any other length. */
DP_MUST_CHECK
enum dp_err dp_hex_decode_exact(uint8_t *out, size_t len, const char *text);

/**
 * Read exactly 2 * len digits, no prefix, without telling by its time or its memory accesses what
 * they are; only whether all were digits.
 *
 * Out: out  len bytes, undefined on error
 * Returns: DP_OK, DP_EHEX (a character that is no digit)
 */
DP_MUST_CHECK
enum dp_err dp_hex_decode_secret(uint8_t *out, size_t len, const char *text);

#endif
