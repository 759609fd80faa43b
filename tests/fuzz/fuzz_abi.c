/* fuzz_abi.c - a parameter list is refused or read, and what is decoded encodes to the same values.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ethereum/abi.h"

#define ENCODED_MAX (16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes may lie where Solidity would not put them, so it is the values that are compared. */
static void encode_again(const struct dp_abi *abi, struct json_object *values)
{
    struct dp_buf out = DP_BUF_INIT(ENCODED_MAX);
    struct json_object *again;

    if (dp_abi_encode(abi, &out, values, NULL) != DP_OK)
        abort();
    if (dp_abi_decode(abi, &again, (const uint8_t *)(out.len > 0 ? out.data : ""), out.len) !=
            DP_OK ||
        !json_object_equal(values, again))
        abort();
    json_object_put(again);
    dp_buf_free(&out);
}

static void decode(const struct dp_abi *abi, const uint8_t *data, size_t size)
{
    struct json_object *values;

    if (dp_abi_decode(abi, &values, data, size) == DP_OK)
        encode_again(abi, values);
    else if (values != NULL)
        abort();
    json_object_put(values);
}

/* A list, a line's end, data. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t len = end != NULL ? (size_t)(end - data) : size;
    struct dp_detail detail = {"", ""};
    char *types = strndup((const char *)data, len);
    struct dp_abi *abi;

    if (dp_abi_parse(&abi, types, &detail) == DP_OK)
        decode(abi, data + len, size - len);
    else if (abi != NULL || detail.text[0] == '\0')
        abort();
    if (abi != NULL && end != NULL)
        decode(abi, end + 1, size - len - 1);
    dp_abi_free(abi);
    free(types);
    return 0;
}
