/* verify.c - POST /api/verify: does a signature belong to a key or an address? Needs no account. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/metrics.h"
#include "ethereum/address.h"
#include "web/message.h"

/* Whose signature it is said to be. */
struct signer {
    bool by_key; /* else only the address is known */
    uint8_t pub[DP_SECP_PUB_LEN];
    uint8_t address[DP_ADDRESS_LEN];
};

static enum dp_err read_key(struct dp_exchange *x, struct signer *signer, struct dp_slice hex)
{
    uint8_t bytes[DP_SECP_PUB_LEN];
    size_t len;

    if (dp_hex_decode(bytes, sizeof(bytes), &len, hex.data, hex.len) != DP_OK ||
        dp_secp_parse_public(signer->pub, bytes, len) != DP_OK)
        return dp_fail(&x->detail, DP_EPUBKEY, "pubKeyHex",
                       "pubKeyHex must be 33 or 65 bytes of hex that are a point on secp256k1.");
    signer->by_key = true;
    dp_address_of_public(signer->address, signer->pub);
    return DP_OK;
}

static enum dp_err read_address(struct dp_exchange *x, struct signer *signer, struct dp_slice text)
{
    uint8_t address[DP_ADDRESS_LEN];

    if (text.len != strlen(text.data) || dp_address_parse(address, text.data) != DP_OK)
        return dp_fail(&x->detail, DP_EADDRESS, "address",
                       "address must be 0x and 40 hex digits, all in one case or with a right "
                       "EIP-55 checksum.");
    if (signer->by_key && memcmp(address, signer->address, sizeof(address)) != 0)
        return dp_fail(&x->detail, DP_ECONFLICT, "address", "address is not that of pubKeyHex.");
    memcpy(signer->address, address, sizeof(address));
    return DP_OK;
}

static enum dp_err read_signer(struct dp_exchange *x, struct signer *signer,
                               struct json_object *body)
{
    struct dp_slice key, address;
    enum dp_err err = dp_json_optional_string(&key, body, "pubKeyHex", &x->detail);

    signer->by_key = false;
    if (err == DP_OK)
        err = dp_json_optional_string(&address, body, "address", &x->detail);
    if (err != DP_OK)
        return err;
    if (key.data == NULL && address.data == NULL)
        return dp_fail(&x->detail, DP_EMISSING, "pubKeyHex",
                       "pubKeyHex or address is missing: whose signature is it?");
    if (key.data != NULL)
        err = read_key(x, signer, key);
    if (err == DP_OK && address.data != NULL)
        err = read_address(x, signer, address);
    return err;
}

static enum dp_err read_signature(struct dp_exchange *x, struct dp_secp_sig *sig,
                                  struct json_object *body)
{
    uint8_t bytes[DP_SECP_SIG_LEN];
    struct dp_slice hex;
    size_t len;
    enum dp_err err = dp_json_string(&hex, body, "signature", &x->detail);

    if (err != DP_OK)
        return err;
    if (dp_hex_decode(bytes, sizeof(bytes), &len, hex.data, hex.len) != DP_OK ||
        dp_secp_parse_sig(sig, bytes, len) != DP_OK)
        return dp_fail(&x->detail, DP_ESIGNATURE, "signature",
                       "signature must be hex of 64 bytes (r, s) or 65 (r, s, v), r and s between "
                       "1 and the group order, v one of 0, 1, 27, 28.");
    return DP_OK;
}

static bool recovers_to(const struct dp_secp_sig *sig, int recid, const uint8_t digest[static 32],
                        const struct signer *signer)
{
    uint8_t pub[DP_SECP_PUB_LEN], address[DP_ADDRESS_LEN];

    if (dp_secp_recover(pub, sig, recid, digest) != DP_OK)
        return false;
    dp_address_of_public(address, pub);
    return memcmp(address, signer->address, sizeof(address)) == 0;
}

/* With a recovery id, recovering says all: also that v is right. Without one, a key is verified
 * against and an address is tried with both ids. */
static bool is_valid(const struct dp_secp_sig *sig, const uint8_t digest[static 32],
                     const struct signer *signer)
{
    if (sig->recid >= 0)
        return recovers_to(sig, sig->recid, digest, signer);
    if (signer->by_key)
        return dp_secp_verify(sig, digest, signer->pub);
    return recovers_to(sig, 0, digest, signer) || recovers_to(sig, 1, digest, signer);
}

static enum dp_err reply(struct dp_exchange *x, const struct signer *signer,
                         const struct dp_secp_sig *sig, const struct dp_message *message)
{
    struct json_object *answer = json_object_new_object();
    char address[DP_ADDRESS_TEXT_SIZE];

    if (answer == NULL)
        return DP_ENOMEM;
    dp_address_format(address, signer->address);
    dp_json_add_bool(answer, "valid", is_valid(sig, message->digest, signer));
    dp_json_add_text(answer, "address", address);
    dp_json_add_bool(answer, "canonical", sig->low_s);
    dp_message_describe(message, answer);
    return dp_reply_json(x, 200, answer);
}

static enum dp_err verify(struct dp_exchange *x)
{
    int64_t start = dp_clock_mono_us();
    struct json_object *body = NULL;
    struct dp_message message;
    struct dp_secp_sig sig = {0};
    struct signer signer;
    enum dp_err err = dp_request_json(x, &body);

    if (err == DP_OK)
        err = dp_message_read(x, &message, body);
    if (err == DP_OK)
        err = read_signer(x, &signer, body);
    if (err == DP_OK)
        err = read_signature(x, &sig, body);
    if (err == DP_OK)
        err = reply(x, &signer, &sig, &message);
    json_object_put(body);
    dp_metrics_count(DP_METRIC_VERIFY_TOTAL, err == DP_OK ? "result=\"ok\"" : "result=\"error\"");
    dp_metrics_observe(DP_METRIC_VERIFY_LATENCY, "", dp_clock_mono_us() - start);
    return err;
}

static const struct dp_route routes[] = {
    {"POST", "/api/verify", verify},
};

int main(void)
{
    static const struct dp_program program = {
        .threads = 80,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
