/* test_sandbox.c - inside the sandbox what is needed works, and everything else is refused. */
#include "helper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/sandbox.h"

#define NAMED_PORT 9 /* in the sandboxes that name one */

/* What a case has to work with, made before its child enters the sandbox. */
struct place {
    struct temp temp;
    char database[TEMP_SIZE], file[TEMP_SIZE], fresh[TEMP_SIZE], socket[TEMP_SIZE];
    sqlite3 *db;
    int listener;
    pid_t parent;
};

/* A case returns 0 where it could do what it tries, else the errno. It runs in a child. */
typedef int case_fn(const struct place *place);

static int result(long returned)
{
    return returned < 0 ? errno : 0;
}

/* --- what is refused --- */

static int write_elsewhere(const struct place *place)
{
    return result(open(place->file, O_WRONLY | O_APPEND));
}

static int make_a_file(const struct place *place)
{
    return result(open(place->fresh, O_WRONLY | O_CREAT, 0600));
}

static int make_a_file_in_tmp(const struct place *place)
{
    (void)place;
    return result(open("/tmp", O_WRONLY | O_TMPFILE, 0600));
}

static int make_a_folder(const struct place *place)
{
    return result(mkdir(place->fresh, 0700));
}

static int rename_a_file(const struct place *place)
{
    return result(rename(place->file, place->fresh));
}

static int remove_a_file(const struct place *place)
{
    return result(unlink(place->file));
}

static int cut_a_file(const struct place *place)
{
    return result(truncate(place->file, 0));
}

static int read_passwd(const struct place *place)
{
    (void)place;
    return result(open("/etc/passwd", O_RDONLY));
}

static int list_root(const struct place *place)
{
    (void)place;
    return result(open("/", O_RDONLY | O_DIRECTORY));
}

static int run_a_program(const struct place *place)
{
    char *argv[] = {(char *)"true", NULL};

    (void)place;
    return result(execv("/bin/true", argv));
}

static int run_an_open_program(const struct place *place)
{
    return result(syscall(SYS_execveat, place->listener, "", NULL, NULL, AT_EMPTY_PATH));
}

static int fork_a_child(const struct place *place)
{
    (void)place;
    return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int make_code(const struct place *place)
{
    (void)place;
    return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                   MAP_FAILED
               ? errno
               : 0;
}

static int open_tcp(const struct place *place)
{
    (void)place;
    return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int open_tcp6(const struct place *place)
{
    (void)place;
    return result(socket(AF_INET6, SOCK_STREAM, 0));
}

static int open_udp(const struct place *place)
{
    (void)place;
    return result(socket(AF_INET, SOCK_DGRAM, 0));
}

static int open_netlink(const struct place *place)
{
    (void)place;
    return result(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int open_unix_datagram(const struct place *place)
{
    (void)place;
    return result(socket(AF_UNIX, SOCK_DGRAM, 0));
}

/* As if the socket had been open before: Landlock alone has to refuse it. */
static int connect_tcp(const struct place *place)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return result(connect(place->listener, (struct sockaddr *)&to, sizeof(to)));
}

/* Nobody listens there, so that "refused" comes from the other end of the line. */
static int connect_to_port(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return fd < 0 ? errno : result(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static int connect_to_the_named_port(const struct place *place)
{
    (void)place;
    return connect_to_port(NAMED_PORT);
}

static int connect_to_another_port(const struct place *place)
{
    (void)place;
    return connect_to_port(NAMED_PORT + 1);
}

static int listen_on_tcp(const struct place *place)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(NAMED_PORT)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)place;
    return fd < 0 ? errno : result(bind(fd, (struct sockaddr *)&at, sizeof(at)));
}

static int read_the_named_file(const struct place *place)
{
    return result(open(place->file, O_RDONLY));
}

static int read_hosts(const struct place *place)
{
    (void)place;
    return result(open("/etc/hosts", O_RDONLY));
}

static int trace_the_parent(const struct place *place)
{
    return result(ptrace(PTRACE_ATTACH, place->parent, NULL, NULL));
}

static int read_the_parent(const struct place *place)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)place, 1};

    return result(process_vm_readv(place->parent, &here, 1, &there, 1, 0));
}

