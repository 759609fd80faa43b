/* cert.h - certificate chains: what one says, and whether to take it. */
#ifndef DP_CRYPTO_CERT_H
#define DP_CRYPTO_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_CERT_CHAIN_MAX 10 /* certificates of a chain */
#define DP_CERT_HASH_LEN 32

struct dp_cert_chain;

/**
 * Read a chain: the server's own certificate first.
 *
 * Out: out  to be freed by dp_cert_free; NULL unless DP_OK
 * In:  pem  certificates as PEM; other text around them is left out
 * Returns: DP_OK, DP_EFORMAT (none, or more than DP_CERT_CHAIN_MAX), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_cert_read(struct dp_cert_chain **out, struct dp_slice pem, struct dp_detail *detail);

/* Takes NULL. */
void dp_cert_free(struct dp_cert_chain *chain);

/* Add the chain as PEM and nothing else. Failures stick in out->err. */
void dp_cert_write(struct dp_buf *out, const struct dp_cert_chain *chain);

/* What the first certificate says. */
struct dp_cert_facts {
    char subject[256], issuer[256]; /* in one line; cut off where longer */
    int64_t not_before, not_after;  /* seconds since 1970 */
    uint8_t hash[DP_CERT_HASH_LEN]; /* SHA-256 of its DER */
    uint8_t spki[DP_CERT_HASH_LEN]; /* SHA-256 of its public key's SubjectPublicKeyInfo */
};
void dp_cert_facts(struct dp_cert_facts *out, const struct dp_cert_chain *chain);

/* Is the first one for this host name or IP address? */
bool dp_cert_is_for(const struct dp_cert_chain *chain, const char *name);

/* Has it this public key? In: spki  SubjectPublicKeyInfo, DER */
bool dp_cert_has_key(const struct dp_cert_chain *chain, const uint8_t *spki, size_t len);

/**
 * Is now within the first one's time?
 *
 * Returns: DP_OK, DP_EINVAL with a sentence
 */
DP_MUST_CHECK
enum dp_err dp_cert_check_time(const struct dp_cert_chain *chain, int64_t now,
                               struct dp_detail *detail);

/**
 * Does it lead to a root that clients trust, as a server's?
 *
 * In:  roots  file of trusted certificates as PEM, or NULL: those of this machine
 * Returns: DP_OK, DP_EINVAL with a sentence, DP_EIO (roots cannot be read), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_cert_verify(const struct dp_cert_chain *chain, const char *roots, int64_t now,
                           struct dp_detail *detail);

#endif
