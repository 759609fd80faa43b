/* params.h - what a request asks, as one JSON object whichever way it came. */
#ifndef DP_SIM_PARAMS_H
#define DP_SIM_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"

/**
 * Read a query: name=value pairs between '&', percent-decoded, '+' a space. Each becomes a text
 * member; of a list a[0]=x&a[1]=y the members are "a[0]" and "a[1]". A '%' without two digits
 * stands for itself.
 *
 * Out: out  to be freed by json_object_put; NULL unless DP_OK
 * Returns: as dp_json_parse
 */
DP_MUST_CHECK
enum dp_err sim_params_of_query(struct json_object **out, const char *query,
                                struct dp_detail *detail);

/* Read a body; the empty one is the empty object. Otherwise as dp_json_parse. */
DP_MUST_CHECK
enum dp_err sim_params_of_body(struct json_object **out, const struct dp_buf *body,
                               struct dp_detail *detail);

/**
 * A text field, empty where it is missing.
 *
 * Out: out  borrowed from params, data never NULL
 * Returns: DP_OK, DP_ETYPE (null, or no text)
 */
DP_MUST_CHECK
enum dp_err sim_params_text(struct dp_slice *out, struct json_object *params, const char *name,
                            struct dp_detail *detail);

/**
 * A field of bytes as hex in either case, after any number of "0x"; empty where it is missing.
 *
 * Out: out  must be empty and without error; freed by the caller
 * Returns: DP_OK, DP_ETYPE, DP_EHEX, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_params_bytes(struct dp_buf *out, struct json_object *params, const char *name,
                             struct dp_detail *detail);

/* The types below are JSON's own in a body, and texts in a query. */

/**
 * A field that is true or false; false where it is missing.
 *
 * Returns: DP_OK, DP_ETYPE (null, or neither)
 */
DP_MUST_CHECK
enum dp_err sim_params_bool(bool *out, struct json_object *params, const char *name,
                            struct dp_detail *detail);

/**
 * A time, as whole seconds since 1970. *out stays as it is where the field is missing or null.
 *
 * Returns: DP_OK, DP_ETYPE, DP_ETOOBIG (more than a signed number of 64 bits holds)
 */
DP_MUST_CHECK
enum dp_err sim_params_seconds(int64_t *out, struct json_object *params, const char *name,
                               struct dp_detail *detail);

/**
 * A list of texts, empty where it is missing: in a query name[0]=a&name[1]=b.
 *
 * Out: out  an array of texts, to be freed by json_object_put, also after an error
 * Returns: DP_OK, DP_ETYPE (null, no list, or one of something else), DP_ETOOBIG (over max)
 */
DP_MUST_CHECK
enum dp_err sim_params_list(struct json_object **out, struct json_object *params, const char *name,
                            size_t max, struct dp_detail *detail);

#endif
