/* fuzz_blob.c - what an attestation's parts point at lies in the attestation. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "attest/blob_pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const uint8_t *data, size_t size, const void *at, size_t len)
{
    const uint8_t *p = at;

    if (p < data || p > data + size || len > (size_t)(data + size - p))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_blob blob;

    if (size > 0 && data[0] != 0) {
        if (dp_blob_parse_pack(&blob, data, size) == DP_OK)
            inside(blob.held, size, blob.quote.data, blob.quote.len);
    } else if (dp_blob_parse(&blob, data, size) == DP_OK) {
        inside(data, size, blob.quote.data, blob.quote.len);
        inside(data, size, blob.config.data, blob.config.len);
        inside(data, size, blob.report_data, DP_BLOB_REPORT_DATA_LEN);
        for (size_t i = 0; i < blob.event_count; i++)
            inside(data, size, blob.events[i].payload.data, blob.events[i].payload.len);
        for (size_t i = 0; i < blob.runtime_count; i++)
            inside(data, size, blob.runtime[i].payload.data, blob.runtime[i].payload.len);
    }
    dp_blob_free(&blob);
    return 0;
}
