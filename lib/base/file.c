/* file.c - a file as bytes in memory, read and replaced. */
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum dp_err dp_file_read(struct dp_buf *out, const char *path)
{
    FILE *file = fopen(path, "re");
    char piece[4096];
    size_t len;
    int why = 0;

    if (file == NULL)
        return DP_EIO;
    while (out->err == DP_OK && (len = fread(piece, 1, sizeof(piece), file)) > 0)
        dp_buf_add(out, piece, len);
    if (ferror(file) && out->err == DP_OK) {
        why = errno;
        out->err = DP_EIO;
    }
    fclose(file);
    errno = why;
    return out->err;
}

static bool write_all(int fd, struct dp_slice content)
{
    for (size_t done = 0; done < content.len;) {
        ssize_t n = write(fd, content.data + done, content.len - done);

        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

enum dp_err dp_file_replace(const char *path, struct dp_slice content, unsigned mode)
{
    char beside[PATH_MAX];
    bool done;
    int fd, why;

    errno = ENAMETOOLONG;
    if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
        return DP_EIO;
    fd = mkstemp(beside);
    if (fd < 0)
        return DP_EIO;
    done = fchmod(fd, mode) == 0 && write_all(fd, content);
    why = errno;
    if (close(fd) != 0 && done) {
        done = false;
        why = errno;
    }
    if (done && rename(beside, path) == 0)
        return DP_OK;
    if (done)
        why = errno;
    unlink(beside);
    errno = why;
    return DP_EIO;
}
