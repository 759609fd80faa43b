/* unix_http.h - HTTP/1.1 over a Unix socket, with kept connections and one deadline a call. */
/*
 * Ours rather than libcurl because answers may carry a secret: the bytes of an answer are in the
 * caller's buffer and in no other place of this process.
 */
#ifndef DP_NET_UNIX_HTTP_H
#define DP_NET_UNIX_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct dp_unix_http;

/**
 * A client for one socket. Connects when first used, so the server need not be there yet.
 *
 * In:  path      of the socket, copied; at most 107 bytes
 *      kept_max  idle connections to keep, at least 1
 *      within_ms for each call: connecting, sending and receiving together
 * Returns: DP_OK, DP_EINVAL (path), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_unix_http_open(struct dp_unix_http **out, const char *path, size_t kept_max,
                              unsigned within_ms);

/* Closes the kept connections; no call may be under way. Takes NULL. */
void dp_unix_http_close(struct dp_unix_http *http);

/**
 * POST a JSON text and read the answer. Any thread may call at any time.
 *
 * Out: status     the answer's status code
 *      body       the answer's body, inside mem
 *      mem        cap bytes of the caller's, for headers and body together
 * In:  target     absolute path, no control characters
 *      json, len  the request's body
 * Returns: DP_OK       an answer was read, whatever its status
 *          DP_EIO      no connection, or it was closed before the answer's end
 *          DP_ETIMEOUT
 *          DP_EFORMAT  not an HTTP/1.1 answer with a length or chunks
 *          DP_ETOOBIG  the answer does not fit into mem
 * A kept connection that turns out closed before its first byte is replaced once.
 */
DP_MUST_CHECK
enum dp_err dp_unix_http_post(struct dp_unix_http *http, int *status, struct dp_slice *body,
                              char *mem, size_t cap, const char *target, const char *json,
                              size_t len);

#endif
