/* message.h - what a body wants signed or verified, and the digest that its scheme makes of it. */
#ifndef DP_WEB_MESSAGE_H
#define DP_WEB_MESSAGE_H

#include "web/web.h"

struct dp_message {
    enum dp_scheme scheme;
    uint8_t digest[32];
    const uint8_t *bytes; /* of message or messageHex; NULL for typed data */
    size_t len;
    bool is_text;   /* bytes are those of message; else of messageHex */
    uint8_t *owned; /* what dp_message_free frees */
};

/**
 * Read message, messageHex or typedData, and scheme, of a body. Without scheme typed data is
 * eip712, the rest as config.sign_scheme says.
 *
 * Out: out  borrows from the body; to be freed by dp_message_free, also after an error
 * Returns: DP_OK, DP_EMISSING, DP_ETYPE, DP_ECONFLICT (two of them, or a scheme that is not for
 *          what is there), DP_EHEX, DP_ESCHEME, DP_EMESSAGE, DP_ETYPEDDATA, DP_ENOMEM; x->detail
 *          says what was wrong
 */
DP_MUST_CHECK
enum dp_err dp_message_read(struct dp_exchange *x, struct dp_message *out,
                            struct json_object *body);

void dp_message_free(struct dp_message *message);

/**
 * May it be signed? A raw signature of what could be a transaction would authorize that.
 *
 * Returns: DP_OK, DP_ETXLIKE
 */
DP_MUST_CHECK
enum dp_err dp_message_check_signable(struct dp_exchange *x, const struct dp_message *message);

/* The digest of some bytes. In: scheme  raw or eip191 */
void dp_message_digest(uint8_t out[static 32], enum dp_scheme scheme, const uint8_t *bytes,
                       size_t len);

/* Add hash and scheme to an answer. */
void dp_message_describe(const struct dp_message *message, struct json_object *answer);

#endif
