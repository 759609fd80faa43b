/* tunnel_server.c - proves to peers, by a quote, that this node's TD holds the key of its tunnel.
 */
#include "cluster/tunnel_server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "dstack/guest_quote.h"
#include "net/mhd_reply.h"

#define CONNECTIONS_MAX 64
#define CONNECTIONS_EACH 2
#define IDLE_SECONDS 20
#define HEAD_MAX 4096 /* bytes of a request */

struct asker {
    struct dp_tunnel_asker is;
    int64_t next_us; /* before this it is not answered again */
};

struct dp_tunnel_server {
    struct MHD_Daemon *daemon;
    struct dp_guest *guest;
    struct dp_tunnel_claim self;
    pthread_mutex_t quoting; /* held while the agent makes a quote */
    pthread_mutex_t lock;    /* guards what follows */
    struct asker *askers;
    size_t count;
};

/* --- who asks --- */

static struct asker *find(const struct dp_tunnel_server *server, const struct in6_addr *address)
{
    for (size_t i = 0; i < server->count; i++) {
        if (memcmp(&server->askers[i].is.address, address, sizeof(*address)) == 0)
            return &server->askers[i];
    }
    return NULL;
}

/* Returns: the status to refuse with, or 0 */
static unsigned admit(struct dp_tunnel_server *server, uint8_t key[static DP_TUNNEL_KEY_LEN],
                      const struct in6_addr *address)
{
    const int64_t now = dp_clock_mono_us();
    unsigned status = MHD_HTTP_FORBIDDEN;
    struct asker *asker;

    pthread_mutex_lock(&server->lock);
    asker = find(server, address);
    if (asker != NULL)
        status = now < asker->next_us ? MHD_HTTP_TOO_MANY_REQUESTS : 0;
    if (asker != NULL && status == 0) {
        asker->next_us = now + DP_TUNNEL_EVERY_MS * 1000;
        memcpy(key, asker->is.key, DP_TUNNEL_KEY_LEN);
    }
    pthread_mutex_unlock(&server->lock);
    return status;
}

enum dp_err dp_tunnel_server_update(struct dp_tunnel_server *server,
                                    const struct dp_tunnel_asker *askers, size_t count)
{
    struct asker *list = calloc(count + 1, sizeof(*list)), *old;

    if (list == NULL)
        return DP_ENOMEM;
    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < count; i++) {
        const struct asker *was = find(server, &askers[i].address);

        list[i].is = askers[i];
        /* A new key does not make it a new asker: else changing it would lift the limit. */
        list[i].next_us = was != NULL ? was->next_us : 0;
    }
    old = server->askers;
    server->askers = list;
    server->count = count;
    pthread_mutex_unlock(&server->lock);
    free(old);
    return DP_OK;
}

/* --- answers --- */

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct json_object *object = json_object_new_object();

    dp_json_add_text(object, "error", text);
    return dp_mhd_reply(connection, status, object);
}

static void copy_text(struct json_object *to, struct json_object *from, const char *name)
{
    struct dp_slice text;

    if (dp_json_optional_string(&text, from, name, NULL) == DP_OK && text.data != NULL)
        dp_json_add_text(to, name, text.data);
}

/* --- the quote --- */

static bool wait_turn(struct dp_tunnel_server *server)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DP_TUNNEL_WAIT_MS / 1000;
    return pthread_mutex_timedlock(&server->quoting, &until) == 0;
}

static enum MHD_Result prove(struct dp_tunnel_server *server, struct MHD_Connection *connection,
                             const struct dp_tunnel_claim *claim)
{
    uint8_t report_data[DP_GUEST_REPORT_DATA_LEN];
    struct json_object *quote = NULL, *answer;
    enum dp_err err;

    if (!wait_turn(server))
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many ask: ask again.");
    dp_tunnel_report_data(report_data, claim);
    err = dp_guest_quote(server->guest, &quote, report_data);
    pthread_mutex_unlock(&server->quoting);
    if (err != DP_OK)
        return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "The agent gives no quote.");
    answer = json_object_new_object();
    copy_text(answer, quote, "quote");
    copy_text(answer, quote, "event_log");
    copy_text(answer, quote, "vm_config");
    json_object_put(quote);
    return dp_mhd_reply(connection, MHD_HTTP_OK, answer);
}

