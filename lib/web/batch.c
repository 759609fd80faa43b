/* batch.c - a body of many items, each answered for itself and in order. */
#include "web/batch.h"

#include "base/json.h"

enum dp_err dp_batch_items(struct dp_exchange *x, struct json_object **items,
                           struct json_object *body)
{
    *items = json_object_object_get(body, "items");
    if (*items == NULL)
        return dp_fail(&x->detail, DP_EMISSING, "items", "items is missing.");
    if (!json_object_is_type(*items, json_type_array))
        return dp_fail(&x->detail, DP_ETYPE, "items", "items must be an array.");
    if (json_object_array_length(*items) == 0)
        return dp_fail(&x->detail, DP_EMISSING, "items", "items has no item.");
    if (json_object_array_length(*items) > DP_BATCH_MAX)
        return dp_fail(&x->detail, DP_EBATCH, "items", "A batch may have up to %d items.",
                       DP_BATCH_MAX);
    return DP_OK;
}

static enum dp_err run_item(struct dp_exchange *x, struct json_object *result,
                            struct json_object *item, dp_batch_fn *each, void *arg)
{
    if (!json_object_is_type(item, json_type_object))
        return dp_fail(&x->detail, DP_ETYPE, "items", "An item must be an object.");
    return each(x, result, item, arg);
}

/* Where the item is at fault that is its answer, and no error. */
static enum dp_err answer_item(struct dp_exchange *x, struct json_object *results,
                               struct json_object *item, dp_batch_fn *each, void *arg)
{
    struct json_object *result = json_object_new_object(), *error;
    enum dp_err err;

    if (result == NULL || json_object_array_add(results, result) != 0) {
        json_object_put(result);
        return DP_ENOMEM;
    }
    x->detail = (struct dp_detail){"", ""};
    err = run_item(x, result, item, each, arg);
    if (err == DP_OK || dp_problem_status(err) >= 500)
        return err;
    error = json_object_new_object();
    if (error == NULL)
        return DP_ENOMEM;
    dp_problem_describe(x, err, error);
    dp_json_add(result, "error", error);
    return DP_OK;
}

enum dp_err dp_batch_run(struct dp_exchange *x, struct json_object **results,
                         struct json_object *items, dp_batch_fn *each, void *arg)
{
    size_t count = json_object_array_length(items);
    enum dp_err err = DP_OK;

    *results = json_object_new_array();
    if (*results == NULL)
        return DP_ENOMEM;
    for (size_t i = 0; err == DP_OK && i < count; i++)
        err = answer_item(x, *results, json_object_array_get_idx(items, i), each, arg);
    if (err != DP_OK) {
        json_object_put(*results);
        *results = NULL;
    }
    return err;
}
