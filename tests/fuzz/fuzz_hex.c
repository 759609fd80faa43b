/* fuzz_hex.c - hex that is taken is, but for case and prefix, what its bytes are written as. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "base/hex.h"

#define CAP 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    uint8_t bytes[CAP];
    char written[DP_HEX0X_SIZE(CAP)];
    size_t len, skip;

    if (dp_hex_decode(bytes, sizeof(bytes), &len, text, size) != DP_OK)
        return 0;
    dp_hex0x_encode(written, bytes, len);
    skip = size - 2 * len;
    if (len > CAP || (skip != 0 && skip != 2) ||
        strncasecmp(written + 2, text + skip, 2 * len) != 0)
        abort();
    return 0;
}
