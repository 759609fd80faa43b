/* run.c - run a program to its end. May hold a secret: what goes to its standard input. */
#include "base/run.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define ERROR_MAX 4096 /* bytes of standard error that are kept; what follows is dropped */
#define PATH_TEXT_MAX 4096
#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { IN, OUT, ERR, STREAMS };

struct child {
    pid_t pid;
    int ends[STREAMS]; /* ours; -1: closed */
    int theirs[STREAMS];
    struct dp_buf error;
};

/* --- what it says --- */

enum dp_err dp_run_last_words(struct dp_detail *detail, enum dp_err err, const char *name,
                              const struct dp_buf *said)
{
    const char *begin = said->data != NULL ? said->data : "";
    size_t len = said->len;
    char line[200];
    size_t n = 0;

    while (len > 0 && begin[len - 1] == '\n')
        len--;
    for (size_t i = len; i > 0; i--) {
        if (begin[i - 1] == '\n') {
            begin += i;
            len -= i;
            break;
        }
    }
    for (size_t i = 0; i < len && n < sizeof(line) - 1; i++) {
        if (begin[i] >= ' ' && begin[i] <= '~')
            line[n++] = begin[i];
    }
    line[n] = '\0';
    return dp_fail(detail, err, name, "%s says: %s", name, n > 0 ? line : "nothing");
}

/* --- streams --- */

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_all(struct child *child)
{
    for (int i = 0; i < STREAMS; i++) {
        close_end(&child->ends[i]);
        close_end(&child->theirs[i]);
    }
    dp_buf_free(&child->error);
}

static bool open_streams(struct child *child)
{
    for (int i = 0; i < STREAMS; i++) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) != 0)
            return false;
        child->theirs[i] = i == IN ? fds[0] : fds[1];
        child->ends[i] = i == IN ? fds[1] : fds[0];
    }
    return true;
}

/* Before it starts: the pipe takes all of it, so nothing waits, and no reader can be gone. */
static bool give_input(struct child *child, struct dp_slice in)
{
    const bool given = in.len == 0 || write(child->ends[IN], in.data, in.len) == (ssize_t)in.len;

    close_end(&child->ends[IN]);
    return given;
}

/* --- starting --- */

static bool set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    return posix_spawnattr_setsigmask(attributes, &none) == 0 &&
           posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
           posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ==
               0;
}

static int spawn(struct child *child, const char *const *argv)
{
    const char *path = getenv("PATH");
    char variable[PATH_TEXT_MAX] = "PATH=" USUAL_PATH;
    char *environment[] = {variable, (char[]){"LC_ALL=C"}, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = ENOMEM;

    if (path != NULL && strlen(path) < sizeof(variable) - 5)
        memcpy(variable + 5, path, strlen(path) + 1);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    if (set_attributes(&attributes) &&
        posix_spawn_file_actions_adddup2(&actions, child->theirs[IN], STDIN_FILENO) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, child->theirs[OUT], STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, child->theirs[ERR], STDERR_FILENO) == 0)
        error = posix_spawnp(&child->pid, argv[0], &actions, &attributes, (char *const *)argv,
                             environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < STREAMS; i++)
        close_end(&child->theirs[i]);
    return error;
}

static enum dp_err start(struct child *child, const struct dp_run *run, struct dp_detail *detail)
{
    const char *name = run->argv[0];
    int error;

    if (run->in.len > DP_RUN_IN_MAX)
        return DP_ETOOBIG;
    if (!open_streams(child) || !give_input(child, run->in))
        return dp_fail(detail, DP_EIO, name, "there is no pipe to %s.", name);
    error = spawn(child, run->argv);
    if (error == ENOENT)
        return dp_fail(detail, DP_ENOTFOUND, name, "the program %s is not installed.", name);
    return error == 0 ? DP_OK : dp_fail(detail, DP_EIO, name, "%s cannot be started.", name);
}

/* --- until its end --- */

static int left_ms(int64_t deadline)
{
    const int64_t us = deadline - dp_clock_mono_us();

    return us > 0 ? (int)(us / 1000) + 1 : 0;
}

/* Whatever is over the limit is read and forgotten, else the program would wait for ever. */
static void drain(int *fd, struct dp_buf *into)
{
    char piece[4096];
    const ssize_t len = read(*fd, piece, sizeof(piece));

    if (len > 0 && into != NULL)
        dp_buf_add(into, piece, (size_t)len);
    if (len == 0 || (len < 0 && errno != EINTR))
        close_end(fd);
}

/* Returns: false where the deadline passed */
static bool read_all(struct child *child, struct dp_buf *out, int64_t deadline)
{
    while (child->ends[OUT] >= 0 || child->ends[ERR] >= 0) {
        struct pollfd fds[] = {{.fd = child->ends[OUT], .events = POLLIN},
                               {.fd = child->ends[ERR], .events = POLLIN}};
        const int wait = left_ms(deadline);

        if (wait == 0 || (poll(fds, 2, wait) < 0 && errno != EINTR))
            return false;
        if (fds[0].revents != 0)
            drain(&child->ends[OUT], out);
        if (fds[1].revents != 0)
            drain(&child->ends[ERR], &child->error);
    }
    return true;
}

/* One that has closed its streams may still run. Returns: false where the deadline passed */
static bool wait_for(pid_t pid, int *status, int64_t deadline)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    pid_t got;

    while ((got = waitpid(pid, status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
        if (left_ms(deadline) == 0)
            return false;
        nanosleep(&pause, NULL);
    }
    return got == pid;
}

static enum dp_err finish(struct child *child, const struct dp_run *run, struct dp_detail *detail)
{
    const int64_t deadline = dp_clock_mono_us() + (int64_t)run->within_ms * 1000;
    const char *name = run->argv[0];
    int status = -1;

    if (!read_all(child, run->out, deadline) || !wait_for(child->pid, &status, deadline)) {
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
            ;
        return dp_fail(detail, DP_ETIMEOUT, name, "%s took longer than %u ms.", name,
                       run->within_ms);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return dp_run_last_words(detail, DP_EIO, name, &child->error);
    return run->out != NULL ? run->out->err : DP_OK;
}

enum dp_err dp_run(const struct dp_run *run, struct dp_detail *detail)
{
    struct child child = {
        .ends = {-1, -1, -1}, .theirs = {-1, -1, -1}, .error = DP_BUF_INIT(ERROR_MAX)};
    enum dp_err err;

    assert(run->argv[0] != NULL);
    err = start(&child, run, detail);
    if (err == DP_OK)
        err = finish(&child, run, detail);
    close_all(&child);
    return err;
}
