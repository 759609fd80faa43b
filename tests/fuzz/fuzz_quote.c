/* fuzz_quote.c - what a quote's fields point at lies in the quote. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "attest/quote.h"
#include "attest/quote_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(const uint8_t *data, size_t size, const void *at, size_t len)
{
    const uint8_t *p = at;

    if (p < data || p > data + size || len > (size_t)(data + size - p))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_quote q;

    if (dp_quote_parse(&q, data, size, NULL) != DP_OK)
        return 0;
    if ((q.sgx == NULL) == (q.td == NULL) || (q.td15 != NULL && q.td == NULL))
        abort();
    inside(data, size, q.signed_part.data, q.signed_part.len);
    inside(data, size, q.qe_report, sizeof(*q.qe_report));
    inside(data, size, q.qe_auth.data, q.qe_auth.len);
    inside(data, size, q.cert_data.data, q.cert_data.len);
    if (q.trailing >= size)
        abort();
    json_object_put(dp_quote_json(&q));
    return 0;
}
