/* fuzz_rlp.c - an RLP item lies in its input, and a list is one in every reading. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "ethereum/eip191.h"
#include "ethereum/rlp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_rlp_item item;
    bool read = dp_rlp_read(&item, data, size) == DP_OK;
    bool list = dp_rlp_is_list(data, size);

    if (read && (item.size == 0 || item.size > size || item.payload < data ||
                 item.payload + item.len != data + item.size))
        abort();
    if (!read && (item.size != 0 || item.payload != NULL))
        abort();
    if (list && !(read && item.is_list && item.size == size))
        abort();
    if (list && !dp_eip191_transaction_like(data, size))
        abort();
    return 0;
}
