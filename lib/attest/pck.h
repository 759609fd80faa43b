/* pck.h - what a PCK certificate says of its platform. */
#ifndef DP_ATTEST_PCK_H
#define DP_ATTEST_PCK_H

#include <stdint.h>

#include <openssl/x509.h>

#include "base/err.h"

/* Source: Intel, "SGX PCK Certificate and CRL Profile", extension 1.2.840.113741.1.13.1. */
struct dp_pck {
    uint8_t ppid[16], cpusvn[16], fmspc[6];
    uint32_t pcesvn; /* of 16 bits */
};

/* Returns: DP_OK, DP_EFORMAT (the extension is not there once, or lacks one of these, or has one
 * twice); out is all zero then */
DP_MUST_CHECK
enum dp_err dp_pck_read(struct dp_pck *out, X509 *cert);

#endif
