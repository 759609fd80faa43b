/* fp.h - the field of p elements over which the curve BLS12-381 is. */
/*
 * For verifying alone: nothing here is secret, and nothing runs in constant time. Out may be any of
 * the inputs. Constants: draft-irtf-cfrg-pairing-friendly-curves, section 4.2.1.
 */
#ifndef DP_BLS_FP_H
#define DP_BLS_FP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define DP_FP_LEN 48
#define DP_FP_WORDS 6

/* times 2^384 mod p (Montgomery's form), below p, the least significant word first. */
struct dp_fp {
    uint64_t w[DP_FP_WORDS];
};

/* A constant as it is, the least significant word first. Need not be below p. */
struct dp_fp_plain {
    uint64_t w[DP_FP_WORDS];
};

extern const struct dp_fp dp_fp_one;

void dp_fp_from_plain(struct dp_fp *out, const struct dp_fp_plain *in);
void dp_fp_from_int(struct dp_fp *out, int64_t value);

/* Big-endian. Returns: DP_OK, DP_EFORMAT (not below p) */
DP_MUST_CHECK
enum dp_err dp_fp_decode(struct dp_fp *out, const uint8_t in[static DP_FP_LEN]);
void dp_fp_encode(uint8_t out[static DP_FP_LEN], const struct dp_fp *in);

/* A number of 64 bytes, big-endian, mod p. */
void dp_fp_reduce(struct dp_fp *out, const uint8_t in[static 64]);

void dp_fp_add(struct dp_fp *out, const struct dp_fp *a, const struct dp_fp *b);
void dp_fp_sub(struct dp_fp *out, const struct dp_fp *a, const struct dp_fp *b);
void dp_fp_neg(struct dp_fp *out, const struct dp_fp *a);
void dp_fp_mul(struct dp_fp *out, const struct dp_fp *a, const struct dp_fp *b);
void dp_fp_sqr(struct dp_fp *out, const struct dp_fp *a);

/* Of zero: zero. */
void dp_fp_inv(struct dp_fp *out, const struct dp_fp *a);

/* One of the two square roots; false, and out undefined, where there is none. */
bool dp_fp_sqrt(struct dp_fp *out, const struct dp_fp *a);

bool dp_fp_equal(const struct dp_fp *a, const struct dp_fp *b);
bool dp_fp_is_zero(const struct dp_fp *a);
bool dp_fp_is_odd(const struct dp_fp *a);

/* Is it above (p - 1) / 2, and so the larger of itself and its negative? */
bool dp_fp_is_large(const struct dp_fp *a);

#endif
