/* quote_json.h - every field of a quote, by name. */
#ifndef DP_ATTEST_QUOTE_JSON_H
#define DP_ATTEST_QUOTE_JSON_H

#include "base/json.h"

#include "attest/quote.h"

/**
 * A quote as JSON: bytes as lower-case hex, integers as numbers; the fields of its report beside
 * those of its header, those of the QE's report in qe_report. Reserved bytes are in it too.
 *
 * Returns: to be freed by json_object_put; never NULL, as an allocation failure ends the process
 */
struct json_object *dp_quote_json(const struct dp_quote *quote);

#endif
