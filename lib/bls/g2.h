/* g2.h - points of y^2 = x^3 + 4*(1 + u) over fp2.h: signatures. */
#ifndef DP_BLS_G2_H
#define DP_BLS_G2_H

#include "base/err.h"
#include "bls/fp2.h"

#define DP_G2_LEN 96 /* bytes of a compressed point */

/* x/z^2 and y/z^3; infinity has z = 0. All zero is infinity. */
struct dp_g2 {
    struct dp_fp2 x, y, z;
};

/**
 * Read a compressed point. It need not be in the subgroup.
 *
 * Returns: DP_OK, DP_EFORMAT (wrong flags, a coordinate not below p, or no point of the curve)
 */
DP_MUST_CHECK
enum dp_err dp_g2_decode(struct dp_g2 *out, const uint8_t in[static DP_G2_LEN]);

/* Is it in the subgroup of prime order? Infinity is. */
bool dp_g2_is_in_subgroup(const struct dp_g2 *p);

/* A multiple that is in the subgroup: clear_cofactor of RFC 9380, section 8.8.2. */
void dp_g2_clear_cofactor(struct dp_g2 *out, const struct dp_g2 *p);

/* Out may be any of the inputs. */
bool dp_g2_is_infinity(const struct dp_g2 *p);
bool dp_g2_equal(const struct dp_g2 *a, const struct dp_g2 *b);
void dp_g2_neg(struct dp_g2 *out, const struct dp_g2 *p);
void dp_g2_double(struct dp_g2 *out, const struct dp_g2 *p);
void dp_g2_add(struct dp_g2 *out, const struct dp_g2 *a, const struct dp_g2 *b);
void dp_g2_times_x(struct dp_g2 *out, const struct dp_g2 *p); /* DP_BLS_X times */

/* The same point with z = 1. Not of infinity. */
void dp_g2_affine(struct dp_g2 *out, const struct dp_g2 *p);

#endif
