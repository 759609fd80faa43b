/* hash.h - messages hashed to points of g2.h (RFC 9380, BLS12381G2_XMD:SHA-256_SSWU_RO_). */
#ifndef DP_BLS_HASH_H
#define DP_BLS_HASH_H

#include <stddef.h>

#include "bls/g2.h"

#define DP_BLS_TAG_MAX 255 /* characters of a domain separation tag */

/* In: tag  1 to DP_BLS_TAG_MAX characters, and a NUL. Out: out  in the subgroup */
void dp_bls_hash_to_g2(struct dp_g2 *out, const void *message, size_t len, const char *tag);

#endif
