/* cluster_tunnel.c - devproof cluster run --mode wireguard: tunnels that follow the list of peers.
 */
#include "devproof/cluster_tunnel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/tunnel.h"
#include "cluster/tunnel_address.h"
#include "devproof/cluster_accept.h"
#include "devproof/cluster_known.h"
#include "devproof/cluster_trust.h"
#include "devproof/command.h"

#define AGAIN_MS 3000              /* after a failure */
#define JUDGE_US INT64_C(10000000) /* what is accepted is judged again so often */

/* A list of peers, as the tunnels take it. */
struct list {
    struct dp_peer *peers; /* count of them; owned */
    size_t count;
    uint64_t chain_id;
};

struct cluster_tunnel {
    struct cluster *cluster;
    struct dp_tunnel_key key;
    struct cluster_accept accept;
    char *guest_socket; /* or NULL */
    uint8_t instance_id[DP_ADDRESS_LEN];
    uint16_t port;
    bool takes_streams; /* at that port, by TCP */
    cluster_tunnel_tell *tell;
    void *arg;
    pthread_t thread;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t woken;
    struct list next;
    bool has_next, is_over;
    struct cluster_known known;

    /* The thread's own. */
    struct dp_tunnel *tunnel; /* NULL: there is no interface */
    uint64_t token_id;        /* of it */
    struct list list;
    bool is_due;           /* the interface is not told of the list yet */
    int64_t judged_us;     /* when it was told last */
    struct dp_detail last; /* what was logged last */
};

/* --- settings --- */

static bool is_accepted(const struct dp_peer *peer, const struct dp_tunnel_proven *proven,
                        void *arg, struct dp_detail *detail)
{
    struct cluster_tunnel *tunnel = arg;

    return cluster_accept(&tunnel->accept, peer, proven, detail);
}

static enum dp_err get_collateral(struct dp_collateral **out, struct dp_slice quote, void *arg,
                                  struct dp_detail *detail)
{
    const struct cluster_tunnel *tunnel = arg;

    return cluster_trust_collateral(tunnel->cluster, out, quote, detail);
}

static int check_range(const struct cluster *cluster)
{
    struct dp_detail detail = {"", ""};
    struct dp_tunnel_net net;

    return dp_tunnel_net_make(&net, cluster->given[OPTION_TUNNEL_RANGE], cluster->contract, 0,
                              &detail) == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE, "--tunnel-range: %s", detail.text);
}

static int check_interface(const struct cluster *cluster)
{
    const char *name = cluster->given[OPTION_TUNNEL_INTERFACE];

    return name == NULL || dp_wireguard_name_is_valid(name)
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE,
                             "--tunnel-interface: %s is no name of an interface.", name);
}

static bool has_gateway(const struct cluster *cluster)
{
    const char *given = cluster->given[OPTION_GATEWAY];
    const char *domain = given != NULL ? given : getenv("DSTACK_GATEWAY_DOMAIN");

    return domain != NULL && domain[0] != '\0';
}

static int check_endpoint(const struct cluster *cluster)
{
    const char *text = cluster->given[OPTION_ENDPOINT];
    struct dp_tunnel_endpoint endpoint;
    struct dp_detail detail = {"", ""};

    if (text == NULL && has_gateway(cluster))
        return EXIT_SUCCESS;
    if (text == NULL)
        return client_fail(&cluster->client, EXIT_USAGE,
                           "--endpoint HOST:PORT, where others reach this node's tunnel by UDP, or "
                           "DSTACK_GATEWAY_DOMAIN, whose gateway they reach it by.");
    return dp_tunnel_endpoint_read(&endpoint, text, &detail) == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE, "--endpoint: %s", detail.text);
}

