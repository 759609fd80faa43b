/* cluster_run.c - devproof cluster run: stay entered, keep the peers file true, run the hook. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cluster/p2p.h"
#include "cluster/peers_answer.h"
#include "devproof/cluster.h"
#include "devproof/cluster_file.h"
#include "devproof/cluster_hook.h"
#include "devproof/cluster_tunnel.h"
#include "devproof/command.h"

#define INTERVAL_S 2
#define REWRITE_S 5 /* the file, when nothing happens */
#define LEAVE_S 3   /* for a thread to end */

struct daemon {
    struct cluster *cluster;
    struct dstack_p2p *watch, *keep; /* two handles, as each is one thread's */
    pthread_t watcher, keeper;       /* one for each */
    unsigned interval_ms;
    struct cluster_hook *hook;
    struct cluster_tunnel *tunnel; /* NULL where nodes are behind a gateway */
    pthread_mutex_t lock;          /* of the file */
    struct cluster_file file;
    char *path;
};

/* --- what happens --- */

static void write_file(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->lock);
    cluster_file_write(&daemon->file);
    pthread_mutex_unlock(&daemon->lock);
}

static void log_news(const struct dstack_p2p_peers *peers, enum dstack_p2p_error error,
                     const char *message)
{
    if (error != DSTACK_P2P_OK)
        dp_log(DP_LOG_WARN, "peers_unread", "%s", message);
    else
        dp_log(DP_LOG_INFO, "peers_changed", "%zu peers in block %llu", peers->count,
               (unsigned long long)peers->block_number);
}

static int on_read(const struct dstack_p2p_peers *peers, enum dstack_p2p_error error, bool is_news,
                   void *arg)
{
    struct daemon *daemon = arg;
    const char *message = dstack_p2p_message(daemon->watch);

    pthread_mutex_lock(&daemon->lock);
    cluster_file_take(&daemon->file, peers, error, message, daemon->watch->last.agreed.tag);
    daemon->file.chain_id = daemon->watch->last.agreed.chain_id;
    if (is_news)
        cluster_file_write(&daemon->file);
    pthread_mutex_unlock(&daemon->lock);
    if (is_news && error == DSTACK_P2P_OK)
        cluster_tunnel_list(daemon->tunnel, peers, daemon->watch->last.agreed.chain_id);
    if (is_news) {
        log_news(peers, error, message);
        cluster_hook_wake(daemon->hook);
    }
    return 0;
}

static void *watch(void *arg)
{
    struct daemon *daemon = arg;

    dp_p2p_watch_each(daemon->watch, daemon->interval_ms, on_read, daemon);
    return NULL;
}

static void on_tunnel(void *arg)
{
    struct daemon *daemon = arg;

    write_file(daemon);
    cluster_hook_wake(daemon->hook);
}

static int on_self(const struct dstack_p2p_self *self, void *arg)
{
    struct daemon *daemon = arg;

    pthread_mutex_lock(&daemon->lock);
    daemon->file.self = *self;
    cluster_file_write(&daemon->file);
    pthread_mutex_unlock(&daemon->lock);
    if (self->error != DSTACK_P2P_OK)
        dp_log(DP_LOG_WARN, "not_registered", "%s", self->message);
    else
        dp_log(DP_LOG_INFO, "registered", "token %llu, lease until %llu",
               (unsigned long long)self->token_id, (unsigned long long)self->lease_until);
    return 0;
}

static void *keep(void *arg)
{
    struct daemon *daemon = arg;

    dstack_p2p_keep(daemon->keep, on_self, daemon);
    return NULL;
}

/* --- starting and ending --- */

static int open_handles(struct daemon *daemon)
{
    int code = cluster_open(daemon->cluster, &daemon->watch);
    enum dstack_p2p_error error;

    if (code == EXIT_SUCCESS && daemon->file.keeps)
        code = cluster_open(daemon->cluster, &daemon->keep);
    if (code != EXIT_SUCCESS)
        return code;
    error = daemon->keep != NULL ? dp_p2p_check_reach(daemon->keep) : DSTACK_P2P_OK;
    if (error != DSTACK_P2P_OK)
        return cluster_p2p_failed(daemon->cluster, error, dstack_p2p_message(daemon->keep));
    error = dstack_p2p_account(daemon->watch, daemon->file.account);
    if (error != DSTACK_P2P_OK)
        return cluster_p2p_failed(daemon->cluster, error, dstack_p2p_message(daemon->watch));
    daemon->file.instance_id = dstack_p2p_instance_id(daemon->watch);
    daemon->file.app_id = dstack_p2p_app_id(daemon->watch);
    return daemon->tunnel != NULL ? cluster_tunnel_know(daemon->tunnel, daemon->watch)
                                  : EXIT_SUCCESS;
}

static int check_no_tunnel(const struct cluster *cluster)
{
    static const enum cluster_option options[] = {
        OPTION_CACHE, OPTION_COLLATERAL,       OPTION_PCCS,        OPTION_ROOT,
        OPTION_TCB,   OPTION_TUNNEL_INTERFACE, OPTION_TUNNEL_RANGE};

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (cluster->given[options[i]] != NULL)
            return client_fail(&cluster->client, EXIT_USAGE,
                               "what tunnels and quotes need is for --mode wireguard.");
    }
    return EXIT_SUCCESS;
}