/* --- requests --- */

static bool read_address(struct in6_addr *out, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    if (info == NULL || info->client_addr->sa_family != AF_INET6)
        return false;
    *out = ((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr;
    return true;
}

static enum MHD_Result answer(struct dp_tunnel_server *server, struct MHD_Connection *connection)
{
    const char *nonce = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "nonce");
    struct dp_tunnel_claim claim = server->self;
    struct in6_addr address;
    unsigned status;

    if (nonce == NULL || strlen(nonce) != 2 * DP_TUNNEL_NONCE_LEN ||
        dp_hex_decode_exact(claim.nonce, DP_TUNNEL_NONCE_LEN, nonce) != DP_OK)
        return refuse(connection, MHD_HTTP_BAD_REQUEST, "nonce must be 64 hex digits.");
    if (!read_address(&address, connection))
        return refuse(connection, MHD_HTTP_FORBIDDEN, "No peer has this address.");
    status = admit(server, claim.asker, &address);
    if (status == MHD_HTTP_FORBIDDEN)
        return refuse(connection, status, "No peer has this address.");
    if (status != 0)
        return refuse(connection, status, "Asked again too soon.");
    return prove(server, connection, &claim);
}

/* Called when the head is read, and again when all is: by then it can be answered. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *piece,
                                  size_t *piece_len, void **slot)
{
    static int begun;

    (void)version;
    (void)piece;
    if (*slot == NULL) {
        *slot = &begun;
        return MHD_YES;
    }
    if (*piece_len > 0)
        return MHD_NO;
    if (strcmp(path, "/proof") != 0)
        return refuse(connection, MHD_HTTP_NOT_FOUND, "There is /proof here.");
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "/proof takes GET.");
    return answer(arg, connection);
}

/* --- opening --- */

static enum dp_err start(struct dp_tunnel_server *server, const char *address,
                         struct dp_detail *detail)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(DP_TUNNEL_PROOF_PORT)};
    sigset_t all, before;

    if (inet_pton(AF_INET6, address, &at.sin6_addr) != 1)
        return DP_EINVAL;
    /* Its threads inherit the mask: signals are for the program. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
            MHD_USE_IPv6,
        DP_TUNNEL_PROOF_PORT, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &at,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_EACH, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return server->daemon != NULL ? DP_OK
                                  : dp_fail(detail, DP_EIO, "proof", "cannot listen on [%s]:%d.",
                                            address, DP_TUNNEL_PROOF_PORT);
}

enum dp_err dp_tunnel_server_open(struct dp_tunnel_server **out, const char *address,
                                  const char *socket, const struct dp_tunnel_claim *self,
                                  struct dp_detail *detail)
{
    struct dp_tunnel_server *server = calloc(1, sizeof(*server));
    enum dp_err err;

    *out = NULL;
    if (server == NULL)
        return DP_ENOMEM;
    server->self = *self;
    pthread_mutex_init(&server->quoting, NULL);
    pthread_mutex_init(&server->lock, NULL);
    err = dp_guest_open_within(&server->guest, socket, DP_GUEST_QUOTE_MS);
    if (err == DP_OK)
        err = start(server, address, detail);
    if (err == DP_OK)
        *out = server;
    else
        dp_tunnel_server_close(server);
    return err;
}

void dp_tunnel_server_close(struct dp_tunnel_server *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    dp_guest_close(server->guest);
    pthread_mutex_destroy(&server->quoting);
    pthread_mutex_destroy(&server->lock);
    free(server->askers);
    free(server);
}
