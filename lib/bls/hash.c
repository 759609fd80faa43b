/* hash.c - expand a message, map two numbers to the curve, add, and leave the cofactor behind. */
#include "bls/hash.h"

#include <assert.h>
#include <string.h>

#include <nettle/sha2.h>

#define NUMBER_LEN 64 /* of hash_to_field: 381 bits and 128 more, in whole bytes */
#define EXPANDED_LEN (4 * NUMBER_LEN)

/* The tag, and its length after it. */
static void add_tag(struct sha256_ctx *hash, const char *tag)
{
    const uint8_t len = (uint8_t)strlen(tag);

    sha256_update(hash, len, (const uint8_t *)tag);
    sha256_update(hash, 1, &len);
}

static void first_block(uint8_t out[static SHA256_DIGEST_SIZE], const void *message, size_t len,
                        const char *tag)
{
    static const uint8_t padding[SHA256_BLOCK_SIZE];
    static const uint8_t length[3] = {EXPANDED_LEN >> 8, EXPANDED_LEN & 0xff, 0};
    struct sha256_ctx hash;

    sha256_init(&hash);
    sha256_update(&hash, sizeof(padding), padding);
    sha256_update(&hash, len, message);
    sha256_update(&hash, sizeof(length), length);
    add_tag(&hash, tag);
    sha256_digest(&hash, SHA256_DIGEST_SIZE, out);
}

/* expand_message_xmd of section 5.3.1. */
static void expand(uint8_t out[static EXPANDED_LEN], const void *message, size_t len,
                   const char *tag)
{
    uint8_t first[SHA256_DIGEST_SIZE], mixed[SHA256_DIGEST_SIZE] = {0};
    struct sha256_ctx hash;

    first_block(first, message, len, tag);
    for (int i = 1; i <= EXPANDED_LEN / SHA256_DIGEST_SIZE; i++) {
        const uint8_t number = (uint8_t)i;

        for (size_t j = 0; j < sizeof(mixed); j++)
            mixed[j] ^= first[j];
        sha256_init(&hash);
        sha256_update(&hash, sizeof(mixed), mixed);
        sha256_update(&hash, 1, &number);
        add_tag(&hash, tag);
        sha256_digest(&hash, SHA256_DIGEST_SIZE, out);
        memcpy(mixed, out, sizeof(mixed));
        out += SHA256_DIGEST_SIZE;
    }
}

/* x^3 + 240u*x + 1012(1 + u): the curve to which numbers can be mapped. */
static void right_side(struct dp_fp2 *out, const struct dp_fp2 *x)
{
    struct dp_fp2 a, b;

    dp_fp2_from_ints(&a, 0, 240);
    dp_fp2_from_ints(&b, 1012, 1012);
    dp_fp2_sqr(out, x);
    dp_fp2_add(out, out, &a);
    dp_fp2_mul(out, out, x);
    dp_fp2_add(out, out, &b);
}

/* The first of the two candidates for x; zuu is Z*u^2. */
static void first_x(struct dp_fp2 *out, const struct dp_fp2 *zuu)
{
    struct dp_fp2 a, b, t;

    dp_fp2_from_ints(&a, 0, 240);
    dp_fp2_from_ints(&b, 1012, 1012);
    dp_fp2_sqr(&t, zuu);
    dp_fp2_add(&t, &t, zuu);
    if (dp_fp2_is_zero(&t)) {
        struct dp_fp2 z;

        dp_fp2_from_ints(&z, -2, -1);
        dp_fp2_mul(&a, &a, &z);
    } else {
        dp_fp2_inv(&t, &t);
        dp_fp2_add(&t, &t, &dp_fp2_one);
        dp_fp2_mul(&b, &b, &t);
        dp_fp2_neg(&a, &a);
    }
    dp_fp2_inv(&a, &a);
    dp_fp2_mul(out, &b, &a);
}

/* The simplified SWU method of section 6.6.2. */
static void map_to_isogenous(struct dp_fp2 *x, struct dp_fp2 *y, const struct dp_fp2 *u)
{
    struct dp_fp2 z, zuu, right;

    dp_fp2_from_ints(&z, -2, -1);
    dp_fp2_sqr(&zuu, u);
    dp_fp2_mul(&zuu, &zuu, &z);
    first_x(x, &zuu);
    right_side(&right, x);
    if (!dp_fp2_sqrt(y, &right)) {
        dp_fp2_mul(x, x, &zuu);
        right_side(&right, x);
        bool has_root = dp_fp2_sqrt(y, &right);
        assert(has_root); /* of the two one is a square, as Z is none */
        (void)has_root;
    }
    if (dp_fp2_is_odd(u) != dp_fp2_is_odd(y))
        dp_fp2_neg(y, y);
}

/* x^3 + second*(1 - u)*x^2 + first*u*x + zeroth*(1 + u) */
static void polynomial(struct dp_fp2 *out, const struct dp_fp2 *x, int second, int first,
                       int zeroth)
{
    struct dp_fp2 c;

    dp_fp2_from_ints(&c, second, -second);
    dp_fp2_add(out, x, &c);
    dp_fp2_mul(out, out, x);
    dp_fp2_from_ints(&c, 0, first);
    dp_fp2_add(out, out, &c);
    dp_fp2_mul(out, out, x);
    dp_fp2_from_ints(&c, zeroth, zeroth);
    dp_fp2_add(out, out, &c);
}

/*
 * The 3-isogeny of appendix E.3, whose constants are fractions written mod p. Its kernel is where
 * x is -6(1 - u); with t = 3(x + 6(1 - u)) it is
 *     (x^3 + 12(1 - u)x^2 - 24u*x + 304(1 + u)) / t^2,
 *     -y(x^3 + 18(1 - u)x^2 - 264u*x - 752(1 + u)) / t^3.
 * t is the z of the point. On the kernel, where z is 0, that is infinity, as it has to be.
 */
static void isogeny(struct dp_g2 *out, const struct dp_fp2 *x, const struct dp_fp2 *y)
{
    struct dp_fp2 six, t;

    polynomial(&out->x, x, 12, -24, 304);
    polynomial(&t, x, 18, -264, -752);
    dp_fp2_mul(&t, &t, y);
    dp_fp2_neg(&out->y, &t);
    dp_fp2_from_ints(&six, 6, -6);
    dp_fp2_add(&t, x, &six);
    dp_fp2_add(&six, &t, &t);
    dp_fp2_add(&out->z, &six, &t);
}

/* in: 2 * NUMBER_LEN bytes, of which the second half is the coefficient of u. */
static void map_to_curve(struct dp_g2 *out, const uint8_t *in)
{
    struct dp_fp2 u, x, y;

    dp_fp_reduce(&u.a, in);
    dp_fp_reduce(&u.b, in + NUMBER_LEN);
    map_to_isogenous(&x, &y, &u);
    isogeny(out, &x, &y);
}

void dp_bls_hash_to_g2(struct dp_g2 *out, const void *message, size_t len, const char *tag)
{
    uint8_t expanded[EXPANDED_LEN];
    struct dp_g2 other;

    assert(strlen(tag) <= DP_BLS_TAG_MAX);
    expand(expanded, message, len, tag);
    map_to_curve(out, expanded);
    map_to_curve(&other, expanded + EXPANDED_LEN / 2);
    dp_g2_add(out, out, &other);
    dp_g2_clear_cofactor(out, out);
}
