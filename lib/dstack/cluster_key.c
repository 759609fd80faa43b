/* cluster_key.c - signs for a node of a cluster. Holds a key, in locked memory for one call. */
#include "dstack/cluster_key.h"

#include <string.h>

#include "base/hex.h"
#include "dstack/keyuse.h"
#include "dstack/wallet.h"

const char *dp_cluster_key_purpose(enum dp_cluster_key which)
{
    return which == DP_CLUSTER_KEY_VOUCHER ? DP_CLUSTER_PURPOSE : DP_CLUSTER_GAS_PURPOSE;
}

static void write_path(char path[static DP_KEY_PATH_SIZE], enum dp_cluster_key which,
                       const uint8_t *instance_id)
{
    static const char gas[] = DP_CLUSTER_GAS_PATH "/";

    _Static_assert(sizeof(gas) + 2 * DP_INSTANCE_ID_LEN <= DP_KEY_PATH_SIZE, "a path too long");
    if (which == DP_CLUSTER_KEY_VOUCHER) {
        memcpy(path, DP_CLUSTER_PATH, sizeof(DP_CLUSTER_PATH));
        return;
    }
    memcpy(path, gas, sizeof(gas));
    dp_hex_encode(path + sizeof(gas) - 1, instance_id, DP_INSTANCE_ID_LEN);
}

enum dp_err dp_cluster_key_sign(struct dp_guest *guest, struct dp_cluster_signature *out,
                                enum dp_cluster_key which,
                                const uint8_t instance_id[static DP_INSTANCE_ID_LEN],
                                const uint8_t *digest)
{
    char path[DP_KEY_PATH_SIZE];
    struct dp_guest_key key;
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    write_path(path, which, instance_id);
    err = dp_guest_get_key(guest, &key, path, dp_cluster_key_purpose(which));
    if (err == DP_OK && digest != NULL)
        err = dp_wallet_sign(&key, out->signature, digest);
    if (err == DP_OK) {
        memcpy(out->public_key, key.public_key, sizeof(out->public_key));
        memcpy(out->app_signature, key.app_signature, sizeof(out->app_signature));
        memcpy(out->kms_signature, key.kms_signature, sizeof(out->kms_signature));
    }
    dp_guest_key_free(&key);
    return err;
}
