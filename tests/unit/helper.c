#include "helper.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS_MAX 1024
#define THREADS_MAX 256

/* --- files --- */

void temp_make(struct temp *temp)
{
    snprintf(temp->dir, sizeof(temp->dir), "/tmp/devproof-unit-XXXXXX");
    assert_non_null(mkdtemp(temp->dir));
}

void temp_path(char out[static TEMP_SIZE], const struct temp *temp, const char *name)
{
    snprintf(out, TEMP_SIZE, "%s/%.40s", temp->dir, name);
}

void temp_remove(const struct temp *temp)
{
    DIR *dir = opendir(temp->dir);
    struct dirent *entry;
    char path[TEMP_SIZE];

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        temp_path(path, temp, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    closedir(dir);
    assert_int_equal(rmdir(temp->dir), 0);
}

bool read_range(const char *line, uintptr_t *from, uintptr_t *to, const char **rest)
{
    char *end;

    *from = strtoul(line, &end, 16);
    if (end == line || *end != '-')
        return false;
    line = end + 1;
    *to = strtoul(line, &end, 16);
    *rest = end;
    return end > line && *end == ' ';
}

/* --- threads --- */

struct job {
    pthread_barrier_t *start;
    size_t index;
    void (*body)(size_t index, void *arg);
    void *arg;
};

static void *run_job(void *arg)
{
    struct job *job = arg;

    pthread_barrier_wait(job->start);
    job->body(job->index, job->arg);
    return NULL;
}

void on_threads(size_t count, void (*body)(size_t index, void *arg), void *arg)
{
    static struct job jobs[THREADS_MAX];
    static pthread_t threads[THREADS_MAX];
    pthread_barrier_t start;

    assert_true(count <= THREADS_MAX);
    pthread_barrier_init(&start, NULL, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (struct job){&start, i, body, arg};
        assert_int_equal(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
}

/* --- server --- */

struct connection {
    struct server *server;
    pthread_t thread;
    int fd;
    unsigned number;
};

struct server {
    int fd;
    server_answer_fn *answer;
    void *arg;
    atomic_uint connections, requests;
    pthread_t thread;
    pid_t child; /* 0: threads of this process */
    struct connection open[CONNECTIONS_MAX];
};

struct server *server_listen(const char *path, server_answer_fn *answer, void *arg)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct server *server =
        mmap(NULL, sizeof(*server), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(server, MAP_FAILED);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(server->fd, 128), 0);
    server->answer = answer;
    server->arg = arg;
    return server;
}

/* Is the request whole? */
static bool is_whole(const struct request *request)
{
    const char *end = strstr(request->text, "\r\n\r\n");
    const char *length = strstr(request->text, "Content-Length: ");

    if (end == NULL)
        return false;
    return length == NULL ||
           request->len >= (size_t)(end + 4 - request->text) + strtoul(length + 16, NULL, 10);
}

static bool read_request(int fd, struct request *request)
{
    request->len = 0;
    request->text[0] = '\0';
    while (!is_whole(request)) {
        ssize_t n =
            read(fd, request->text + request->len, sizeof(request->text) - 1 - request->len);

        if (n <= 0)
            return false;
        request->len += (size_t)n;
        request->text[request->len] = '\0';
    }
    return true;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    struct request request = {.connection = c->number};

    for (; read_request(c->fd, &request); request.number++) {
        atomic_fetch_add(&c->server->requests, 1);
        if (!c->server->answer(c->fd, &request, c->server->arg))
            break;
    }
    shutdown(c->fd, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct server *server = arg;
    int fd;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        unsigned number = atomic_load(&server->connections);
        struct connection *c = &server->open[number];

        if (number == CONNECTIONS_MAX)
            abort();
        *c = (struct connection){.server = server, .fd = fd, .number = number};
        atomic_fetch_add(&server->connections, 1);
        if (pthread_create(&c->thread, NULL, serve, c) != 0)
            abort();
    }
    return NULL;
}

void server_start(struct server *server)
{
    assert_int_equal(pthread_create(&server->thread, NULL, accept_all, server), 0);
}

void server_fork(struct server *server)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child != 0) {
        server->child = child;
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    accept_all(server);
    _exit(1);
}

static void stop_threads(struct server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    for (unsigned i = 0; i < atomic_load(&server->connections); i++) {
        shutdown(server->open[i].fd, SHUT_RDWR);
        pthread_join(server->open[i].thread, NULL);
        close(server->open[i].fd);
    }
}

void server_stop(struct server *server)
{
    if (server->child != 0) {
        kill(server->child, SIGKILL);
        waitpid(server->child, NULL, 0);
    } else {
        stop_threads(server);
    }
    close(server->fd);
    munmap(server, sizeof(*server));
}

unsigned server_connections(const struct server *server)
{
    return atomic_load(&server->connections);
}

unsigned server_requests(const struct server *server)
{
    return atomic_load(&server->requests);
}

bool send_bytes(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

bool send_text(int fd, const char *text)
{
    return send_bytes(fd, text, strlen(text));
}