static int read_settings(struct cluster_tunnel *tunnel)
{
    const struct cluster *cluster = tunnel->cluster;
    unsigned port = DP_TUNNEL_PORT;
    int code = check_endpoint(cluster);

    if (code == EXIT_SUCCESS)
        code = check_range(cluster);
    if (code == EXIT_SUCCESS)
        code = check_interface(cluster);
    if (code == EXIT_SUCCESS)
        code = cluster_number(cluster, OPTION_PORT, 1, UINT16_MAX, &port);
    if (code == EXIT_SUCCESS)
        code = cluster_trust_check(cluster);
    tunnel->port = (uint16_t)port;
    return code;
}

int cluster_tunnel_make(struct cluster_tunnel **out, struct cluster *cluster)
{
    struct cluster_tunnel *tunnel = calloc(1, sizeof(*tunnel));
    pthread_condattr_t attributes;
    int code;

    if (tunnel == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    *out = tunnel;
    tunnel->cluster = cluster;
    pthread_mutex_init(&tunnel->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&tunnel->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    code = read_settings(tunnel);
    if (code == EXIT_SUCCESS && dp_tunnel_key_make(&tunnel->key) != DP_OK)
        code = client_fail(&cluster->client, EXIT_FAILURE, "the tunnel's key cannot be made.");
    cluster->tunnel_key = tunnel->key.public_key;
    return code;
}

/* What the library has made of the options. One of a gateway's name is a stream that comes in here.
 */
static int know_endpoint(struct cluster_tunnel *tunnel, const char *text)
{
    const struct client *client = &tunnel->cluster->client;
    struct dp_detail detail = {"", ""};
    struct dp_tunnel_endpoint endpoint;

    if (dp_tunnel_endpoint_read(&endpoint, text, &detail) != DP_OK)
        return client_fail(client, EXIT_USAGE, "the endpoint %s: %s", text, detail.text);
    tunnel->takes_streams = endpoint.is_stream;
    return EXIT_SUCCESS;
}

int cluster_tunnel_know(struct cluster_tunnel *tunnel, const struct dstack_p2p *p2p)
{
    const char *socket = getenv("DSTACK_SIMULATOR_ENDPOINT");
    const int code = know_endpoint(tunnel, p2p->join.endpoint);

    if (code != EXIT_SUCCESS)
        return code;
    if (socket != NULL && socket[0] != '\0') {
        tunnel->guest_socket = strdup(socket);
        if (tunnel->guest_socket == NULL)
            abort();
    }
    memcpy(tunnel->instance_id, p2p->join.instance_id, DP_ADDRESS_LEN);
    return cluster_accept_open(&tunnel->accept, tunnel->cluster, p2p->guest);
}

/* --- lists --- */

static struct list copy_list(const struct dstack_p2p_peers *peers, uint64_t chain_id)
{
    struct list out = {.peers = calloc(peers->count + 1, sizeof(*out.peers)),
                       .count = peers->count,
                       .chain_id = chain_id};

    if (out.peers == NULL)
        abort();
    for (size_t i = 0; i < peers->count; i++)
        dp_p2p_take_peer(&out.peers[i], &peers->list[i]);
    return out;
}

void cluster_tunnel_list(struct cluster_tunnel *tunnel, const struct dstack_p2p_peers *peers,
                         uint64_t chain_id)
{
    struct list list;

    if (tunnel == NULL)
        return;
    list = copy_list(peers, chain_id);
    pthread_mutex_lock(&tunnel->lock);
    free(tunnel->next.peers);
    tunnel->next = list;
    tunnel->has_next = true;
    pthread_cond_signal(&tunnel->woken);
    pthread_mutex_unlock(&tunnel->lock);
}

static void take_next(struct cluster_tunnel *tunnel)
{
    pthread_mutex_lock(&tunnel->lock);
    if (tunnel->has_next) {
        free(tunnel->list.peers);
        tunnel->list = tunnel->next;
        tunnel->next = (struct list){.peers = NULL};
        tunnel->has_next = false;
        tunnel->is_due = true;
    }
    pthread_mutex_unlock(&tunnel->lock);
}

/* Where the list has this node with the key of this process. */
static const struct dp_peer *find_own(const struct cluster_tunnel *tunnel)
{
    for (size_t i = 0; i < tunnel->list.count; i++) {
        const struct dp_peer *peer = &tunnel->list.peers[i];

        if (peer->network == DP_PEER_WIREGUARD &&
            memcmp(peer->instance_id, tunnel->instance_id, DP_ADDRESS_LEN) == 0 &&
            memcmp(peer->wireguard_key, tunnel->key.public_key, DP_TUNNEL_KEY_LEN) == 0)
            return peer;
    }
    return NULL;
}

/* --- the interface --- */

static enum dp_err open_interface(struct cluster_tunnel *tunnel, uint64_t token_id,
                                  struct dp_detail *detail)
{
    const struct cluster *cluster = tunnel->cluster;
    struct dp_tunnel_setup setup = {
        .interface = cluster->given[OPTION_TUNNEL_INTERFACE],
        .listen_port = tunnel->port,
        .stream_port = tunnel->takes_streams ? tunnel->port : 0,
        .range = cluster->given[OPTION_TUNNEL_RANGE],
        .chain_id = tunnel->list.chain_id,
        .token_id = token_id,
        .guest_socket = tunnel->guest_socket,
        .accept = is_accepted,
        .collateral = get_collateral,
        .arg = tunnel,
    };
    enum dp_err err;

    memcpy(setup.contract, cluster->contract, DP_ADDRESS_LEN);
    memcpy(setup.instance_id, tunnel->instance_id, DP_ADDRESS_LEN);
    err = dp_tunnel_open(&tunnel->tunnel, &setup, &tunnel->key, detail);
    if (err != DP_OK)
        return err;
    tunnel->token_id = token_id;
    dp_log(DP_LOG_INFO, "tunnel_open", "token %llu, %s port %u", (unsigned long long)token_id,
           tunnel->takes_streams ? "TCP" : "UDP", tunnel->port);
    return DP_OK;
}

static void close_interface(struct cluster_tunnel *tunnel)
{
    dp_tunnel_close(tunnel->tunnel);
    tunnel->tunnel = NULL;
    tunnel->is_due = true;
}

/* Have the interface as the list wants it. Without a seat of its own this node has no peers. */
static enum dp_err follow(struct cluster_tunnel *tunnel, struct dp_detail *detail)
{
    const struct dp_peer *own = find_own(tunnel);
    enum dp_err err = DP_OK;

    if (own != NULL && tunnel->tunnel != NULL && own->token_id != tunnel->token_id)
        close_interface(tunnel);
    if (own != NULL && tunnel->tunnel == NULL)
        err = open_interface(tunnel, own->token_id, detail);
    if (err == DP_OK && tunnel->tunnel != NULL)
        err = dp_tunnel_update(tunnel->tunnel, tunnel->list.peers,
                               own != NULL ? tunnel->list.count : 0, detail);
    tunnel->is_due = err != DP_OK;
    tunnel->judged_us = dp_clock_mono_us();
    return err;
}

/* wireguard-go may have died, hence anew with the same key. */
static enum dp_err step(struct cluster_tunnel *tunnel, unsigned *wait_ms, struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    *wait_ms = AGAIN_MS;
    if (tunnel->is_due || dp_clock_mono_us() - tunnel->judged_us > JUDGE_US)
        err = follow(tunnel, detail);
    if (err != DP_OK || tunnel->tunnel == NULL)
        return err;
    err = dp_tunnel_step(tunnel->tunnel, wait_ms, detail);
    if (err != DP_OK)
        close_interface(tunnel);
    return err;
}

/* --- what is known --- */

static struct cluster_known look(const struct cluster_tunnel *tunnel)
{
    struct cluster_known out = {.own_token = tunnel->tunnel != NULL ? tunnel->token_id : 0};

    out.statuses = calloc(tunnel->list.count + 1, sizeof(*out.statuses));
    if (out.statuses == NULL)
        abort();
    if (tunnel->tunnel != NULL) {
        out.count = dp_tunnel_statuses(tunnel->tunnel, out.statuses, tunnel->list.count);
        dp_tunnel_own(tunnel->tunnel, &out.own);
    }
    return out;
}

static void take_known(struct cluster_tunnel *tunnel)
{
    struct cluster_known now = look(tunnel);
    const bool changed = cluster_known_log(&tunnel->known, &now);

    pthread_mutex_lock(&tunnel->lock);
    free(tunnel->known.statuses);
    tunnel->known = now;
    pthread_mutex_unlock(&tunnel->lock);
    if (changed)
        tunnel->tell(tunnel->arg);
}

/* Each failure once, until it is another. */
static void log_failure(struct cluster_tunnel *tunnel, enum dp_err err,
                        const struct dp_detail *detail)
{
    char text[DSTACK_P2P_MESSAGE_SIZE];

    if (err != DP_OK && strcmp(tunnel->last.text, detail->text) != 0) {
        dp_explain(text, sizeof(text), err, detail);
        dp_log(DP_LOG_ERROR, "tunnel_failed", "%s", text);
    }
    tunnel->last = *detail;
}

/* --- the thread --- */

/* Until it is time, or there is news. Returns: false at the end */
static bool wait_for(struct cluster_tunnel *tunnel, unsigned ms)
{
    struct timespec until;
    bool goes_on;
    int code = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ms / 1000 + (unsigned)(until.tv_nsec / 1000000000));
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&tunnel->lock);
    while (!tunnel->has_next && !tunnel->is_over && code == 0)
        code = pthread_cond_timedwait(&tunnel->woken, &tunnel->lock, &until);
    goes_on = !tunnel->is_over;
    pthread_mutex_unlock(&tunnel->lock);
    return goes_on;
}

