/* fp12.h - where pairings have their values: fp2[v] with v^3 = 1 + u, and over it w with w^2 = v.
 */
#ifndef DP_BLS_FP12_H
#define DP_BLS_FP12_H

#include "bls/fp2.h"

/* c[0] + c[1]*v + c[2]*v^2 */
struct dp_fp6 {
    struct dp_fp2 c[3];
};

/* c[0] + c[1]*w */
struct dp_fp12 {
    struct dp_fp6 c[2];
};

void dp_fp12_one(struct dp_fp12 *out);
bool dp_fp12_is_one(const struct dp_fp12 *x);

void dp_fp12_mul(struct dp_fp12 *out, const struct dp_fp12 *x, const struct dp_fp12 *y);
void dp_fp12_sqr(struct dp_fp12 *out, const struct dp_fp12 *x);
void dp_fp12_inv(struct dp_fp12 *out, const struct dp_fp12 *x);

/* c[0] - c[1]*w: x to the p^6-th power, and the inverse of what is of order p^6 + 1. */
void dp_fp12_conjugate(struct dp_fp12 *out, const struct dp_fp12 *x);

/* x to the p-th power. */
void dp_fp12_frobenius(struct dp_fp12 *out, const struct dp_fp12 *x);

#endif
