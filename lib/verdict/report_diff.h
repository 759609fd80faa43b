/* report_diff.h - what changed between two reports. */
#ifndef DP_VERDICT_REPORT_DIFF_H
#define DP_VERDICT_REPORT_DIFF_H

#include "verdict/claims.h"

/**
 * Compare two reports of one service. What is told of times and sources is left out.
 *
 * Returns a JSON array, to be freed by json_object_put, empty where nothing changed:
 *
 *     [{what: "claim", "stage", "power", "url" or "holds", id, before, after}]
 *
 * For a claim, before and after are {verdict, expected, found}, null where it is not in that
 * report; id is null but for claims. A stage is its number, null where it was not judged. A power
 * is its three texts in one, present before or after.
 */
struct json_object *dp_report_diff(const struct dp_claims *before, const struct dp_claims *after);

#endif
