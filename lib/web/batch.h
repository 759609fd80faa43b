/* batch.h - a body of many items, each answered for itself and in order. */
#ifndef DP_WEB_BATCH_H
#define DP_WEB_BATCH_H

#include "web/web.h"

#define DP_BATCH_MAX 1000 /* items */

/* The array "items" of a body. Returns: DP_OK, DP_EMISSING (also an empty one), DP_ETYPE, DP_EBATCH
 */
DP_MUST_CHECK
enum dp_err dp_batch_items(struct dp_exchange *x, struct json_object **items,
                           struct json_object *body);

/* Answer for one item, an object, by adding to result. */
typedef enum dp_err dp_batch_fn(struct dp_exchange *x, struct json_object *result,
                                struct json_object *item, void *arg);

/**
 * Answer for each item: by each, or by {"error":{code,detail,field?}} where the item is at fault.
 *
 * Out: results  an array, to be freed by json_object_put; NULL unless DP_OK
 * Returns: DP_OK, DP_ENOMEM, or the first error that is no fault of an item
 */
DP_MUST_CHECK
enum dp_err dp_batch_run(struct dp_exchange *x, struct json_object **results,
                         struct json_object *items, dp_batch_fn *each, void *arg);

#endif
