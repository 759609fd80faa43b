/* g2.c - the twisted curve, over p squared. */
#include "bls/g2.h"

#include <string.h>

#include "bls/encoding.h"
#include "bls/g1.h"

#define POINT struct dp_g2
#define ELEMENT struct dp_fp2
#define CURVE(name) dp_g2_##name
#define FIELD(name) dp_fp2_##name
#include "bls/curve.h"

/* The coefficient of u comes first. */
static enum dp_err decode_x(struct dp_fp2 *out, const uint8_t in[static DP_G2_LEN])
{
    uint8_t bytes[DP_FP_LEN];

    memcpy(bytes, in, sizeof(bytes));
    bytes[0] &= (uint8_t)~DP_POINT_FLAGS;
    if (dp_fp_decode(&out->b, bytes) != DP_OK)
        return DP_EFORMAT;
    return dp_fp_decode(&out->a, in + DP_FP_LEN);
}

enum dp_err dp_g2_decode(struct dp_g2 *out, const uint8_t in[static DP_G2_LEN])
{
    const uint8_t flags = in[0] & DP_POINT_FLAGS;
    struct dp_fp2 b;

    memset(out, 0, sizeof(*out));
    if ((flags & DP_POINT_COMPRESSED) == 0 || decode_x(&out->x, in) != DP_OK)
        return DP_EFORMAT;
    if ((flags & DP_POINT_INFINITY) != 0)
        return (flags & DP_POINT_LARGE_Y) == 0 && dp_fp2_is_zero(&out->x) ? DP_OK : DP_EFORMAT;
    dp_fp2_sqr(&out->y, &out->x);
    dp_fp2_mul(&out->y, &out->y, &out->x);
    dp_fp2_from_ints(&b, 4, 4);
    dp_fp2_add(&out->y, &out->y, &b);
    if (!dp_fp2_sqrt(&out->y, &out->y))
        return DP_EFORMAT;
    if (dp_fp2_is_large(&out->y) != ((flags & DP_POINT_LARGE_Y) != 0))
        dp_fp2_neg(&out->y, &out->y);
    out->z = dp_fp2_one;
    return DP_OK;
}

/* The endomorphism psi of RFC 9380, appendix G.3: untwist, to the p-th power, twist. */
static void psi(struct dp_g2 *out, const struct dp_g2 *p)
{
    static const struct dp_fp_plain of_x[2] = {
        {{0}},
        {{0x8bfd00000000aaad, 0x409427eb4f49fffd, 0x897d29650fb85f9b, 0xaa0d857d89759ad4,
          0xec02408663d4de85, 0x1a0111ea397fe699}}};
    static const struct dp_fp_plain of_y[2] = {
        {{0xf1ee7b04121bdea2, 0x304466cf3e67fa0a, 0xef396489f61eb45e, 0x1c3dedd930b1cf60,
          0xe2e9c448d77a2cd9, 0x135203e60180a68e}},
        {{0xc81084fbede3cc09, 0xee67992f72ec05f4, 0x77f76e17009241c5, 0x48395dabc2d3435e,
          0x6831e36d6bd17ffe, 0x06af0e0437ff400b}}};
    struct dp_fp2 factor;

    dp_fp2_conjugate(&out->x, &p->x);
    dp_fp2_conjugate(&out->y, &p->y);
    dp_fp2_conjugate(&out->z, &p->z);
    dp_fp2_from_plain(&factor, of_x);
    dp_fp2_mul(&out->x, &out->x, &factor);
    dp_fp2_from_plain(&factor, of_y);
    dp_fp2_mul(&out->y, &out->y, &factor);
}

/* M. Scott, as in g1.c, section 4: psi(P) = -[X]P. */
bool dp_g2_is_in_subgroup(const struct dp_g2 *p)
{
    struct dp_g2 image, multiple;

    psi(&image, p);
    dp_g2_times_x(&multiple, p);
    dp_g2_neg(&multiple, &multiple);
    return dp_g2_equal(&image, &multiple);
}

/* With x = -X: [x^2 - x - 1]P + [x - 1]psi(P) + psi(psi([2]P)), where the first two are
 * [X]([X]P + P - psi(P)) - P - psi(P). */
void dp_g2_clear_cofactor(struct dp_g2 *out, const struct dp_g2 *p)
{
    struct dp_g2 sum, image, twice;

    psi(&image, p);
    dp_g2_neg(&image, &image);
    dp_g2_times_x(&sum, p);
    dp_g2_add(&sum, &sum, p);
    dp_g2_add(&sum, &sum, &image);
    dp_g2_times_x(&sum, &sum);
    dp_g2_add(&sum, &sum, &image);
    dp_g2_double(&twice, p);
    psi(&twice, &twice);
    psi(&twice, &twice);
    dp_g2_add(&sum, &sum, &twice);
    dp_g2_neg(&image, p);
    dp_g2_add(out, &sum, &image);
}
