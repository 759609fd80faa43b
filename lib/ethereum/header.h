/* header.h - a block's header, bound to the block's hash (yellow paper, 4.4.3, and later EIPs). */
#ifndef DP_ETHEREUM_HEADER_H
#define DP_ETHEREUM_HEADER_H

#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"
#include "crypto/keccak.h"

#define DP_HEADER_EXTRA_MAX 4096 /* bytes of extraData; the main network has 32 at most */

struct dp_header {
    uint8_t hash[DP_KECCAK_LEN], parent[DP_KECCAK_LEN], state_root[DP_KECCAK_LEN];
    uint64_t number;
    uint64_t time; /* Unix seconds */
};

/**
 * Read a block as eth_getBlockByHash or eth_getBlockByNumber gives it. Its hash must be that of its
 * fields in RLP, with those that EIPs 1559, 4895, 4844, 4788 and 7685 added where it has them.
 *
 * Out: out     all zero unless DP_OK
 *      detail  says what is wrong; may be NULL
 * In:  block   NULL is JSON's null, and no block
 * Returns: DP_OK, DP_ENOMEM
 *          DP_EFORMAT  a field that is missing or has another form, or the hash is another one
 */
DP_MUST_CHECK
enum dp_err dp_header_read(struct dp_header *out, struct json_object *block,
                           struct dp_detail *detail);

#endif
