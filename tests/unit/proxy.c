#include "proxy.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "store/engine.h"

#define LINES_MAX 64

struct line {
    struct proxy *proxy;
    pthread_t thread;
    int client, server;
};

struct proxy {
    int listener;
    pthread_t thread;
    atomic_int mode;
    atomic_bool ending;
    atomic_uint cuts;
    struct line lines[LINES_MAX];
    size_t count;
};

static int open_socket(const char *dir, bool listens)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), done;

    snprintf(address.sun_path, sizeof(address.sun_path), "%.60s/.s.PGSQL.%.8s", dir,
             getenv("POSTGRES_PORT"));
    done = listens ? bind(fd, (struct sockaddr *)&address, sizeof(address))
                   : connect(fd, (struct sockaddr *)&address, sizeof(address));
    if (done == 0 && (!listens || listen(fd, 64) == 0))
        return fd;
    close(fd);
    return -1;
}

/* In the message Bind the statement's name stands after that of the portal, which is empty. */
static bool has_commit(const char *data, size_t len)
{
    char bind[16] = "";
    int size = snprintf(bind + 1, sizeof(bind) - 1, "q%d", (int)DP_SQL_COMMIT) + 2;

    return memmem(data, len, bind, (size_t)size) != NULL;
}

/* False: the line is cut. */
static bool pass(struct line *line, int from, int to)
{
    struct proxy *proxy = line->proxy;
    char data[65536];
    ssize_t len = read(from, data, sizeof(data));
    int mode = atomic_load(&proxy->mode);
    bool cuts;

    if (len <= 0)
        return false;
    if (mode == PROXY_HOLD)
        return true;
    cuts = mode != PROXY_PASS && from == line->client && has_commit(data, (size_t)len);
    if (cuts && mode == PROXY_CUT_BEFORE) {
        atomic_store(&proxy->mode, PROXY_PASS);
        atomic_fetch_add(&proxy->cuts, 1);
        return false;
    }
    if (!send_bytes(to, data, (size_t)len))
        return false;
    if (!cuts)
        return true;
    if (mode == PROXY_CUT_AFTER)
        atomic_store(&proxy->mode, PROXY_PASS);
    atomic_fetch_add(&proxy->cuts, 1);
    return read(line->server, data, sizeof(data)) < 0; /* the answer, which goes nowhere */
}

static void *run_line(void *arg)
{
    struct line *line = arg;
    struct pollfd fds[2] = {{line->client, POLLIN, 0}, {line->server, POLLIN, 0}};
    bool open = line->server >= 0;

    while (open && !atomic_load(&line->proxy->ending)) {
        if (poll(fds, 2, 50) <= 0)
            continue;
        if (fds[0].revents != 0)
            open = pass(line, line->client, line->server);
        if (open && fds[1].revents != 0)
            open = pass(line, line->server, line->client);
    }
    close(line->client);
    if (line->server >= 0)
        close(line->server);
    return NULL;
}

static void let_in(struct proxy *proxy, int client)
{
    struct line *line = &proxy->lines[proxy->count];

    if (proxy->count == LINES_MAX ||
        (atomic_load(&proxy->mode) == PROXY_CUT_AND_STAY_OUT && atomic_load(&proxy->cuts) > 0)) {
        close(client);
        return;
    }
    *line = (struct line){.proxy = proxy, .client = client};
    line->server = open_socket(getenv("POSTGRES_SOCKET"), false);
    if (pthread_create(&line->thread, NULL, run_line, line) == 0)
        proxy->count++;
}

static void *run_proxy(void *arg)
{
    struct proxy *proxy = arg;
    struct pollfd fd = {proxy->listener, POLLIN, 0};

    while (!atomic_load(&proxy->ending)) {
        if (poll(&fd, 1, 50) > 0)
            let_in(proxy, accept(proxy->listener, NULL, NULL));
    }
    return NULL;
}

struct proxy *proxy_start(const char *dir)
{
    struct proxy *proxy = calloc(1, sizeof(*proxy));

    assert_non_null(proxy);
    proxy->listener = open_socket(dir, true);
    assert_true(proxy->listener >= 0);
    assert_int_equal(pthread_create(&proxy->thread, NULL, run_proxy, proxy), 0);
    return proxy;
}

void proxy_set(struct proxy *proxy, enum proxy_mode mode)
{
    atomic_store(&proxy->mode, mode);
}

unsigned proxy_cuts(const struct proxy *proxy)
{
    return atomic_load(&proxy->cuts);
}

void proxy_stop(struct proxy *proxy)
{
    atomic_store(&proxy->ending, true);
    pthread_join(proxy->thread, NULL);
    for (size_t i = 0; i < proxy->count; i++)
        pthread_join(proxy->lines[i].thread, NULL);
    close(proxy->listener);
    free(proxy);
}
