/* json.h - JSON from strangers: json-c behind a guard that knows what json-c lets pass. */
#ifndef DP_BASE_JSON_H
#define DP_BASE_JSON_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_JSON_DEPTH_MAX 32

/**
 * Parse one JSON object (RFC 8259). json-c repeats itself to the last duplicate member, puts
 * U+FFFD for a lone surrogate and takes trailing bytes; here each of these is an error.
 *
 * Out: out     the object, to be freed with json_object_put; NULL unless DP_OK
 *      detail  says where and why; may be NULL
 * Returns: DP_OK
 *          DP_EJSON       not one JSON object, invalid UTF-8, a lone surrogate, too deep, a NUL in
 *                         a member name
 *          DP_EDUPLICATE  a member occurs twice in one object; detail->field names it
 *          DP_ENOMEM
 * Time is O(n log n) in len, memory O(n).
 */
DP_MUST_CHECK
enum dp_err dp_json_parse(struct json_object **out, const char *text, size_t len,
                          struct dp_detail *detail);

/**
 * The string member of an object.
 *
 * Out: out  borrowed from the object; may hold NUL bytes, so use the length
 * Returns: DP_OK, DP_EMISSING, DP_ETYPE; detail names the field
 */
DP_MUST_CHECK
enum dp_err dp_json_string(struct dp_slice *out, struct json_object *object, const char *name,
                           struct dp_detail *detail);

/* The same, for a member that may be absent: DP_OK and out->data NULL then. */
DP_MUST_CHECK
enum dp_err dp_json_optional_string(struct dp_slice *out, struct json_object *object,
                                    const char *name, struct dp_detail *detail);

/* How many items an array has, or members an object; 0 for anything else, NULL too. */
size_t dp_json_count(struct json_object *value);

/* Add the object as compact JSON. Failures stick in buf->err. */
void dp_json_write(struct dp_buf *buf, struct json_object *object);

/* Add a member; an allocation failure ends the process, as there is no half-built answer to give.
 */
void dp_json_add_text(struct json_object *object, const char *name, const char *value);
void dp_json_add_hex(struct json_object *object, const char *name, const void *data, size_t len);
void dp_json_add_int(struct json_object *object, const char *name, int64_t value);
void dp_json_add_bool(struct json_object *object, const char *name, int value);
void dp_json_add(struct json_object *object, const char *name, struct json_object *value);

#endif
