/* value.h - Solidity's elementary types, by their names, and their values as JSON spells them. */
#ifndef DP_ETHEREUM_VALUE_H
#define DP_ETHEREUM_VALUE_H

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"
#include "ethereum/integer.h"

#define DP_VALUE_WHY_SIZE 160 /* of a sentence that says what is wrong with a value */

/* The first five are one word; the last two have any length. */
enum dp_value_kind {
    DP_VALUE_UINT,
    DP_VALUE_INT,
    DP_VALUE_FIXED_BYTES,
    DP_VALUE_ADDRESS,
    DP_VALUE_BOOL,
    DP_VALUE_STRING,
    DP_VALUE_BYTES,
};

struct dp_value_type {
    enum dp_value_kind kind;
    unsigned size; /* bits of an integer, bytes of bytesN, else 0 */
};

/* The type of a canonical name: uint256, not uint. Returns: DP_OK, DP_EFORMAT */
DP_MUST_CHECK
enum dp_err dp_value_type_parse(struct dp_value_type *out, const char *name);

/* The type's canonical name. */
void dp_value_type_write(struct dp_buf *out, struct dp_value_type type);

/**
 * Read a value of one of the first five kinds. Integers are JSON numbers without fraction or
 * exponent up to 2^53 - 1 either way, or strings: decimal, or 0x and hex. Addresses are lower case
 * or carry the EIP-55 checksum. Bytes are 0x and pairs of digits.
 *
 * Out: word  as the EVM has it: integers and addresses at its end, bytesN at its beginning;
 * undefined unless DP_OK why   a sentence for whoever wrote the value, unless DP_OK In:  value NULL
 * is JSON's null, and no value of any type Returns: DP_OK, DP_EFORMAT
 */
DP_MUST_CHECK
enum dp_err dp_value_word(uint8_t word[static DP_WORD_LEN], char why[static DP_VALUE_WHY_SIZE],
                          struct dp_value_type type, struct json_object *value);

/**
 * Read a value of the last two kinds: any string, or 0x and pairs of digits.
 *
 * Out: out  added to: the bytes
 *      why  as above
 * Returns: DP_OK, DP_EFORMAT, or what out->err says
 */
DP_MUST_CHECK
enum dp_err dp_value_bytes(struct dp_buf *out, char why[static DP_VALUE_WHY_SIZE],
                           struct dp_value_type type, struct json_object *value);

#endif
