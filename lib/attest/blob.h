/* blob.h - an attestation as one blob: the first form, dstack-tdx. */
#ifndef DP_ATTEST_BLOB_H
#define DP_ATTEST_BLOB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_BLOB_REPORT_DATA_LEN 64

/* An entry of the event log. */
struct dp_blob_event {
    uint32_t imr, type;
    struct dp_slice digest, name, payload;
};

/* An entry of the list that app id and compose hash are read from. */
struct dp_blob_runtime {
    struct dp_slice name, payload;
    unsigned version; /* 1 or 2 */
};

/* Slices point into the bytes that were parsed, which have to outlive this. */
struct dp_blob {
    struct dp_slice quote, config;
    struct dp_blob_event *events;
    size_t event_count;
    struct dp_blob_runtime *runtime;
    size_t runtime_count;
    uint8_t *held;              /* bytes that the second form writes otherwise; or NULL */
    const uint8_t *report_data; /* DP_BLOB_REPORT_DATA_LEN bytes */
};

/**
 * Take a blob apart.
 *
 * Out: out  to be freed by dp_blob_free, also after an error
 * Returns: DP_OK, DP_EFORMAT (another form or platform, cut short, trailing bytes), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_blob_parse(struct dp_blob *out, const uint8_t *in, size_t len);
void dp_blob_free(struct dp_blob *blob);

/* The payload of a system event; data is NULL where there is none of that name. What comes after
 * system-ready is the application's and is not looked at. */
struct dp_slice dp_blob_payload(const struct dp_blob *blob, const char *name);

#endif
