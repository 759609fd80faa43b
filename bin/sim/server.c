/* server.c - HTTP over the socket: routes a request to its method and writes the answer. */
#include "server.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>
#include <openssl/crypto.h>

#include "base/json.h"
#include "methods.h"
#include "params.h"

#define THREADS 2
#define CONNECTIONS_MAX 1024
#define IDLE_SECONDS 10
#define HEAD_MAX (32 * 1024)           /* bytes of a connection's request line and headers */
#define ANSWER_MAX (16 * SIM_FILE_MAX) /* as Info: the longest */

struct request {
    char *target; /* path and query as sent */
    struct dp_buf body;
    bool begun;
};

/* The library's own parsing joins repeated fields and decodes the path; this keeps the raw text. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct request *request = calloc(1, sizeof(*request));

    (void)cls;
    (void)connection;
    if (request == NULL)
        return NULL;
    request->body = DP_BUF_INIT(SIM_FILE_MAX);
    request->target = strdup(target);
    return request;
}

static void on_done(void *cls, struct MHD_Connection *connection, void **slot,
                    enum MHD_RequestTerminationCode why)
{
    struct request *request = *slot;

    (void)cls;
    (void)connection;
    (void)why;
    if (request == NULL)
        return;
    dp_buf_free(&request->body);
    free(request->target);
    free(request);
    *slot = NULL;
}

/* An answer may carry a key, so its memory is wiped once it is sent. */
static void free_answer(void *cls)
{
    struct dp_buf *answer = cls;

    OPENSSL_cleanse(answer->data, answer->cap);
    dp_buf_free(answer);
    free(answer);
}

