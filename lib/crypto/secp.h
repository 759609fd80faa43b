/* secp.h - secp256k1 keys and ECDSA signatures, on libsecp256k1 (SEC 1, SEC 2, RFC 6979). */
/*
 * Private keys are the caller's, and read in place. What is computed from one, the nonce of a
 * signature included, is in locked memory only, and wiped before the call returns (base/secret.h).
 */
#ifndef DP_CRYPTO_SECP_H
#define DP_CRYPTO_SECP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DP_SECP_KEY_LEN 32
#define DP_SECP_PUB_LEN 65            /* 04 || x || y */
#define DP_SECP_PUB_COMPRESSED_LEN 33 /* 02 or 03 || x */
#define DP_SECP_SIG_LEN 65            /* r (32), s (32), recovery id (1 byte, 0 or 1) */
#define DP_SECP_RS_LEN 64

/**
 * Make the process-wide context and blind it with fresh randomness. Call once, before any thread;
 * a second call blinds it anew. Calls dp_secret_init.
 *
 * Returns: DP_OK, DP_ECRYPTO (no randomness), DP_ENOMEM (none, or none that can be locked)
 */
DP_MUST_CHECK
enum dp_err dp_secp_init(void);

/**
 * The public key of a private key.
 *
 * Out: pub  uncompressed; all zero unless DP_OK
 * Returns: DP_OK, DP_ECRYPTO (the key is zero or not below the group order)
 */
DP_MUST_CHECK
enum dp_err dp_secp_public(uint8_t pub[static DP_SECP_PUB_LEN],
                           const uint8_t key[static DP_SECP_KEY_LEN]);

/**
 * Sign a digest: RFC 6979 nonce, s in the lower half.
 *
 * Out: sig  r || s || recovery id; all zero unless DP_OK
 * In:  digest  32 bytes that come out of a hash, never bytes that a client chose
 * Returns: DP_OK, DP_ECRYPTO (the key is zero or not below the group order)
 */
DP_MUST_CHECK
enum dp_err dp_secp_sign(uint8_t sig[static DP_SECP_SIG_LEN],
                         const uint8_t key[static DP_SECP_KEY_LEN],
                         const uint8_t digest[static 32]);

/**
 * Read a public key of 33 (compressed) or 65 (uncompressed) bytes that lies on the curve.
 *
 * Out: pub  uncompressed; all zero unless DP_OK
 * Returns: DP_OK, DP_EPUBKEY (length, prefix, a coordinate out of range, not on the curve;
 *          the hybrid forms 06 and 07 are refused)
 */
DP_MUST_CHECK
enum dp_err dp_secp_parse_public(uint8_t pub[static DP_SECP_PUB_LEN], const uint8_t *in,
                                 size_t len);

/* Compress an uncompressed key that one of the calls above has made. */
void dp_secp_compress(uint8_t out[static DP_SECP_PUB_COMPRESSED_LEN],
                      const uint8_t pub[static DP_SECP_PUB_LEN]);

/* What was read of a signature. */
struct dp_secp_sig {
    uint8_t rs[DP_SECP_RS_LEN];
    int recid;  /* 0 or 1, or -1 where the signature has 64 bytes */
    bool low_s; /* s is in the lower half, as EIP-2 wants it */
};

/**
 * Read a signature of 64 bytes (r || s) or 65 (r || s || v, v = 0, 1, 27 or 28).
 *
 * Out: sig  zero, with recid -1, unless DP_OK
 * Returns: DP_OK, DP_ESIGNATURE (another length or v, r or s zero or not below the group order)
 */
DP_MUST_CHECK
enum dp_err dp_secp_parse_sig(struct dp_secp_sig *sig, const uint8_t *in, size_t len);

/* Does the signature fit key and digest? High s counts as fitting; sig->low_s tells. recid is not
 * looked at. */
bool dp_secp_verify(const struct dp_secp_sig *sig, const uint8_t digest[static 32],
                    const uint8_t pub[static DP_SECP_PUB_LEN]);

/**
 * The public key that made a signature (SEC 1, 4.1.6). High s is taken.
 *
 * Out: pub  uncompressed; all zero unless DP_OK
 * In:  recid  0 or 1: which of the two candidates
 * Returns: DP_OK, DP_ESIGNATURE (r is no x coordinate of a point, or the key would be infinity)
 */
DP_MUST_CHECK
enum dp_err dp_secp_recover(uint8_t pub[static DP_SECP_PUB_LEN], const struct dp_secp_sig *sig,
                            int recid, const uint8_t digest[static 32]);

#endif
