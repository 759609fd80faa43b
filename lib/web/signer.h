/* signer.h - whose signature one is said to be: of a key, of an address, of a user. */
#ifndef DP_WEB_SIGNER_H
#define DP_WEB_SIGNER_H

#include "ethereum/address.h"
#include "web/web.h"

struct dp_signer_key {
    uint8_t address[DP_ADDRESS_LEN];
    uint8_t pub[DP_SECP_PUB_LEN];
    bool has_pub;                              /* else only the address is known */
    char key_namespace[DP_KEY_NAMESPACE_SIZE]; /* of a user's key, else "" */
};

/* Never empty once read; a user's keys stand with the newest first. */
struct dp_signer {
    struct dp_signer_key *keys;
    size_t count;
};

/**
 * Read pubKeyHex, address or userId of a body. pubKeyHex and address may both stand if they belong
 * together.
 *
 * Out: out  to be freed by dp_signer_free, also after an error
 * Returns: DP_OK, DP_EMISSING, DP_ETYPE, DP_ECONFLICT, DP_EPUBKEY, DP_EADDRESS, DP_EUSERID,
 *          DP_EUNKNOWNUSER, DP_ESTORE, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_signer_read(struct dp_exchange *x, struct dp_signer *out, struct json_object *body);

void dp_signer_free(struct dp_signer *signer);

/* The key that made a signature over a digest, or NULL. With a recovery id that must be right too.
 */
const struct dp_signer_key *dp_signer_of(const struct dp_signer *signer,
                                         const struct dp_secp_sig *sig,
                                         const uint8_t digest[static 32]);

#endif
