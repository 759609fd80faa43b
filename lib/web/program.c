/* program.c - the FastCGI loop: start, serve with many threads, stop without losing a request. */
#include "web/web.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "dstack/guest_quote.h"
#include "web/confine.h"
#include "web/route.h"

#define STACK_SIZE (256 * 1024)
#define STOP_WITHIN_US 5000000 /* for requests under way at SIGTERM */
#define ACCEPT_PAUSE_US 1000   /* else a full table of descriptors makes every thread spin */
#define HEADERS_MAX 4096

struct worker {
    pthread_t thread;
    const struct dp_program *program;
    const struct dp_service *service;
    atomic_bool busy; /* a request is under way: do not interrupt its reads */
};

static atomic_bool stopping;

/* --- one request --- */

static void send_head(struct dp_exchange *x)
{
    FCGX_Stream *out = x->fcgi->out;
    char head[256];
    int len = snprintf(head, sizeof(head), "Status: %d %s\r\nCache-Control: no-store\r\n",
                       x->status, dp_status_text(x->status));

    if (x->body.len > 0 || x->streamed)
        len += snprintf(head + len, sizeof(head) - (size_t)len, "Content-Type: %s\r\n",
                        x->content_type);
    if (x->body.len > 0)
        len += snprintf(head + len, sizeof(head) - (size_t)len, "Content-Length: %zu\r\n",
                        x->body.len);
    FCGX_PutStr(head, len, out);
    if (x->headers.len > 0)
        FCGX_PutStr(x->headers.data, (int)x->headers.len, out);
    FCGX_PutStr("\r\n", 2, out);
}

static void send_answer(struct dp_exchange *x)
{
    send_head(x);
    if (x->body.len > 0)
        FCGX_PutStr(x->body.data, (int)x->body.len, x->fcgi->out);
}

void dp_stream_begin(struct dp_exchange *x, const char *content_type)
{
    x->status = 200;
    x->content_type = content_type;
    x->streamed = true;
    send_head(x);
}

enum dp_err dp_stream_write(struct dp_exchange *x, const void *data, size_t len)
{
    return FCGX_PutStr(data, (int)len, x->fcgi->out) == (int)len ? DP_OK : DP_EIO;
}

/* Methods come from clients, so a label or a log line takes only known ones. */
static const char *known_method(const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(method, known[i]) == 0)
            return known[i];
    }
    return "other";
}

static void record(const struct dp_exchange *x, const struct dp_route *route, enum dp_err err,
                   int64_t start)
{
    struct dp_log_request entry = {
        .route = route != NULL ? route->pattern : "none",
        .method = known_method(x->method),
        .user_id = x->user_id[0] != '\0' ? x->user_id : NULL,
        .request_id = x->request_id,
        .error_code = err != DP_OK ? dp_problem_code(err) : NULL,
        .status = x->status,
        .latency_us = dp_clock_mono_us() - start,
    };
    char labels[120];

    snprintf(labels, sizeof(labels), "route=\"%s\",method=\"%s\",status=\"%d\"", entry.route,
             entry.method, entry.status);
    dp_metrics_observe(DP_METRIC_HTTP_REQUEST_DURATION, labels, entry.latency_us);
    if (err != DP_OK && dp_problem_status(err) >= 500) {
        snprintf(labels, sizeof(labels), "code=\"%s\"", entry.error_code);
        dp_metrics_count(DP_METRIC_HTTP_FAILURE_TOTAL, labels);
    }
    dp_log_request(&entry);
}

