/* tunnel_tls.h - TLS for streams of datagrams: a wrapper that gets them through a gateway. */
#ifndef DP_CLUSTER_TUNNEL_TLS_H
#define DP_CLUSTER_TUNNEL_TLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/err.h"

/*
 * The gateway finds the node by the name in the ClientHello, and passes the rest on unread. Nothing
 * depends on this TLS: what is inside is WireGuard's, which encrypts, and knows its peers by the
 * keys of the contract. Hence the certificate is anybody's, made in memory at each start, no client
 * looks at it, and who reads the stream or puts himself in its way sees and can do what he could to
 * UDP. TLS 1.3 alone, without tickets.
 */
struct dp_tunnel_tls {
    SSL_CTX *client;
    SSL_CTX *server; /* NULL where no streams are taken */
};

/* Returns: DP_OK, DP_ECRYPTO. Either way dp_tunnel_tls_close is due. */
DP_MUST_CHECK
enum dp_err dp_tunnel_tls_open(struct dp_tunnel_tls *out, bool serves);

/* Takes one that is all zero, too. */
void dp_tunnel_tls_close(struct dp_tunnel_tls *tls);

#endif
