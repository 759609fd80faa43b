/* tcb_status.h - how current a platform is, as Intel rates it. */
#ifndef DP_ATTEST_TCB_STATUS_H
#define DP_ATTEST_TCB_STATUS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"

#define DP_ADVISORIES_MAX 128

/* The worse, the later. */
enum dp_tcb_status {
    DP_TCB_UP_TO_DATE,
    DP_TCB_SW_HARDENING_NEEDED,
    DP_TCB_CONFIGURATION_NEEDED,
    DP_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    DP_TCB_OUT_OF_DATE,
    DP_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED,
    DP_TCB_REVOKED,
};

/* As Intel writes it; static. */
const char *dp_tcb_status_name(enum dp_tcb_status status);

/* Returns: DP_OK, DP_EFORMAT (a status that is not known) */
DP_MUST_CHECK
enum dp_err dp_tcb_status_read(enum dp_tcb_status *out, struct dp_slice name);

/* A status and the advisories that are open at it, such as "INTEL-SA-00615". */
struct dp_tcb_verdict {
    enum dp_tcb_status status;
    struct dp_slice advisories[DP_ADVISORIES_MAX]; /* borrowed from the collateral */
    size_t len;
};

/* In: advisories  an array of strings, or NULL for none
 * Returns: false where there are more than fit */
DP_MUST_CHECK
bool dp_tcb_verdict_set(struct dp_tcb_verdict *out, enum dp_tcb_status status,
                        struct json_object *advisories);

/* The worse status of both, and the advisories that are not there yet behind those that are.
 * Returns: false where there are more than fit */
DP_MUST_CHECK
bool dp_tcb_verdict_merge(struct dp_tcb_verdict *into, const struct dp_tcb_verdict *other);

#endif
