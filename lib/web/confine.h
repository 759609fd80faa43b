/* confine.h - from a program's needs to its sandbox. */
#ifndef DP_WEB_CONFINE_H
#define DP_WEB_CONFINE_H

#include "web/web.h"

/**
 * Give up all that the needs do not name. Call with everything open, before the first thread. A
 * kernel that lacks a part of the sandbox is worth a warning in the log, or, with
 * REQUIRE_SANDBOX=true, an error.
 *
 * In:  needs  enum dp_need, or-ed
 * Returns: DP_OK, DP_ESANDBOX (detail is a sentence that says what is missing)
 */
DP_MUST_CHECK
enum dp_err dp_confine(const struct dp_service *service, unsigned needs, struct dp_detail *detail);

#endif
