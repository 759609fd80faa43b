/* load.c - HTTP/1.1 load over kept connections, by one thread; checks and counts each reply. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "histogram.h"
#include "reply.h"
#include "requests.h"

#define CONNECTIONS_MAX 4096
#define IN_SIZE (16 * 1024)
#define BODY_MAX (1024 * 1024) /* of a reply that is saved */
#define DRAIN_US 10000000      /* for replies still to come when the time is up */
#define STARVED 10             /* fewer replies than a tenth of the median's */

struct options {
    unsigned connections;
    double seconds;
    unsigned long long count, first;
    bool json;
    const char *replies, *host, *port, *file;
};

struct connection {
    int fd;
    const struct request *request; /* under way, or NULL */
    unsigned long long number;
    int64_t sent_at;
    unsigned long long replies;
    struct reply reply;
    struct dp_buf body; /* of the reply, where it is saved */
    size_t len;         /* bytes in in that were not taken yet */
    char in[IN_SIZE];
};

struct load {
    const struct options *options;
    struct requests requests;
    struct addrinfo *addr;
    FILE *replies;         /* where to save bodies, or NULL */
    struct dp_buf scratch; /* a request that is made for the occasion */
    struct connection *connections;
    int epoll;
    int64_t start, deadline;
    unsigned long long next; /* number of the next request */
    unsigned waiting;        /* connections with a request under way */
    unsigned long long in_time, reconnects, unexpected, broken;
    unsigned long long statuses[600];
    struct histogram latency;
};

/* --- connections --- */

static enum dp_err open_connection(struct load *load, struct connection *c)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int one = 1;

    c->len = 0;
    c->fd = socket(load->addr->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, load->addr->ai_addr, load->addr->ai_addrlen) != 0)
        return DP_EIO;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return epoll_ctl(load->epoll, EPOLL_CTL_ADD, c->fd, &event) == 0 ? DP_OK : DP_EIO;
}

/* Requests are small, so a kept connection takes one whole. */
static enum dp_err send_request(struct load *load, struct connection *c)
{
    struct dp_slice text;

    c->number = load->options->first + load->next++;
    text = requests_get(&load->requests, &c->request, c->number, &load->scratch);
    reply_begin(&c->reply, load->replies != NULL ? &c->body : NULL);
    c->sent_at = dp_clock_mono_us();
    load->waiting++;
    return send(c->fd, text.data, text.len, MSG_NOSIGNAL) == (ssize_t)text.len ? DP_OK : DP_EIO;
}

static bool is_over(const struct load *load, int64_t now)
{
    return now >= load->deadline ||
           (load->options->count > 0 && load->next >= load->options->count);
}

static void save(const struct load *load, const struct connection *c)
{
    fprintf(load->replies, "%llu ", c->number);
    fwrite(c->body.data, 1, c->body.len, load->replies);
    if (c->body.len == 0 || c->body.data[c->body.len - 1] != '\n')
        fputc('\n', load->replies);
}

static void complain_of_status(struct load *load, const struct connection *c)
{
    if (load->unexpected++ == 0)
        fprintf(stderr, "load: %s %s was answered with %d instead of %d.\n", c->request->method,
                c->request->path, c->reply.status, c->request->status);
}

static void count(struct load *load, struct connection *c, int64_t now)
{
    int status = c->reply.status;

    histogram_add(&load->latency, now - c->sent_at);
    load->statuses[status >= 0 && status < 600 ? status : 0]++;
    load->waiting--;
    if (now <= load->deadline) {
        load->in_time++;
        c->replies++;
    }
    if (status != c->request->status)
        complain_of_status(load, c);
    else if (load->replies != NULL)
        save(load, c);
}

static enum dp_err finish_reply(struct load *load, struct connection *c)
{
    int64_t now = dp_clock_mono_us();
    enum dp_err err = DP_OK;

    count(load, c, now);
    c->request = NULL;
    if (c->reply.close) {
        close(c->fd);
        load->reconnects++;
        err = open_connection(load, c);
    }
    if (err == DP_OK && !is_over(load, now))
        err = send_request(load, c);
    return err;
}

static enum dp_err receive(struct load *load, struct connection *c)
{
    ssize_t got = recv(c->fd, c->in + c->len, sizeof(c->in) - c->len, MSG_DONTWAIT);
    size_t used;
    enum dp_err err;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return DP_OK;
    if (got <= 0 || c->request == NULL)
        return DP_EIO;
    c->len += (size_t)got;
    err = reply_take(&c->reply, &used, c->in, c->len);
    c->len -= used;
    if (err == DP_OK && c->len == sizeof(c->in))
        err = DP_ETOOBIG;
    if (err != DP_OK)
        return err;
    if (c->reply.state == REPLY_DONE)
        return c->len == 0 ? finish_reply(load, c) : DP_EFORMAT;
    memmove(c->in, c->in + used, c->len);
    return DP_OK;
}

/* A connection that broke is an error of the run, unless it was idle at the end; another takes its
 * place. */
static enum dp_err replace(struct load *load, struct connection *c, enum dp_err why)
{
    bool over = is_over(load, dp_clock_mono_us());

