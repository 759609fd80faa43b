/* file.c - a file as bytes in memory. */
#include "base/file.h"

#include <errno.h>
#include <stdio.h>

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
