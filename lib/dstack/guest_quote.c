/* guest_quote.c - a TDX quote of this CVM, from the guest agent. */
#include "dstack/guest_quote.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/json.h"

#define ANSWER_MAX (1024 * 1024)

/* Both are empty on a platform that is not TDX. */
static bool is_quote(struct json_object *answer)
{
    struct dp_slice quote, log;

    return dp_json_string(&quote, answer, "quote", NULL) == DP_OK &&
           dp_json_string(&log, answer, "event_log", NULL) == DP_OK && quote.len > 0 && log.len > 0;
}

enum dp_err dp_guest_quote(struct dp_guest *guest, struct json_object **out,
                           const uint8_t report_data[static DP_GUEST_REPORT_DATA_LEN])
{
    char hex[2 * DP_GUEST_REPORT_DATA_LEN + 1], request[sizeof(hex) + 32];
    char *mem = malloc(ANSWER_MAX);
    struct dp_slice body;
    enum dp_err err;
    int len;

    *out = NULL;
    if (mem == NULL)
        return DP_ENOMEM;
    dp_hex_encode(hex, report_data, DP_GUEST_REPORT_DATA_LEN);
    len = snprintf(request, sizeof(request), "{\"report_data\":\"%s\"}", hex);
    err = dp_guest_call(guest, &body, mem, ANSWER_MAX, "/GetQuote", request, (size_t)len);
    if (err == DP_OK && dp_json_parse(out, body.data, body.len, NULL) != DP_OK)
        err = DP_EGUEST;
    if (err == DP_OK && !is_quote(*out))
        err = DP_EGUEST;
    if (err != DP_OK) {
        json_object_put(*out);
        *out = NULL;
    }
    free(mem);
    return err;
}
