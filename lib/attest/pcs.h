/* pcs.h - collateral from a PCCS, or from Intel's own PCS, over HTTPS. */
#ifndef DP_ATTEST_PCS_H
#define DP_ATTEST_PCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_PCS_NAME_SIZE 48

/* The kind of a quote's platform: all that share it have the same collateral. */
struct dp_pcs_platform {
    bool tdx;
    char fmspc[13]; /* 6 bytes in upper-case hex */
    const char *ca; /* "platform" or "processor": who issued its PCK certificate. Static */
};

/**
 * Read it from the PCK chain in a quote. Nothing of it is verified: what is fetched for it will be.
 *
 * Returns: DP_OK, DP_EFORMAT (no quote, or one without a PCK chain; detail says which)
 */
DP_MUST_CHECK
enum dp_err dp_pcs_platform_of(struct dp_pcs_platform *out, const uint8_t *quote, size_t len,
                               struct dp_detail *detail);

/* The name of a cache's file for it, such as "tdx-B0C06F000000-platform.json". */
void dp_pcs_cache_name(char out[static DP_PCS_NAME_SIZE], const struct dp_pcs_platform *platform);

/**
 * Fetch collateral, in the form that dp_collateral_read takes. Four or five requests, each within
 * 10 seconds and 1 MiB.
 *
 * Out: out  added to; its limit should be DP_COLLATERAL_MAX
 * In:  url  of the service, such as "https://pccs.example"; with or without a path that ends in
 *           /sgx/certification/v4 or /tdx/certification/v4. Plain http:// is taken too: what is
 *           fetched is signed, and a stranger can only keep it back
 *      root  whose CRL is fetched from where it says itself, if the service has none; DER
 * Returns: DP_OK, DP_EIO, DP_ETIMEOUT, DP_ETOOBIG, DP_EFORMAT (an answer is not of the form),
 *          DP_ENOMEM; detail says of which request
 */
DP_MUST_CHECK
enum dp_err dp_pcs_fetch(struct dp_buf *out, const char *url,
                         const struct dp_pcs_platform *platform, struct dp_slice root,
                         struct dp_detail *detail);

/**
 * The bytes of a member's value in the text of a JSON object, as they stand there: what is signed
 is
 * bytes, and to write JSON anew changes them.
 *
 * In: text  followed by a NUL, which is not counted

 * Returns: DP_OK, DP_EFORMAT (not strict JSON, or no such member that is an object or a list)
 */
DP_MUST_CHECK
enum dp_err dp_pcs_cut(struct dp_slice *out, struct dp_slice text, const char *name);

#endif
