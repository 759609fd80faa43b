/* attest.h - what dstack puts into a certificate: an attestation of its key, and of the app. */
#ifndef DP_SIM_ATTEST_H
#define DP_SIM_ATTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/blob.h"
#include "base/buf.h"

/**
 * Add the attestation of the first form with this quote and report data.
 *
 * In: stripped  leave out of its event log all but what the application's register was extended
 *               with, without digests, and the ACPI tables, as certificates do
 * Failures stick in out->err.
 */
void sim_attest_write(struct dp_buf *out, const struct dp_blob *blob, struct dp_slice quote,
                      const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN], bool stripped);

/* Add what the agent says of the app: a MessagePack array of nine members. Failures stick. */
void sim_app_info_write(struct dp_buf *out, const struct dp_blob *blob);

#endif
