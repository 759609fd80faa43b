/* chain_judge.c - is a key's signature chain what it should be? Offline. */
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/chain.h"
#include "devproof/client.h"

/* What the file claims. */
struct claim {
    uint8_t derived[DP_SECP_PUB_LEN];
    uint8_t app_id[DP_APP_ID_LEN];
    uint8_t app_sig[DP_SECP_SIG_LEN], kms_sig[DP_SECP_SIG_LEN];
    const char *purpose; /* borrowed from the JSON */
};

static enum dp_err read_public(uint8_t pub[static DP_SECP_PUB_LEN], const char *text)
{
    uint8_t bytes[DP_SECP_PUB_LEN];
    size_t len;

    if (dp_hex_decode(bytes, sizeof(bytes), &len, text, strlen(text)) != DP_OK)
        return DP_EPUBKEY;
    return dp_secp_parse_public(pub, bytes, len);
}

bool chain_expect_root(struct chain_expected *expected, const char *text)
{
    uint8_t pub[DP_SECP_PUB_LEN];

    expected->has_root = dp_address_parse(expected->root, text) == DP_OK;
    if (!expected->has_root && read_public(pub, text) == DP_OK) {
        dp_address_of_public(expected->root, pub);
        expected->has_root = true;
    }
    return expected->has_root;
}

bool chain_expect_simulator(struct chain_expected *expected, const char *name)
{
    /* Addresses of the KMS roots in the simulators' published key files. */
    static const struct {
        const char *name, *address;
    } simulators[] = {{"gen1", "0x8f2cF602C9695b23130367ed78d8F557554de7C5"},
                      {"gen2", "0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf"}};

    for (size_t i = 0; i < sizeof(simulators) / sizeof(simulators[0]); i++) {
        if (strcmp(simulators[i].name, name) == 0)
            return chain_expect_root(expected, simulators[i].address);
    }
    return false;
}

static bool read_signature(uint8_t out[static DP_SECP_SIG_LEN], struct json_object *chain,
                           size_t index)
{
    struct json_object *text = json_object_array_get_idx(chain, index);

    return json_object_is_type(text, json_type_string) &&
           dp_hex_decode_exact(out, DP_SECP_SIG_LEN, json_object_get_string(text)) == DP_OK;
}

/* Returns: NULL, or what is wrong with the file. */
static const char *read_claim(struct claim *claim, struct json_object *answer)
{
    struct json_object *chain = NULL;

    claim->purpose = client_text(answer, "purpose");
    if (claim->purpose[0] == '\0')
        return "purpose is missing.";
    if (read_public(claim->derived, client_text(answer, "derivedPubKeyHex")) != DP_OK)
        return "derivedPubKeyHex is missing or no public key.";
    if (dp_hex_decode_exact(claim->app_id, DP_APP_ID_LEN, client_text(answer, "appId")) != DP_OK)
        return "appId is missing or not 20 bytes of hex.";
    if (!json_object_object_get_ex(answer, "signature_chain", &chain) ||
        !json_object_is_type(chain, json_type_array) || json_object_array_length(chain) != 2 ||
        !read_signature(claim->app_sig, chain, 0) || !read_signature(claim->kms_sig, chain, 1))
        return "signature_chain is missing or not two signatures of 65 bytes.";
    return NULL;
}

/* The shown address and public key must be those that the chain speaks of. Returns: as read_claim
 */
static const char *check_shown(const struct claim *claim, const struct dp_chain *chain,
                               struct json_object *answer)
{
    uint8_t shown[DP_SECP_PUB_LEN], address[DP_ADDRESS_LEN], claimed[DP_ADDRESS_LEN];
    const char *text = client_text(answer, "pubKeyHex");

    if (text[0] != '\0' &&
        (read_public(shown, text) != DP_OK || memcmp(shown, claim->derived, sizeof(shown)) != 0))
        return "pubKeyHex is not the key that the chain vouches for.";
    text = client_text(answer, "address");
    dp_address_of_public(address, claim->derived);
    if (text[0] != '\0' && (dp_address_parse(claimed, text) != DP_OK ||
                            memcmp(address, claimed, sizeof(address)) != 0))
        return "address is not that of the key that the chain vouches for.";
    text = client_text(answer, "appPubKeyHex");
    if (text[0] != '\0' &&
        (read_public(shown, text) != DP_OK || memcmp(shown, chain->app_pub, sizeof(shown)) != 0))
        return "appPubKeyHex is not the key that signed.";
    return NULL;
}

const char *chain_fault(const struct chain_expected *expected, struct json_object *answer)
{
    uint8_t root[DP_ADDRESS_LEN];
    struct dp_chain chain;
    struct claim claim;
    const char *fault = read_claim(&claim, answer);

    if (fault != NULL)
        return fault;
    if (dp_chain_recover(&chain, claim.derived, claim.purpose, claim.app_id, claim.app_sig,
                         claim.kms_sig) != DP_OK)
        return "a signature of the chain is malformed.";
    dp_address_of_public(root, chain.root_pub);
    if (memcmp(root, expected->root, sizeof(root)) != 0)
        return "the chain does not lead to this KMS root.";
    if (expected->has_app_id && memcmp(claim.app_id, expected->app_id, DP_APP_ID_LEN) != 0)
        return "the chain is that of another app id.";
    return check_shown(&claim, &chain, answer);
}
