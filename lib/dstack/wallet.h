/* wallet.h - a user's key, once the guest agent has shown that it keeps users apart. */
#ifndef DP_DSTACK_WALLET_H
#define DP_DSTACK_WALLET_H

#include "base/err.h"
#include "dstack/guest.h"

struct dp_wallet;

/**
 * Is the cryptography at hand the right one? Signs, verifies and recovers with a known key.
 * Returns: DP_OK, DP_ESELFTEST
 */
DP_MUST_CHECK
enum dp_err dp_wallet_self_test(void);

/* guest and key_namespace are borrowed. dp_secp_init must have been called. Returns: DP_OK,
 * DP_ENOMEM, DP_ECRYPTO (no randomness) */
DP_MUST_CHECK
enum dp_err dp_wallet_open(struct dp_wallet **out, struct dp_guest *guest,
                           const char *key_namespace);

/* Wipes what keys are kept. Takes NULL. */
void dp_wallet_close(struct dp_wallet *wallet);

/**
 * The key of a user in a namespace, which is the setting's or one on record. Before the first one
 * the agent must give two users and two namespaces different keys under one app key; where it does
 * not, no key is ever given out.
 *
 * Out: key  to be freed by dp_guest_key_free, also after an error
 * Returns: DP_OK, DP_EGUEST, DP_ENOMEM, DP_ESELFTEST (for good: two users would share a key),
 *          DP_EINVAL (the namespace is none for users, or too long)
 */
DP_MUST_CHECK
enum dp_err dp_wallet_key(struct dp_wallet *wallet, struct dp_guest_key *key,
                          const char *key_namespace, const char *user_id);

/**
 * The public half of a user's key and its signature chain, for those who sign nothing: the key
 * itself is wiped before this call returns, and never kept.
 *
 * Out: key  its key is NULL; nothing to be freed
 * Returns: as dp_wallet_key
 */
DP_MUST_CHECK
enum dp_err dp_wallet_public(struct dp_wallet *wallet, struct dp_guest_key *key,
                             const char *key_namespace, const char *user_id);

/**
 * The app id under which a key was derived, as the agent's Info names it. Asked for once for each
 * KMS signature, since that is over the app id.
 *
 * Returns: DP_OK, DP_EGUEST, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_wallet_app_id(struct dp_wallet *wallet, uint8_t out[static DP_APP_ID_LEN],
                             const struct dp_guest_key *key);

/**
 * Sign a digest with a key on loan: dp_secp_sign for those who must not see the key.
 *
 * Out: sig  r || s || recovery id; all zero unless DP_OK
 * Returns: DP_OK, DP_ECRYPTO
 */
DP_MUST_CHECK
enum dp_err dp_wallet_sign(const struct dp_guest_key *key, uint8_t sig[static DP_SECP_SIG_LEN],
                           const uint8_t digest[static 32]);

/**
 * Keep keys for so many seconds (dstack/keycache.h); without this call none is kept. Call before
 * any thread.
 *
 * Returns: DP_OK, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_wallet_keep_keys(struct dp_wallet *wallet, unsigned seconds);

/* Wipe the kept keys whose time is over: to be called about once a second. Takes NULL. */
void dp_wallet_expire_keys(struct dp_wallet *wallet);

/* Does the agent give keys, here and now? Returns: as dp_wallet_key */
DP_MUST_CHECK
enum dp_err dp_wallet_check(struct dp_wallet *wallet);

#endif
