/* web.h - a FastCGI program: what it needs, its routes, and one request with its answer. */
#ifndef DP_WEB_WEB_H
#define DP_WEB_WEB_H

#include <limits.h>
#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/err.h"
#include "dstack/guest.h"
#include "dstack/wallet.h"
#include "store/store.h"

#define DP_TLS_PUBLIC_DIR "tls/public"   /* in RUN_DIR: what of HTTPS is public */
#define DP_CLUSTER_DIR "cluster"         /* in DATA_DIR: what `devproof cluster run` keeps */
#define DP_BODY_MAX (64 * 1024)          /* bytes of a request's body */
#define DP_BATCH_BODY_MAX (1024 * 1024)  /* the same on the batch routes */
#define DP_ANSWER_MAX (16 * 1024 * 1024) /* bytes of an answer */
#define DP_MESSAGE_MAX (48 * 1024)       /* bytes of a message to be signed */

/* What a program needs; it opens nothing else. */
enum dp_need {
    DP_NEED_GUEST = 1,       /* keys of the guest agent */
    DP_NEED_STORE_READ = 2,  /* the database */
    DP_NEED_STORE_WRITE = 4, /* the same, for writing as well */
    DP_NEED_QUOTE = 8,       /* beside DP_NEED_GUEST: its quotes, and the certificate of HTTPS */
    DP_NEED_CLUSTER = 16,    /* what the cluster's daemon keeps */
};

/* What the requests of a process share. Parts that the program does not need are NULL. */
struct dp_service {
    struct dp_config config;
    struct dp_store *store;
    struct dp_guest *guest;
    struct dp_wallet *wallet;
    char tls_public[PATH_MAX]; /* DP_TLS_PUBLIC_DIR, or "" where no HTTPS is served */
    char cluster[PATH_MAX];    /* DP_CLUSTER_DIR, or "" without a DATA_DIR */
};

/* One request and its answer; lives as long as the request. */
struct dp_exchange {
    const struct dp_service *service;
    struct FCGX_Request *fcgi;
    const char *method, *request_id;
    char user_id[DP_USER_ID_SIZE]; /* whom it is about, for the log; "" where nobody */
    struct dp_detail detail;       /* says what was wrong, where a handler returns an error */
    /* The answer. */
    int status;
    const char *content_type;
    struct dp_buf headers; /* more lines, each with its CR LF */
    struct dp_buf body;
    bool streamed; /* the head is out already, by dp_stream_begin */
};

struct dp_route {
    const char *method; /* "GET" also serves HEAD */
    /* Of the path: {userId} stands for one segment that is a user id, {id} at the end for a whole
     * number from 1 (dp_request_id). */
    const char *pattern;
    enum dp_err (*handle)(struct dp_exchange *x);
};

struct dp_program {
    unsigned needs;   /* enum dp_need, or-ed */
    unsigned threads; /* requests at a time; more wait in the socket's queue */
    const struct dp_route *routes;
    size_t route_count;
};

/**
 * Serve the routes on the listening socket at descriptor 0, until SIGTERM or SIGINT; then finish
 * what is under way. A handler that returns an error is answered for by lib/web/problem.c.
 *
 * Returns: an exit code: 0, 1 (could not start; standard error says why), 2 (a bad setting)
 */
int dp_web_main(const struct dp_program *program);

/* --- request --- */

/* A CGI variable (RFC 3875), or "" where it is not set. */
const char *dp_request_param(const struct dp_exchange *x, const char *name);

/* The number that stands for {id} at the end of the path. */
int64_t dp_request_id(const struct dp_exchange *x);

/**
 * A query parameter, percent-decoded.
 *
 * Out: out      size bytes, NUL-terminated; "" where it is absent
 *      present  may be NULL
 * Returns: DP_OK, DP_EPARAM (given twice, too long, badly encoded, or with a NUL in it)
 */
DP_MUST_CHECK
enum dp_err dp_request_query(struct dp_exchange *x, const char *name, char *out, size_t size,
                             bool *present);

/* A query parameter that is a whole number from min to max; the fallback where it is absent.
 * Returns: as dp_request_query */
DP_MUST_CHECK
enum dp_err dp_request_number(struct dp_exchange *x, int64_t *out, const char *name, int64_t min,
                              int64_t max, int64_t fallback);

/**
 * The body as a JSON object.
 *
 * Out: out  to be freed by json_object_put; NULL unless DP_OK
 * Returns: DP_OK, DP_EMEDIA, DP_EBODY, DP_EJSON, DP_EDUPLICATE, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_request_json(struct dp_exchange *x, struct json_object **out);

/* The same on a route where a body may have up to limit bytes. */
DP_MUST_CHECK
enum dp_err dp_request_json_within(struct dp_exchange *x, struct json_object **out, size_t limit);

/* --- answer --- */

/* Answer with an object, which this call frees. Returns: DP_OK, DP_ENOMEM, DP_ETOOBIG */
DP_MUST_CHECK
enum dp_err dp_reply_json(struct dp_exchange *x, int status, struct json_object *object);

/* Add a header line "name: value" to the answer. */
void dp_reply_header(struct dp_exchange *x, const char *name, const char *value);

/*
 * An answer too large to be built whole: its head goes out at once, then pieces of the body. Where
 * the handler returns an error after that, the connection is cut, so that nobody takes half for
 * all.
 */
void dp_stream_begin(struct dp_exchange *x, const char *content_type);

/* Returns: DP_OK, DP_EIO (the client is gone) */
DP_MUST_CHECK
enum dp_err dp_stream_write(struct dp_exchange *x, const void *data, size_t len);

/* Make the answer a problem+json document (RFC 9457) for an error. */
void dp_reply_problem(struct dp_exchange *x, enum dp_err err);

/* Add an error's code, its detail and the field at fault, as x->detail has them. */
void dp_problem_describe(const struct dp_exchange *x, enum dp_err err, struct json_object *object);

/* The status of an error. */
int dp_problem_status(enum dp_err err);

/* The reason phrase of a status (RFC 9110, 15). Static. */
const char *dp_status_text(int status);

/* The stable code of an error, as it stands in the answer. Static. */
const char *dp_problem_code(enum dp_err err);

#endif
