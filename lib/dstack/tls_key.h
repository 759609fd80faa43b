/* tls_key.h - the key that nginx serves HTTPS with. May hold a key. */
/*
 * Weaker custody than that of wallets' keys, by its nature: nginx needs the key in a file and has
 * it in ordinary memory for as long as it runs. So what this promises is that it is on no disk: the
 * file is only ever written to a file system in memory. Here it is in locked memory; OpenSSL works
 * on it in ordinary memory, which it wipes.
 */
#ifndef DP_DSTACK_TLS_KEY_H
#define DP_DSTACK_TLS_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "dstack/guest.h"

#define DP_TLS_SPKI_MAX 1100          /* bytes: that of an RSA key of 8192 bits */
#define DP_TLS_CHAIN_MAX (128 * 1024) /* bytes of a certificate chain as PEM */

/*
 * A key on loan, wiped by dp_tls_key_free, which every path must reach. Its bytes have no type
 * outside lib/dstack.
 */
struct dp_tls_key_bytes;
struct dp_tls_key {
    const struct dp_tls_key_bytes *pem; /* PKCS#8 or an older form, with a NUL; or NULL */
    uint8_t spki[DP_TLS_SPKI_MAX];      /* SubjectPublicKeyInfo of its public half, DER */
    size_t spki_len;
};

/* What the agent's certificate shall say. */
struct dp_tls_ask {
    const char *const
        *names; /* host names and IP addresses, at least one; the first is the subject */
    size_t name_count;
    int64_t not_before, not_after; /* seconds since 1970 */
};

/**
 * GetTlsKey: a new random key each time, with the certificate chain that the agent has for it. It
 * is for a server and says what the agent knows of the app.
 *
 * Out: key    to be freed by dp_tls_key_free, also after an error
 *      chain  PEM, the leaf first; must be empty before
 * Returns: DP_OK
 *          DP_EGUEST  no connection, no answer in time, or not a key and its chain in it
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_guest_get_tls_key(struct dp_guest *guest, struct dp_tls_key *key,
                                 struct dp_buf *chain, const struct dp_tls_ask *ask);

/**
 * The P-256 key that a certificate authority certifies: the same for every version of the app.
 *
 * Out: key  to be freed by dp_tls_key_free, also after an error
 * Returns: DP_OK, DP_EGUEST, DP_ENOMEM, DP_ECRYPTO (the derived bytes are no key: one in 2^32 is
 * none)
 */
DP_MUST_CHECK
enum dp_err dp_tls_key_derive(struct dp_guest *guest, struct dp_tls_key *key);

/**
 * A key that somebody else made, out of a file.
 *
 * Out: key  to be freed by dp_tls_key_free, also after an error
 * Returns: DP_OK, DP_EIO, DP_ETOOBIG, DP_EFORMAT (no private key in it, or one with a password),
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_tls_key_read(struct dp_tls_key *key, const char *path, struct dp_detail *detail);

/**
 * A certificate signing request (PKCS#10) for these names, as PEM; added.
 *
 * Returns: DP_OK, DP_ENOMEM, DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err dp_tls_key_csr(const struct dp_tls_key *key, struct dp_buf *out,
                           const char *const *names, size_t name_count);

/**
 * Write a file of head and then the key, mode 0600, in the place of the one that is there.
 *
 * In:  head  what is public: the chain
 *      dir   must be on tmpfs or ramfs
 *      name  no slash
 * Returns: DP_OK, DP_EINVAL (dir is on a disk: nothing was written), DP_EIO
 */
DP_MUST_CHECK
enum dp_err dp_tls_key_store(const struct dp_tls_key *key, struct dp_slice head, const char *dir,
                             const char *name, struct dp_detail *detail);

/* Wipe and give back. Takes a key that was never filled, if it is all zero. */
void dp_tls_key_free(struct dp_tls_key *key);

#endif
