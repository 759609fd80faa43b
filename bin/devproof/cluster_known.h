/* cluster_known.h - what is known of the tunnels, for the log and the peers file. */
#ifndef DEVPROOF_CLUSTER_KNOWN_H
#define DEVPROOF_CLUSTER_KNOWN_H

#include <stdbool.h>

#include <json-c/json.h>

#include "cluster/tunnel.h"

struct cluster_known {
    struct dp_tunnel_status *statuses; /* count of them; owned */
    size_t count;
    uint64_t own_token; /* 0: there is no interface */
    struct dp_tunnel_own own;
};

/* Log what is different now. Returns: is anything of it for the peers file? */
bool cluster_known_log(const struct cluster_known *before, const struct cluster_known *now);

/* As cluster_tunnel_describe. In: peers  those of the peers file */
void cluster_known_describe(const struct cluster_known *known, struct json_object *peers);

#endif
