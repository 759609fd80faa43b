/* fp2.c - a + b*u, with three products where four would do. */
#include "bls/fp2.h"

const struct dp_fp2 dp_fp2_one = {{{0x760900000002fffd, 0xebf4000bc40c0002, 0x5f48985753c758ba,
                                    0x77ce585370525745, 0x5c071a97a256ec6d, 0x15f65ec3fa80e493}},
                                  {{0}}};

void dp_fp2_from_ints(struct dp_fp2 *out, int64_t a, int64_t b)
{
    dp_fp_from_int(&out->a, a);
    dp_fp_from_int(&out->b, b);
}

void dp_fp2_from_plain(struct dp_fp2 *out, const struct dp_fp_plain in[static 2])
{
    dp_fp_from_plain(&out->a, &in[0]);
    dp_fp_from_plain(&out->b, &in[1]);
}

void dp_fp2_add(struct dp_fp2 *out, const struct dp_fp2 *x, const struct dp_fp2 *y)
{
    dp_fp_add(&out->a, &x->a, &y->a);
    dp_fp_add(&out->b, &x->b, &y->b);
}

void dp_fp2_sub(struct dp_fp2 *out, const struct dp_fp2 *x, const struct dp_fp2 *y)
{
    dp_fp_sub(&out->a, &x->a, &y->a);
    dp_fp_sub(&out->b, &x->b, &y->b);
}

void dp_fp2_neg(struct dp_fp2 *out, const struct dp_fp2 *x)
{
    dp_fp_neg(&out->a, &x->a);
    dp_fp_neg(&out->b, &x->b);
}

void dp_fp2_mul(struct dp_fp2 *out, const struct dp_fp2 *x, const struct dp_fp2 *y)
{
    struct dp_fp aa, bb, sum, other;

    dp_fp_mul(&aa, &x->a, &y->a);
    dp_fp_mul(&bb, &x->b, &y->b);
    dp_fp_add(&sum, &x->a, &x->b);
    dp_fp_add(&other, &y->a, &y->b);
    dp_fp_mul(&sum, &sum, &other);
    dp_fp_sub(&sum, &sum, &aa);
    dp_fp_sub(&out->b, &sum, &bb);
    dp_fp_sub(&out->a, &aa, &bb);
}

void dp_fp2_mul_fp(struct dp_fp2 *out, const struct dp_fp2 *x, const struct dp_fp *y)
{
    dp_fp_mul(&out->a, &x->a, y);
    dp_fp_mul(&out->b, &x->b, y);
}

void dp_fp2_sqr(struct dp_fp2 *out, const struct dp_fp2 *x)
{
    struct dp_fp sum, difference, product;

    dp_fp_add(&sum, &x->a, &x->b);
    dp_fp_sub(&difference, &x->a, &x->b);
    dp_fp_mul(&product, &x->a, &x->b);
    dp_fp_mul(&out->a, &sum, &difference);
    dp_fp_add(&out->b, &product, &product);
}

void dp_fp2_conjugate(struct dp_fp2 *out, const struct dp_fp2 *x)
{
    out->a = x->a;
    dp_fp_neg(&out->b, &x->b);
}

void dp_fp2_mul_xi(struct dp_fp2 *out, const struct dp_fp2 *x)
{
    struct dp_fp difference;

    dp_fp_sub(&difference, &x->a, &x->b);
    dp_fp_add(&out->b, &x->a, &x->b);
    out->a = difference;
}

/* a^2 + b^2 */
static void norm(struct dp_fp *out, const struct dp_fp2 *x)
{
    struct dp_fp bb;

    dp_fp_sqr(&bb, &x->b);
    dp_fp_sqr(out, &x->a);
    dp_fp_add(out, out, &bb);
}

void dp_fp2_inv(struct dp_fp2 *out, const struct dp_fp2 *x)
{
    struct dp_fp n;
    struct dp_fp2 conjugate;

    norm(&n, x);
    dp_fp_inv(&n, &n);
    dp_fp2_conjugate(&conjugate, x);
    dp_fp2_mul_fp(out, &conjugate, &n);
}

/* Of a number without u: -1 is no square, so that either it has a root, or its negative. */
static void root_of_real(struct dp_fp2 *out, const struct dp_fp *a)
{
    static const struct dp_fp2 zero;
    struct dp_fp negative;

    *out = zero;
    dp_fp_neg(&negative, a);
    if (!dp_fp_sqrt(&out->a, a) && !dp_fp_sqrt(&out->b, &negative))
        *out = zero;
}

/*
 * With n the root of the norm, one of (a + n)/2 and (a - n)/2 is the square of the root's real
 * part: their product is -(b/2)^2, which is no square.
 */
bool dp_fp2_sqrt(struct dp_fp2 *out, const struct dp_fp2 *x)
{
    static const struct dp_fp_plain half = {{0xdcff7fffffffd556, 0x0f55ffff58a9ffff,
                                             0xb39869507b587b12, 0xb23ba5c279c2895f,
                                             0x258dd3db21a5d66b, 0x0d0088f51cbff34d}};
    struct dp_fp n, t, one_half;
    struct dp_fp2 root;

    if (dp_fp_is_zero(&x->b)) {
        root_of_real(out, &x->a);
        return true;
    }
    norm(&n, x);
    if (!dp_fp_sqrt(&n, &n))
        return false;
    dp_fp_from_plain(&one_half, &half);
    dp_fp_add(&t, &x->a, &n);
    dp_fp_mul(&t, &t, &one_half);
    if (!dp_fp_sqrt(&root.a, &t)) {
        dp_fp_sub(&t, &t, &n);
        if (!dp_fp_sqrt(&root.a, &t))
            return false;
    }
    dp_fp_add(&t, &root.a, &root.a);
    dp_fp_inv(&t, &t);
    dp_fp_mul(&root.b, &x->b, &t);
    *out = root;
    return true;
}

bool dp_fp2_equal(const struct dp_fp2 *x, const struct dp_fp2 *y)
{
    return dp_fp_equal(&x->a, &y->a) && dp_fp_equal(&x->b, &y->b);
}

bool dp_fp2_is_zero(const struct dp_fp2 *x)
{
    return dp_fp_is_zero(&x->a) && dp_fp_is_zero(&x->b);
}

bool dp_fp2_is_odd(const struct dp_fp2 *x)
{
    return dp_fp_is_zero(&x->a) ? dp_fp_is_odd(&x->b) : dp_fp_is_odd(&x->a);
}

bool dp_fp2_is_large(const struct dp_fp2 *x)
{
    return dp_fp_is_zero(&x->b) ? dp_fp_is_large(&x->a) : dp_fp_is_large(&x->b);
}