static int signal_the_parent(const struct place *place)
{
    return result(syscall(SYS_tgkill, place->parent, place->parent, 0));
}

static int kill_the_parent(const struct place *place)
{
    return result(kill(place->parent, 0));
}

static int raise_the_core_limit(const struct place *place)
{
    const struct rlimit some = {4096, 4096};

    (void)place;
    return result(setrlimit(RLIMIT_CORE, &some));
}

static int become_dumpable(const struct place *place)
{
    (void)place;
    return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int make_a_namespace(const struct place *place)
{
    (void)place;
    return result(syscall(SYS_unshare, 0x10000000));
}

static int load_bpf(const struct place *place)
{
    (void)place;
    return result(syscall(SYS_bpf, 0, NULL, 0));
}

/* --- what works --- */

/* A big commit, a checkpoint and another commit: the WAL grows, is synced and starts again. */
static int use_the_database(const struct place *place)
{
    return sqlite3_exec(
               place->db,
               "CREATE TABLE big (text);"
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)"
               " INSERT INTO big SELECT hex(randomblob(64)) FROM n;"
               "SAVEPOINT one; UPDATE big SET text = text || 'x'; ROLLBACK TO one;"
               "RELEASE one; SELECT text FROM big ORDER BY text;"
               "PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO big VALUES ('more');",
               NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : EIO;
}

static int connect_to_a_unix_socket(const struct place *place)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return errno;
    snprintf(to.sun_path, sizeof(to.sun_path), "%s", place->socket);
    return result(connect(fd, (struct sockaddr *)&to, sizeof(to)));
}

static void *wait_a_little(void *arg)
{
    struct timespec little = {0, 1000000};

    *(int *)arg = nanosleep(&little, NULL);
    return arg;
}

static int start_a_thread(const struct place *place)
{
    pthread_attr_t attr;
    pthread_t thread;
    int slept = -1, err;

    (void)place;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    err = pthread_create(&thread, &attr, wait_a_little, &slept);
    pthread_attr_destroy(&attr);
    if (err != 0)
        return err;
    pthread_kill(thread, SIGUSR1);
    return pthread_join(thread, NULL) != 0 ? EINVAL : 0;
}

/* A thread of the sandbox is inside it too. */
static void *read_passwd_there(void *arg)
{
    *(int *)arg = read_passwd(NULL);
    return arg;
}

static int read_passwd_on_a_thread(const struct place *place)
{
    pthread_t thread;
    int err = 0;

    (void)place;
    if (pthread_create(&thread, NULL, read_passwd_there, &err) != 0)
        return 0;
    pthread_join(thread, NULL);
    return err;
}

static int use_much_memory(const struct place *place)
{
    size_t len = 64 << 20;
    char *memory = malloc(len), *more;

    (void)place;
    if (memory == NULL)
        return ENOMEM;
    memset(memory, 1, len);
    more = realloc(memory, 2 * len);
    free(more != NULL ? more : memory);
    return more != NULL ? 0 : ENOMEM;
}

static int tell_the_time(const struct place *place)
{
    time_t now = time(NULL);
    struct tm tm;
    uint8_t random[16];

    (void)place;
    return gmtime_r(&now, &tm) == NULL ? EINVAL : getentropy(random, sizeof(random));
}

static int log_a_line(const struct place *place)
{
    (void)place;
    return result(fprintf(stderr, "a line\n"));
}

enum needs { NOTHING, DATABASE = 1, CONNECT = 2, ALL = 3, SERVER = 4, NAMES = 8, FILES = 16 };

#define REFUSED 1000 /* EPERM or EACCES */

