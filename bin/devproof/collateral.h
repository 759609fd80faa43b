/* collateral.h - where devproof quote and audit have collateral from: a file, a cache, a PCCS. */
#ifndef DEVPROOF_COLLATERAL_H
#define DEVPROOF_COLLATERAL_H

#include <stdbool.h>

#include "attest/dcap_failure.h"
#include "base/buf.h"
#include "devproof/client.h"

struct collateral_source {
    const char *file;         /* or */
    const char *cache, *pccs; /* one of them, or both: what the PCCS says is kept in the cache */
};

/* Is exactly one of the two ways named? */
bool collateral_is_named(const struct collateral_source *source);

/**
 * Get the collateral for a quote.
 *
 * Out: out     added to
 *      detail  why it cannot be had, where the exit code is EXIT_FAILURE
 * In:  root    a certificate that the PCCS's answer must hang on
 *      anew    ask the PCCS although the cache has some
 * Returns: -1, EXIT_FAILURE, or EXIT_USAGE after complaining
 */
int collateral_get(const struct client *client, struct dp_buf *out,
                   const struct collateral_source *source, struct dp_slice quote,
                   struct dp_slice root, bool anew, struct dp_detail *detail);

/* Is it out of date, and might the PCCS have newer? */
bool collateral_is_stale(const struct collateral_source *source, enum dp_dcap_failure failure);

#endif
