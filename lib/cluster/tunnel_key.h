/* tunnel_key.h - the key of this node's tunnels, made anew at each start. Holds a key. */
#ifndef DP_CLUSTER_TUNNEL_KEY_H
#define DP_CLUSTER_TUNNEL_KEY_H

#include <stdint.h>

#include "base/err.h"

#define DP_TUNNEL_KEY_LEN 32
#define DP_TUNNEL_KEY_TEXT_SIZE 45 /* as base64, with its NUL */

/* A key that the guest agent derives would be the same on every replica of the app; this one is
 * random, is in no file, and ends with the process. */
struct dp_tunnel_key {
    uint8_t public_key[DP_TUNNEL_KEY_LEN];
    uint8_t *slot; /* of base/secret.h, or NULL */
};

/**
 * Make a pair (X25519).
 *
 * Out: out  to be freed by dp_tunnel_key_free; all zero unless DP_OK
 * Returns: DP_OK, DP_ENOMEM (none that can be locked), DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_key_make(struct dp_tunnel_key *out);

/* Wipe it. Takes one that is all zero, too. */
void dp_tunnel_key_free(struct dp_tunnel_key *key);

/**
 * Give the key and a port to a WireGuard interface, by wg(8). The key goes over a pipe: it is in no
 * file, no argument and no environment.
 *
 * Returns: DP_OK, DP_ENOMEM, and what dp_run does
 */
DP_MUST_CHECK
enum dp_err dp_tunnel_key_install(const struct dp_tunnel_key *key, const char *interface,
                                  uint16_t listen_port, struct dp_detail *detail);

/* A public key as wg(8) has it: base64. */
void dp_tunnel_key_text(char out[static DP_TUNNEL_KEY_TEXT_SIZE],
                        const uint8_t public_key[static DP_TUNNEL_KEY_LEN]);

/* And back. Returns: DP_OK, DP_EFORMAT */
DP_MUST_CHECK
enum dp_err dp_tunnel_key_read(uint8_t out[static DP_TUNNEL_KEY_LEN], const char *text);

#endif
