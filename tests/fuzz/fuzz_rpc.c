/* fuzz_rpc.c - what a node says is an answer, a refusal or nothing; values have one form. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ethereum/rpc.h"

#define ID 1

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_value(struct json_object *value)
{
    struct dp_buf bytes = DP_BUF_INIT(1 << 16);
    struct json_object *again;
    uint64_t number;

    if (dp_rpc_quantity(&number, value) == DP_OK) {
        again = dp_rpc_make_quantity(number);
        if (strcasecmp(json_object_get_string(again), json_object_get_string(value)) != 0)
            abort();
        json_object_put(again);
    }
    if (dp_rpc_data(&bytes, value) == DP_OK) {
        again = dp_rpc_make_data(bytes.data, bytes.len);
        if (strcasecmp(json_object_get_string(again), json_object_get_string(value)) != 0)
            abort();
        json_object_put(again);
    }
    dp_buf_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_detail detail = {"", ""};
    struct dp_rpc_refusal refusal;
    struct json_object *result;
    enum dp_err err = dp_rpc_read_answer(&result, &refusal, (const char *)data, size, ID, &detail);

    if (err == DP_OK)
        read_value(result);
    else if (result != NULL || detail.text[0] == '\0' ||
             strpbrk(detail.text, "\x1b\x07\n\r") != NULL)
        abort();
    if (err != DP_ERPC && refusal.revert.len > 0)
        abort();
    dp_buf_free(&refusal.revert);
    json_object_put(result);
    return 0;
}
