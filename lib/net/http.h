/* http.h - an HTTP(S) client on libcurl: certificates verified, no redirects, size and time
 * bounded. */
#ifndef DP_NET_HTTP_H
#define DP_NET_HTTP_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* A header of a request; of a list the last has no name. */
struct dp_http_field {
    const char *name, *value;
};

struct dp_http_request {
    const char *method;
    const char *url;                    /* http:// or https:// */
    const char *token;                  /* sent as Authorization: Bearer, or NULL */
    const char *json;                   /* body, or NULL for none */
    const struct dp_http_field *fields; /* more headers, or NULL */
    unsigned within_ms;
    bool direct;            /* to the host itself, whatever proxy the environment names */
    struct dp_buf *headers; /* NULL, or where the answer's header lines are added, as they came */
    /* NULL, or where the server's certificates are added as PEM, its own first; over http:// none.
     * They are not verified then: whoever asks for them judges the key. Not with a token, nor with
     * fields. */
    struct dp_buf *certificates;
};

/* Is it an http:// or https:// URL with a host? */
bool dp_http_is_url(const char *text);

/* Does nobody between read what is sent there: is it https://, or this machine itself? */
bool dp_http_is_private(const char *url);

/**
 * Send a request and read the answer.
 *
 * Out: status  of the answer
 *      body    added to; its limit bounds the answer
 *      detail  says what failed, in libcurl's words; may be NULL
 * Returns: DP_OK       there is an answer, whatever its status
 *          DP_EIO      no connection, a certificate that does not verify, a broken answer
 *          DP_ETIMEOUT
 *          DP_ETOOBIG  the answer is over body's limit, or its headers over theirs
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_http_send(const struct dp_http_request *request, long *status, struct dp_buf *body,
                         struct dp_detail *detail);

/**
 * Begin TLS with an https:// server and end it: no request is sent, so it may speak anything
 * inside.
 *
 * Out: certificates  the server's are added as PEM, its own first, whose private key it has shown
 *                    to hold. They are not verified: the caller judges
 *      detail        says what failed, in libcurl's words; may be NULL
 * Returns: DP_OK, DP_EINVAL (no https:// URL), DP_EIO, DP_ETIMEOUT, DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_http_handshake(const char *url, unsigned within_ms, struct dp_buf *certificates,
                              struct dp_detail *detail);

/**
 * The value of a header, without the space around it.
 *
 * Out: out  borrowed from headers; of several the last
 * In:  name of any case
 * Returns: false where there is none
 */
bool dp_http_header(struct dp_slice *out, const struct dp_buf *headers, const char *name);

#endif
