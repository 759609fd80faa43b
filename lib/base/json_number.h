/* json_number.h - a number as ECMAScript writes it. */
#ifndef DP_BASE_JSON_NUMBER_H
#define DP_BASE_JSON_NUMBER_H

#define DP_JSON_NUMBER_SIZE 48 /* the longest is some 25 characters */

/**
 * Write a double as ECMA-262 Number::toString(10) does: the fewest digits that read back as the
 * same number, of these the closest; exponents from 1e21 and below 1e-6; minus zero as 0.
 *
 * In: value  finite
 * The thread's LC_NUMERIC must be that of "C".
 */
void dp_json_number(char out[static DP_JSON_NUMBER_SIZE], double value);

#endif
