/* fuzz_typeddata.c - typed data is refused with a path, or has one digest however it is written. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ethereum/eip712.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hash_again(const struct dp_eip712 *want, struct json_object *document)
{
    struct dp_buf text = DP_BUF_INIT(1 << 20);
    struct json_object *again;
    struct dp_eip712 got;

    dp_json_write(&text, document);
    if (dp_json_parse(&again, text.data, text.len, NULL) != DP_OK ||
        dp_eip712_hash(&got, again, NULL) != DP_OK || memcmp(&got, want, sizeof(got)) != 0)
        abort();
    json_object_put(again);
    dp_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_detail detail = {"", ""};
    struct json_object *document;
    struct dp_eip712 hashes;

    if (dp_json_parse(&document, (const char *)data, size, NULL) != DP_OK)
        return 0;
    if (dp_eip712_hash(&hashes, document, &detail) == DP_OK)
        hash_again(&hashes, document);
    else if (strncmp(detail.field, "typedData.", 10) != 0 || detail.text[0] == '\0')
        abort();
    json_object_put(document);
    return 0;
}
