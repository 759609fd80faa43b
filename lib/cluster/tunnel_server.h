/* tunnel_server.h - proves to peers, by a quote, that this node's TD holds the key of its tunnel.
 */
#ifndef DP_CLUSTER_TUNNEL_SERVER_H
#define DP_CLUSTER_TUNNEL_SERVER_H

#include <netinet/in.h>
#include <stddef.h>

#include "base/err.h"
#include "cluster/tunnel_proof.h"

#define DP_TUNNEL_PROOF_PORT 51821 /* TCP, on the proof address alone */
#define DP_TUNNEL_WAIT_MS 4000     /* what a question waits for the one before it */
#define DP_TUNNEL_EVERY_MS 1000    /* between two quotes for one peer */

/*
 * GET /proof?nonce=<64 hex digits> answers {"quote": hex, "event_log": text, "vm_config": text},
 * the quote being over dp_tunnel_report_data of the nonce and the key of the peer from whose
 * address the question came, which WireGuard vouches for. Else {"error": sentence} with status
 *
 *     400  no nonce                  404, 405  another path or method
 *     403  no peer has that address  429       asked again within DP_TUNNEL_EVERY_MS
 *     503  others wait already, or the guest agent gives no quote
 */
struct dp_tunnel_server;

struct dp_tunnel_asker {
    struct in6_addr address; /* its proof address */
    uint8_t key[DP_TUNNEL_KEY_LEN];
};

/**
 * Start to answer, in threads of its own; one quote at a time is made. They take no signals.
 *
 * In:  address  this node's proof address
 *      socket   of the guest agent, as dp_guest_open takes it
 *      self     nonce and asker do not count
 * Returns: DP_OK, DP_EIO (it cannot listen there), DP_EINVAL, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_server_open(struct dp_tunnel_server **out, const char *address,
                                  const char *socket, const struct dp_tunnel_claim *self,
                                  struct dp_detail *detail);

/* Answer these and no others from now on. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_tunnel_server_update(struct dp_tunnel_server *server,
                                    const struct dp_tunnel_asker *askers, size_t count);

/* Waits for a quote under way. Takes NULL. */
void dp_tunnel_server_close(struct dp_tunnel_server *server);

#endif