    if ((c->request != NULL || !over) && load->broken++ == 0)
        fprintf(stderr, "load: a connection ended without a whole reply: %s.\n", dp_err_text(why));
    if (c->request != NULL)
        load->waiting--;
    c->request = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    if (over)
        return DP_OK;
    why = open_connection(load, c);
    return why == DP_OK ? send_request(load, c) : why;
}

/* --- the run --- */

static enum dp_err start(struct load *load)
{
    enum dp_err err = DP_OK;

    for (unsigned i = 0; i < load->options->connections && err == DP_OK; i++)
        err = open_connection(load, &load->connections[i]);
    load->start = dp_clock_mono_us();
    load->deadline = load->start + (int64_t)(load->options->seconds * 1e6);
    for (unsigned i = 0; i < load->options->connections && err == DP_OK; i++) {
        if (!is_over(load, load->start))
            err = send_request(load, &load->connections[i]);
    }
    return err;
}

static enum dp_err run(struct load *load)
{
    struct epoll_event events[64];
    enum dp_err err = start(load);

    while (err == DP_OK && load->waiting > 0 && dp_clock_mono_us() < load->deadline + DRAIN_US) {
        int count = epoll_wait(load->epoll, events, 64, 100);

        for (int i = 0; i < count && err == DP_OK; i++) {
            struct connection *c = events[i].data.ptr;

            err = receive(load, c);
            if (err != DP_OK)
                err = replace(load, c, err);
        }
    }
    load->broken += load->waiting;
    return err;
}

/* --- the report --- */

struct report {
    double seconds, rate, p50, p95, p99, longest;
    unsigned long long least, median, most;
    unsigned starved;
};

static int by_replies(const void *a, const void *b)
{
    const struct connection *x = a, *y = b;

    return x->replies < y->replies ? -1 : x->replies > y->replies;
}

/* Sorts the connections. */
static void make_report(struct report *r, const struct load *load, int64_t end)
{
    unsigned count = load->options->connections;
    struct connection *c = load->connections;

    qsort(c, count, sizeof(*c), by_replies);
    r->seconds = (double)((end < load->deadline ? end : load->deadline) - load->start) / 1e6;
    r->rate = r->seconds > 0 ? (double)load->in_time / r->seconds : 0;
    r->p50 = histogram_percentile_ms(&load->latency, 0.50);
    r->p95 = histogram_percentile_ms(&load->latency, 0.95);
    r->p99 = histogram_percentile_ms(&load->latency, 0.99);
    r->longest = (double)load->latency.longest / 1000;
    r->least = c[0].replies;
    r->median = c[count / 2].replies;
    r->most = c[count - 1].replies;
    r->starved = 0;
    while (r->starved < count &&
           (c[r->starved].replies == 0 || c[r->starved].replies * STARVED < r->median))
        r->starved++;
}

static void print_statuses(const struct load *load, bool json)
{
    const char *before = "", *quote = json ? "\"" : "";

    for (int status = 0; status < 600; status++) {
        if (load->statuses[status] == 0)
            continue;
        printf("%s%s%d%s:%llu", before, quote, status, quote, load->statuses[status]);
        before = ",";
    }
}

static void print_text(const struct load *load, const struct report *r)
{
    printf("%.1f replies/s over %.2f s, %u connections\n", r->rate, r->seconds,
           load->options->connections);
    printf("ms: p50 %.3f, p95 %.3f, p99 %.3f, longest %.3f\n", r->p50, r->p95, r->p99, r->longest);
    printf("replies per connection: %llu to %llu, median %llu; %u starved\n", r->least, r->most,
           r->median, r->starved);
    printf("status: ");
    print_statuses(load, false);
    printf("; %llu unexpected, %llu without a reply, %llu reconnects\n", load->unexpected,
           load->broken, load->reconnects);
}

static void print_json(const struct load *load, const struct report *r)
{
    printf("{\"connections\":%u,\"seconds\":%.3f,\"replies\":%llu,\"rate\":%.1f,",
           load->options->connections, r->seconds, (unsigned long long)load->latency.count,
           r->rate);
    printf("\"p50_ms\":%.3f,\"p95_ms\":%.3f,\"p99_ms\":%.3f,\"longest_ms\":%.3f,", r->p50, r->p95,
           r->p99, r->longest);
    printf("\"per_connection\":{\"min\":%llu,\"median\":%llu,\"max\":%llu},\"starved\":%u,",
           r->least, r->median, r->most, r->starved);
    printf("\"statuses\":{");
    print_statuses(load, true);
    printf("},\"unexpected\":%llu,\"broken\":%llu,\"reconnects\":%llu}\n", load->unexpected,
           load->broken, load->reconnects);
}

/* --- command line --- */

