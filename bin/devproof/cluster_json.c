/* cluster_json.c - a list of peers as JSON, as the peers file has it. */
#include <string.h>

#include <openssl/evp.h>

#include "base/json.h"
#include "devproof/cluster.h"

#define KEY_TEXT_SIZE 45 /* 32 bytes in base64, and a NUL */

const char *cluster_code(enum dstack_p2p_error error)
{
    static const char *const codes[] = {
        [DSTACK_P2P_OK] = "ok",
        [DSTACK_P2P_ENOMEM] = "memory",
        [DSTACK_P2P_ESETTING] = "setting",
        [DSTACK_P2P_EGUEST] = "guest",
        [DSTACK_P2P_ENODE] = "node",
        [DSTACK_P2P_ELIE] = "lie",
        [DSTACK_P2P_ESTALE] = "stale",
        [DSTACK_P2P_ENOCLUSTER] = "nocluster",
        [DSTACK_P2P_ENOSEAT] = "noseat",
        [DSTACK_P2P_EREFUSED] = "refused",
        [DSTACK_P2P_EPENDING] = "pending",
    };

    return codes[error];
}

struct json_object *cluster_peer_json(const struct dstack_p2p_peer *peer, const char *own)
{
    struct json_object *json = json_object_new_object();
    char key[KEY_TEXT_SIZE];

    if (json == NULL)
        abort();
    EVP_EncodeBlock((unsigned char *)key, peer->wireguard_key, sizeof(peer->wireguard_key));
    dp_json_add_int(json, "tokenId", (int64_t)peer->token_id);
    dp_json_add_text(json, "instanceId", peer->instance_id);
    dp_json_add_text(json, "appId", peer->app_id);
    dp_json_add_text(json, "network", peer->is_wireguard ? "wireguard" : "tls-gateway");
    dp_json_add_text(json, "endpoint", peer->endpoint);
    dp_json_add(json, "wireguardKey", peer->is_wireguard ? json_object_new_string(key) : NULL);
    dp_json_add(json, "address", NULL);
    dp_json_add(json, "address6", NULL);
    dp_json_add_int(json, "leaseUntil", (int64_t)peer->lease_until);
    dp_json_add_bool(json, "self", strcmp(peer->instance_id, own) == 0);
    dp_json_add(json, "verified", NULL);
    return json;
}

struct json_object *cluster_block_json(uint64_t number, const char *hash, uint64_t time,
                                       enum dp_witness_tag tag)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    dp_json_add_int(json, "number", (int64_t)number);
    dp_json_add_text(json, "hash", hash);
    dp_json_add_int(json, "time", (int64_t)time);
    dp_json_add_text(json, "tag", dp_witness_tag_name(tag));
    return json;
}