static const struct {
    const char *name;
    case_fn *run;
    enum needs needs;
    int want;
} cases[] = {
    {"write elsewhere", write_elsewhere, ALL, REFUSED},
    {"make a file beside the database", make_a_file, ALL, REFUSED},
    {"make a file in /tmp", make_a_file_in_tmp, ALL, REFUSED},
    {"make a folder", make_a_folder, ALL, REFUSED},
    {"rename a file", rename_a_file, ALL, REFUSED},
    {"remove a file", remove_a_file, ALL, REFUSED},
    {"cut a file", cut_a_file, ALL, REFUSED},
    {"read /etc/passwd", read_passwd, ALL, REFUSED},
    {"read /etc/passwd, without a database", read_passwd, NOTHING, REFUSED},
    {"read /etc/passwd on a thread", read_passwd_on_a_thread, ALL, REFUSED},
    {"list the root", list_root, ALL, REFUSED},
    {"run a program", run_a_program, ALL, REFUSED},
    {"run an open program", run_an_open_program, ALL, REFUSED},
    {"make code", make_code, ALL, REFUSED},
    {"open a TCP socket", open_tcp, ALL, REFUSED},
    {"open a TCP socket, IPv6", open_tcp6, ALL, REFUSED},
    {"open a UDP socket", open_udp, ALL, REFUSED},
    {"open a netlink socket", open_netlink, ALL, REFUSED},
    {"open a Unix datagram socket", open_unix_datagram, ALL, REFUSED},
    {"connect an open TCP socket", connect_tcp, ALL, REFUSED},
    {"connect to a Unix socket, without the need", connect_to_a_unix_socket, DATABASE, REFUSED},
    {"read the parent's memory", read_the_parent, ALL, REFUSED},
    {"signal the parent", signal_the_parent, ALL, REFUSED},
    {"kill the parent", kill_the_parent, ALL, REFUSED},
    {"make a namespace", make_a_namespace, ALL, REFUSED},
    {"load BPF", load_bpf, ALL, REFUSED},
    {"trace the parent", trace_the_parent, ALL, REFUSED},
    {"raise the core limit", raise_the_core_limit, ALL, REFUSED},
    {"write elsewhere, with a server", write_elsewhere, SERVER | NAMES, REFUSED},
    {"read /etc/passwd, with a server", read_passwd, SERVER | NAMES, REFUSED},
    {"read /etc/hosts, with a server", read_hosts, SERVER, REFUSED},
    {"connect to another port", connect_to_another_port, SERVER | NAMES, REFUSED},
    {"listen on the port", listen_on_tcp, SERVER | NAMES, REFUSED},
    {"open a UDP socket, with a server", open_udp, SERVER, REFUSED},
    {"open a netlink socket, with names", open_netlink, SERVER | NAMES, REFUSED},
    {"connect to a Unix socket, with a server", connect_to_a_unix_socket, SERVER | NAMES, REFUSED},
    {"run a program, with a server", run_a_program, SERVER | NAMES, REFUSED},
#ifndef DP_SANITIZERS
    {"fork", fork_a_child, ALL, REFUSED},
    {"become dumpable", become_dumpable, ALL, REFUSED},
#endif
    {"use the database", use_the_database, DATABASE, 0},
    {"connect to a Unix socket", connect_to_a_unix_socket, CONNECT, 0},
    {"connect to the named port", connect_to_the_named_port, SERVER, ECONNREFUSED},
    {"read the named file", read_the_named_file, SERVER, 0},
    {"read the named file alone", read_the_named_file, FILES, 0},
    {"read /etc/passwd, with a file", read_passwd, FILES, REFUSED},
    {"write elsewhere, with a file", write_elsewhere, FILES, REFUSED},
    {"run a program, with a file", run_a_program, FILES, REFUSED},
    {"open a UDP socket, with names", open_udp, SERVER | NAMES, 0},
    {"read /etc/hosts, with names", read_hosts, SERVER | NAMES, 0},
    {"start a thread", start_a_thread, NOTHING, 0},
    {"use much memory", use_much_memory, NOTHING, 0},
    {"tell the time, draw lots", tell_the_time, NOTHING, 0},
    {"log a line", log_a_line, NOTHING, 0},
};

