/* quote.h - what the parts of devproof quote share. */
#ifndef DEVPROOF_QUOTE_H
#define DEVPROOF_QUOTE_H

#include <stdint.h>

#include "attest/quote.h"
#include "devproof/client.h"
#include "devproof/collateral.h"

struct quote_options {
    struct client client;
    struct collateral_source source;
    const char *root; /* NULL where not given */
    int64_t at;       /* seconds since 1970 */
};

/* The quote's bytes, from a file with them or with their hex. Returns: -1, or an exit code after
 * complaining. */
int quote_read(const struct client *client, struct dp_buf *bytes, const char *path);

/* devproof quote verify. Returns: an exit code */
int quote_verify(const struct quote_options *o, const char *path);

#endif
