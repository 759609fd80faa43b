/* ca.h - the app's certificate authority, out of appkeys.json. May hold a secret. */
#ifndef DP_SIM_CA_H
#define DP_SIM_CA_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"

/* Of OpenSSL: X509 and EVP_PKEY. Both NULL where the key is not in the file but with a KMS. */
struct sim_ca {
    struct x509_st *cert;
    struct evp_pkey_st *key;
};

/**
 * Read ca_cert, and the key of it that key_provider has.
 *
 * Out: out   to be freed by sim_ca_free, also after an error
 * In:  path  of the file, for the detail
 * Returns: DP_OK, DP_EFORMAT (no certificate, no key provider, or a key of another certificate)
 */
DP_MUST_CHECK
enum dp_err sim_ca_read(struct sim_ca *out, struct json_object *keys, const char *path,
                        struct dp_detail *detail);
void sim_ca_free(struct sim_ca *ca);

/* What a certificate is to say. An extension is left out where its slice has no data. */
struct sim_leaf {
    struct dp_slice subject;      /* the common name, UTF-8 */
    const struct dp_slice *names; /* host names and IP addresses: ASCII, a NUL behind each */
    size_t name_count;
    bool server_auth, client_auth;
    int64_t not_before, not_after;         /* seconds since 1970, up to the year 9999 */
    struct dp_slice attestation, app_info; /* extensions 8 and 9 of dstack */
};

/**
 * Certify a key, as P-256 keys of this app are: usage app:custom, digital signatures.
 *
 * Out: pem  the certificate; added
 * Returns: DP_OK, DP_ECRYPTO, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_ca_issue(const struct sim_ca *ca, struct dp_buf *pem, struct evp_pkey_st *key,
                         const struct sim_leaf *leaf);

/* Add the authority's own certificate as PEM. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err sim_ca_write(const struct sim_ca *ca, struct dp_buf *pem);

#endif
