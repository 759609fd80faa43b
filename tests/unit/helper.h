/* helper.h - what several tests share: a directory of their own, many threads, a scripted server.
 */
#ifndef TESTS_UNIT_HELPER_H
#define TESTS_UNIT_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- files --- */

#define TEMP_SIZE 96

/* A new directory; temp_remove takes it away with the files in it. */
struct temp {
    char dir[TEMP_SIZE / 2];
};
void temp_make(struct temp *temp);
void temp_path(char out[static TEMP_SIZE], const struct temp *temp, const char *name);
void temp_remove(const struct temp *temp);

/* The addresses that a line of /proc/self/maps or smaps begins with; false where it has none. Out:
 * rest  what follows them, such as " rw-p ..." */
bool read_range(const char *line, uintptr_t *from, uintptr_t *to, const char **rest);

/* --- threads --- */

/* Run body once for each index below count, all at the same time. It must not assert. */
void on_threads(size_t count, void (*body)(size_t index, void *arg), void *arg);

/* --- a server on a Unix socket --- */

/* What came in: a head and as much of a body as its Content-Length says. */
struct request {
    char text[4096];
    size_t len;
    unsigned connection, number; /* both from 0; number counts on this connection */
};

/* Answer one request on fd. False: close the connection. Must not assert: it is another thread. */
typedef bool server_answer_fn(int fd, const struct request *request, void *arg);

struct server; /* in memory that a forked child shares */

struct server *server_listen(const char *path, server_answer_fn *answer, void *arg);
/* Serve in threads of this process, or in a child, where an answer's bytes are not in our memory.
 */
void server_start(struct server *server);
void server_fork(struct server *server);
void server_stop(struct server *server);
unsigned server_connections(const struct server *server);
unsigned server_requests(const struct server *server);

/* Write it all; false where the other end has gone. */
bool send_bytes(int fd, const void *data, size_t len);
bool send_text(int fd, const char *text);

#endif
