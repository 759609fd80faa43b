/* sandbox.h - give up what a process does not need, before it reads a byte from outside. */
/*
 * What is left after dp_sandbox_enter, for all threads and for good:
 *
 * | thing            | left                                                   | enforced by       |
 * |------------------|--------------------------------------------------------|-------------------|
 * | files            | read and write the database, its -wal and -shm; list   | Landlock          |
 * |                  | its folder; read those named in files, and with        |                   |
 * |                  | resolve those of name resolution; what is open stays   |                   |
 * | programs         | none can be started; no memory can be made executable  | both, seccomp     |
 * | TCP              | nothing to bind; connect to the ports named            | both (ABI 4)      |
 * | other sockets    | with connect: Unix stream sockets; with resolve: UDP;  | seccomp           |
 * |                  | else none                                              |                   |
 * | abstract sockets | none of another process                                | Landlock (ABI 6)  |
 * | signals          | to this process only                                   | both (ABI 6)      |
 * | processes        | more threads, no child                                 | seccomp           |
 * | tracing, other memory, mounts, keyrings, modules: nothing                 | seccomp           |
 * | core dumps       | none; not dumpable, so no other user's tool can attach | kernel            |
 * | set-user-id      | without effect                                         | no_new_privs      |
 *
 * Not enforced: at which address a port is connected to; and which named Unix socket a process with
 * connect connects to. Up to its ABI 7 Landlock does not look at that, and seccomp cannot read a
 * path; file permissions decide. Nor is there a limit to the use of what was open before: accept on
 * a listening socket, for instance.
 *
 * A refused call fails with EPERM or EACCES; clone3 with ENOSYS, so that libc falls back to clone.
 * Where the kernel's Landlock is older than an ABI named above, that row lacks it. In a build with
 * --enable-sanitizers their runtime may also read /proc, trace this process and clone a tracer.
 */
#ifndef DP_BASE_SANDBOX_H
#define DP_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DP_SANDBOX_MAX 16 /* files, and ports */

struct dp_sandbox {
    const char *database; /* path of an SQLite file in WAL mode that is open already, or NULL */
    bool connect;         /* to Unix stream sockets */
    bool resolve;         /* host names, by UDP to whatever server, which no kernel part limits */
    const char *files[DP_SANDBOX_MAX]; /* that are read later, or folders of them */
    size_t file_count;
    uint16_t ports[DP_SANDBOX_MAX]; /* TCP ports to connect to, at whatever address */
    size_t port_count;
};

/**
 * Enter. Call with all files open and before the first thread: only the calling thread and those
 * that it starts are inside.
 *
 * Out: missing  which part is missing, where one is; may be NULL
 * Returns: DP_OK, DP_ESANDBOX (the kernel refuses a part; every other part is in force), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_sandbox_enter(const struct dp_sandbox *sandbox, struct dp_detail *missing);

#endif
