/* utf8.h - UTF-8, written and recognised. */
#ifndef DP_BASE_UTF8_H
#define DP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Write a code point up to U+10FFFF by the rules of RFC 3629, a surrogate as three bytes too.
 * Returns: how many bytes, 1 to 4 */
size_t dp_utf8_put(char out[static 4], uint32_t c);

/* Bytes of the sequence that text begins with (RFC 3629, section 4: no overlong forms, no
 * surrogates), or 0 where it is none. left is at least 1. */
size_t dp_utf8_len(const void *text, size_t left);

/* Is all of it such sequences? */
bool dp_utf8_is(const char *text, size_t len);

#endif