/* Takes over the content of answer, which must not be empty. */
static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status,
                             const struct dp_buf *answer)
{
    struct dp_buf *held = malloc(sizeof(*held));
    struct MHD_Response *response;
    enum MHD_Result result;

    if (held == NULL)
        abort();
    *held = *answer;
    response = MHD_create_response_from_buffer_with_free_callback_cls(held->len, held->data,
                                                                      free_answer, held);
    if (response == NULL) {
        free_answer(held);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply_error(struct MHD_Connection *connection, unsigned status,
                                   const char *text)
{
    struct json_object *object = json_object_new_object();
    struct dp_buf answer = DP_BUF_INIT(ANSWER_MAX);

    dp_json_add_text(object, "error", text);
    dp_buf_add_text(&answer, json_object_to_json_string_ext(
                                 object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                             JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(object);
    if (answer.err != DP_OK)
        return MHD_NO;
    return reply(connection, status, &answer);
}

static enum MHD_Result reply_unknown(struct MHD_Connection *connection, const char *name)
{
    struct dp_buf text = DP_BUF_INIT(HEAD_MAX);
    enum MHD_Result result;

    dp_buf_addf(&text, "Service not found: %s", name);
    result = reply_error(connection, MHD_HTTP_BAD_REQUEST, text.err == DP_OK ? text.data : "");
    dp_buf_free(&text);
    return result;
}

static bool asks_for_json(const char *query)
{
    while (*query != '\0') {
        size_t len = strcspn(query, "&");

        if ((len == 4 && strncmp(query, "json", len) == 0) ||
            (len == 6 && strncmp(query, "json=1", len) == 0) ||
            (len == 9 && strncmp(query, "json=true", len) == 0))
            return true;
        query += len;
        query += *query == '&';
    }
    return false;
}

static bool has_json_type(struct MHD_Connection *connection)
{
    static const char json[] = "application/json";
    const char *type =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);

    return type != NULL && strncasecmp(type, json, strlen(json)) == 0 &&
           strchr("; \t", type[strlen(json)]) != NULL;
}

static enum dp_err read_params(struct json_object **out, struct MHD_Connection *connection,
                               const struct request *request, bool is_get, const char *query,
                               struct dp_detail *detail)
{
    if (is_get)
        return sim_params_of_query(out, query, detail);
    if (!asks_for_json(query) && !has_json_type(connection))
        return dp_fail(detail, DP_EMEDIA, NULL,
                       "Only JSON is spoken here: send Content-Type: application/json");
    return sim_params_of_body(out, &request->body, detail);
}

static enum dp_err call(const struct sim *sim, const struct sim_method *method, struct dp_buf *out,
                        struct json_object *params, struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    if (method->call == NULL)
        return dp_fail(detail, DP_EINVAL, NULL, "%s is not served by this simulator", method->name);
    if (method->uses_keys && sim->appauth != NULL)
        err = sim_appauth_ask(sim->appauth, detail);
    return err == DP_OK ? method->call(sim, out, params, detail) : err;
}

static enum MHD_Result serve(const struct sim *sim, struct MHD_Connection *connection,
                             const struct request *request, const struct sim_method *method,
                             bool is_get, const char *query)
{
    struct dp_buf out = DP_BUF_INIT(ANSWER_MAX);
    struct dp_detail detail = {"", ""};
    struct json_object *params = NULL;
    enum dp_err err = read_params(&params, connection, request, is_get, query, &detail);

    if (err == DP_OK)
        err = call(sim, method, &out, params, &detail);
    json_object_put(params);
    if (err == DP_OK)
        return reply(connection, MHD_HTTP_OK, &out);
    dp_buf_free(&out);
    return reply_error(connection, MHD_HTTP_BAD_REQUEST,
                       detail.text[0] != '\0' ? detail.text : dp_err_text(err));
}

static enum MHD_Result route(const struct sim *sim, struct MHD_Connection *connection,
                             struct request *request, const char *verb)
{
    static const char prefix[] = "/prpc/";
    bool is_prpc = strncmp(request->target, prefix, strlen(prefix)) == 0;
    const struct sim_method *method;
    bool is_get = strcmp(verb, MHD_HTTP_METHOD_GET) == 0;
    char *name = request->target;
    char *query = name + strcspn(name, "?");

    if (*query != '\0')
        *query++ = '\0';
    if (is_prpc)
        name += strlen(prefix) - 1;
    if ((!is_get && strcmp(verb, MHD_HTTP_METHOD_POST) != 0) || name[0] != '/' || name[1] == '\0' ||
        strchr(name + 1, '/') != NULL)
        return reply_error(connection, MHD_HTTP_NOT_FOUND, "Not found");
    method = is_prpc ? sim_prpc_find(name + 1) : sim_method_find(name + 1);
    if (method == NULL)
        return reply_unknown(connection, name + 1);
    return serve(sim, connection, request, method, is_get, query);
}

/* Refused before it is read: the only moment at which a long body can still be answered. */
static bool announces_too_much(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length != NULL && strtoull(length, NULL, 10) > SIM_FILE_MAX;
}

/* Called when the head is read, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *verb, const char *version, const char *piece,
                                  size_t *piece_len, void **slot)
{
    struct request *request = *slot;

    (void)path;
    (void)version;
    if (request == NULL || request->target == NULL)
        return MHD_NO;
    if (!request->begun) {
        request->begun = true;
        if (announces_too_much(connection))
            return reply_error(connection, MHD_HTTP_BAD_REQUEST, "The body is over 10 MiB");
        return MHD_YES;
    }
    if (*piece_len > 0) {
        dp_buf_add(&request->body, piece, *piece_len);
        *piece_len = 0;
        return request->body.err == DP_OK ? MHD_YES : MHD_NO;
    }
    return route(cls, connection, request, verb);
}

struct MHD_Daemon *sim_server_start(const struct sim *sim, int fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, (void *)sim,
                            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
                            (unsigned)THREADS, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)HEAD_MAX, MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
                            MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
}

void sim_server_stop(struct MHD_Daemon *daemon)
{
    MHD_stop_daemon(daemon);
}
