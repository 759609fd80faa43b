/* rlp.c - RLP (Recursive Length Prefix), read and written in its one canonical form only. */
#include "ethereum/rlp.h"

#include <endian.h>

#define STRING 0x80
#define LIST 0xc0
#define SHORT_MAX 55 /* bytes of a payload whose length fits into the first byte */

/* A length of count bytes, big-endian. False where it is none that needs so many bytes. */
static bool read_length(size_t *out, const uint8_t *in, size_t count)
{
    *out = 0;
    if (count > sizeof(*out) || in[0] == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        *out = *out << 8 | in[i];
    return *out > SHORT_MAX;
}

enum dp_err dp_rlp_read(struct dp_rlp_item *out, const uint8_t *in, size_t len)
{
    struct dp_rlp_item item = {0};
    size_t header = 1;

    *out = item;
    if (len == 0)
        return DP_EFORMAT;
    item.is_list = in[0] >= LIST;
    if (in[0] < STRING) {
        header = 0;
        item.len = 1;
    } else {
        item.len = in[0] - (item.is_list ? LIST : STRING);
    }
    if (item.len > SHORT_MAX) {
        size_t count = item.len - SHORT_MAX;

        if (count > len - 1 || !read_length(&item.len, in + 1, count))
            return DP_EFORMAT;
        header += count;
    }
    if (item.len > len - header)
        return DP_EFORMAT;
    item.payload = in + header;
    item.size = header + item.len;
    if (!item.is_list && header == 1 && item.len == 1 && item.payload[0] < STRING)
        return DP_EFORMAT;
    *out = item;
    return DP_OK;
}

bool dp_rlp_is_list(const uint8_t *in, size_t len)
{
    size_t ends[DP_RLP_DEPTH_MAX]; /* where the lists that are open end */
    size_t depth = 1, at;
    struct dp_rlp_item item;

    if (dp_rlp_read(&item, in, len) != DP_OK || !item.is_list || item.size != len)
        return false;
    ends[0] = len;
    for (at = len - item.len; depth > 0;) {
        if (at == ends[depth - 1]) {
            depth--;
            continue;
        }
        if (dp_rlp_read(&item, in + at, ends[depth - 1] - at) != DP_OK)
            return false;
        if (item.is_list && depth == DP_RLP_DEPTH_MAX)
            return true;
        if (item.is_list)
            ends[depth++] = at + item.size;
        at += item.is_list ? item.size - item.len : item.size;
    }
    return true;
}

/* The number's bytes from the first that is not zero. */
static size_t leading_zeros(const uint8_t *number, size_t len)
{
    size_t count = 0;

    while (count < len && number[count] == 0)
        count++;
    return count;
}

static void add_header(struct dp_buf *out, uint8_t kind, size_t len)
{
    uint64_t bytes = htobe64(len);
    size_t zeros = leading_zeros((const uint8_t *)&bytes, sizeof(bytes));
    uint8_t first;

    if (len <= SHORT_MAX) {
        first = (uint8_t)(kind + len);
        dp_buf_add(out, &first, 1);
        return;
    }
    first = (uint8_t)(kind + SHORT_MAX + (sizeof(bytes) - zeros));
    dp_buf_add(out, &first, 1);
    dp_buf_add(out, (const uint8_t *)&bytes + zeros, sizeof(bytes) - zeros);
}

void dp_rlp_add_string(struct dp_buf *out, const void *data, size_t len)
{
    if (len != 1 || *(const uint8_t *)data >= STRING)
        add_header(out, STRING, len);
    dp_buf_add(out, data, len);
}

void dp_rlp_add_list(struct dp_buf *out, const void *items, size_t len)
{
    add_header(out, LIST, len);
    dp_buf_add(out, items, len);
}

void dp_rlp_add_number(struct dp_buf *out, const uint8_t *number, size_t len)
{
    size_t zeros = leading_zeros(number, len);

    dp_rlp_add_string(out, number + zeros, len - zeros);
}

void dp_rlp_add_uint64(struct dp_buf *out, uint64_t number)
{
    uint64_t bytes = htobe64(number);

    dp_rlp_add_number(out, (const uint8_t *)&bytes, sizeof(bytes));
}
