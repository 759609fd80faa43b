/* log_json.h - parts of the attestation as the agent writes them into its answers. */
#ifndef DP_SIM_LOG_JSON_H
#define DP_SIM_LOG_JSON_H

#include <json-c/json.h>

#include "attest/blob.h"

/* Add bytes as a member in hex, the empty text where data is NULL. */
void sim_add_hex(struct json_object *object, const char *name, struct dp_slice bytes);

/* Add the event log as text, in the member event_log. */
void sim_add_log(struct json_object *object, const struct dp_blob *blob);

/* The event log, every digest and payload in it, as an array; the caller's. */
struct json_object *sim_log_json(const struct dp_blob *blob);

#endif
