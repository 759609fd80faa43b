/* sandbox.c - give up what a process does not need, before it reads a byte from outside. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>

/* --- Landlock --- */

/* linux/landlock.h of the distribution ends at ABI 2, so what is needed of it stands here. */
#define RULESET_VERSION 1
#define RULE_PATH_BENEATH 1
#define RULE_NET_PORT 2
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)

struct ruleset {
    uint64_t fs, net, scoped;
};

struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

struct net_port {
    uint64_t allowed, port;
};

/* Everything that an ABI can take away: index 0 is ABI 1. */
static const struct ruleset all_of[] = {
    {(UINT64_C(1) << 13) - 1, 0, 0}, {(UINT64_C(1) << 14) - 1, 0, 0},
    {(UINT64_C(1) << 15) - 1, 0, 0}, {(UINT64_C(1) << 15) - 1, 3, 0},
    {(UINT64_C(1) << 16) - 1, 3, 0}, {(UINT64_C(1) << 16) - 1, 3, 3},
};
#define ABI_KNOWN ((long)(sizeof(all_of) / sizeof(all_of[0])))

/* A path that is not there needs no rule: it could not be made either. */
static bool allow(int ruleset, const char *path, uint64_t rights)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    struct path_beneath rule = {rights, fd};
    bool done;

    if (fd < 0)
        return errno == ENOENT;
    done = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return done;
}

/* SQLite lists the folder to make its entries durable; the files themselves are there already. */
static bool allow_database(int ruleset, const char *path, uint64_t handled)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    const char *slash = strrchr(path, '/');
    char text[4096];
    bool done = true;

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]) && done; i++) {
        int len = snprintf(text, sizeof(text), "%s%s", path, suffixes[i]);

        done = len > 0 && (size_t)len < sizeof(text) &&
               allow(ruleset, text, (FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE) & handled);
    }
    if (!done || slash == NULL)
        return done && allow(ruleset, ".", FS_READ_DIR);
    snprintf(text, sizeof(text), "%.*s", (int)(slash - path + 1), path);
    return allow(ruleset, text, FS_READ_DIR);
}

/* Landlock refuses those of a folder on what is none. */
static bool allow_reading(int ruleset, const char *path)
{
    return allow(ruleset, path, FS_READ_FILE | FS_READ_DIR) || allow(ruleset, path, FS_READ_FILE);
}

static bool allow_files(int ruleset, const struct dp_sandbox *sandbox)
{
    static const char *const resolver[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
                                           "/etc/host.conf", "/etc/gai.conf"};
    bool done = true;

    for (size_t i = 0; i < sandbox->file_count && done; i++)
        done = allow_reading(ruleset, sandbox->files[i]);
    for (size_t i = 0; sandbox->resolve && i < sizeof(resolver) / sizeof(resolver[0]) && done; i++)
        done = allow_reading(ruleset, resolver[i]);
    return done;
}

/* A kernel that does not know of ports restricts none. */
static bool allow_ports(int ruleset, const struct dp_sandbox *sandbox, uint64_t handled)
{
    bool done = true;

    for (size_t i = 0; i < sandbox->port_count && done && handled != 0; i++) {
        struct net_port rule = {NET_CONNECT_TCP, sandbox->ports[i]};

        done = syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) == 0;
    }
    return done;
}

static bool restrict_files(const struct dp_sandbox *sandbox)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, RULESET_VERSION);
    struct ruleset all;
    bool done = true;
    int ruleset;

    if (abi < 1)
        return false;
    all = all_of[(abi < ABI_KNOWN ? abi : ABI_KNOWN) - 1];
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
    if (ruleset < 0)
        return false;
    if (sandbox->database != NULL)
        done = allow_database(ruleset, sandbox->database, all.fs);
    done = done && allow_files(ruleset, sandbox) && allow_ports(ruleset, sandbox, all.net);
#ifdef DP_SANITIZERS
    done = done && allow(ruleset, "/proc", FS_READ_FILE | FS_READ_DIR);
#endif
    done = done && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    return done;
}

/* --- seccomp --- */

/* What every program calls: libc, threads, and requests on a socket that is open already. */
static const int common[] = {
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(brk),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),
    SCMP_SYS(futex),
    SCMP_SYS(getpeername),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(newfstatat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pselect6),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(select),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sysinfo),
    SCMP_SYS(time),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

/* What SQLite calls on its files; Landlock says which files. */
static const int of_database[] = {
    SCMP_SYS(access),    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(fallocate),
    SCMP_SYS(fchmod),    SCMP_SYS(fchown),    SCMP_SYS(fdatasync),  SCMP_SYS(fsync),
    SCMP_SYS(ftruncate), SCMP_SYS(getcwd),    SCMP_SYS(geteuid),    SCMP_SYS(lstat),
    SCMP_SYS(open),      SCMP_SYS(openat),    SCMP_SYS(pread64),    SCMP_SYS(pwrite64),
    SCMP_SYS(readlink),  SCMP_SYS(stat),      SCMP_SYS(unlink),
};

