/* methods.h - what the agent can be asked. Each method answers with JSON, or says why not. */
#ifndef DP_SIM_METHODS_H
#define DP_SIM_METHODS_H

#include <stdbool.h>

#include <json-c/json.h>

#include "sim.h"

#define SIM_RELEASE "0.6.0" /* of dstack: whose behaviour this is */

struct sim_method {
    const char *name;
    /* Adds the answer to out. On error detail->text, or else the error's sentence, says why.
     * NULL for a method of the release that is not served here. */
    enum dp_err (*call)(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                        struct dp_detail *detail);
    bool uses_keys; /* gives keys of the app away, or does their work */
};

/* The method of a name; NULL where the release has none. */
const struct sim_method *sim_method_find(const char *name);

/* The same below /prpc/: of Worker, what the agent tells anybody, where "Worker." stands in front;
 * else of Tappd, the agent before dstack 0.4.2, where "Tappd." may. */
const struct sim_method *sim_prpc_find(const char *name);

/* Add the answer of GetQuote over this report data. */
enum dp_err sim_quote_answer(const struct sim *sim, struct dp_buf *out,
                             const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN],
                             struct dp_detail *detail);

enum dp_err sim_get_key(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                        struct dp_detail *detail);
enum dp_err sim_get_tls_key(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                            struct dp_detail *detail);
enum dp_err sim_get_quote(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                          struct dp_detail *detail);
enum dp_err sim_attest(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                       struct dp_detail *detail);
enum dp_err sim_derive_key(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                           struct dp_detail *detail);
enum dp_err sim_derive_k256_key(const struct sim *sim, struct dp_buf *out,
                                struct json_object *params, struct dp_detail *detail);
enum dp_err sim_tdx_quote(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                          struct dp_detail *detail);
enum dp_err sim_raw_quote(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                          struct dp_detail *detail);
enum dp_err sim_worker_info(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                            struct dp_detail *detail);
enum dp_err sim_attest_app_key(const struct sim *sim, struct dp_buf *out,
                               struct json_object *params, struct dp_detail *detail);
enum dp_err sim_sign(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                     struct dp_detail *detail);
enum dp_err sim_verify(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                       struct dp_detail *detail);

#endif
