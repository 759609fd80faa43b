/* cluster_relay.c - devproof cluster relay: send what nodes have signed, and pay for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cluster/relay.h"
#include "devproof/cluster.h"
#include "devproof/command.h"

#define SEND_WITHIN_S 180

/* It is the cluster's contract that this pays for, on the chain that the node is on. */
static enum dp_err check(struct cluster *cluster, const struct dp_join_call *call,
                         const uint8_t *contract, struct dp_detail *detail)
{
    uint64_t chain_id;
    enum dp_err err;

    if (memcmp(contract, cluster->contract, DP_ADDRESS_LEN) != 0)
        return dp_fail(detail, DP_ECONFLICT, NULL, "that is a call of another contract.");
    err = dp_node_chain_id(&cluster->nodes.list[0].rpc, &chain_id, detail);
    if (err != DP_OK)
        return err;
    return chain_id == call->chain_id
               ? DP_OK
               : dp_fail(detail, DP_ECONFLICT, NULL, "that is a call for another chain.");
}

static struct json_object *done_json(const struct dp_join_call *call, const char *hash,
                                     const struct dp_node_receipt *receipt)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    dp_json_add_text(json, "transaction", hash);
    dp_json_add_int(json, "tokenId", (int64_t)call->token_id);
    dp_json_add_int(json, "block", (int64_t)receipt->block);
    dp_json_add_int(json, "gasUsed", (int64_t)receipt->gas_used);
    return json;
}

enum dp_err cluster_relay_call(struct cluster *cluster, struct json_object **done,
                               struct dp_slice text, unsigned within_s, struct dp_detail *detail)
{
    struct dp_join_call call = {.data = DP_BUF_INIT(DP_VOUCHER_CALL_MAX)};
    struct json_object *json = NULL;
    struct dp_node_receipt receipt;
    uint8_t contract[DP_ADDRESS_LEN];
    char hash[DSTACK_P2P_HASH_SIZE];
    enum dp_err err = dp_json_parse(&json, text.data, text.len, detail);

    *done = NULL;
    if (err == DP_OK)
        err = dp_relay_read(&call, contract, json, detail);
    if (err == DP_OK)
        err = check(cluster, &call, contract, detail);
    if (err == DP_OK)
        err = cluster_transact(cluster, cluster->contract, &receipt, hash, &call.data, NULL,
                               within_s, detail);
    if (err == DP_OK)
        *done = done_json(&call, hash, &receipt);
    json_object_put(json);
    dp_buf_free(&call.data);
    return err;
}

static int relay_once(struct cluster *cluster, const char *path)
{
    const unsigned within_s = cluster->timeout_s != 0 ? cluster->timeout_s : SEND_WITHIN_S;
    struct dp_buf text = DP_BUF_INIT(DP_RELAY_JSON_MAX);
    struct dp_detail detail = {"", ""};
    struct json_object *done;
    enum dp_err err;
    int code = client_read_file(&cluster->client, &text, path) ? cluster_open_account(cluster)
                                                               : EXIT_USAGE;

    if (code == EXIT_SUCCESS) {
        err = cluster_relay_call(cluster, &done,
                                 (struct dp_slice){text.data != NULL ? text.data : "", text.len},
                                 within_s, &detail);
        if (err == DP_OK)
            client_print(&cluster->client, done);
        else
            code = cluster_failed(cluster, err, &detail);
    }
    dp_buf_free(&text);
    return code;
}

int cluster_relay(struct cluster *cluster, int argc, char **argv)
{
    if (cluster->given[OPTION_LISTEN] == NULL)
        return relay_once(cluster, argc > 0 ? argv[0] : "-");
    return argc == 0 ? cluster_relay_serve(cluster)
                     : client_fail(&cluster->client, EXIT_USAGE, "--listen or a file, not both.");
}
