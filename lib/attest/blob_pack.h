/* blob_pack.h - an attestation as one blob: the second form, MessagePack. */
#ifndef DP_ATTEST_BLOB_PACK_H
#define DP_ATTEST_BLOB_PACK_H

#include "attest/blob.h"

/* As dp_blob_parse, for what begins with a MessagePack map. Source: the MessagePack specification;
 * members are found by name, and each may stand once. events stays empty: what is replayed is
 * runtime. */
DP_MUST_CHECK
enum dp_err dp_blob_parse_pack(struct dp_blob *out, const uint8_t *in, size_t len);

#endif
