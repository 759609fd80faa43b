/* keys.h - dstack's key derivation, and the first link of a chain. May hold a secret. */
#ifndef DP_SIM_KEYS_H
#define DP_SIM_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/secp.h"

#define SIM_KEY_LEN 32
#define SIM_ED25519_PUB_LEN 32
#define SIM_PATH_MAX (32 * 1024) /* bytes; the most that the library takes as HKDF info */

/* Of the key that Sign signs with. */
#define SIM_SIGNING_PATH ((struct dp_slice){"vms", 3})
#define SIM_SIGNING_PURPOSE ((struct dp_slice){"signing", 7})

enum sim_algorithm { SIM_SECP256K1, SIM_SECP256K1_PREHASHED, SIM_ED25519 };

/**
 * The algorithm of a name: secp256k1 or k256, secp256k1_prehashed, ed25519.
 *
 * Returns: DP_OK, DP_EINVAL (any other name, the empty one too)
 */
DP_MUST_CHECK
enum dp_err sim_algorithm_parse(enum sim_algorithm *out, struct dp_slice name,
                                struct dp_detail *detail);

/* Look the algorithms up once for the process, before any thread: DP_OK or DP_ECRYPTO. */
DP_MUST_CHECK
enum dp_err sim_keys_init(void);
void sim_keys_free(void);

/**
 * HKDF-SHA-256 with the salt "RATLS", by which dstack derives every key.
 *
 * Out: out  len bytes; all zero unless DP_OK
 * Returns: DP_OK, DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err sim_hkdf(uint8_t *out, size_t len, const uint8_t *ikm, size_t ikm_len,
                     struct dp_slice info);

struct sim_key {
    uint8_t secret[SIM_KEY_LEN]; /* private key, or Ed25519 seed */
    uint8_t public_key[DP_SECP_PUB_COMPRESSED_LEN];
    size_t public_len; /* DP_SECP_PUB_COMPRESSED_LEN or SIM_ED25519_PUB_LEN */
    uint8_t app_signature[DP_SECP_SIG_LEN];
};

/**
 * Derive the key of a path and let the app key vouch for it.
 *
 * Out: out  all zero unless DP_OK; the caller wipes it
 * In:  app_key  parent of every key
 *      path     at most SIM_PATH_MAX bytes; purpose does not change the key
 * Returns: DP_OK, DP_ETOOBIG (path), DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err sim_key_derive(struct sim_key *out, const uint8_t app_key[static SIM_KEY_LEN],
                           enum sim_algorithm algorithm, struct dp_slice path,
                           struct dp_slice purpose, struct dp_detail *detail);

/* Add {"NAME":"","CHAIN":["",""]}: the key and who vouches for it, all in hex. Failures stick. */
void sim_key_write(struct dp_buf *out, const struct sim_key *key, const char *kms_signature,
                   const char *name, const char *chain);

#endif
