/* wallet_reply.h - a user's public key and its signature chain, as every answer shows them. */
#ifndef DP_WEB_WALLET_REPLY_H
#define DP_WEB_WALLET_REPLY_H

#include "web/web.h"

/* Fill the public parts of a user from a derived key. app_id is the agent's. */
void dp_wallet_fill_user(struct dp_user *user, const struct dp_guest_key *key,
                         const char *key_namespace, const uint8_t app_id[static DP_APP_ID_LEN]);

/**
 * Add address, pubKeyHex, namespace, purpose, derivedPubKeyHex, appPubKeyHex, appId,
 * signature_chain and createdAt of a key on record.
 *
 * Returns: DP_OK, DP_EFORMAT (what is on record is no key or no chain)
 */
DP_MUST_CHECK
enum dp_err dp_wallet_describe(struct json_object *answer, const struct dp_user *user);

/* The signature chain as a JSON array; NULL where it is none. To be freed by json_object_put. */
struct json_object *dp_wallet_chain(const struct dp_user *user);

#endif
