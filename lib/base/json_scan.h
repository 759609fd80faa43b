/* json_scan.h - is this text one strict JSON value? */
#ifndef DP_BASE_JSON_SCAN_H
#define DP_BASE_JSON_SCAN_H

#include <stddef.h>

#include "base/err.h"

/**
 * Check that a text is exactly one JSON value by RFC 8259: its grammar, UTF-8 without overlong
 * forms or surrogates (RFC 3629), no lone surrogate escape, no member twice in one object (however
 * it is escaped), no deeper nesting than depth_max. Beyond the RFC it refuses a NUL in a member
 * name, which json-c would read only up to there.
 *
 * Returns: DP_OK
 *          DP_EJSON       detail->text says what and at which byte
 *          DP_EDUPLICATE  detail->field is the member
 *          DP_ENOMEM
 * Time is O(n log n) in len, memory O(n); there is no recursion.
 */
DP_MUST_CHECK
enum dp_err dp_json_scan(const char *text, size_t len, size_t depth_max, struct dp_detail *detail);

/* The same for what JavaScript's JSON.parse takes: members may be given twice, escapes may be lone
 * surrogates, names may hold a NUL. Returns: DP_OK, DP_EJSON, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_json_scan_loose(const char *text, size_t len, size_t depth_max,
                               struct dp_detail *detail);

#endif