static void serve(const struct worker *worker, FCGX_Request *fcgi)
{
    int64_t start = dp_clock_mono_us();
    struct dp_exchange x = {
        .service = worker->service,
        .fcgi = fcgi,
        .headers = DP_BUF_INIT(HEADERS_MAX),
        .body = DP_BUF_INIT(DP_ANSWER_MAX),
    };
    const struct dp_route *route;
    char allow[64];
    enum dp_err err;

    x.method = dp_request_param(&x, "REQUEST_METHOD");
    x.request_id = dp_request_param(&x, "REQUEST_ID");
    err = dp_route_find(&route, x.user_id, allow, sizeof(allow), worker->program, x.method,
                        dp_request_param(&x, "DOCUMENT_URI"));
    if (err == DP_EMETHOD)
        dp_reply_header(&x, "Allow", allow);
    if (err == DP_OK)
        err = route->handle(&x);
    if (err != DP_OK && !x.streamed)
        dp_reply_problem(&x, err);
    if (!x.streamed)
        send_answer(&x);
    record(&x, route, err, start);
    if (err != DP_OK && x.streamed)
        FCGX_Free(fcgi, 1); /* without an end, which nginx passes on as a broken answer */
    dp_buf_free(&x.headers);
    dp_buf_free(&x.body);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    FCGX_Request fcgi;

    if (FCGX_InitRequest(&fcgi, STDIN_FILENO, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
        return NULL;
    while (!atomic_load(&stopping)) {
        if (FCGX_Accept_r(&fcgi) != 0) {
            usleep(ACCEPT_PAUSE_US);
            continue;
        }
        atomic_store(&worker->busy, true);
        serve(worker, &fcgi);
        FCGX_Finish_r(&fcgi);
        atomic_store(&worker->busy, false);
    }
    FCGX_Free(&fcgi, 1);
    return NULL;
}

/* --- start --- */

static int complain(const char *sentence)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, sentence);
    return EXIT_FAILURE;
}

/* Whether there is HTTPS is settled at the start: what is missing later must not look like none. */
static void find_tls_public(struct dp_service *service)
{
    const char *dir = service->config.run_dir;

    if (dir == NULL ||
        snprintf(service->tls_public, PATH_MAX, "%s/" DP_TLS_PUBLIC_DIR, dir) >= PATH_MAX ||
        access(service->tls_public, F_OK) != 0)
        service->tls_public[0] = '\0';
}

static void find_cluster(struct dp_service *service)
{
    const char *dir = service->config.data_dir;

    if (dir == NULL || snprintf(service->cluster, PATH_MAX, "%s/" DP_CLUSTER_DIR, dir) >= PATH_MAX)
        service->cluster[0] = '\0';
}

/* Quotes take an agent longer than keys. */
static enum dp_err open_guest(struct dp_guest **out, const char *socket, unsigned needs)
{
    return needs & DP_NEED_QUOTE ? dp_guest_open_within(out, socket, DP_GUEST_QUOTE_MS)
                                 : dp_guest_open(out, socket);
}

static int open_service(struct dp_service *service, unsigned needs)
{
    struct dp_detail detail = {"", ""};
    enum dp_err err = DP_OK;

    if (dp_metrics_open(service->config.metrics_file) != DP_OK)
        return complain("METRICS_FILE cannot be opened, or is of another version: remove it.");
    if (dp_secret_init() != DP_OK)
        return complain("memory for keys cannot be locked: raise the limit (ulimit -l) to 2 MiB.");
    if (dp_secp_init() != DP_OK || dp_wallet_self_test() != DP_OK)
        return complain("the cryptography's self-test failed: libsecp256k1 is not to be trusted.");
    if (needs & (DP_NEED_STORE_READ | DP_NEED_STORE_WRITE))
        err = dp_store_open(&service->store, service->config.database_url,
                            needs & DP_NEED_STORE_WRITE ? DP_STORE_WRITE : DP_STORE_READ, &detail);
    if (err != DP_OK)
        return complain(detail.text[0] != '\0' ? detail.text : dp_err_text(err));
    if (needs & DP_NEED_CLUSTER)
        find_cluster(service);
    if (!(needs & DP_NEED_GUEST))
        return EXIT_SUCCESS;
    if (needs & DP_NEED_QUOTE)
        find_tls_public(service);
    if (open_guest(&service->guest, service->config.guest_socket, needs) != DP_OK)
        return complain("DSTACK_SIMULATOR_ENDPOINT is not a path of at most 107 bytes.");
    if (dp_wallet_open(&service->wallet, service->guest, service->config.key_namespace) != DP_OK)
        return complain("out of memory.");
    if (service->config.key_cache_seconds > 0 &&
        dp_wallet_keep_keys(service->wallet, service->config.key_cache_seconds) != DP_OK)
        return complain("out of memory.");
    return EXIT_SUCCESS;
}

