/* pairing.c - Miller's loop along the bits of X, and the final exponentiation. */
#include "bls/pairing.h"

#include <string.h>

#include "bls/fp12.h"

/* A pair with z = 1 in both, and the multiple of q at which the loop is. */
struct pair {
    struct dp_g1 p;
    struct dp_g2 q, at;
};

/*
 * The line of that slope through the twist's point `at`, at p, times w^3, which the final
 * exponentiation makes one: slope*x - y - slope*x_p*w^2 + y_p*w^3.
 */
static void multiply_by_line(struct dp_fp12 *f, const struct pair *pair, const struct dp_fp2 *slope)
{
    struct dp_fp12 line;
    struct dp_fp2 *constant;

    memset(&line, 0, sizeof(line));
    constant = &line.c[0].c[0];
    dp_fp2_mul(constant, slope, &pair->at.x);
    dp_fp2_sub(constant, constant, &pair->at.y);
    dp_fp2_mul_fp(&line.c[0].c[1], slope, &pair->p.x);
    dp_fp2_neg(&line.c[0].c[1], &line.c[0].c[1]);
    line.c[1].c[1].a = pair->p.y;
    dp_fp12_mul(f, f, &line);
}

/* To the third point of a line through `at` and a point with that x, mirrored. */
static void step(struct dp_fp12 *f, struct pair *pair, const struct dp_fp2 *slope,
                 const struct dp_fp2 *other_x)
{
    struct dp_fp2 x;

    multiply_by_line(f, pair, slope);
    dp_fp2_sqr(&x, slope);
    dp_fp2_sub(&x, &x, &pair->at.x);
    dp_fp2_sub(&x, &x, other_x);
    dp_fp2_sub(&pair->at.x, &pair->at.x, &x);
    dp_fp2_mul(&pair->at.x, &pair->at.x, slope);
    dp_fp2_sub(&pair->at.y, &pair->at.x, &pair->at.y);
    pair->at.x = x;
}

static void double_step(struct dp_fp12 *f, struct pair *pair)
{
    const struct dp_fp2 x = pair->at.x;
    struct dp_fp2 slope, t;

    dp_fp2_add(&t, &pair->at.y, &pair->at.y);
    dp_fp2_inv(&t, &t);
    dp_fp2_sqr(&slope, &x);
    dp_fp2_mul(&t, &t, &slope);
    dp_fp2_add(&slope, &t, &t);
    dp_fp2_add(&slope, &slope, &t);
    step(f, pair, &slope, &x);
}

/* `at` is never q or its negative here: X is below the group's order, and q of that order. */
static void add_step(struct dp_fp12 *f, struct pair *pair)
{
    struct dp_fp2 slope, t;

    dp_fp2_sub(&t, &pair->at.x, &pair->q.x);
    dp_fp2_inv(&t, &t);
    dp_fp2_sub(&slope, &pair->at.y, &pair->q.y);
    dp_fp2_mul(&slope, &slope, &t);
    step(f, pair, &slope, &pair->q.x);
}

/* As x is -X the pairing itself is this value's conjugate; the two are one together. */
static void miller_loop(struct dp_fp12 *f, struct pair *pair)
{
    dp_fp12_one(f);
    for (int bit = 62; bit >= 0; bit--) {
        dp_fp12_sqr(f, f);
        double_step(f, pair);
        if ((DP_BLS_X >> bit & 1) != 0)
            add_step(f, pair);
    }
}

/* f to the power x = -X, for f of order p^6 + 1, whose inverse is its conjugate. */
static void power_x(struct dp_fp12 *out, const struct dp_fp12 *f)
{
    struct dp_fp12 result = *f;

    for (int bit = 62; bit >= 0; bit--) {
        dp_fp12_sqr(&result, &result);
        if ((DP_BLS_X >> bit & 1) != 0)
            dp_fp12_mul(&result, &result, f);
    }
    dp_fp12_conjugate(out, &result);
}

/* f to the power (p^6 - 1)(p^2 + 1). */
static void easy_part(struct dp_fp12 *f)
{
    struct dp_fp12 t;

    dp_fp12_inv(&t, f);
    dp_fp12_conjugate(f, f);
    dp_fp12_mul(f, f, &t);
    dp_fp12_frobenius(&t, f);
    dp_fp12_frobenius(&t, &t);
    dp_fp12_mul(f, f, &t);
}

/* f to the power x - 1. */
static void power_x_minus_1(struct dp_fp12 *f)
{
    struct dp_fp12 t;

    power_x(&t, f);
    dp_fp12_conjugate(f, f);
    dp_fp12_mul(f, f, &t);
}

/*
 * f to three times (p^4 - p^2 + 1)/r, which is (x - 1)^2 (x + p)(x^2 + p^2 - 1) + 3 (Hayashida,
 * Hayasaka, Teruya, eprint 2020/875). 3 does not divide r: what is one so is one without it.
 */
static void hard_part(struct dp_fp12 *f)
{
    struct dp_fp12 t = *f, u, cube;

    power_x_minus_1(&t);
    power_x_minus_1(&t);
    power_x(&u, &t);
    dp_fp12_frobenius(&t, &t);
    dp_fp12_mul(&t, &t, &u);
    power_x(&u, &t);
    power_x(&u, &u);
    dp_fp12_sqr(&cube, f);
    dp_fp12_mul(f, &cube, f);
    dp_fp12_mul(f, f, &u);
    dp_fp12_conjugate(&u, &t);
    dp_fp12_mul(f, f, &u);
    dp_fp12_frobenius(&t, &t);
    dp_fp12_frobenius(&t, &t);
    dp_fp12_mul(f, f, &t);
}

bool dp_pairing_product_is_one(const struct dp_g1 *ps, const struct dp_g2 *qs, size_t count)
{
    struct dp_fp12 product, f;
    struct pair pair;

    dp_fp12_one(&product);
    for (size_t i = 0; i < count; i++) {
        if (dp_g1_is_infinity(&ps[i]) || dp_g2_is_infinity(&qs[i]))
            continue;
        dp_g1_affine(&pair.p, &ps[i]);
        dp_g2_affine(&pair.q, &qs[i]);
        pair.at = pair.q;
        miller_loop(&f, &pair);
        dp_fp12_mul(&product, &product, &f);
    }
    easy_part(&product);
    hard_part(&product);
    return dp_fp12_is_one(&product);
}
