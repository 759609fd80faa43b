/* g1.c - the curve over p itself. */
#include "bls/g1.h"

#include <string.h>

#include "bls/encoding.h"

#define POINT struct dp_g1
#define ELEMENT struct dp_fp
#define CURVE(name) dp_g1_##name
#define FIELD(name) dp_fp_##name
#include "bls/curve.h"

void dp_g1_negative_generator(struct dp_g1 *out)
{
    static const struct dp_fp_plain x = {{0xfb3af00adb22c6bb, 0x6c55e83ff97a1aef,
                                          0xa14e3a3f171bac58, 0xc3688c4f9774b905,
                                          0x2695638c4fa9ac0f, 0x17f1d3a73197d794}};
    static const struct dp_fp_plain y = {{0xad54dcd6b939c2ca, 0x4e6f38ba0ecb751b,
                                          0x6655b9d5caac4236, 0x67816aef1db507c9,
                                          0xaa7d76c8cf2e21f2, 0x114d1d6855d545a8}};

    dp_fp_from_plain(&out->x, &x);
    dp_fp_from_plain(&out->y, &y);
    out->z = dp_fp_one;
}

enum dp_err dp_g1_decode(struct dp_g1 *out, const uint8_t in[static DP_G1_LEN])
{
    const uint8_t flags = in[0] & DP_POINT_FLAGS;
    uint8_t bytes[DP_G1_LEN];
    struct dp_fp four;

    memset(out, 0, sizeof(*out));
    memcpy(bytes, in, sizeof(bytes));
    bytes[0] &= (uint8_t)~DP_POINT_FLAGS;
    if ((flags & DP_POINT_COMPRESSED) == 0 || dp_fp_decode(&out->x, bytes) != DP_OK)
        return DP_EFORMAT;
    if ((flags & DP_POINT_INFINITY) != 0)
        return (flags & DP_POINT_LARGE_Y) == 0 && dp_fp_is_zero(&out->x) ? DP_OK : DP_EFORMAT;
    dp_fp_sqr(&out->y, &out->x);
    dp_fp_mul(&out->y, &out->y, &out->x);
    dp_fp_from_int(&four, 4);
    dp_fp_add(&out->y, &out->y, &four);
    if (!dp_fp_sqrt(&out->y, &out->y))
        return DP_EFORMAT;
    if (dp_fp_is_large(&out->y) != ((flags & DP_POINT_LARGE_Y) != 0))
        dp_fp_neg(&out->y, &out->y);
    out->z = dp_fp_one;
    return DP_OK;
}

/* M. Scott, "A note on group membership tests" (eprint 2021/1130), section 6: (root*x, y) = -[X^2]P
 * for a cube root of one. */
bool dp_g1_is_in_subgroup(const struct dp_g1 *p)
{
    static const struct dp_fp_plain cube_root = {{0x2e01fffffffefffe, 0xde17d813620a0002,
                                                  0xddb3a93be6f89688, 0xba69c6076a0f77ea,
                                                  0x5f19672fdf76ce51, 0}};
    struct dp_g1 image = *p, multiple;
    struct dp_fp root;

    dp_fp_from_plain(&root, &cube_root);
    dp_fp_mul(&image.x, &p->x, &root);
    dp_g1_times_x(&multiple, p);
    dp_g1_times_x(&multiple, &multiple);
    dp_g1_neg(&multiple, &multiple);
    return dp_g1_equal(&image, &multiple);
}
