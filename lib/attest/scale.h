/* scale.h - read SCALE, the encoding of dstack's first attestation form. */
#ifndef DP_ATTEST_SCALE_H
#define DP_ATTEST_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* What is left to read. After a read beyond the end every value is zero and failed stays set, so
 * that a run of reads is checked once at its end. */
struct dp_scale {
    const uint8_t *at;
    size_t left;
    bool failed;
};

/* The next len bytes, borrowed; NULL beyond the end. */
const uint8_t *dp_scale_raw(struct dp_scale *in, size_t len);
uint8_t dp_scale_u8(struct dp_scale *in);
uint32_t dp_scale_u32(struct dp_scale *in);

/* A compact integer below 2^30. A longer one, or one not in its shortest form, fails. */
uint32_t dp_scale_compact(struct dp_scale *in);

/* A compact length and that many bytes, borrowed. */
struct dp_slice dp_scale_bytes(struct dp_scale *in);

#endif
