/* cluster_trust.h - what makes a peer's quote genuine: a root, and what its owner says of
 * platforms.
 */
#ifndef DEVPROOF_CLUSTER_TRUST_H
#define DEVPROOF_CLUSTER_TRUST_H

#include "attest/collateral.h"
#include "devproof/cluster.h"

/*
 * By default Intel's root. --root names another, as that of a simulator, whose quotes hold for who
 * named it and for nobody else. There may be several: then the n-th --collateral belongs to the
 * n-th --root.
 */

/* Is it named, and is what is named readable? Returns: an exit code, after complaining */
int cluster_trust_check(const struct cluster *cluster);

/**
 * Collateral that the quote is genuine by; where it is so by none, the last, for the caller to say
 * why. Files are read anew each time; what a PCCS said and is out of date is asked for again.
 *
 * Out: out  to be freed by dp_collateral_free; NULL unless DP_OK
 * Returns: DP_OK, DP_EIO (there is none to be had; detail says why)
 */
DP_MUST_CHECK
enum dp_err cluster_trust_collateral(const struct cluster *cluster, struct dp_collateral **out,
                                     struct dp_slice quote, struct dp_detail *detail);

#endif
