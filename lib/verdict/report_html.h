/* report_html.h - a report as one HTML page that needs nothing else. */
#ifndef DP_VERDICT_REPORT_HTML_H
#define DP_VERDICT_REPORT_HTML_H

#include "base/buf.h"
#include "verdict/claims.h"

/* Add a whole HTML 5 document: no script, no request to anywhere, and a Content-Security-Policy
 * that allows none, as texts in it may come from whoever is audited. */
void dp_report_html(struct dp_buf *out, const struct dp_claims *claims);

#endif
