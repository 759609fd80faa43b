/* hint.h - why a signature does not fit: the mistake under which it would. */
#ifndef DP_WEB_HINT_H
#define DP_WEB_HINT_H

#include "web/message.h"
#include "web/signer.h"

/* A word for programs and a sentence for people. Static. */
struct dp_hint {
    const char *name, *detail;
};

/**
 * Look for one mistake that explains a signature which fits none of the signer's keys: another
 * scheme, the other recovery id, an s that was turned over without its v, hex signed as what it
 * stands for, a newline at the end.
 *
 * Returns: the hint, or NULL where no such mistake explains it. At most six recoveries.
 */
const struct dp_hint *dp_hint_find(const struct dp_signer *signer, const struct dp_secp_sig *sig,
                                   const struct dp_message *message);

#endif