static int make_tunnel(struct daemon *daemon)
{
    const char *mode = daemon->cluster->given[OPTION_MODE];
    const struct client *client = &daemon->cluster->client;

    if (mode == NULL || strcmp(mode, "tls") == 0)
        return check_no_tunnel(daemon->cluster);
    if (strcmp(mode, "wireguard") != 0)
        return client_fail(client, EXIT_USAGE, "--mode: tls or wireguard.");
    if (!daemon->file.keeps)
        return client_fail(client, EXIT_USAGE,
                           "a tunnel's key is new at each start, and has to be entered: "
                           "--mode wireguard without --no-register.");
    return cluster_tunnel_make(&daemon->tunnel, daemon->cluster);
}

static int make_folder(const struct daemon *daemon)
{
    char *slash = strrchr(daemon->path, '/');
    int code = EXIT_SUCCESS;

    if (slash == NULL || slash == daemon->path)
        return code;
    *slash = '\0';
    if (mkdir(daemon->path, 0755) != 0 && errno != EEXIST)
        code = client_fail(&daemon->cluster->client, EXIT_USAGE, "%s cannot be made: %s",
                           daemon->path, strerror(errno));
    *slash = '/';
    return code;
}

static int set_path(struct daemon *daemon)
{
    const char *given = daemon->cluster->given[OPTION_PEERS_FILE], *data = getenv("DATA_DIR");

    if (given != NULL)
        daemon->path = strdup(given);
    else if (asprintf(&daemon->path, "%s/cluster/" DP_PEERS_FILE, data != NULL ? data : "data") < 0)
        daemon->path = NULL;
    if (daemon->path == NULL)
        abort();
    daemon->file.path = daemon->path;
    return make_folder(daemon);
}

static int prepare(struct daemon *daemon)
{
    const struct cluster *cluster = daemon->cluster;
    unsigned interval_s = INTERVAL_S;
    int code = cluster_number(cluster, OPTION_INTERVAL, 1, 3600, &interval_s);

    daemon->interval_ms = interval_s * 1000;
    daemon->file.cluster = cluster;
    daemon->file.keeps = cluster->given[OPTION_NO_REGISTER] == NULL;
    if (code == EXIT_SUCCESS)
        code = make_tunnel(daemon);
    daemon->file.tunnel = daemon->tunnel;
    if (code == EXIT_SUCCESS)
        code = set_path(daemon);
    if (code == EXIT_SUCCESS)
        code = open_handles(daemon);
    if (code == EXIT_SUCCESS && cluster->given[OPTION_HOOK] != NULL) {
        daemon->hook = cluster_hook_start(cluster->given[OPTION_HOOK], daemon->path);
        if (daemon->hook == NULL)
            abort();
    }
    return code;
}

/* Until a signal that ends programs. */
static void serve(struct daemon *daemon, const sigset_t *signals)
{
    const struct timespec tick = {REWRITE_S, 0};

    while (sigtimedwait(signals, NULL, &tick) < 0)
        write_file(daemon);
}

/* A thread may be amid a call of a node that takes its time: nothing is lost by leaving it there.
 */
static void join_or_leave(struct daemon *daemon, pthread_t thread)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LEAVE_S;
    if (pthread_timedjoin_np(thread, NULL, &until) != 0) {
        cluster_hook_stop(daemon->hook);
        _exit(EXIT_SUCCESS);
    }
}

static void run_threads(struct daemon *daemon, const sigset_t *signals)
{
    if (pthread_create(&daemon->watcher, NULL, watch, daemon) != 0 ||
        (daemon->keep != NULL && pthread_create(&daemon->keeper, NULL, keep, daemon) != 0))
        abort();
    if (daemon->tunnel != NULL)
        cluster_tunnel_start(daemon->tunnel, on_tunnel, daemon);
    serve(daemon, signals);
    dstack_p2p_stop(daemon->watch);
    if (daemon->keep != NULL)
        dstack_p2p_stop(daemon->keep);
    if (daemon->tunnel != NULL)
        join_or_leave(daemon, cluster_tunnel_stop(daemon->tunnel));
    join_or_leave(daemon, daemon->watcher);
    if (daemon->keep != NULL)
        join_or_leave(daemon, daemon->keeper);
}

int cluster_run(struct cluster *cluster, int argc, char **argv)
{
    struct daemon daemon = {.cluster = cluster, .lock = PTHREAD_MUTEX_INITIALIZER};
    sigset_t signals;
    int code;

    (void)argc, (void)argv;
    dp_log_never_block();
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    /* Before any thread, so that all have it so. */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    code = prepare(&daemon);
    if (code == EXIT_SUCCESS)
        run_threads(&daemon, &signals);
    cluster_hook_stop(daemon.hook);
    dstack_p2p_close(daemon.keep);
    dstack_p2p_close(daemon.watch);
    cluster_tunnel_close(daemon.tunnel);
    cluster_file_free(&daemon.file);
    free(daemon.path);
    return code;
}
