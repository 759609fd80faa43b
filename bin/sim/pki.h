/* pki.h - the test root in Intel's place, and whom it certifies. May hold a secret. */
#ifndef DP_SIM_PKI_H
#define DP_SIM_PKI_H

#include "base/buf.h"
#include "base/err.h"

enum sim_signer { SIM_ROOT, SIM_PCK_CA, SIM_PCK, SIM_TCB, SIM_QE, SIM_SIGNERS };

/* Of OpenSSL: X509 and EVP_PKEY. */
struct sim_pki {
    struct evp_pkey_st *key[SIM_SIGNERS];
    struct x509_st *cert[SIM_SIGNERS];
};

/**
 * Make new keys, and certify them under the names that dstack's own simulator gives them.
 *
 * Out: out  to be freed by sim_pki_free, also after an error
 * Returns: DP_OK, DP_ECRYPTO, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_pki_make(struct sim_pki *out);
void sim_pki_free(struct sim_pki *pki);

/**
 * The root and signers of a file, which is made, for its owner to read alone, where there is none:
 * so several simulators have the same. It holds their private keys.
 *
 * Out: out     as above
 *      detail  names the file
 * Returns: DP_OK, DP_EIO, DP_EFORMAT (it is no such file), DP_EINVAL (a path too long), DP_ECRYPTO,
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_pki_share(struct sim_pki *out, const char *path, struct dp_detail *detail);

/* Add a signer's certificate as PEM, and those above it. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err sim_pki_chain(const struct sim_pki *pki, struct dp_buf *pem, enum sim_signer signer);

/**
 * Add the revocation list of an issuer (SIM_ROOT or SIM_PCK_CA) as DER.
 *
 * In: revoked  NULL, or the certificate that it names
 * Returns: DP_OK, DP_ECRYPTO, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_pki_crl(const struct sim_pki *pki, struct dp_buf *der, enum sim_signer issuer,
                        const struct x509_st *revoked);

#endif
