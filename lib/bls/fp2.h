/* fp2.h - the field of a + b*u over that of fp.h, where u^2 = -1. */
#ifndef DP_BLS_FP2_H
#define DP_BLS_FP2_H

#include "bls/fp.h"

struct dp_fp2 {
    struct dp_fp a, b;
};

extern const struct dp_fp2 dp_fp2_one;

/* a + b*u */
void dp_fp2_from_ints(struct dp_fp2 *out, int64_t a, int64_t b);
void dp_fp2_from_plain(struct dp_fp2 *out, const struct dp_fp_plain in[static 2]);

void dp_fp2_add(struct dp_fp2 *out, const struct dp_fp2 *x, const struct dp_fp2 *y);
void dp_fp2_sub(struct dp_fp2 *out, const struct dp_fp2 *x, const struct dp_fp2 *y);
void dp_fp2_neg(struct dp_fp2 *out, const struct dp_fp2 *x);
void dp_fp2_mul(struct dp_fp2 *out, const struct dp_fp2 *x, const struct dp_fp2 *y);
void dp_fp2_mul_fp(struct dp_fp2 *out, const struct dp_fp2 *x, const struct dp_fp *y);
void dp_fp2_sqr(struct dp_fp2 *out, const struct dp_fp2 *x);

/* a - b*u, which is x to the p-th power. */
void dp_fp2_conjugate(struct dp_fp2 *out, const struct dp_fp2 *x);

/* Times 1 + u, of which the fields above are made. */
void dp_fp2_mul_xi(struct dp_fp2 *out, const struct dp_fp2 *x);

/* Of zero: zero. */
void dp_fp2_inv(struct dp_fp2 *out, const struct dp_fp2 *x);

/* One of the two square roots; false, and out undefined, where there is none. */
bool dp_fp2_sqrt(struct dp_fp2 *out, const struct dp_fp2 *x);

bool dp_fp2_equal(const struct dp_fp2 *x, const struct dp_fp2 *y);
bool dp_fp2_is_zero(const struct dp_fp2 *x);

/* sgn0 of RFC 9380, section 4.1. */
bool dp_fp2_is_odd(const struct dp_fp2 *x);

/* Is it the larger of itself and its negative, by b and then by a? */
bool dp_fp2_is_large(const struct dp_fp2 *x);

#endif
