/* utf8.h - a code point in UTF-8. */
#ifndef DP_BASE_UTF8_H
#define DP_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Write a code point up to U+10FFFF by the rules of RFC 3629, a surrogate as three bytes too.
 * Returns: how many bytes, 1 to 4 */
size_t dp_utf8_put(char out[static 4], uint32_t c);

#endif
