/* relay.h - a call of a cluster's contract that somebody else sends, as JSON between the two. */
/*
 * {"chainId": 8453, "to": "0x...", "data": "0x...", "tokenId": 3, "deadline": 1790000000}
 *
 * It holds no secret, and works for the node that signed it alone: whoever sends it pays, no more.
 */
#ifndef DP_CLUSTER_RELAY_H
#define DP_CLUSTER_RELAY_H

#include <json-c/json.h>

#include "base/err.h"
#include "cluster/join.h"
#include "dstack_p2p.h"

#define DP_RELAY_JSON_MAX (2 * DP_VOUCHER_CALL_MAX + 512) /* bytes of the text */

/* To be freed by json_object_put; an allocation failure ends the process. */
struct json_object *dp_relay_write(const struct dstack_p2p_call *call);

/**
 * Read one. Only registerPeer and renewLease are calls that a relay sends.
 *
 * Out: out       out->data is to be freed by dp_buf_free in any case
 *      contract  that it is for
 *      detail    field is the member at fault
 * Returns: DP_OK, DP_EMISSING, DP_ETYPE, DP_EFORMAT, DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_relay_read(struct dp_join_call *out, uint8_t contract[static DP_ADDRESS_LEN],
                          struct json_object *json, struct dp_detail *detail);

/**
 * Hand a call to a relay, which answers {"transaction": "0x..."}, and wait for the receipt.
 *
 * Returns: as dp_join_send
 *          DP_ERPC    the relay refuses; detail has its words
 *          DP_EFORMAT  it answers something else
 */
DP_MUST_CHECK
enum dp_err dp_relay_send(const struct dp_join *join, const struct dstack_p2p_call *call,
                          struct dp_node_receipt *receipt, uint8_t hash[static DP_KECCAK_LEN],
                          const char *url, struct dp_detail *detail);

#endif
