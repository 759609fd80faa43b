/* audit_json.h - rows of the audit log as JSON, as the API gives them and `devproof log` reads
 * them. */
#ifndef DP_STORE_AUDIT_JSON_H
#define DP_STORE_AUDIT_JSON_H

#include <json-c/json.h>

#include "base/err.h"
#include "store/audit.h"

/* {seq, time, actor, action, userId, data, prevHash, hash}, to be freed by json_object_put; NULL
 * where there is no memory. Data on record that is no JSON object becomes null. */
struct json_object *dp_audit_to_json(const struct dp_audit_row *row);

/**
 * The way back. Data is put into its canonical form, so the order of its members and their spelling
 * in the JSON text do not matter.
 *
 * Out: row  where a member cannot belong to any row of ours, one whose hash cannot be right
 * Returns: DP_OK, DP_EFORMAT (there is no seq to know it by), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_audit_from_json(struct dp_audit_row *row, struct json_object *object);

#endif