static void close_service(struct dp_service *service)
{
    dp_wallet_close(service->wallet);
    dp_guest_close(service->guest);
    dp_store_close(service->store);
}

static void interrupted(int signal)
{
    (void)signal;
}

/* SIGTERM and SIGINT are for the main thread to wait for; SIGUSR1 ends a worker's wait. */
static void set_signals(sigset_t *stop)
{
    struct sigaction wake = {.sa_handler = interrupted}; /* without SA_RESTART */

    sigemptyset(stop);
    sigaddset(stop, SIGTERM);
    sigaddset(stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, stop, NULL);
    sigaction(SIGUSR1, &wake, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Meanwhile keys that were kept for long enough are wiped. */
static int wait_for_stop(const sigset_t *stop, const struct dp_service *service)
{
    const struct timespec second = {1, 0};
    int signal;

    while ((signal = sigtimedwait(stop, NULL,
                                  service->config.key_cache_seconds > 0 ? &second : NULL)) < 0)
        dp_wallet_expire_keys(service->wallet);
    return signal;
}

/* Its counter tells of workers that die: the supervisor starts them anew, and no client may notice.
 */
static void say_started(const struct dp_program *program)
{
    char labels[64];

    snprintf(labels, sizeof(labels), "program=\"%.40s\"", program_invocation_short_name);
    dp_metrics_count(DP_METRIC_WORKER_START_TOTAL, labels);
    dp_log(DP_LOG_INFO, "start", "%u threads", program->threads);
}

static void start_workers(struct worker *workers, const struct dp_program *program,
                          const struct dp_service *service)
{
    pthread_attr_t attr;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    for (unsigned i = 0; i < program->threads; i++) {
        workers[i].program = program;
        workers[i].service = service;
        /* Those that run already use what is open: the exit frees it. */
        if (pthread_create(&workers[i].thread, &attr, work, &workers[i]) != 0)
            _exit(complain("a thread cannot be started."));
    }
    pthread_attr_destroy(&attr);
}

/* True where every worker has ended by then. The signal is sent again and again, as it may come
 * between a worker's look at the flag and its wait. */
static bool stop_workers(struct worker *workers, unsigned count)
{
    int64_t deadline = dp_clock_mono_us() + STOP_WITHIN_US;
    unsigned running = count;

    atomic_store(&stopping, true);
    for (unsigned i = 0; running > 0 && dp_clock_mono_us() < deadline; i = (i + 1) % count) {
        if (workers[i].program == NULL)
            continue;
        if (!atomic_load(&workers[i].busy))
            pthread_kill(workers[i].thread, SIGUSR1);
        if (pthread_tryjoin_np(workers[i].thread, NULL) == 0) {
            workers[i].program = NULL;
            running--;
        } else {
            usleep(200);
        }
    }
    return running == 0;
}

int dp_web_main(const struct dp_program *program)
{
    struct dp_service service = {0};
    struct dp_detail detail = {"", ""};
    struct worker *workers = calloc(program->threads, sizeof(*workers));
    sigset_t stop;
    int code = EXIT_FAILURE, signal;

    /* A worker whose supervisor was killed would stay behind on a socket that nobody asks. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    mallopt(M_ARENA_MAX, 2);
    /* The threshold grows with what is freed unless it is set: a long listing would then stay. */
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    if (workers == NULL || FCGX_Init() != 0)
        goto out;
    if (dp_config_load(&service.config, &detail) != DP_OK) {
        complain(detail.text);
        code = 2;
        goto out;
    }
    dp_log_set_level(service.config.log_level);
    dp_log_never_block();
    set_signals(&stop);
    code = open_service(&service, program->needs);
    if (code == EXIT_SUCCESS && dp_confine(&service, program->needs, &detail) != DP_OK)
        code = complain(detail.text);
    if (code != EXIT_SUCCESS)
        goto out;
    start_workers(workers, program, &service);
    say_started(program);
    signal = wait_for_stop(&stop, &service);
    /* Where a request takes too long its thread still uses what is open: the exit frees it. */
    if (!stop_workers(workers, program->threads))
        _exit(EXIT_FAILURE);
    dp_log(DP_LOG_INFO, "stop", "signal %d", signal);
out:
    close_service(&service);
    free(workers);
    return code;
}
