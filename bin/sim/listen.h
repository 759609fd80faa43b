/* listen.h - a Unix socket to listen on, and nobody else's. */
#ifndef DP_SIM_LISTEN_H
#define DP_SIM_LISTEN_H

#include <sys/types.h>

#include "base/err.h"

/**
 * Listen on a path. A socket that nobody answers on is taken away first; anything else stays.
 *
 * Out: fd      non-blocking; the caller closes it and unlinks the path
 *      detail  one sentence naming the path
 * In:  mode    permissions of the socket
 * Returns: DP_OK, DP_EINVAL (the path is too long), DP_ECONFLICT (taken), DP_EIO
 */
DP_MUST_CHECK
enum dp_err sim_listen(int *fd, const char *path, mode_t mode, struct dp_detail *detail);

#endif