static void *serve(void *arg)
{
    struct cluster_tunnel *tunnel = arg;
    unsigned wait_ms = 0;

    while (wait_for(tunnel, wait_ms)) {
        struct dp_detail detail = {"", ""};
        enum dp_err err;

        take_next(tunnel);
        err = step(tunnel, &wait_ms, &detail);
        if (err != DP_OK)
            wait_ms = AGAIN_MS;
        log_failure(tunnel, err, &detail);
        take_known(tunnel);
    }
    dp_tunnel_close(tunnel->tunnel);
    return NULL;
}

void cluster_tunnel_start(struct cluster_tunnel *tunnel, cluster_tunnel_tell *tell, void *arg)
{
    tunnel->tell = tell;
    tunnel->arg = arg;
    if (pthread_create(&tunnel->thread, NULL, serve, tunnel) != 0)
        abort();
}

pthread_t cluster_tunnel_stop(struct cluster_tunnel *tunnel)
{
    pthread_mutex_lock(&tunnel->lock);
    tunnel->is_over = true;
    pthread_cond_signal(&tunnel->woken);
    pthread_mutex_unlock(&tunnel->lock);
    return tunnel->thread;
}

void cluster_tunnel_close(struct cluster_tunnel *tunnel)
{
    if (tunnel == NULL)
        return;
    dp_tunnel_key_free(&tunnel->key);
    free(tunnel->guest_socket);
    free(tunnel->next.peers);
    free(tunnel->list.peers);
    free(tunnel->known.statuses);
    pthread_cond_destroy(&tunnel->woken);
    pthread_mutex_destroy(&tunnel->lock);
    free(tunnel);
}

/* --- the peers file --- */

void cluster_tunnel_describe(struct cluster_tunnel *tunnel, struct json_object *peers)
{
    if (tunnel == NULL)
        return;
    pthread_mutex_lock(&tunnel->lock);
    cluster_known_describe(&tunnel->known, peers);
    pthread_mutex_unlock(&tunnel->lock);
}
