/* cluster_hook.c - a program that is run whenever a file has changed, one at a time. */
#include "devproof/cluster_hook.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define WITHIN_US 60000000
#define AGAIN_MAX_S 30
#define STEP_MS 20

struct cluster_hook {
    const char *program, *path;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_due, is_over; /* under the lock */
};

static bool is_over(struct cluster_hook *hook)
{
    bool result;

    pthread_mutex_lock(&hook->lock);
    result = hook->is_over;
    pthread_mutex_unlock(&hook->lock);
    return result;
}

/* --- one run --- */

/* In a process group of its own, so that all of it can be ended; with no signal blocked or ignored,
 * as libraries ignore SIGPIPE. Returns: 0, or as errno */
static int start(const struct cluster_hook *hook, pid_t *pid)
{
    char *argv[] = {(char *)(uintptr_t)hook->program, (char *)(uintptr_t)hook->path, NULL};
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int error;

    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawnattr_init(&attributes) != 0)
        return ENOMEM;
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    error = posix_spawnp(pid, hook->program, NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    return error;
}

/* Returns: its wait status, or -1 where it was ended for taking too long, or by a stop */
static int wait_for(struct cluster_hook *hook, pid_t pid)
{
    const int64_t end = dp_clock_mono_us() + WITHIN_US;
    int status;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (dp_clock_mono_us() > end || is_over(hook)) {
            kill(-pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        nanosleep(&(struct timespec){0, STEP_MS * 1000000L}, NULL);
    }
    return status;
}

static bool run(struct cluster_hook *hook)
{
    pid_t pid;
    int status, error = start(hook, &pid);

    if (error != 0) {
        dp_log(DP_LOG_ERROR, "hook_failed", "%s cannot be started: %s", hook->program,
               strerror(error));
        return false;
    }
    status = wait_for(hook, pid);
    if (status == 0)
        return true;
    if (!is_over(hook))
        dp_log(DP_LOG_WARN, "hook_failed", "%s %s %d; it is run again", hook->program,
               status < 0          ? "took too long:"
               : WIFEXITED(status) ? "ended with"
                                   : "was ended by signal",
               status < 0          ? 60
               : WIFEXITED(status) ? WEXITSTATUS(status)
                                   : WTERMSIG(status));
    return false;
}

/* --- the thread --- */

static struct timespec in_seconds(unsigned seconds)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)seconds;
    return at;
}

/* Until it is due, or a run that failed is due again. Returns: false at the end */
static bool wait_until_due(struct cluster_hook *hook, unsigned failures)
{
    const unsigned pause = failures < 6 ? (1U << failures) / 2 : AGAIN_MAX_S;
    const struct timespec again = in_seconds(pause);
    int code = 0;
    bool goes_on;

    pthread_mutex_lock(&hook->lock);
    while (!hook->is_due && !hook->is_over && code == 0)
        code = failures > 0 ? pthread_cond_timedwait(&hook->woken, &hook->lock, &again)
                            : pthread_cond_wait(&hook->woken, &hook->lock);
    hook->is_due = false;
    goes_on = !hook->is_over;
    pthread_mutex_unlock(&hook->lock);
    return goes_on;
}

static void *serve(void *arg)
{
    struct cluster_hook *hook = arg;
    unsigned failures = 0;

    while (wait_until_due(hook, failures))
        failures = run(hook) ? 0 : failures + 1;
    return NULL;
}

struct cluster_hook *cluster_hook_start(const char *program, const char *path)
{
    struct cluster_hook *hook = calloc(1, sizeof(*hook));
    pthread_condattr_t attributes;

    if (hook == NULL)
        return NULL;
    hook->program = program;
    hook->path = path;
    pthread_mutex_init(&hook->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&hook->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    if (setenv("DSTACK_PEERS_FILE", path, 1) == 0 &&
        pthread_create(&hook->thread, NULL, serve, hook) == 0)
        return hook;
    free(hook);
    return NULL;
}

static void tell(struct cluster_hook *hook, bool over)
{
    pthread_mutex_lock(&hook->lock);
    hook->is_due = true;
    hook->is_over = over;
    pthread_cond_signal(&hook->woken);
    pthread_mutex_unlock(&hook->lock);
}

void cluster_hook_wake(struct cluster_hook *hook)
{
    if (hook != NULL)
        tell(hook, false);
}

void cluster_hook_stop(struct cluster_hook *hook)
{
    if (hook == NULL)
        return;
    tell(hook, true);
    pthread_join(hook->thread, NULL);
    pthread_cond_destroy(&hook->woken);
    pthread_mutex_destroy(&hook->lock);
    free(hook);
}
