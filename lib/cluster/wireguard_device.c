/* wireguard_device.c - a WireGuard interface: the kernel's, or wireguard-go where it has none. */
#include "cluster/wireguard_device.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/run.h"

#define PROGRAM_MS 5000 /* ip and wg, which take some milliseconds */
#define START_MS 5000   /* of wireguard-go */
#define END_MS 2000
#define SOCKETS "/var/run/wireguard" /* where wireguard-go and wg meet */
#define LINK_MAX 4096                /* bytes of what ip says of an interface */
#define WORDS_MAX 4096               /* bytes of wireguard-go's that are read */
#define SAID_MAX (256 * 1024)        /* bytes of them that are kept until the next look */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool dp_wireguard_name_is_valid(const char *name)
{
    const size_t len = strspn(name, LETTERS "0123456789-");

    return len > 0 && len < DP_WIREGUARD_NAME_SIZE && name[len] == '\0' &&
           strchr(LETTERS, name[0]) != NULL;
}

static enum dp_err run(const char *const *argv, struct dp_buf *out, struct dp_detail *detail)
{
    return dp_run(&(struct dp_run){.argv = argv, .out = out, .within_ms = PROGRAM_MS}, detail);
}

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};

    nanosleep(&pause, NULL);
}

/* --- the kernel's --- */

static enum dp_err delete_link(const char *name, struct dp_detail *detail)
{
    return run((const char *const[]){"ip", "link", "delete", "dev", name, NULL}, NULL, detail);
}

/* A process that was killed could not take its interface away; another kind is not ours. */
static void delete_left_over(const char *name)
{
    const char *const show[] = {"ip", "-oneline", "link",      "show", "dev",
                                name, "type",     "wireguard", NULL};
    struct dp_buf out = DP_BUF_INIT(LINK_MAX);

    /* Whatever fails here, fails again when the link is made. */
    if (run(show, &out, NULL) == DP_OK && out.len > 0)
        (void)!delete_link(name, NULL);
    dp_buf_free(&out);
}

static enum dp_err make_link(const char *name, struct dp_detail *detail)
{
    delete_left_over(name);
    return run((const char *const[]){"ip", "link", "add", "dev", name, "type", "wireguard", NULL},
               NULL, detail);
}

/* --- wireguard-go --- */

/* What stands between fork and exec may call only what is safe in a signal's handler. */
static void __attribute__((noreturn))
become(const struct dp_wireguard_device *device, pid_t parent, const char *path)
{
    char *const argv[] = {(char[]){"wireguard-go"}, (char[]){"-f"}, (char *)device->name, NULL};
    /* In the foreground it does not say that a kernel could do better. */
    char *const environment[] = {(char[]){"LOG_LEVEL=error"}, (char[]){"WG_PROCESS_FOREGROUND=1"},
                                 NULL};
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent ||
        dup2(device->said, STDERR_FILENO) < 0 || dup2(device->said, STDOUT_FILENO) < 0)
        _exit(126);
    execve(path, argv, environment);
    _exit(127);
}

/* exec itself looks into no PATH here, so that nothing has to be made up after fork. */
static bool find_program(char *out, size_t size)
{
    const char *path = getenv("PATH");

    for (const char *at = path != NULL ? path : "/usr/bin"; *at != '\0';) {
        const size_t len = strcspn(at, ":");

        if (len > 0 && snprintf(out, size, "%.*s/wireguard-go", (int)len, at) < (int)size &&
            access(out, X_OK) == 0)
            return true;
        at += at[len] == ':' ? len + 1 : len;
    }
    return false;
}

/* What it says goes to memory, as it would wait for whoever reads a pipe: with many peers out of
 * reach it says more than one takes while wg waits for it. Appended, so that it can be cut. */
static bool open_said(struct dp_wireguard_device *device)
{
    const int fd = memfd_create("wireguard-go", MFD_CLOEXEC);

    device->said = fd >= 0 ? fd : 0;
    return fd >= 0 && fcntl(fd, F_SETFL, O_APPEND) == 0;
}

static enum dp_err start_child(struct dp_wireguard_device *device, struct dp_detail *detail)
{
    const pid_t parent = getpid();
    char path[4096];

    if (!find_program(path, sizeof(path)))
        return dp_fail(detail, DP_ENOTFOUND, "wireguard-go", "wireguard-go is not installed.");
    if (!open_said(device))
        return dp_fail(detail, DP_EIO, "wireguard-go", "there is no memory for what it says.");
    device->child = fork();
    if (device->child == 0)
        become(device, parent, path);
    if (device->child > 0)
        return DP_OK;
    device->child = 0;
    return dp_fail(detail, DP_EIO, "wireguard-go", "wireguard-go cannot be started.");
}

