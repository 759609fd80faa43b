/* reply.h - an HTTP/1.1 reply as it comes in, in pieces of any size. */
#ifndef DP_BENCH_REPLY_H
#define DP_BENCH_REPLY_H

#include <stdbool.h>

#include "base/buf.h"

enum reply_state {
    REPLY_HEAD,
    REPLY_BODY,
    REPLY_CHUNK_SIZE,
    REPLY_CHUNK,
    REPLY_TRAILER,
    REPLY_DONE
};

struct reply {
    enum reply_state state;
    int status;
    bool close;          /* the server ends the connection after this */
    size_t left;         /* bytes to come of the body or chunk */
    struct dp_buf *body; /* gets the body; NULL: nobody wants it */
};

/* A reply that has not begun. body is borrowed, and emptied. */
void reply_begin(struct reply *reply, struct dp_buf *body);

/**
 * Take in bytes; reply->state tells whether it is done.
 *
 * Out: used  how many were taken; what is left must be given again, with what comes after it
 * Returns: DP_OK, DP_EFORMAT (not a reply of HTTP/1.1 with a length), DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err reply_take(struct reply *reply, size_t *used, const char *data, size_t len);

#endif
