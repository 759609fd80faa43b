/* blob.h - the attestation blob that the simulator answers from: first form, dstack-tdx. */
#ifndef DP_SIM_BLOB_H
#define DP_SIM_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SIM_REPORT_DATA_LEN 64

/* An entry of the event log. */
struct sim_event {
    uint32_t imr, type;
    struct dp_slice digest, name, payload;
};

/* An entry of the list that app id and compose hash are read from. */
struct sim_runtime_event {
    struct dp_slice name, payload;
};

/* Slices point into the bytes that were parsed, which have to outlive this. */
struct sim_blob {
    struct dp_slice quote, config;
    struct sim_event *events;
    size_t event_count;
    struct sim_runtime_event *runtime;
    size_t runtime_count;
    const uint8_t *report_data; /* SIM_REPORT_DATA_LEN bytes */
};

/**
 * Take a blob apart.
 *
 * Out: out  to be freed by sim_blob_free, also after an error
 * Returns: DP_OK, DP_EFORMAT (another form or platform, cut short, trailing bytes), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_blob_parse(struct sim_blob *out, const uint8_t *in, size_t len);
void sim_blob_free(struct sim_blob *blob);

/* The payload of a system event; data is NULL where there is none of that name. What comes after
 * system-ready is the application's and is not looked at. */
struct dp_slice sim_blob_payload(const struct sim_blob *blob, const char *name);

#endif
