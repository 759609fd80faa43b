/* fuzz_json.c - what is taken as JSON is written as JSON, which is taken again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_detail detail = {"", ""};
    struct dp_buf written = DP_BUF_INIT(1 << 20);
    struct json_object *object, *again;

    if (dp_json_parse(&object, (const char *)data, size, &detail) != DP_OK)
        return 0;
    dp_json_write(&written, object);
    if (written.err != DP_OK || dp_json_parse(&again, written.data, written.len, &detail) != DP_OK)
        abort();
    json_object_put(again);
    json_object_put(object);
    dp_buf_free(&written);
    return 0;
}
