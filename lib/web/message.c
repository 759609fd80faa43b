/* message.c - what a body wants signed or verified, and the digest that its scheme makes of it. */
#include "web/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "crypto/keccak.h"
#include "ethereum/eip191.h"
#include "ethereum/eip712.h"

/* The members of a body that say what is meant, as they stand there. */
struct parts {
    struct dp_slice text, hex; /* data NULL: not there */
    struct json_object *typed_data;
    bool has_scheme;
    enum dp_scheme scheme;
};

static enum dp_err read_scheme(struct dp_exchange *x, struct parts *parts, struct json_object *body)
{
    struct dp_slice name;
    enum dp_err err = dp_json_optional_string(&name, body, "scheme", &x->detail);

    parts->has_scheme = err == DP_OK && name.data != NULL;
    if (parts->has_scheme && dp_scheme_parse(&parts->scheme, name.data, name.len) != DP_OK)
        return dp_fail(&x->detail, DP_ESCHEME, "scheme", "scheme must be raw, eip191 or eip712.");
    return err;
}

static enum dp_err read_typed_data(struct dp_exchange *x, struct parts *parts,
                                   struct json_object *body)
{
    parts->typed_data = json_object_object_get(body, "typedData");
    if (parts->typed_data == NULL || json_object_is_type(parts->typed_data, json_type_object))
        return DP_OK;
    return dp_fail(&x->detail, DP_ETYPE, "typedData", "typedData must be an object.");
}

static enum dp_err read_parts(struct dp_exchange *x, struct parts *parts, struct json_object *body)
{
    enum dp_err err = read_scheme(x, parts, body);

    if (err == DP_OK)
        err = dp_json_optional_string(&parts->text, body, "message", &x->detail);
    if (err == DP_OK)
        err = dp_json_optional_string(&parts->hex, body, "messageHex", &x->detail);
    return err == DP_OK ? read_typed_data(x, parts, body) : err;
}

static enum dp_err missing(struct dp_exchange *x, const char *name)
{
    return dp_fail(&x->detail, DP_EMISSING, name, "%s is missing.", name);
}

/* Is there exactly one thing, and is the scheme one for it? Sets the scheme where none is given. */
static enum dp_err check_parts(struct dp_exchange *x, struct parts *parts)
{
    bool typed = parts->typed_data != NULL;
    int count = (parts->text.data != NULL) + (parts->hex.data != NULL) + typed;

    if (count > 1)
        return dp_fail(&x->detail, DP_ECONFLICT, typed ? "typedData" : "messageHex",
                       "Give one of message, messageHex and typedData.");
    if (!parts->has_scheme) {
        parts->scheme = typed ? DP_SCHEME_EIP712 : x->service->config.sign_scheme;
        if (!typed && parts->scheme == DP_SCHEME_EIP712)
            return missing(x, "typedData");
    }
    if (count == 0)
        return missing(x, parts->scheme == DP_SCHEME_EIP712 ? "typedData" : "message");
    if (typed != (parts->scheme == DP_SCHEME_EIP712))
        return dp_fail(&x->detail, DP_ECONFLICT, "scheme",
                       "eip712 is for typedData, raw and eip191 are for message and messageHex.");
    return DP_OK;
}

static enum dp_err too_long(struct dp_exchange *x, const char *name)
{
    return dp_fail(&x->detail, DP_EMESSAGE, name, "A message may have up to %d bytes.",
                   DP_MESSAGE_MAX);
}

static enum dp_err take_text(struct dp_exchange *x, struct dp_message *out, struct dp_slice text)
{
    if (text.len > DP_MESSAGE_MAX)
        return too_long(x, "message");
    out->bytes = (const uint8_t *)text.data;
    out->len = text.len;
    out->is_text = true;
    return DP_OK;
}

static enum dp_err take_hex(struct dp_exchange *x, struct dp_message *out, struct dp_slice hex)
{
    if (hex.len > 2 * DP_MESSAGE_MAX + 2)
        return too_long(x, "messageHex");
    out->owned = malloc(hex.len / 2 + 1);
    if (out->owned == NULL)
        return DP_ENOMEM;
    if (dp_hex_decode(out->owned, hex.len / 2, &out->len, hex.data, hex.len) != DP_OK)
        return dp_fail(&x->detail, DP_EHEX, "messageHex",
                       "messageHex must be hex, two digits a byte.");
    if (out->len > DP_MESSAGE_MAX)
        return too_long(x, "messageHex");
    out->bytes = out->owned;
    return DP_OK;
}

static enum dp_err hash_typed_data(struct dp_exchange *x, struct dp_message *out,
                                   struct json_object *typed_data)
{
    struct dp_eip712 hashes;
    enum dp_err err = dp_eip712_hash(&hashes, typed_data, &x->detail);

    if (err == DP_OK)
        memcpy(out->digest, hashes.digest, sizeof(out->digest));
    return err;
}

enum dp_err dp_message_read(struct dp_exchange *x, struct dp_message *out, struct json_object *body)
{
    struct parts parts = {0};
    enum dp_err err = read_parts(x, &parts, body);

    *out = (struct dp_message){0};
    if (err == DP_OK)
        err = check_parts(x, &parts);
    if (err != DP_OK)
        return err;
    out->scheme = parts.scheme;
    if (parts.typed_data != NULL)
        return hash_typed_data(x, out, parts.typed_data);
    err = parts.text.data != NULL ? take_text(x, out, parts.text) : take_hex(x, out, parts.hex);
    if (err == DP_OK)
        dp_message_digest(out->digest, out->scheme, out->bytes, out->len);
    return err;
}

void dp_message_free(struct dp_message *message)
{
    free(message->owned);
    *message = (struct dp_message){0};
}

enum dp_err dp_message_check_signable(struct dp_exchange *x, const struct dp_message *message)
{
    if (message->scheme != DP_SCHEME_RAW ||
        !dp_eip191_transaction_like(message->bytes, message->len))
        return DP_OK;
    return dp_fail(&x->detail, DP_ETXLIKE, message->is_text ? "message" : "messageHex",
                   "These bytes could be a transaction or the input of another scheme, so raw does "
                   "not sign them. Use eip191 or eip712.");
}

void dp_message_digest(uint8_t out[static 32], enum dp_scheme scheme, const uint8_t *bytes,
                       size_t len)
{
    if (scheme == DP_SCHEME_EIP191)
        dp_eip191_digest(out, bytes, len);
    else
        dp_keccak256(out, bytes, len);
}

void dp_message_describe(const struct dp_message *message, struct json_object *answer)
{
    char hash[DP_HEX0X_SIZE(sizeof(message->digest))];

    dp_hex0x_encode(hash, message->digest, sizeof(message->digest));
    dp_json_add_text(answer, "hash", hash);
    dp_json_add_text(answer, "scheme", dp_scheme_name(message->scheme));
}
