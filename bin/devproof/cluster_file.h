/* cluster_file.h - the peers file: what the daemon knows, for whoever reads it. */
#ifndef DEVPROOF_CLUSTER_FILE_H
#define DEVPROOF_CLUSTER_FILE_H

#include "devproof/cluster.h"
#include "devproof/cluster_tunnel.h"

/* docs/cluster.md has its members. */
struct cluster_file {
    const char *path;
    const struct cluster *cluster;
    const char *instance_id, *app_id;
    char account[DSTACK_P2P_ADDRESS_SIZE];
    uint64_t chain_id;
    struct dstack_p2p_self self;
    bool keeps;                    /* is this node to be entered? */
    struct cluster_tunnel *tunnel; /* borrowed; NULL where nodes are behind a gateway */

    struct json_object *peers; /* an array; NULL: there never was a list */
    struct json_object *block;
    char digest[DSTACK_P2P_HASH_SIZE];
    int64_t read_at_ms; /* Unix */
    enum dstack_p2p_error error;
    char message[DSTACK_P2P_MESSAGE_SIZE];
};

/* Take what was read. */
void cluster_file_take(struct cluster_file *file, const struct dstack_p2p_peers *peers,
                       enum dstack_p2p_error error, const char *message, enum dp_witness_tag tag);

/* Put it in place of the old one at once, once anything was found out. Returns: false after a line
 * in the log */
bool cluster_file_write(const struct cluster_file *file);

/* Free what it holds. */
void cluster_file_free(struct cluster_file *file);

#endif