static void on_signal(int number)
{
    (void)number;
}

static void open_place(struct place *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    FILE *file;

    temp_make(&place->temp);
    temp_path(place->database, &place->temp, "db");
    temp_path(place->file, &place->temp, "file");
    temp_path(place->fresh, &place->temp, "fresh");
    temp_path(place->socket, &place->temp, "socket");
    place->parent = getpid();
    file = fopen(place->file, "w");
    assert_non_null(file);
    fclose(file);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->socket);
    place->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(place->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(place->listener, 8), 0);
}

/* In the child: open what a program opens, enter, try. */
static int try_case(struct place *place, size_t i)
{
    struct dp_sandbox sandbox = {.connect = (cases[i].needs & CONNECT) != 0};

    signal(SIGUSR1, on_signal);
    if (cases[i].needs & SERVER)
        sandbox.ports[sandbox.port_count++] = NAMED_PORT;
    if (cases[i].needs & (SERVER | FILES))
        sandbox.files[sandbox.file_count++] = place->file;
    sandbox.resolve = (cases[i].needs & NAMES) != 0;
    if (cases[i].needs & DATABASE)
        sandbox.database = place->database;
    if (cases[i].run == connect_tcp)
        place->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (cases[i].run == run_an_open_program)
        place->listener = open("/bin/true", O_RDONLY);
    if (sqlite3_open(place->database, &place->db) != SQLITE_OK ||
        sqlite3_exec(place->db,
                     "PRAGMA journal_mode = WAL; PRAGMA temp_store = MEMORY;"
                     "CREATE TABLE small (text);",
                     NULL, NULL, NULL) != SQLITE_OK ||
        dp_sandbox_enter(&sandbox, NULL) != DP_OK)
        return 255;
    return cases[i].run(place);
}

static void each_case_ends_as_it_should(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct place place;
        int status, got;
        pid_t child;

        open_place(&place);
        child = fork();
        if (child == 0)
            _exit(try_case(&place, i));
        assert_int_equal(waitpid(child, &status, 0), child);
        got = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        if (cases[i].want == REFUSED ? got != EPERM && got != EACCES : got != cases[i].want) {
            print_error("%s: %s (%d)\n", cases[i].name, got > 0 ? strerror(got) : "done", got);
            wrong++;
        }
        close(place.listener);
        temp_remove(&place.temp);
    }
    assert_int_equal(wrong, 0);
}

static void nothing_can_be_dumped_or_raised(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        struct dp_sandbox sandbox = {.connect = false};
        int entered = dp_sandbox_enter(&sandbox, NULL);
        struct rlimit core = {1, 1};

        getrlimit(RLIMIT_CORE, &core);
        _exit(entered == DP_OK && core.rlim_max == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* The same calls outside, so that a refusal is the sandbox's and not the machine's. */
static void outside_most_of_it_is_possible(void **state)
{
    static case_fn *const possible[] = {
        read_passwd,
        list_root,
        make_code,
        open_tcp,
        open_udp,
        open_unix_datagram,
        make_a_file,
        write_elsewhere,
        cut_a_file,
        read_the_named_file,
        read_hosts,
        kill_the_parent,
        signal_the_parent,
        remove_a_file,
        fork_a_child,
        become_dumpable,
        connect_to_a_unix_socket,
        read_the_parent,
    };

    (void)state;
    for (size_t i = 0; i < COUNT(possible); i++) {
        struct place place;
        int status;
        pid_t child;

        open_place(&place);
        child = fork();
        if (child == 0)
            _exit(possible[i](&place));
        assert_int_equal(waitpid(child, &status, 0), child);
        if (status != 0)
            fail_msg("number %zu: status %d", i, status);
        close(place.listener);
        temp_remove(&place.temp);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_ends_as_it_should),
        cmocka_unit_test(nothing_can_be_dumped_or_raised),
        cmocka_unit_test(outside_most_of_it_is_possible),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