static int DP_PRINTF(1, 2) complain(const char *fmt, ...)
{
    va_list args;

    fputs("load: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return EXIT_FAILURE;
}

static int usage(FILE *to)
{
    fputs("Usage: load --url HOST:PORT [OPTION...] FILE\n"
          "\n"
          "FILE has one request a line: METHOD PATH STATUS TOKEN BODY. STATUS is what it must be\n"
          "answered with; TOKEN is \"-\" or a bearer token; BODY may be missing. {n} in PATH or\n"
          "BODY stands for the request's number. The lines are sent round and round.\n"
          "\n"
          "  --connections N  connections, each with one request at a time (16)\n"
          "  --seconds S      how long (5)\n"
          "  --count N        end after so many requests, or when the time is up\n"
          "  --first N        number of the first request (0)\n"
          "  --replies FILE   save each reply's body: its number, a space, the body\n"
          "  --json           print one JSON object\n"
          "\n"
          "Exits with 1 if any reply was missing or had another status.\n",
          to);
    return to == stdout ? EXIT_SUCCESS : 2;
}

/* HOST:PORT, which this cuts in two. */
static bool read_url(struct options *options, char *url)
{
    char *colon = strrchr(url, ':');

    if (colon == NULL)
        return false;
    *colon = '\0';
    options->host = url;
    options->port = colon + 1;
    return true;
}

/* Returns -1 where the run may begin, else an exit code. */
static int read_options(struct options *options, int argc, char **argv)
{
    enum { CONNECTIONS, SECONDS, COUNT, FIRST, REPLIES, URL, JSON, HELP };
    static const struct option known[] = {
        {"connections", required_argument, NULL, CONNECTIONS},
        {"seconds", required_argument, NULL, SECONDS},
        {"count", required_argument, NULL, COUNT},
        {"first", required_argument, NULL, FIRST},
        {"replies", required_argument, NULL, REPLIES},
        {"url", required_argument, NULL, URL},
        {"json", no_argument, NULL, JSON},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    int option;

    *options = (struct options){.connections = 16, .seconds = 5};
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case CONNECTIONS:
            options->connections = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case SECONDS:
            options->seconds = strtod(optarg, NULL);
            break;
        case COUNT:
            options->count = strtoull(optarg, NULL, 10);
            break;
        case FIRST:
            options->first = strtoull(optarg, NULL, 10);
            break;
        case REPLIES:
            options->replies = optarg;
            break;
        case URL:
            if (!read_url(options, optarg))
                return usage(stderr);
            break;
        case JSON:
            options->json = true;
            break;
        case HELP:
            return usage(stdout);
        default:
            return usage(stderr);
        }
    }
    if (options->host == NULL || optind != argc - 1 || options->connections == 0 ||
        options->connections > CONNECTIONS_MAX || options->seconds <= 0)
        return usage(stderr);
    options->file = argv[optind];
    return -1;
}

static int prepare(struct load *load)
{
    const struct options *o = load->options;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    size_t line;
    enum dp_err err = requests_read(&load->requests, o->file, &line);

    if (err == DP_EFORMAT)
        return complain("line %zu of %s is not a request.", line, o->file);
    if (err != DP_OK)
        return complain("the requests cannot be read: %s.", dp_err_text(err));
    if (getaddrinfo(o->host, o->port, &hints, &load->addr) != 0)
        return complain("%s is not a known host.", o->host);
    if (o->replies != NULL && (load->replies = fopen(o->replies, "w")) == NULL)
        return complain("%s cannot be written.", o->replies);
    load->connections = calloc(o->connections, sizeof(load->connections[0]));
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->connections == NULL || load->epoll < 0)
        return complain("%s.", strerror(errno));
    for (unsigned i = 0; i < o->connections; i++) {
        load->connections[i].fd = -1;
        load->connections[i].body = DP_BUF_INIT(BODY_MAX);
    }
    return EXIT_SUCCESS;
}

static int measure(struct load *load)
{
    struct report report;
    enum dp_err err = run(load);

    if (err != DP_OK)
        return complain("the connections cannot be made: %s.", strerror(errno));
    make_report(&report, load, dp_clock_mono_us());
    if (load->options->json)
        print_json(load, &report);
    else
        print_text(load, &report);
    return load->unexpected == 0 && load->broken == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int release(struct load *load, int code)
{
    if (load->replies != NULL && fclose(load->replies) != 0)
        code = complain("%s cannot be written.", load->options->replies);
    for (unsigned i = 0; load->connections != NULL && i < load->options->connections; i++) {
        if (load->connections[i].fd >= 0)
            close(load->connections[i].fd);
        dp_buf_free(&load->connections[i].body);
    }
    if (load->epoll >= 0)
        close(load->epoll);
    if (load->addr != NULL)
        freeaddrinfo(load->addr);
    free(load->connections);
    dp_buf_free(&load->scratch);
    requests_free(&load->requests);
    return code;
}

int main(int argc, char **argv)
{
    static struct load load;
    struct options options;
    int code = read_options(&options, argc, argv);

    if (code >= 0)
        return code;
    load = (struct load){
        .options = &options,
        .epoll = -1,
        .scratch = DP_BUF_INIT(REQUEST_MAX),
    };
    code = prepare(&load);
    if (code == EXIT_SUCCESS)
        code = measure(&load);
    return release(&load, code);
}
