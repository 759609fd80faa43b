/* integer.h - integers of up to 256 bits as the EVM's 32-byte words. */
#ifndef DP_ETHEREUM_INTEGER_H
#define DP_ETHEREUM_INTEGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DP_WORD_LEN 32
#define DP_INTEGER_TEXT_SIZE 80 /* of any integer: sign, 78 digits, NUL */

/* uintN or intN. */
struct dp_integer_type {
    unsigned bits; /* 8 to 256 */
    bool is_signed;
};

/**
 * Read decimal digits, with a leading '-' for less than zero, or 0x and hex digits.
 *
 * Out: word  big-endian, two's complement; all zero unless DP_OK
 * In:  text  len characters, no NUL needed; leading zeros are taken
 * Returns: DP_OK, DP_EFORMAT (anything else, or no digit), DP_ETOOBIG (not in the type's range)
 * Linear in len.
 */
DP_MUST_CHECK
enum dp_err dp_integer_parse(uint8_t word[static DP_WORD_LEN], const char *text, size_t len,
                             struct dp_integer_type type);

/* The same for a number. Returns: DP_OK, DP_ETOOBIG */
DP_MUST_CHECK
enum dp_err dp_integer_write(uint8_t word[static DP_WORD_LEN], int64_t value,
                             struct dp_integer_type type);

/* Is the word one that the type can have? */
bool dp_integer_fits(const uint8_t word[static DP_WORD_LEN], struct dp_integer_type type);

/* Write as decimal digits, with a leading '-' for less than zero. */
void dp_integer_format(char out[static DP_INTEGER_TEXT_SIZE],
                       const uint8_t word[static DP_WORD_LEN], bool is_signed);

/* The number of an unsigned word. Returns: DP_OK, DP_ETOOBIG (over 64 bits; *out is zero) */
DP_MUST_CHECK
enum dp_err dp_integer_read(uint64_t *out, const uint8_t word[static DP_WORD_LEN]);

#endif
