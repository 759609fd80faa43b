/* without.c - run a command on a kernel that lacks some system calls: without CALL... -- COMMAND.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int i = 1;

    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        int call = seccomp_syscall_resolve_name(argv[i]);

        if (call == __NR_SCMP_ERROR ||
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0) != 0) {
            fprintf(stderr, "without: there is no system call %s\n", argv[i]);
            return 2;
        }
    }
    if (i + 1 >= argc || seccomp_load(filter) != 0) {
        fprintf(stderr, "Usage: without CALL... -- COMMAND\n");
        return 2;
    }
    seccomp_release(filter);
    execvp(argv[i + 1], argv + i + 1);
    perror(argv[i + 1]);
    return 127;
}
