/* cluster_known.c - what is known of the tunnels, for the log and the peers file. */
#include "devproof/cluster_known.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"

static const struct dp_tunnel_status *find_status(const struct cluster_known *known,
                                                  uint64_t token_id, const uint8_t *key)
{
    for (size_t i = 0; i < known->count; i++) {
        if (known->statuses[i].token_id == token_id &&
            memcmp(known->statuses[i].key, key, DP_TUNNEL_KEY_LEN) == 0)
            return &known->statuses[i];
    }
    return NULL;
}

bool cluster_known_log(const struct cluster_known *before, const struct cluster_known *now)
{
    bool changed = before->own_token != now->own_token || before->count != now->count;

    for (size_t i = 0; i < now->count; i++) {
        const struct dp_tunnel_status *is = &now->statuses[i];
        const struct dp_tunnel_status *was = find_status(before, is->token_id, is->key);
        const unsigned long long token = is->token_id;

        if (was == NULL || was->verified != is->verified)
            changed = true;
        if (is->verified && (was == NULL || !was->verified))
            dp_log(DP_LOG_INFO, "tunnel_verified", "token %llu", token);
        else if (!is->verified && was != NULL && was->verified)
            dp_log(DP_LOG_WARN, "tunnel_unverified", "token %llu: %s", token, is->detail);
        else if (is->detail[0] != '\0' && (was == NULL || strcmp(was->detail, is->detail) != 0))
            dp_log(DP_LOG_INFO, "tunnel_proof_failed", "token %llu: %s", token, is->detail);
    }
    return changed;
}

/* --- the peers file --- */

static void add_address(struct json_object *peer, const char *name, const char *address)
{
    dp_json_add(peer, name, address[0] != '\0' ? json_object_new_string(address) : NULL);
}

/* In: status  NULL: nothing is known of it */
static void describe_peer(struct json_object *peer, const struct dp_tunnel_status *status)
{
    add_address(peer, "address", status != NULL ? status->address : "");
    add_address(peer, "address6", status != NULL ? status->address6 : "");
    dp_json_add_bool(peer, "verified", status != NULL && status->verified);
}

static void describe(const struct cluster_known *known, struct json_object *peer)
{
    const char *text = json_object_get_string(json_object_object_get(peer, "wireguardKey"));
    const uint64_t token = json_object_get_uint64(json_object_object_get(peer, "tokenId"));
    const bool is_open = token == known->own_token;
    uint8_t key[DP_TUNNEL_KEY_LEN];

    if (text == NULL || dp_tunnel_key_read(key, text) != DP_OK)
        return;
    if (json_object_get_boolean(json_object_object_get(peer, "self"))) {
        add_address(peer, "address", is_open ? known->own.address : "");
        add_address(peer, "address6", is_open ? known->own.address6 : "");
    } else {
        describe_peer(peer, find_status(known, token, key));
    }
}

void cluster_known_describe(const struct cluster_known *known, struct json_object *peers)
{
    for (size_t i = 0; i < dp_json_count(peers); i++)
        describe(known, json_object_array_get_idx(peers, i));
}
