/* info.h - the answer to Info, computed from the files. */
#ifndef DP_SIM_INFO_H
#define DP_SIM_INFO_H

#include <stdbool.h>

#include "attest/blob.h"
#include "base/buf.h"
#include "base/err.h"

/* What Info is made of, all borrowed. */
struct sim_info_parts {
    const struct dp_blob *blob;
    struct dp_slice app_compose; /* the file as it is */
    const char *app_name;        /* out of it */
    const char *vm_config;       /* of the system configuration */
    bool hides_tcb;              /* leave tcb_info and vm_config empty */
};

/**
 * Add the answer as JSON.
 *
 * Returns: DP_OK, DP_EFORMAT (the blob holds no TDX quote of version 4), DP_ENOMEM, DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err sim_info_write(struct dp_buf *out, const struct sim_info_parts *parts);

#endif
