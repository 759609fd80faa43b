/* scale.c - read SCALE, the encoding of dstack's first attestation form. */
#include "attest/scale.h"

const uint8_t *dp_scale_raw(struct dp_scale *in, size_t len)
{
    const uint8_t *at = in->at;

    if (in->failed || len > in->left) {
        in->failed = true;
        return NULL;
    }
    in->at += len;
    in->left -= len;
    return at;
}

/* An integer of len bytes, the lowest first. */
static uint32_t integer(struct dp_scale *in, size_t len)
{
    const uint8_t *at = dp_scale_raw(in, len);
    uint32_t value = 0;

    for (size_t i = 0; at != NULL && i < len; i++)
        value |= (uint32_t)at[i] << (8 * i);
    return value;
}

uint8_t dp_scale_u8(struct dp_scale *in)
{
    return (uint8_t)integer(in, 1);
}

uint32_t dp_scale_u32(struct dp_scale *in)
{
    return integer(in, 4);
}

uint32_t dp_scale_compact(struct dp_scale *in)
{
    /* By mode, the low two bits of the first byte: bytes in all, and the least value that needs
     * them. Mode 3 is for integers that no length here can have. */
    static const struct {
        size_t len;
        uint32_t least;
    } modes[] = {{1, 0}, {2, 1 << 6}, {4, 1 << 14}};
    unsigned mode = in->left > 0 ? *in->at & 3 : 3;
    uint32_t value;

    if (mode == 3) {
        in->failed = true;
        return 0;
    }
    value = integer(in, modes[mode].len) >> 2;
    if (value < modes[mode].least)
        in->failed = true;
    return in->failed ? 0 : value;
}

struct dp_slice dp_scale_bytes(struct dp_scale *in)
{
    size_t len = dp_scale_compact(in);
    const uint8_t *at = dp_scale_raw(in, len);

    return (struct dp_slice){(const char *)at, at != NULL ? len : 0};
}
