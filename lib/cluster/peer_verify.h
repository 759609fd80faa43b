/* peer_verify.h - is it the peer of the contract that answers at its endpoint? By RA-TLS: who
 * answers holds a key that a genuine TD of the peer's app and instance attests. */
#ifndef DP_CLUSTER_PEER_VERIFY_H
#define DP_CLUSTER_PEER_VERIFY_H

#include "attest/collateral.h"
#include "attest/ratls.h"
#include "cluster/peers.h"

#define DP_PEER_CERTIFICATES_MAX (256u << 10) /* bytes of PEM; an attestation has some 30 KB */

/**
 * Where collateral for a quote comes from. Any thread may call it at any time.
 *
 * Out: out   borrowed: it stays until the last peer is verified
 * In:  anew  what was given before is out of date
 * Returns: DP_OK, or that there is none, or none newer
 */
typedef enum dp_err dp_peer_collateral(const struct dp_collateral **out, struct dp_slice quote,
                                       bool anew, void *arg, struct dp_detail *detail);

/**
 * Connect to a peer behind a gateway, begin TLS and end it, and judge the certificate. Any thread
 * may call it at any time.
 *
 * A quote's app id and instance id are what the guest's operating system measured of itself, by the
 * key provider that it names: whether these two may be believed is the caller's to decide, from
 * out's registers and key_provider; so is which TCB status and compose hash are good enough.
 *
 * Out: out     to be freed by dp_ratls_free, also after an error; counts only after DP_OK
 *      detail  field is "endpoint", "connection", "collateral", "app_id", "instance_id", or one of
 *              dp_ratls_verify's
 * In:  within_ms  for the connection; collateral takes its own time
 * Returns: DP_OK
 *          DP_EIO, DP_ETIMEOUT  nobody answers there by TLS, or there is no collateral
 *          DP_EMISSING, DP_EFORMAT, DP_EINVAL  who answers does not prove to be that peer
 *          DP_ECRYPTO, DP_ENOMEM, DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err dp_peer_verify(struct dp_ratls *out, const struct dp_peer *peer, unsigned within_ms,
                           dp_peer_collateral *collateral, void *arg, struct dp_detail *detail);

#endif
