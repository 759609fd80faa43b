/* integer.c - integers of up to 256 bits as the EVM's 32-byte words. */
#include "ethereum/integer.h"

#include <endian.h>
#include <string.h>

#define LIMBS 4

/* 256 bits without a sign, the lowest 64 first. */
struct magnitude {
    uint64_t limb[LIMBS];
};

/* m * factor + digit. False where that needs more than 256 bits. */
static bool append(struct magnitude *m, unsigned factor, unsigned digit)
{
    unsigned __int128 carry = digit;

    for (int i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)m->limb[i] * factor;
        m->limb[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return carry == 0;
}

/* The digit's value, or 16 where it is none of any base. */
static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (unsigned)((c | 0x20) - 'a' + 10);
    return 16;
}

static enum dp_err read_digits(struct magnitude *m, const char *text, size_t len, unsigned base)
{
    bool fits = true;

    if (len == 0)
        return DP_EFORMAT;
    for (size_t i = 0; i < len; i++) {
        if (digit_of(text[i]) >= base)
            return DP_EFORMAT;
        fits = fits && append(m, base, digit_of(text[i]));
    }
    return fits ? DP_OK : DP_ETOOBIG;
}

static unsigned bit_length(const struct magnitude *m)
{
    for (int i = LIMBS - 1; i >= 0; i--) {
        if (m->limb[i] != 0)
            return (unsigned)(64 * i + 64 - __builtin_clzll(m->limb[i]));
    }
    return 0;
}

static bool is_power_of_two(const struct magnitude *m)
{
    int ones = 0;

    for (int i = 0; i < LIMBS; i++)
        ones += __builtin_popcountll(m->limb[i]);
    return ones == 1;
}

static bool in_range(const struct magnitude *m, bool negative, struct dp_integer_type type)
{
    unsigned bits = bit_length(m);

    if (!type.is_signed)
        return bits <= type.bits && (!negative || bits == 0);
    return bits < type.bits || (negative && bits == type.bits && is_power_of_two(m));
}

static void negate(struct magnitude *m)
{
    uint64_t carry = 1;

    for (int i = 0; i < LIMBS; i++) {
        m->limb[i] = ~m->limb[i] + carry;
        carry = carry && m->limb[i] == 0;
    }
}

static enum dp_err put(uint8_t word[static DP_WORD_LEN], struct magnitude *m, bool negative,
                       struct dp_integer_type type)
{
    if (!in_range(m, negative, type))
        return DP_ETOOBIG;
    if (negative)
        negate(m);
    for (size_t i = 0; i < LIMBS; i++) {
        uint64_t limb = htobe64(m->limb[LIMBS - 1 - i]);

        memcpy(word + i * sizeof(limb), &limb, sizeof(limb));
    }
    return DP_OK;
}

enum dp_err dp_integer_parse(uint8_t word[static DP_WORD_LEN], const char *text, size_t len,
                             struct dp_integer_type type)
{
    struct magnitude m = {{0}};
    bool negative = len > 0 && text[0] == '-';
    enum dp_err err;

    memset(word, 0, DP_WORD_LEN);
    if (len >= 2 && text[0] == '0' && text[1] == 'x')
        err = read_digits(&m, text + 2, len - 2, 16);
    else
        err = read_digits(&m, text + negative, len - negative, 10);
    return err == DP_OK ? put(word, &m, negative, type) : err;
}

enum dp_err dp_integer_write(uint8_t word[static DP_WORD_LEN], int64_t value,
                             struct dp_integer_type type)
{
    struct magnitude m = {{value < 0 ? -(uint64_t)value : (uint64_t)value}};

    memset(word, 0, DP_WORD_LEN);
    return put(word, &m, value < 0, type);
}

/* The magnitude of a word. Returns: whether it is less than zero */
static bool take(struct magnitude *m, const uint8_t word[static DP_WORD_LEN], bool is_signed)
{
    bool negative = is_signed && (word[0] & 0x80) != 0;

    for (size_t i = 0; i < LIMBS; i++) {
        uint64_t limb;

        memcpy(&limb, word + i * sizeof(limb), sizeof(limb));
        m->limb[LIMBS - 1 - i] = be64toh(limb);
    }
    if (negative)
        negate(m);
    return negative;
}

bool dp_integer_fits(const uint8_t word[static DP_WORD_LEN], struct dp_integer_type type)
{
    struct magnitude m;
    bool negative = take(&m, word, type.is_signed);

    return in_range(&m, negative, type);
}

/* Divide by a number. Returns: the remainder */
static uint64_t divide(struct magnitude *m, uint64_t by)
{
    unsigned __int128 rest = 0;

    for (int i = LIMBS - 1; i >= 0; i--) {
        rest = rest << 64 | m->limb[i];
        m->limb[i] = (uint64_t)(rest / by);
        rest %= by;
    }
    return (uint64_t)rest;
}

void dp_integer_format(char out[static DP_INTEGER_TEXT_SIZE],
                       const uint8_t word[static DP_WORD_LEN], bool is_signed)
{
    char digits[DP_INTEGER_TEXT_SIZE];
    size_t at = sizeof(digits);
    struct magnitude m;
    bool negative = take(&m, word, is_signed);

    digits[--at] = '\0';
    do
        digits[--at] = (char)('0' + divide(&m, 10));
    while (bit_length(&m) > 0);
    if (negative)
        digits[--at] = '-';
    memcpy(out, digits + at, sizeof(digits) - at);
}

enum dp_err dp_integer_read(uint64_t *out, const uint8_t word[static DP_WORD_LEN])
{
    struct magnitude m;

    (void)take(&m, word, false);
    *out = bit_length(&m) <= 64 ? m.limb[0] : 0;
    return bit_length(&m) <= 64 ? DP_OK : DP_ETOOBIG;
}
