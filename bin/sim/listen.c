/* listen.c - a Unix socket to listen on, and nobody else's. */
#include "listen.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Does nobody listen here any more? Only a refused connection says so. */
static bool is_stale(const struct sockaddr_un *address)
{
    struct stat st;
    int fd;
    bool refused;

    if (lstat(address->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    fd = new_socket();
    if (fd < 0)
        return false;
    refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
              errno == ECONNREFUSED;
    close(fd);
    return refused;
}

/* The mode by way of umask: a chmod afterwards would leave the socket open for a moment. */
static int bind_with_mode(int fd, const struct sockaddr_un *address, mode_t mode)
{
    mode_t old = umask(0777 & ~mode);
    int result = bind(fd, (const struct sockaddr *)address, sizeof(*address));

    umask(old);
    return result;
}

static enum dp_err claim(int fd, const struct sockaddr_un *address, mode_t mode,
                         struct dp_detail *detail)
{
    const char *path = address->sun_path;
    int result = bind_with_mode(fd, address, mode);

    if (result != 0 && errno == EADDRINUSE) {
        if (!is_stale(address))
            return dp_fail(detail, DP_ECONFLICT, path,
                           "%s is in use: another program listens there, or it is no socket", path);
        unlink(path);
        result = bind_with_mode(fd, address, mode);
    }
    if (result != 0 || listen(fd, BACKLOG) != 0)
        return dp_fail(detail, DP_EIO, path, "cannot listen on %s: %m", path);
    return DP_OK;
}

enum dp_err sim_listen(int *fd, const char *path, mode_t mode, struct dp_detail *detail)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    enum dp_err err;

    *fd = -1;
    if (len == 0 || len >= sizeof(address.sun_path))
        return dp_fail(detail, DP_EINVAL, "socket", "a socket path has 1 to %zu bytes",
                       sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, len);
    *fd = new_socket();
    if (*fd < 0)
        return dp_fail(detail, DP_EIO, path, "cannot make a socket: %m");
    err = claim(*fd, &address, mode, detail);
    if (err != DP_OK) {
        close(*fd);
        *fd = -1;
    }
    return err;
}
