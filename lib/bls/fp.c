/* fp.c - numbers mod p in six words, multiplied by Montgomery's method. */
#include "bls/fp.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

static const uint64_t p[DP_FP_WORDS] = {0xb9feffffffffaaab, 0x1eabfffeb153ffff, 0x6730d2a0f6b0f624,
                                        0x64774b84f38512bf, 0x4b1ba7b6434bacd7, 0x1a0111ea397fe69a};

/* p - 2, (p + 1) / 4 and (p - 1) / 2 */
static const uint64_t p_minus_2[DP_FP_WORDS] = {0xb9feffffffffaaa9, 0x1eabfffeb153ffff,
                                                0x6730d2a0f6b0f624, 0x64774b84f38512bf,
                                                0x4b1ba7b6434bacd7, 0x1a0111ea397fe69a};
static const uint64_t root_exponent[DP_FP_WORDS] = {0xee7fbfffffffeaab, 0x07aaffffac54ffff,
                                                    0xd9cc34a83dac3d89, 0xd91dd2e13ce144af,
                                                    0x92c6e9ed90d2eb35, 0x0680447a8e5ff9a6};
static const uint64_t half[DP_FP_WORDS] = {0xdcff7fffffffd555, 0x0f55ffff58a9ffff,
                                           0xb39869507b587b12, 0xb23ba5c279c2895f,
                                           0x258dd3db21a5d66b, 0x0d0088f51cbff34d};

/* -1/p mod 2^64; 2^384 and 2^768 mod p */
static const uint64_t inverse = 0x89f3fffcfffcfffd;
const struct dp_fp dp_fp_one = {{0x760900000002fffd, 0xebf4000bc40c0002, 0x5f48985753c758ba,
                                 0x77ce585370525745, 0x5c071a97a256ec6d, 0x15f65ec3fa80e493}};
static const struct dp_fp r_squared = {{0xf4df1f341c341746, 0x0a76e6a609d104f1, 0x8de5476c4c95b6d5,
                                        0x67eb88a9939d83c0, 0x9a793e85b519952d,
                                        0x11988fe592cae3aa}};

/* Returns the borrow. */
static uint64_t subtract(uint64_t out[static DP_FP_WORDS], const uint64_t a[static DP_FP_WORDS],
                         const uint64_t b[static DP_FP_WORDS])
{
    uint64_t borrow = 0;

    for (int i = 0; i < DP_FP_WORDS; i++) {
        wide difference = (wide)a[i] - b[i] - borrow;

        out[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    return borrow;
}

/* From below 2p to below p. */
static void reduce_once(struct dp_fp *out, const uint64_t in[static DP_FP_WORDS])
{
    if (subtract(out->w, in, p) != 0)
        memcpy(out->w, in, sizeof(out->w));
}

void dp_fp_add(struct dp_fp *out, const struct dp_fp *a, const struct dp_fp *b)
{
    uint64_t sum[DP_FP_WORDS], carry = 0;

    for (int i = 0; i < DP_FP_WORDS; i++) {
        wide s = (wide)a->w[i] + b->w[i] + carry;

        sum[i] = (uint64_t)s;
        carry = (uint64_t)(s >> 64);
    }
    reduce_once(out, sum);
}

void dp_fp_sub(struct dp_fp *out, const struct dp_fp *a, const struct dp_fp *b)
{
    uint64_t carry = 0;

    if (subtract(out->w, a->w, b->w) == 0)
        return;
    for (int i = 0; i < DP_FP_WORDS; i++) {
        wide s = (wide)out->w[i] + p[i] + carry;

        out->w[i] = (uint64_t)s;
        carry = (uint64_t)(s >> 64);
    }
}

void dp_fp_neg(struct dp_fp *out, const struct dp_fp *a)
{
    static const struct dp_fp zero;

    dp_fp_sub(out, &zero, a);
}

/*
 * a * b / 2^384 mod p, a word of b at a time. No carry leaves the top word, as p leaves three of
 * its bits free; a may be anything below 2^384 if b is below p.
 */
void dp_fp_mul(struct dp_fp *out, const struct dp_fp *a, const struct dp_fp *b)
{
    uint64_t t[DP_FP_WORDS] = {0};

#pragma GCC unroll 6
    for (int i = 0; i < DP_FP_WORDS; i++) {
        wide product = (wide)a->w[0] * b->w[i] + t[0];
        uint64_t m = (uint64_t)product * inverse;
        wide reduced = (wide)m * p[0] + (uint64_t)product;

#pragma GCC unroll 6
        for (int j = 1; j < DP_FP_WORDS; j++) {
            product = (wide)a->w[j] * b->w[i] + t[j] + (uint64_t)(product >> 64);
            reduced = (wide)m * p[j] + (uint64_t)product + (uint64_t)(reduced >> 64);
            t[j - 1] = (uint64_t)reduced;
        }
        t[DP_FP_WORDS - 1] = (uint64_t)(product >> 64) + (uint64_t)(reduced >> 64);
    }
    reduce_once(out, t);
}

void dp_fp_sqr(struct dp_fp *out, const struct dp_fp *a)
{
    dp_fp_mul(out, a, a);
}

void dp_fp_from_plain(struct dp_fp *out, const struct dp_fp_plain *in)
{
    struct dp_fp words;

    memcpy(words.w, in->w, sizeof(words.w));
    dp_fp_mul(out, &words, &r_squared);
}

void dp_fp_from_int(struct dp_fp *out, int64_t value)
{
    const struct dp_fp_plain plain = {{value < 0 ? -(uint64_t)value : (uint64_t)value}};

    dp_fp_from_plain(out, &plain);
    if (value < 0)
        dp_fp_neg(out, out);
}

/* Back from Montgomery's form. */
static void to_plain(struct dp_fp_plain *out, const struct dp_fp *in)
{
    static const struct dp_fp one = {{1}};
    struct dp_fp words;

    dp_fp_mul(&words, in, &one);
    memcpy(out->w, words.w, sizeof(out->w));
}

/* len bytes, big-endian, a multiple of 8 and at most DP_FP_LEN. */
static void read_words(struct dp_fp_plain *out, const uint8_t *in, size_t len)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < len; i++) {
        uint64_t *word = &out->w[(len - 1 - i) / 8];

        *word = *word << 8 | in[i];
    }
}

