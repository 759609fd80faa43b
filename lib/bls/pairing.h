/* pairing.h - the optimal ate pairing of BLS12-381, as far as comparing products of it. */
#ifndef DP_BLS_PAIRING_H
#define DP_BLS_PAIRING_H

#include <stddef.h>

#include "bls/g1.h"
#include "bls/g2.h"

/* Is the product of e(ps[i], qs[i]) one? All points must be in their subgroups. */
bool dp_pairing_product_is_one(const struct dp_g1 *ps, const struct dp_g2 *qs, size_t count);

#endif
