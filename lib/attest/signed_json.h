/* signed_json.h - members of the JSON that Intel signs. */
#ifndef DP_ATTEST_SIGNED_JSON_H
#define DP_ATTEST_SIGNED_JSON_H

#include <stdint.h>

#include "attest/tcb_status.h"
#include "base/json.h"

/* Each returns DP_OK, or DP_EFORMAT where the member is missing or of another form. */

/* A whole number from 0 to max. */
DP_MUST_CHECK
enum dp_err dp_signed_number(uint32_t *out, struct json_object *object, const char *name,
                             uint32_t max);

/* Exactly len bytes of hex. */
DP_MUST_CHECK
enum dp_err dp_signed_hex(uint8_t *out, size_t len, struct json_object *object, const char *name);

/* A text without NUL that fits into size bytes with one at its end. */
DP_MUST_CHECK
enum dp_err dp_signed_text(char *out, size_t size, struct json_object *object, const char *name);

/* A date; Unix milliseconds. */
DP_MUST_CHECK
enum dp_err dp_signed_date(int64_t *out, struct json_object *object, const char *name);

/* An object, or an array, borrowed. */
DP_MUST_CHECK
enum dp_err dp_signed_member(struct json_object **out, struct json_object *object, const char *name,
                             enum json_type type);

/* tcbStatus and advisoryIDs of a level; the latter an array of strings, or NULL where absent. */
DP_MUST_CHECK
enum dp_err dp_signed_level(enum dp_tcb_status *status, struct json_object **advisories,
                            struct json_object *level);

/* --- levels of one security version: those of the QE and of a TDX module --- */

struct dp_isv_level {
    uint32_t isvsvn;
    enum dp_tcb_status status;
    struct json_object *advisories; /* borrowed from what was read */
};

struct dp_isv_levels {
    struct dp_isv_level *levels;
    size_t len;
};

/* Read member tcbLevels. Out: out  to be freed by dp_isv_levels_free, whatever is returned.
 * Returns also DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_isv_levels_read(struct dp_isv_levels *out, struct json_object *object);
void dp_isv_levels_free(struct dp_isv_levels *levels);

/* The first level that this version reaches; NULL: none. */
const struct dp_isv_level *dp_isv_levels_find(const struct dp_isv_levels *levels, uint32_t isvsvn);

#endif
