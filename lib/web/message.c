/* message.c - what a body wants signed or verified, and the digest that its scheme makes of it. */
#include "web/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "crypto/keccak.h"

static enum dp_err read_scheme(struct dp_exchange *x, struct dp_message *out,
                               struct json_object *body)
{
    struct dp_slice scheme;
    enum dp_err err = dp_json_optional_string(&scheme, body, "scheme", &x->detail);

    out->scheme = "raw";
    if (err == DP_OK && scheme.data != NULL &&
        (scheme.len != strlen(out->scheme) || strcmp(scheme.data, out->scheme) != 0))
        return dp_fail(&x->detail, DP_ESCHEME, "scheme", "scheme must be raw.");
    return err;
}

static enum dp_err hash_text(struct dp_exchange *x, struct dp_message *out, struct dp_slice text)
{
    if (text.len > DP_MESSAGE_MAX)
        return dp_fail(&x->detail, DP_EMESSAGE, "message", "A message may have up to %d bytes.",
                       DP_MESSAGE_MAX);
    dp_keccak256(out->digest, text.data, text.len);
    return DP_OK;
}

static enum dp_err hash_hex(struct dp_exchange *x, struct dp_message *out, struct dp_slice hex)
{
    uint8_t *bytes = malloc(DP_MESSAGE_MAX);
    size_t len;
    enum dp_err err;

    if (bytes == NULL)
        return DP_ENOMEM;
    err = dp_hex_decode(bytes, DP_MESSAGE_MAX, &len, hex.data, hex.len);
    if (err == DP_OK)
        dp_keccak256(out->digest, bytes, len);
    else if (err == DP_ETOOBIG)
        err = dp_fail(&x->detail, DP_EMESSAGE, "messageHex", "A message may have up to %d bytes.",
                      DP_MESSAGE_MAX);
    else
        err = dp_fail(&x->detail, DP_EHEX, "messageHex",
                      "messageHex must be hex, two digits a byte.");
    free(bytes);
    return err;
}

enum dp_err dp_message_read(struct dp_exchange *x, struct dp_message *out, struct json_object *body)
{
    struct dp_slice text, hex;
    enum dp_err err = read_scheme(x, out, body);

    if (err == DP_OK)
        err = dp_json_optional_string(&text, body, "message", &x->detail);
    if (err == DP_OK)
        err = dp_json_optional_string(&hex, body, "messageHex", &x->detail);
    if (err != DP_OK)
        return err;
    if (text.data != NULL && hex.data != NULL)
        return dp_fail(&x->detail, DP_ECONFLICT, "messageHex",
                       "Give either message or messageHex, not both.");
    if (text.data == NULL && hex.data == NULL)
        return dp_fail(&x->detail, DP_EMISSING, "message", "message is missing.");
    return text.data != NULL ? hash_text(x, out, text) : hash_hex(x, out, hex);
}

void dp_message_describe(const struct dp_message *message, struct json_object *answer)
{
    char hash[DP_HEX0X_SIZE(sizeof(message->digest))];

    dp_hex0x_encode(hash, message->digest, sizeof(message->digest));
    dp_json_add_text(answer, "hash", hash);
    dp_json_add_text(answer, "scheme", message->scheme);
}
