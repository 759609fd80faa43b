/* refusal.h - why a cluster's contract refuses, in words. */
#ifndef DP_CLUSTER_REFUSAL_H
#define DP_CLUSTER_REFUSAL_H

#include "base/buf.h"

/* The sentence for what the contract said on reverting (its custom errors, by selector). Static;
 * NULL where it is none of them. */
const char *dp_refusal_text(const struct dp_buf *revert);

#endif
