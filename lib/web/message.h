/* message.h - what a body wants signed or verified, and the digest that its scheme makes of it. */
#ifndef DP_WEB_MESSAGE_H
#define DP_WEB_MESSAGE_H

#include "web/web.h"

struct dp_message {
    const char *scheme; /* static */
    uint8_t digest[32];
};

/**
 * Read message or messageHex, and scheme, of a body.
 *
 * Returns: DP_OK, DP_EMISSING, DP_ETYPE, DP_ECONFLICT (both are there), DP_EHEX, DP_ESCHEME,
 *          DP_EMESSAGE, DP_ENOMEM; x->detail says what was wrong
 */
DP_MUST_CHECK
enum dp_err dp_message_read(struct dp_exchange *x, struct dp_message *out,
                            struct json_object *body);

/* Add hash and scheme to an answer. */
void dp_message_describe(const struct dp_message *message, struct json_object *answer);

#endif
