/* cluster_relay_server.c - devproof cluster relay --listen: take what nodes have signed, over HTTP.
 */
/*
 * POST / with a call as cluster/relay.h has it: 200 {"transaction": "0x...", "tokenId", "block",
 * "gasUsed"} once it is in a block, else {"detail": sentence} with status
 *
 *     400  no such call                    404, 405  another path or method
 *     409  for another cluster or chain, or the contract refuses it
 *     413  over DP_RELAY_JSON_MAX          502, 504  the node fails; not in a block in time
 *     503  others wait already
 */
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/json.h"
#include "base/log.h"
#include "cluster/relay.h"
#include "devproof/cluster.h"
#include "devproof/command.h"
#include "net/mhd_reply.h"

#define BACKLOG 64
#define CONNECTIONS_MAX 64
#define CONNECTIONS_EACH 16 /* of one address, such as a proxy's */
#define IDLE_SECONDS 20
#define HEAD_MAX 8192
/* A node waits a minute for its answer (cluster/relay.c): for its turn, and for the block. */
#define TURN_S 10
#define SEND_WITHIN_S 45

struct server {
    struct cluster *cluster;
    pthread_mutex_t sending; /* one at a time: an account's transactions have an order */
};

struct request {
    struct dp_buf body;
    bool is_begun;
};

/* --- answers --- */

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    dp_json_add_text(json, "detail", text);
    dp_log(DP_LOG_WARN, "not_relayed", "%s", text);
    return dp_mhd_reply(connection, status, json);
}

static unsigned status_of(enum dp_err err)
{
    switch (err) {
    case DP_ECONFLICT:
    case DP_EFORBIDDEN:
        return MHD_HTTP_CONFLICT;
    case DP_ETIMEOUT:
        return MHD_HTTP_GATEWAY_TIMEOUT;
    case DP_EIO:
    case DP_ERPC:
        return MHD_HTTP_BAD_GATEWAY;
    default:
        return MHD_HTTP_BAD_REQUEST;
    }
}

/* --- a call --- */

static bool wait_turn(struct server *server)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TURN_S;
    return pthread_mutex_timedlock(&server->sending, &until) == 0;
}

static enum MHD_Result relay(struct server *server, struct MHD_Connection *connection,
                             const struct dp_buf *body)
{
    const unsigned given_s = server->cluster->timeout_s;
    const struct dp_slice text = {body->data != NULL ? body->data : "", body->len};
    char sentence[DSTACK_P2P_MESSAGE_SIZE];
    struct dp_detail detail = {"", ""};
    struct json_object *done;
    enum dp_err err;

    if (!wait_turn(server))
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "others wait; ask again.");
    err = cluster_relay_call(server->cluster, &done, text, given_s != 0 ? given_s : SEND_WITHIN_S,
                             &detail);
    pthread_mutex_unlock(&server->sending);
    if (err == DP_OK) {
        dp_log(DP_LOG_INFO, "relayed", "%s", client_text(done, "transaction"));
        return dp_mhd_reply(connection, MHD_HTTP_OK, done);
    }
    dp_explain(sentence, sizeof(sentence), err, &detail);
    return refuse(connection, status_of(err), sentence);
}

/* --- requests --- */

static bool announces_too_much(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length != NULL && strtoull(length, NULL, 10) > DP_RELAY_JSON_MAX;
}

/* Before its body is read. */
static enum MHD_Result begin(struct MHD_Connection *connection, const char *path, const char *verb)
{
    if (strcmp(path, "/") != 0)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "calls go to /.");
    if (strcmp(verb, MHD_HTTP_METHOD_POST) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "calls are POSTed.");
    if (announces_too_much(connection))
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "no call is that long.");
    return MHD_YES;
}

/* Called when the head is read, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *verb, const char *version, const char *piece,
                                  size_t *piece_len, void **slot)
{
    struct request *request = *slot;

    (void)version;
    if (request == NULL) {
        request = calloc(1, sizeof(*request));
        if (request == NULL)
            return MHD_NO;
        request->body = DP_BUF_INIT(DP_RELAY_JSON_MAX);
        *slot = request;
        return begin(connection, path, verb);
    }
    if (*piece_len > 0) {
        dp_buf_add(&request->body, piece, *piece_len);
        *piece_len = 0;
        return request->body.err == DP_OK ? MHD_YES : MHD_NO;
    }
    return relay(cls, connection, &request->body);
}

static void on_done(void *cls, struct MHD_Connection *connection, void **slot,
                    enum MHD_RequestTerminationCode why)
{
    struct request *request = *slot;

    (void)cls, (void)connection, (void)why;
    if (request != NULL)
        dp_buf_free(&request->body);
    free(request);
    *slot = NULL;
}

/* --- listening --- */

static int bind_and_listen(const struct addrinfo *to)
{
    const int on = 1;
    int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, to->ai_addr, to->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* 127.0.0.1:8080 or [::1]:8080. Returns: a socket, or -1 */
static int listen_at(const char *text)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char *host = strdup(text), *port = host != NULL ? strrchr(host, ':') : NULL, *from = host;
    int fd = -1;

    if (port != NULL) {
        *port++ = '\0';
        if (*from == '[' && from[strlen(from) - 1] == ']') {
            from[strlen(from) - 1] = '\0';
            from++;
        }
        if (getaddrinfo(from, port, &hints, &found) == 0)
            fd = bind_and_listen(found);
    }
    if (found != NULL)
        freeaddrinfo(found);
    free(host);
    return fd;
}

static struct MHD_Daemon *start(struct server *server, int fd)
{
    return MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
        NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_EACH,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEAD_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
}

int cluster_relay_serve(struct cluster *cluster)
{
    const char *text = cluster->given[OPTION_LISTEN];
    struct server server = {.cluster = cluster, .sending = PTHREAD_MUTEX_INITIALIZER};
    struct MHD_Daemon *daemon;
    sigset_t signals;
    int got, fd, code = cluster_open_account(cluster);

    if (code != EXIT_SUCCESS)
        return code;
    fd = listen_at(text);
    if (fd < 0)
        return client_fail(&cluster->client, EXIT_USAGE,
                           "--listen: %s is no ADDRESS:PORT that is free here.", text);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    /* Before any thread, so that all have it so. */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    dp_log_never_block();
    daemon = start(&server, fd);
    if (daemon == NULL) {
        close(fd);
        return client_fail(&cluster->client, EXIT_FAILURE, "it cannot listen.");
    }
    dp_log(DP_LOG_INFO, "listening", "%s", text);
    sigwait(&signals, &got);
    /* Waits for a call under way: who sent it is owed its transaction. */
    MHD_stop_daemon(daemon);
    return EXIT_SUCCESS;
}
