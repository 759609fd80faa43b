/* subscription.h - be told by a node, over a WebSocket, that a contract has said something. */
/*
 * What the node tells is read by nobody: it wakes whoever then asks, and proves what is answered.
 */
#ifndef DP_ETHEREUM_SUBSCRIPTION_H
#define DP_ETHEREUM_SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "ethereum/address.h"

#define DP_SUBSCRIPTION_URL_MAX 2048 /* bytes, with a NUL */

struct dp_subscription;

/* Is it a ws:// or wss:// URL with a host, and not too long? */
bool dp_subscription_is_url(const char *text);

/**
 * Connect, and ask for the contract's logs (eth_subscribe of go-ethereum's publish-subscribe API,
 * which others have too). Certificates are verified.
 *
 * Out: out     to be closed by dp_subscription_close; NULL unless DP_OK
 *      detail  what failed; may be NULL
 * Returns: DP_OK
 *          DP_EINVAL   no such URL
 *          DP_EIO      no connection, or no WebSocket there
 *          DP_ERPC     the node offers no subscriptions
 *          DP_ETIMEOUT, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_subscription_open(struct dp_subscription **out, const char *url,
                                 const uint8_t contract[static DP_ADDRESS_LEN], unsigned within_ms,
                                 struct dp_detail *detail);

/**
 * Wait to be told. Several messages that came together are one.
 *
 * Returns: DP_OK        something was said
 *          DP_ETIMEOUT  nothing was, in this time
 *          DP_EIO       the connection is gone: close it
 */
DP_MUST_CHECK
enum dp_err dp_subscription_wait(struct dp_subscription *subscription, unsigned within_ms);

/* Takes NULL. */
void dp_subscription_close(struct dp_subscription *subscription);

#endif