enum dp_err dp_fp_decode(struct dp_fp *out, const uint8_t in[static DP_FP_LEN])
{
    struct dp_fp_plain plain;
    uint64_t rest[DP_FP_WORDS];

    read_words(&plain, in, DP_FP_LEN);
    if (subtract(rest, plain.w, p) == 0)
        return DP_EFORMAT;
    dp_fp_from_plain(out, &plain);
    return DP_OK;
}

void dp_fp_encode(uint8_t out[static DP_FP_LEN], const struct dp_fp *in)
{
    struct dp_fp_plain plain;

    to_plain(&plain, in);
    for (int i = 0; i < DP_FP_LEN; i++)
        out[i] = (uint8_t)(plain.w[DP_FP_WORDS - 1 - i / 8] >> (56 - 8 * (i % 8)));
}

void dp_fp_reduce(struct dp_fp *out, const uint8_t in[static 64])
{
    static const struct dp_fp_plain two_to_256 = {{0, 0, 0, 0, 1, 0}};
    struct dp_fp_plain plain;
    struct dp_fp high, low, shift;

    read_words(&plain, in, 32);
    dp_fp_from_plain(&high, &plain);
    read_words(&plain, in + 32, 32);
    dp_fp_from_plain(&low, &plain);
    dp_fp_from_plain(&shift, &two_to_256);
    dp_fp_mul(&high, &high, &shift);
    dp_fp_add(out, &high, &low);
}

/* Four bits of the exponent at a time. */
static void power(struct dp_fp *out, const struct dp_fp *a,
                  const uint64_t exponent[static DP_FP_WORDS])
{
    struct dp_fp powers[16], result = dp_fp_one;

    powers[0] = dp_fp_one;
    for (int i = 1; i < 16; i++)
        dp_fp_mul(&powers[i], &powers[i - 1], a);
    for (int at = 64 * DP_FP_WORDS - 4; at >= 0; at -= 4) {
        for (int i = 0; i < 4; i++)
            dp_fp_sqr(&result, &result);
        dp_fp_mul(&result, &result, &powers[exponent[at / 64] >> (at % 64) & 15]);
    }
    *out = result;
}

void dp_fp_inv(struct dp_fp *out, const struct dp_fp *a)
{
    power(out, a, p_minus_2);
}

/* p is 3 mod 4. */
bool dp_fp_sqrt(struct dp_fp *out, const struct dp_fp *a)
{
    struct dp_fp root, square;

    power(&root, a, root_exponent);
    dp_fp_sqr(&square, &root);
    if (!dp_fp_equal(&square, a))
        return false;
    *out = root;
    return true;
}

bool dp_fp_equal(const struct dp_fp *a, const struct dp_fp *b)
{
    return memcmp(a->w, b->w, sizeof(a->w)) == 0;
}

bool dp_fp_is_zero(const struct dp_fp *a)
{
    static const struct dp_fp zero;

    return dp_fp_equal(a, &zero);
}

bool dp_fp_is_odd(const struct dp_fp *a)
{
    struct dp_fp_plain plain;

    to_plain(&plain, a);
    return (plain.w[0] & 1) != 0;
}

bool dp_fp_is_large(const struct dp_fp *a)
{
    struct dp_fp_plain plain;
    uint64_t rest[DP_FP_WORDS];

    to_plain(&plain, a);
    return subtract(rest, half, plain.w) != 0;
}
