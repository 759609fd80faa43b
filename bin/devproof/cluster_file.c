/* cluster_file.c - the peers file: what the daemon knows, for whoever reads it. */
#include "devproof/cluster_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cluster/peers_answer.h"

/* --- taking --- */

static int by_token(const void *a, const void *b)
{
    struct json_object *left = *(struct json_object *const *)a;
    struct json_object *right = *(struct json_object *const *)b;
    const int64_t x = json_object_get_int64(json_object_object_get(left, "tokenId"));
    const int64_t y = json_object_get_int64(json_object_object_get(right, "tokenId"));

    return (x > y) - (x < y);
}

static struct json_object *make_list(const struct cluster_file *file,
                                     const struct dstack_p2p_peers *peers)
{
    struct json_object *list = json_object_new_array();

    if (list == NULL)
        abort();
    for (size_t i = 0; i < peers->count; i++) {
        if (json_object_array_add(list, cluster_peer_json(&peers->list[i], file->instance_id)) != 0)
            abort();
    }
    json_object_array_sort(list, by_token);
    return list;
}

void cluster_file_take(struct cluster_file *file, const struct dstack_p2p_peers *peers,
                       enum dstack_p2p_error error, const char *message, enum dp_witness_tag tag)
{
    file->error = error;
    snprintf(file->message, sizeof(file->message), "%s", message);
    if (error != DSTACK_P2P_OK || peers == NULL)
        return;
    json_object_put(file->peers);
    json_object_put(file->block);
    file->peers = make_list(file, peers);
    file->block =
        cluster_block_json(peers->block_number, peers->block_hash, peers->block_time, tag);
    snprintf(file->digest, sizeof(file->digest), "%s", peers->digest);
    file->read_at_ms = dp_clock_unix_ms();
}

void cluster_file_free(struct cluster_file *file)
{
    json_object_put(file->peers);
    json_object_put(file->block);
}

/* --- as JSON --- */

static const char *registration_of(const struct cluster_file *file)
{
    const struct dstack_p2p_self *self = &file->self;

    if (!file->keeps)
        return "none";
    if (self->token_id != 0)
        return "registered";
    return self->error == DSTACK_P2P_OK || self->error == DSTACK_P2P_EPENDING ? "pending"
                                                                              : "failed";
}

static void add_number_or_null(struct json_object *json, const char *name, uint64_t value)
{
    dp_json_add(json, name, value != 0 ? json_object_new_uint64(value) : NULL);
}

static struct json_object *self_json(const struct cluster_file *file)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    dp_json_add_text(json, "instanceId", file->instance_id);
    dp_json_add_text(json, "appId", file->app_id);
    dp_json_add_text(json, "account", file->account);
    add_number_or_null(json, "tokenId", file->self.token_id);
    add_number_or_null(json, "leaseUntil", file->self.lease_until);
    dp_json_add_text(json, "registration", registration_of(file));
    dp_json_add(json, "detail",
                file->self.error != DSTACK_P2P_OK ? json_object_new_string(file->self.message)
                                                  : NULL);
    return json;
}

static struct json_object *error_json(const struct cluster_file *file)
{
    struct json_object *json;

    if (file->error == DSTACK_P2P_OK)
        return NULL;
    json = json_object_new_object();
    if (json == NULL)
        abort();
    dp_json_add_text(json, "code", cluster_code(file->error));
    dp_json_add_text(json, "detail", file->message);
    return json;
}

static struct json_object *file_json(const struct cluster_file *file)
{
    struct json_object *json = json_object_new_object();
    char contract[DP_ADDRESS_TEXT_SIZE];

    if (json == NULL)
        abort();
    dp_address_format(contract, file->cluster->contract);
    dp_json_add_text(json, "schema", DP_PEERS_SCHEMA);
    dp_json_add_text(json, "contract", contract);
    add_number_or_null(json, "chainId", file->chain_id);
    dp_json_add_text(json, "mode", file->tunnel != NULL ? "wireguard" : "tls");
    dp_json_add(json, "self", self_json(file));
    dp_json_add(json, "block", json_object_get(file->block));
    dp_json_add(json, "digest", file->peers != NULL ? json_object_new_string(file->digest) : NULL);
    add_number_or_null(json, "readAtMs", (uint64_t)file->read_at_ms);
    dp_json_add_int(json, "writtenAtMs", dp_clock_unix_ms());
    dp_json_add(json, "error", error_json(file));
    dp_json_add(json, "peers",
                file->peers != NULL ? json_object_get(file->peers) : json_object_new_array());
    return json;
}

bool cluster_file_write(const struct cluster_file *file)
{
    struct dp_buf text = DP_BUF_INIT(DP_PEERS_FILE_MAX);
    struct json_object *json;
    bool ok;

    /* Nothing was found out yet, and an empty list would say that nobody is there. */
    if (file->peers == NULL && file->error == DSTACK_P2P_OK)
        return true;
    cluster_tunnel_describe(file->tunnel, file->peers);
    json = file_json(file);
    dp_json_write(&text, json);
    dp_buf_add_text(&text, "\n");
    ok = text.err == DP_OK &&
         dp_file_replace(file->path, (struct dp_slice){text.data, text.len}, 0644) == DP_OK;
    if (!ok)
        dp_log(DP_LOG_ERROR, "peers_file_failed", "%s cannot be written: %s", file->path,
               strerror(errno));
    dp_buf_free(&text);
    json_object_put(json);
    return ok;
}