/* Not by way of wg, which takes a socket away that does not listen yet. */
static bool answers(const struct dp_wireguard_device *device)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected;

    snprintf(address.sun_path, sizeof(address.sun_path), SOCKETS "/%s.sock", device->name);
    connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0)
        close(fd);
    return connected;
}

static enum dp_err await_child(struct dp_wireguard_device *device, struct dp_detail *detail)
{
    const int64_t deadline = dp_clock_mono_us() + (int64_t)START_MS * 1000;
    enum dp_err err;

    while ((err = dp_wireguard_device_check(device, detail)) == DP_OK && !answers(device)) {
        if (dp_clock_mono_us() > deadline)
            return dp_fail(detail, DP_ETIMEOUT, "wireguard-go", "it is not there within %d ms.",
                           START_MS);
        pause_ms(5);
    }
    return err;
}

static off_t said_len(const struct dp_wireguard_device *device)
{
    struct stat info;

    return fstat(device->said, &info) == 0 ? info.st_size : 0;
}

static enum dp_err say_last_words(const struct dp_wireguard_device *device,
                                  struct dp_detail *detail)
{
    const off_t len = said_len(device), from = len > WORDS_MAX ? len - WORDS_MAX : 0;
    struct dp_buf words = DP_BUF_INIT(WORDS_MAX);
    char piece[WORDS_MAX];
    const ssize_t got = pread(device->said, piece, sizeof(piece), from);

    dp_buf_add(&words, piece, got > 0 ? (size_t)got : 0);
    dp_run_last_words(detail, DP_EIO, "wireguard-go", &words);
    dp_buf_free(&words);
    return DP_EIO;
}

enum dp_err dp_wireguard_device_check(struct dp_wireguard_device *device, struct dp_detail *detail)
{
    pid_t got;

    if (device->in_kernel)
        return DP_OK;
    got = device->child > 0 ? waitpid(device->child, NULL, WNOHANG) : -1;
    if (got == 0 || (got < 0 && errno == EINTR))
        return said_len(device) <= SAID_MAX || ftruncate(device->said, 0) == 0 ? DP_OK : DP_EIO;
    device->child = 0;
    return say_last_words(device, detail);
}

static void end_child(struct dp_wireguard_device *device)
{
    const int64_t deadline = dp_clock_mono_us() + (int64_t)END_MS * 1000;

    kill(device->child, SIGTERM);
    while (waitpid(device->child, NULL, WNOHANG) == 0) {
        if (dp_clock_mono_us() > deadline)
            kill(device->child, SIGKILL);
        pause_ms(2);
    }
    device->child = 0;
}

/* --- either --- */

enum dp_err dp_wireguard_device_open(struct dp_wireguard_device *out, const char *name,
                                     struct dp_detail *detail)
{
    struct dp_detail kernel = {"", ""}, user = {"", ""};
    enum dp_err err;

    *out = (struct dp_wireguard_device){.said = 0};
    if (!dp_wireguard_name_is_valid(name))
        return dp_fail(detail, DP_ECONFIG, "interface", "%.40s is no name of an interface.", name);
    memcpy(out->name, name, strlen(name) + 1);
    err = make_link(name, &kernel);
    out->in_kernel = err == DP_OK;
    if (out->in_kernel)
        return DP_OK;
    err = start_child(out, &user);
    if (err == DP_OK)
        err = await_child(out, &user);
    return err == DP_OK
               ? DP_OK
               : dp_fail(detail, err, "wireguard",
                         "no WireGuard. The kernel's: %.110s Else: %.110s", kernel.text, user.text);
}

enum dp_err dp_wireguard_device_up(const struct dp_wireguard_device *device,
                                   const char *const *addresses, size_t count, unsigned mtu,
                                   struct dp_detail *detail)
{
    const char *const argv[] = {"ip", "-batch", "-", NULL};
    struct dp_buf in = DP_BUF_INIT(DP_RUN_IN_MAX);
    enum dp_err err;

    /* nodad: nobody else can have such an address, and until that is found out nothing binds. */
    for (size_t i = 0; i < count; i++)
        dp_buf_addf(&in, "address add %s dev %s%s\n", addresses[i], device->name,
                    strchr(addresses[i], ':') != NULL ? " nodad" : "");
    dp_buf_addf(&in, "link set dev %s mtu %u up\n", device->name, mtu);
    err = in.err;
    if (err == DP_OK)
        err =
            dp_run(&(struct dp_run){.argv = argv, .in = {in.data, in.len}, .within_ms = PROGRAM_MS},
                   detail);
    dp_buf_free(&in);
    return err;
}

void dp_wireguard_device_close(struct dp_wireguard_device *device)
{
    if (device->in_kernel)
        (void)!delete_link(device->name, NULL);
    if (device->child > 0)
        end_child(device);
    if (device->said > 0)
        close(device->said);
    *device = (struct dp_wireguard_device){.said = 0};
}
