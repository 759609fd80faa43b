/* fp12.c - the tower of fields above fp2, by Karatsuba's method. */
#include "bls/fp12.h"

#include <string.h>

static void add6(struct dp_fp6 *out, const struct dp_fp6 *x, const struct dp_fp6 *y)
{
    for (int i = 0; i < 3; i++)
        dp_fp2_add(&out->c[i], &x->c[i], &y->c[i]);
}

static void sub6(struct dp_fp6 *out, const struct dp_fp6 *x, const struct dp_fp6 *y)
{
    for (int i = 0; i < 3; i++)
        dp_fp2_sub(&out->c[i], &x->c[i], &y->c[i]);
}

static void neg6(struct dp_fp6 *out, const struct dp_fp6 *x)
{
    for (int i = 0; i < 3; i++)
        dp_fp2_neg(&out->c[i], &x->c[i]);
}

/* Times v. */
static void mul_v(struct dp_fp6 *out, const struct dp_fp6 *x)
{
    struct dp_fp2 top;

    dp_fp2_mul_xi(&top, &x->c[2]);
    out->c[2] = x->c[1];
    out->c[1] = x->c[0];
    out->c[0] = top;
}

/* x_i*y_j + x_j*y_i, where products[k] = x_k*y_k. */
static void cross(struct dp_fp2 *out, const struct dp_fp6 *x, const struct dp_fp6 *y,
                  const struct dp_fp2 products[static 3], int i, int j)
{
    struct dp_fp2 sum;

    dp_fp2_add(&sum, &x->c[i], &x->c[j]);
    dp_fp2_add(out, &y->c[i], &y->c[j]);
    dp_fp2_mul(out, out, &sum);
    dp_fp2_sub(out, out, &products[i]);
    dp_fp2_sub(out, out, &products[j]);
}

static void mul6(struct dp_fp6 *out, const struct dp_fp6 *x, const struct dp_fp6 *y)
{
    struct dp_fp2 products[3], high, middle, low;

    for (int i = 0; i < 3; i++)
        dp_fp2_mul(&products[i], &x->c[i], &y->c[i]);
    cross(&low, x, y, products, 1, 2);
    cross(&middle, x, y, products, 0, 1);
    cross(&high, x, y, products, 0, 2);
    dp_fp2_mul_xi(&low, &low);
    dp_fp2_add(&out->c[0], &low, &products[0]);
    dp_fp2_mul_xi(&low, &products[2]);
    dp_fp2_add(&out->c[1], &middle, &low);
    dp_fp2_add(&out->c[2], &high, &products[1]);
}

/* x_i^2 - x_j*x_k, the second times xi where i is 0, the first where i is 2. */
static void cofactor(struct dp_fp2 *out, const struct dp_fp6 *x, int i)
{
    struct dp_fp2 square, product;

    dp_fp2_sqr(&square, &x->c[i]);
    dp_fp2_mul(&product, &x->c[i == 0 ? 1 : 0], &x->c[i == 2 ? 1 : 2]);
    if (i == 0)
        dp_fp2_mul_xi(&product, &product);
    if (i == 2)
        dp_fp2_mul_xi(&square, &square);
    dp_fp2_sub(out, &square, &product);
}

static void inv6(struct dp_fp6 *out, const struct dp_fp6 *x)
{
    struct dp_fp6 adjoint;
    struct dp_fp2 determinant, term;

    cofactor(&adjoint.c[0], x, 0);
    cofactor(&adjoint.c[1], x, 2);
    cofactor(&adjoint.c[2], x, 1);
    dp_fp2_mul(&determinant, &x->c[2], &adjoint.c[1]);
    dp_fp2_mul(&term, &x->c[1], &adjoint.c[2]);
    dp_fp2_add(&determinant, &determinant, &term);
    dp_fp2_mul_xi(&determinant, &determinant);
    dp_fp2_mul(&term, &x->c[0], &adjoint.c[0]);
    dp_fp2_add(&determinant, &determinant, &term);
    dp_fp2_inv(&determinant, &determinant);
    for (int i = 0; i < 3; i++)
        dp_fp2_mul(&out->c[i], &adjoint.c[i], &determinant);
}

