/* cluster.c - GET /api/cluster/peers: who is in the network, as this node's daemon last found. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "cluster/peers_answer.h"
#include "web/web.h"

static enum dp_err read_list(struct dp_exchange *x, struct dp_buf *out)
{
    char path[PATH_MAX + sizeof(DP_PEERS_FILE) + 1];
    enum dp_err err;

    if (x->service->cluster[0] == '\0')
        return DP_ENOCLUSTER;
    snprintf(path, sizeof(path), "%s/" DP_PEERS_FILE, x->service->cluster);
    err = dp_file_read(out, path);
    if (err == DP_EIO)
        return errno == ENOENT ? DP_ENOCLUSTER : DP_EPEERS;
    if (err == DP_ETOOBIG)
        return dp_fail(&x->detail, DP_EPEERS, NULL,
                       "The list of peers cannot be read: it is larger than %d bytes. Who is in "
                       "the cluster is not known.",
                       DP_PEERS_FILE_MAX);
    return err;
}

static enum dp_err peers(struct dp_exchange *x)
{
    struct dp_buf file = DP_BUF_INIT(DP_PEERS_FILE_MAX);
    struct json_object *answer;
    enum dp_err err = read_list(x, &file);

    if (err == DP_OK)
        err = dp_peers_answer(&answer, (struct dp_slice){file.data, file.len}, dp_clock_unix_ms(),
                              &x->detail);
    if (err == DP_OK)
        err = dp_reply_json(x, 200, answer);
    dp_buf_free(&file);
    return err;
}

static const struct dp_route routes[] = {
    {"GET", "/api/cluster/peers", peers},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_CLUSTER,
        .threads = 4,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