/* What reading a file anew calls: Landlock says which files. */
static const int of_files[] = {SCMP_SYS(open), SCMP_SYS(openat)};

/* What connecting again to a server elsewhere calls: Landlock says which files and ports. */
static const int of_network[] = {
    SCMP_SYS(access),   SCMP_SYS(faccessat),     SCMP_SYS(faccessat2), SCMP_SYS(geteuid),
    SCMP_SYS(getuid),   SCMP_SYS(lstat),         SCMP_SYS(open),       SCMP_SYS(openat),
    SCMP_SYS(recvmmsg), SCMP_SYS(rt_sigpending), SCMP_SYS(sendmmsg),   SCMP_SYS(stat),
    SCMP_SYS(uname),
};

#ifdef DP_SANITIZERS
/* The leak check stops all threads from a tracer that it clones; reports read /proc. */
static const int of_sanitizers[] = {
    SCMP_SYS(clone),    SCMP_SYS(getdents64), SCMP_SYS(getppid), SCMP_SYS(open),
    SCMP_SYS(openat),   SCMP_SYS(pipe2),      SCMP_SYS(prctl),   SCMP_SYS(ptrace),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(wait4),
};
#endif

static bool allow_calls(scmp_filter_ctx filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        /* Negative: a call that this processor does not have. */
        if (calls[i] >= 0 && seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    }
    return true;
}
#define ALLOW_CALLS(filter, calls) allow_calls(filter, calls, sizeof(calls) / sizeof((calls)[0]))

/* Calls whose arguments decide. */
static bool allow_some(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp no_code = SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp thread = SCMP_A0_32(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
    const struct scmp_arg_cmp us = SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid(), 0);
    /* Ask for a limit of this process, set none. */
    const struct scmp_arg_cmp own = SCMP_A0_32(SCMP_CMP_EQ, 0, 0);
    const struct scmp_arg_cmp ask = SCMP_A2_64(SCMP_CMP_EQ, 0, 0);
    const uint32_t yes = SCMP_ACT_ALLOW;

    return seccomp_rule_add(filter, yes, SCMP_SYS(mmap), 1, no_code) == 0 &&
           seccomp_rule_add(filter, yes, SCMP_SYS(mprotect), 1, no_code) == 0 &&
           seccomp_rule_add(filter, yes, SCMP_SYS(clone), 1, thread) == 0 &&
           seccomp_rule_add(filter, yes, SCMP_SYS(tgkill), 1, us) == 0 &&
           seccomp_rule_add(filter, yes, SCMP_SYS(prlimit64), 2, own, ask) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

static bool allow_socket(scmp_filter_ctx filter, int family, int type)
{
    const uint32_t plain = ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK);
    const struct scmp_arg_cmp of_family = SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)family, 0);
    const struct scmp_arg_cmp of_type = SCMP_A1_32(SCMP_CMP_MASKED_EQ, plain, (uint32_t)type);

    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, of_family, of_type) == 0;
}

static bool allow_connect(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0) == 0 &&
           allow_socket(filter, AF_UNIX, SOCK_STREAM);
}

/* glibc's resolver asks how much there is to read. */
static bool allow_network(scmp_filter_ctx filter, const struct dp_sandbox *sandbox)
{
    const struct scmp_arg_cmp readable = SCMP_A1_32(SCMP_CMP_EQ, FIONREAD, 0);

    return ALLOW_CALLS(filter, of_network) &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, readable) == 0 &&
           allow_socket(filter, AF_INET, SOCK_STREAM) &&
           allow_socket(filter, AF_INET6, SOCK_STREAM) &&
           (!sandbox->resolve || (allow_socket(filter, AF_INET, SOCK_DGRAM) &&
                                  allow_socket(filter, AF_INET6, SOCK_DGRAM)));
}

static bool restrict_calls(const struct dp_sandbox *sandbox)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool done;

    if (filter == NULL)
        return false;
    done = ALLOW_CALLS(filter, common) && allow_some(filter) &&
           (sandbox->database == NULL || ALLOW_CALLS(filter, of_database)) &&
           (sandbox->file_count == 0 || ALLOW_CALLS(filter, of_files)) &&
           (!sandbox->connect || allow_connect(filter)) &&
           (sandbox->port_count == 0 || allow_network(filter, sandbox));
#ifdef DP_SANITIZERS
    done = done && ALLOW_CALLS(filter, of_sanitizers);
#endif
    done = done && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return done;
}

enum dp_err dp_sandbox_enter(const struct dp_sandbox *sandbox, struct dp_detail *missing)
{
    const struct rlimit none = {0, 0};
    bool basics, files, calls;

    tzset(); /* reads a file, the first time */
    basics = setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
             prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    files = restrict_files(sandbox);
    calls = restrict_calls(sandbox);
    if (basics && files && calls)
        return DP_OK;
    return dp_fail(missing, DP_ESANDBOX, NULL, "%s",
                   !files   ? "The kernel has no Landlock, or refuses it"
                   : !calls ? "The kernel refuses the seccomp filter"
                            : "The kernel refuses to give up core dumps or new privileges");
}
