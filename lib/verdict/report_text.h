/* report_text.h - a report for people at a terminal. */
#ifndef DP_VERDICT_REPORT_TEXT_H
#define DP_VERDICT_REPORT_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "verdict/claims.h"

/* Add the report, lines of any length, with colours by ECMA-48 or without. Texts may come from
 * whoever is audited: control characters in them become '?', so that they cannot speak to the
 * terminal. */
void dp_report_text(struct dp_buf *out, const struct dp_claims *claims, bool colour);

#endif
