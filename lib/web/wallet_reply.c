/* wallet_reply.c - a user's public key and its signature chain, as every answer shows them. */
#include "web/wallet_reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "dstack/keyuse.h"
#include "ethereum/address.h"

#define SIGNATURE_TEXT_LEN (DP_HEX0X_SIZE(DP_SECP_SIG_LEN) - 1)

void dp_wallet_fill_user(struct dp_user *user, const struct dp_guest_key *key,
                         const char *key_namespace, const uint8_t app_id[static DP_APP_ID_LEN])
{
    char app[DP_HEX0X_SIZE(DP_SECP_SIG_LEN)], kms[DP_HEX0X_SIZE(DP_SECP_SIG_LEN)];
    uint8_t address[DP_ADDRESS_LEN];

    snprintf(user->key_namespace, sizeof(user->key_namespace), "%s", key_namespace);
    dp_hex0x_encode(user->pub_key_hex, key->public_key, sizeof(key->public_key));
    dp_address_of_public(address, key->public_key);
    dp_address_format(user->address, address);
    dp_hex0x_encode(user->app_id, app_id, DP_APP_ID_LEN);
    dp_hex0x_encode(app, key->app_signature, DP_SECP_SIG_LEN);
    dp_hex0x_encode(kms, key->kms_signature, DP_SECP_SIG_LEN);
    snprintf(user->signature_chain, sizeof(user->signature_chain), "[\"%s\",\"%s\"]", app, kms);
}

static void add_signature(struct json_object *chain, const char *text)
{
    struct json_object *signature = json_object_new_string_len(text, SIGNATURE_TEXT_LEN);

    if (signature == NULL || json_object_array_add(chain, signature) != 0)
        abort();
}

/* By its one form, that of dp_wallet_fill_user: every signature comes here, and a parser of JSON
 * would cost it more than hashing what it signs. */
struct json_object *dp_wallet_chain(const struct dp_user *user)
{
    const char *text = user->signature_chain;
    const char *app = text + 2, *between = app + SIGNATURE_TEXT_LEN;
    const char *kms = between + 3, *end = kms + SIGNATURE_TEXT_LEN;
    struct json_object *chain;

    if (strlen(text) != (size_t)(end + 2 - text) || memcmp(text, "[\"", 2) != 0 ||
        memcmp(between, "\",\"", 3) != 0 || memcmp(end, "\"]", 2) != 0)
        return NULL;
    chain = json_object_new_array_ext(2);
    if (chain == NULL)
        abort();
    add_signature(chain, app);
    add_signature(chain, kms);
    return chain;
}

static enum dp_err chain_signature(uint8_t out[static DP_SECP_SIG_LEN], struct json_object *chain,
                                   size_t index)
{
    const char *text = json_object_get_string(json_object_array_get_idx(chain, index));

    return text == NULL ? DP_EFORMAT : dp_hex_decode_exact(out, DP_SECP_SIG_LEN, text);
}

/* The app key is not on record: it is what the chain's first signature recovers to. */
static enum dp_err recover_app_key(uint8_t out[static DP_SECP_PUB_COMPRESSED_LEN],
                                   const uint8_t pub[static DP_SECP_PUB_LEN],
                                   struct json_object *chain, const struct dp_user *user)
{
    uint8_t app_sig[DP_SECP_SIG_LEN], kms_sig[DP_SECP_SIG_LEN], app_id[DP_APP_ID_LEN];
    struct dp_chain links;

    if (chain == NULL || chain_signature(app_sig, chain, 0) != DP_OK ||
        chain_signature(kms_sig, chain, 1) != DP_OK ||
        dp_hex_decode_exact(app_id, sizeof(app_id), user->app_id) != DP_OK ||
        dp_chain_recover(&links, pub, DP_PURPOSE, app_id, app_sig, kms_sig) != DP_OK)
        return DP_EFORMAT;
    dp_secp_compress(out, links.app_pub);
    return DP_OK;
}

static void add_hex(struct json_object *answer, const char *name, const uint8_t *bytes, size_t len)
{
    char text[DP_HEX0X_SIZE(DP_SECP_PUB_LEN)];

    dp_hex0x_encode(text, bytes, len);
    dp_json_add_text(answer, name, text);
}

enum dp_err dp_wallet_describe(struct json_object *answer, const struct dp_user *user)
{
    uint8_t pub[DP_SECP_PUB_LEN], derived[DP_SECP_PUB_COMPRESSED_LEN];
    uint8_t app_pub[DP_SECP_PUB_COMPRESSED_LEN];
    struct json_object *chain = dp_wallet_chain(user);
    char created[DP_CLOCK_TEXT_SIZE];

    if (dp_hex_decode_exact(pub, sizeof(pub), user->pub_key_hex) != DP_OK ||
        recover_app_key(app_pub, pub, chain, user) != DP_OK) {
        json_object_put(chain);
        return DP_EFORMAT;
    }
    dp_secp_compress(derived, pub);
    dp_clock_format(created, user->key_created_ms);
    dp_json_add_text(answer, "address", user->address);
    dp_json_add_text(answer, "pubKeyHex", user->pub_key_hex);
    dp_json_add_text(answer, "namespace", user->key_namespace);
    dp_json_add_text(answer, "purpose", DP_PURPOSE);
    add_hex(answer, "derivedPubKeyHex", derived, sizeof(derived));
    add_hex(answer, "appPubKeyHex", app_pub, sizeof(app_pub));
    dp_json_add_text(answer, "appId", user->app_id);
    dp_json_add(answer, "signature_chain", chain);
    dp_json_add_text(answer, "createdAt", created);
    return DP_OK;
}
