/* g1.h - points of y^2 = x^3 + 4 over fp.h: public keys. */
#ifndef DP_BLS_G1_H
#define DP_BLS_G1_H

#include "base/err.h"
#include "bls/fp.h"

#define DP_G1_LEN 48 /* bytes of a compressed point */

/* What the curve is made of is its negative; the loops of pairings run along its bits. */
#define DP_BLS_X UINT64_C(0xd201000000010000)

/* x/z^2 and y/z^3; infinity has z = 0. All zero is infinity. */
struct dp_g1 {
    struct dp_fp x, y, z;
};

/* The negative of the generator. */
void dp_g1_negative_generator(struct dp_g1 *out);

/**
 * Read a compressed point. It need not be in the subgroup.
 *
 * Returns: DP_OK, DP_EFORMAT (wrong flags, a coordinate not below p, or no point of the curve)
 */
DP_MUST_CHECK
enum dp_err dp_g1_decode(struct dp_g1 *out, const uint8_t in[static DP_G1_LEN]);

/* Is it in the subgroup of prime order? Infinity is. */
bool dp_g1_is_in_subgroup(const struct dp_g1 *p);

/* Out may be any of the inputs. */
bool dp_g1_is_infinity(const struct dp_g1 *p);
bool dp_g1_equal(const struct dp_g1 *a, const struct dp_g1 *b);
void dp_g1_neg(struct dp_g1 *out, const struct dp_g1 *p);
void dp_g1_double(struct dp_g1 *out, const struct dp_g1 *p);
void dp_g1_add(struct dp_g1 *out, const struct dp_g1 *a, const struct dp_g1 *b);
void dp_g1_times_x(struct dp_g1 *out, const struct dp_g1 *p); /* DP_BLS_X times */

/* The same point with z = 1. Not of infinity. */
void dp_g1_affine(struct dp_g1 *out, const struct dp_g1 *p);

#endif