void dp_fp12_one(struct dp_fp12 *out)
{
    memset(out, 0, sizeof(*out));
    out->c[0].c[0] = dp_fp2_one;
}

bool dp_fp12_is_one(const struct dp_fp12 *x)
{
    struct dp_fp12 one;
    bool same = true;

    dp_fp12_one(&one);
    for (int i = 0; i < 6; i++)
        same = same && dp_fp2_equal(&x->c[i / 3].c[i % 3], &one.c[i / 3].c[i % 3]);
    return same;
}

void dp_fp12_mul(struct dp_fp12 *out, const struct dp_fp12 *x, const struct dp_fp12 *y)
{
    struct dp_fp6 low, high, sum, other;

    mul6(&low, &x->c[0], &y->c[0]);
    mul6(&high, &x->c[1], &y->c[1]);
    add6(&sum, &x->c[0], &x->c[1]);
    add6(&other, &y->c[0], &y->c[1]);
    mul6(&sum, &sum, &other);
    sub6(&sum, &sum, &low);
    sub6(&out->c[1], &sum, &high);
    mul_v(&high, &high);
    add6(&out->c[0], &low, &high);
}

void dp_fp12_sqr(struct dp_fp12 *out, const struct dp_fp12 *x)
{
    struct dp_fp6 product, sum, other;

    mul6(&product, &x->c[0], &x->c[1]);
    add6(&sum, &x->c[0], &x->c[1]);
    mul_v(&other, &x->c[1]);
    add6(&other, &other, &x->c[0]);
    mul6(&sum, &sum, &other);
    sub6(&sum, &sum, &product);
    mul_v(&other, &product);
    sub6(&out->c[0], &sum, &other);
    add6(&out->c[1], &product, &product);
}

void dp_fp12_inv(struct dp_fp12 *out, const struct dp_fp12 *x)
{
    struct dp_fp6 norm, square;

    mul6(&square, &x->c[1], &x->c[1]);
    mul_v(&square, &square);
    mul6(&norm, &x->c[0], &x->c[0]);
    sub6(&norm, &norm, &square);
    inv6(&norm, &norm);
    mul6(&out->c[0], &x->c[0], &norm);
    mul6(&out->c[1], &x->c[1], &norm);
    neg6(&out->c[1], &out->c[1]);
}

void dp_fp12_conjugate(struct dp_fp12 *out, const struct dp_fp12 *x)
{
    out->c[0] = x->c[0];
    neg6(&out->c[1], &x->c[1]);
}

/* The coefficient of w^i is conjugated, and w^i itself becomes (1 + u)^(i*(p-1)/6) * w^i. */
void dp_fp12_frobenius(struct dp_fp12 *out, const struct dp_fp12 *x)
{
    static const struct dp_fp_plain of_w[2] = {
        {{0x8d0775ed92235fb8, 0xf67ea53d63e7813d, 0x7b2443d784bab9c4, 0x0fd603fd3cbd5f4f,
          0xc231beb4202c0d1f, 0x1904d3bf02bb0667}},
        {{0x2cf78a126ddc4af3, 0x282d5ac14d6c7ec2, 0xec0c8ec971f63c5f, 0x54a14787b6c7b36f,
          0x88e9e902231f9fb8, 0x00fc3e2b36c4e032}}};
    struct dp_fp2 step, factor = dp_fp2_one;

    dp_fp2_from_plain(&step, of_w);
    for (int i = 0; i < 6; i++) {
        struct dp_fp2 *to = &out->c[i % 2].c[i / 2];

        dp_fp2_conjugate(to, &x->c[i % 2].c[i / 2]);
        dp_fp2_mul(to, to, &factor);
        dp_fp2_mul(&factor, &factor, &step);
    }
}
