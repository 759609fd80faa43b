/* quote.h - a quote as hardware makes one, but under the test root. */
#ifndef DP_SIM_QUOTE_H
#define DP_SIM_QUOTE_H

#include <stdint.h>

#include "attest/blob.h"
#include "fault.h"
#include "pki.h"

/* What quotes are made of, all borrowed. */
struct sim_quoting {
    const struct sim_pki *pki;
    struct dp_slice pck_chain; /* PEM */
    enum sim_fault fault;
};

/**
 * Add a TDX quote of version 4: header and TD report of the stored one with this report data,
 * signed by an attestation key made for it, which the quoting enclave's report binds and the PCK
 * key of the test root vouches for.
 *
 * In: stored  a quote of version 4 (sim_is_tdx_v4)
 * Returns: DP_OK, DP_EIO (there is to be none), DP_ECRYPTO, DP_ENOMEM, DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err sim_quote_write(struct dp_buf *out, const struct sim_quoting *quoting,
                            struct dp_slice stored,
                            const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN],
                            struct dp_detail *detail);

#endif
