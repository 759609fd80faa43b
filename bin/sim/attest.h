/* attest.h - what dstack puts into a certificate: an attestation of its key, and of the app. */
#ifndef DP_SIM_ATTEST_H
#define DP_SIM_ATTEST_H

#include <stdint.h>

#include "base/buf.h"
#include "blob.h"

/**
 * Add the attestation of the first form whose report data is this, in the quote too. Its event log
 * is stripped: what the application's register was extended with, without digests, and the ACPI
 * tables. The quote's signature no longer holds; everything else does.
 *
 * Failures stick in out->err.
 */
void sim_attest_write(struct dp_buf *out, const struct sim_blob *blob,
                      const uint8_t report_data[static SIM_REPORT_DATA_LEN]);

/* Add what the agent says of the app: a MessagePack array of nine members. Failures stick. */
void sim_app_info_write(struct dp_buf *out, const struct sim_blob *blob);

#endif
