/* hint.c - why a signature does not fit: the mistake under which it would. */
#include "web/hint.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

enum mistake { SCHEME_RAW, SCHEME_EIP191, RECOVERY_ID, HIGH_S, MESSAGE_IS_HEX, TRAILING_NEWLINE };

static const struct dp_hint hints[] = {
    [SCHEME_RAW] = {"scheme_raw", "It fits the message under the scheme raw: give scheme raw."},
    [SCHEME_EIP191] = {"scheme_eip191", "It fits the message under the scheme eip191, as wallets "
                                        "sign text: give scheme eip191."},
    [RECOVERY_ID] = {"recovery_id", "It fits with the other v, or with n - s: v is wrong, or s was "
                                    "turned over without v."},
    [HIGH_S] = {"high_s", "s is in the upper half, and v is that of n - s: put n - s in its place, "
                          "or turn v over too."},
    [MESSAGE_IS_HEX] = {"message_is_hex", "The bytes that the message spells in hex were signed: "
                                          "give them as messageHex."},
    [TRAILING_NEWLINE] = {"trailing_newline",
                          "It fits with a newline more, or less, at the end of the message."},
};

/* Another reading of the same request. */
static bool fits(const struct dp_signer *signer, const struct dp_secp_sig *sig,
                 enum dp_scheme scheme, const uint8_t *bytes, size_t len)
{
    uint8_t digest[32];

    dp_message_digest(digest, scheme, bytes, len);
    return dp_signer_of(signer, sig, digest) != NULL;
}

/* The other v and n - s are one signature, so which of the two was meant shows only in s. */
static const struct dp_hint *try_recovery_id(const struct dp_signer *signer,
                                             const struct dp_secp_sig *sig,
                                             const struct dp_message *message)
{
    struct dp_secp_sig other = *sig;

    if (sig->recid < 0)
        return NULL;
    other.recid = 1 - sig->recid;
    if (dp_signer_of(signer, &other, message->digest) == NULL)
        return NULL;
    return &hints[sig->low_s ? RECOVERY_ID : HIGH_S];
}

static const struct dp_hint *try_scheme(const struct dp_signer *signer,
                                        const struct dp_secp_sig *sig,
                                        const struct dp_message *message)
{
    bool raw = message->scheme == DP_SCHEME_RAW;

    if (!fits(signer, sig, raw ? DP_SCHEME_EIP191 : DP_SCHEME_RAW, message->bytes, message->len))
        return NULL;
    return &hints[raw ? SCHEME_EIP191 : SCHEME_RAW];
}

/* In one buffer: the message and a newline, then what the message spells in hex. */
static const struct dp_hint *try_bytes(const struct dp_signer *signer,
                                       const struct dp_secp_sig *sig,
                                       const struct dp_message *message, uint8_t *buffer)
{
    size_t len = message->len, hex_len;

    memcpy(buffer, message->bytes, len);
    buffer[len] = '\n';
    if (fits(signer, sig, message->scheme, buffer, len + 1) ||
        (len > 0 && buffer[len - 1] == '\n' && fits(signer, sig, message->scheme, buffer, len - 1)))
        return &hints[TRAILING_NEWLINE];
    if (message->is_text &&
        dp_hex_decode(buffer, len, &hex_len, (const char *)message->bytes, len) == DP_OK &&
        fits(signer, sig, message->scheme, buffer, hex_len))
        return &hints[MESSAGE_IS_HEX];
    return NULL;
}

const struct dp_hint *dp_hint_find(const struct dp_signer *signer, const struct dp_secp_sig *sig,
                                   const struct dp_message *message)
{
    const struct dp_hint *hint = try_recovery_id(signer, sig, message);
    uint8_t *buffer;

    if (hint != NULL || message->bytes == NULL)
        return hint;
    hint = try_scheme(signer, sig, message);
    buffer = hint == NULL ? malloc(message->len + 1) : NULL;
    if (buffer != NULL)
        hint = try_bytes(signer, sig, message, buffer);
    free(buffer);
    return hint;
}
