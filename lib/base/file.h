/* file.h - a file as bytes in memory, read and replaced. */
#ifndef DP_BASE_FILE_H
#define DP_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/**
 * Add all of a file to a buffer, whose limit is the file's.
 *
 * Returns: DP_OK, DP_EIO (errno says why: ENOENT where there is no such file), DP_ETOOBIG,
 * DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_file_read(struct dp_buf *out, const char *path);

/**
 * Put a file in place of the one that may be there, at once: who reads finds the old one or the new
 * one, whole. It is not waited for the disk.
 *
 * In: mode  of the new file
 * Returns: DP_OK, DP_EIO (errno says why; the old one stays)
 */
DP_MUST_CHECK
enum dp_err dp_file_replace(const char *path, struct dp_slice content, unsigned mode);

#endif
