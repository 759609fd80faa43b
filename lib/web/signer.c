/* signer.c - whose signature one is said to be: of a key, of an address, of a user. */
#include "web/signer.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"

/* Make room for one more key, all zero. */
static struct dp_signer_key *add_key(struct dp_signer *signer)
{
    struct dp_signer_key *keys = realloc(signer->keys, (signer->count + 1) * sizeof(*signer->keys));

    if (keys == NULL)
        return NULL;
    signer->keys = keys;
    memset(&keys[signer->count], 0, sizeof(*keys));
    return &keys[signer->count++];
}

static enum dp_err read_key(struct dp_exchange *x, struct dp_signer_key *key, struct dp_slice hex)
{
    uint8_t bytes[DP_SECP_PUB_LEN];
    size_t len;

    if (dp_hex_decode(bytes, sizeof(bytes), &len, hex.data, hex.len) != DP_OK ||
        dp_secp_parse_public(key->pub, bytes, len) != DP_OK)
        return dp_fail(&x->detail, DP_EPUBKEY, "pubKeyHex",
                       "pubKeyHex must be 33 or 65 bytes of hex that are a point on secp256k1.");
    key->has_pub = true;
    dp_address_of_public(key->address, key->pub);
    return DP_OK;
}

static enum dp_err read_address(struct dp_exchange *x, struct dp_signer_key *key,
                                struct dp_slice text)
{
    uint8_t address[DP_ADDRESS_LEN];

    if (text.len != strlen(text.data) || dp_address_parse(address, text.data) != DP_OK)
        return dp_fail(&x->detail, DP_EADDRESS, "address",
                       "address must be 0x and 40 hex digits, all in one case or with a right "
                       "EIP-55 checksum.");
    if (key->has_pub && memcmp(address, key->address, sizeof(address)) != 0)
        return dp_fail(&x->detail, DP_ECONFLICT, "address", "address is not that of pubKeyHex.");
    memcpy(key->address, address, sizeof(address));
    return DP_OK;
}

/* A key on record; what does not read as one is our fault, not the client's. */
static enum dp_err add_user_key(const struct dp_user *user, void *arg)
{
    struct dp_signer_key *key = add_key(arg);
    uint8_t bytes[DP_SECP_PUB_LEN];

    if (key == NULL)
        return DP_ENOMEM;
    if (dp_hex_decode_exact(bytes, sizeof(bytes), user->pub_key_hex) != DP_OK ||
        dp_secp_parse_public(key->pub, bytes, sizeof(bytes)) != DP_OK)
        return DP_EFORMAT;
    key->has_pub = true;
    dp_address_of_public(key->address, key->pub);
    memcpy(key->key_namespace, user->key_namespace, sizeof(key->key_namespace));
    return DP_OK;
}

static enum dp_err read_user(struct dp_exchange *x, struct dp_signer *signer,
                             struct dp_slice user_id)
{
    enum dp_err err;

    if (!dp_user_id_valid(user_id.data, user_id.len))
        return dp_fail(&x->detail, DP_EUSERID, "userId",
                       "userId must be 1 to 64 letters, digits, dots, underscores or hyphens, and "
                       "begin with a letter or digit.");
    err = dp_store_list_keys(x->service->store, user_id.data, add_user_key, signer);
    if (err == DP_OK && signer->count == 0)
        return dp_fail(&x->detail, DP_EUNKNOWNUSER, "userId", "Nobody here has this user id.");
    return err;
}

enum dp_err dp_signer_read(struct dp_exchange *x, struct dp_signer *out, struct json_object *body)
{
    struct dp_slice hex = {0}, address = {0}, user_id = {0};
    struct dp_signer_key *key;
    enum dp_err err = dp_json_optional_string(&hex, body, "pubKeyHex", &x->detail);

    *out = (struct dp_signer){0};
    if (err == DP_OK)
        err = dp_json_optional_string(&address, body, "address", &x->detail);
    if (err == DP_OK)
        err = dp_json_optional_string(&user_id, body, "userId", &x->detail);
    if (err != DP_OK)
        return err;
    if (user_id.data != NULL && (hex.data != NULL || address.data != NULL))
        return dp_fail(&x->detail, DP_ECONFLICT, "userId",
                       "Give userId, or pubKeyHex and address, not both.");
    if (user_id.data != NULL)
        return read_user(x, out, user_id);
    if (hex.data == NULL && address.data == NULL)
        return dp_fail(&x->detail, DP_EMISSING, "pubKeyHex",
                       "pubKeyHex, address or userId is missing: whose signature is it?");
    key = add_key(out);
    if (key == NULL)
        return DP_ENOMEM;
    if (hex.data != NULL)
        err = read_key(x, key, hex);
    return err == DP_OK && address.data != NULL ? read_address(x, key, address) : err;
}

void dp_signer_free(struct dp_signer *signer)
{
    free(signer->keys);
    *signer = (struct dp_signer){0};
}

/* Recovering says all: which key it was, and that the recovery id is right. */
static const struct dp_signer_key *recovered(const struct dp_signer *signer,
                                             const struct dp_secp_sig *sig, int recid,
                                             const uint8_t digest[static 32])
{
    uint8_t pub[DP_SECP_PUB_LEN], address[DP_ADDRESS_LEN];

    if (dp_secp_recover(pub, sig, recid, digest) != DP_OK)
        return NULL;
    dp_address_of_public(address, pub);
    for (size_t i = 0; i < signer->count; i++) {
        if (memcmp(address, signer->keys[i].address, sizeof(address)) == 0)
            return &signer->keys[i];
    }
    return NULL;
}

const struct dp_signer_key *dp_signer_of(const struct dp_signer *signer,
                                         const struct dp_secp_sig *sig,
                                         const uint8_t digest[static 32])
{
    const struct dp_signer_key *key;

    if (sig->recid >= 0)
        return recovered(signer, sig, sig->recid, digest);
    if (signer->count == 1 && signer->keys[0].has_pub)
        return dp_secp_verify(sig, digest, signer->keys[0].pub) ? &signer->keys[0] : NULL;
    key = recovered(signer, sig, 0, digest);
    return key != NULL ? key : recovered(signer, sig, 1, digest);
}
