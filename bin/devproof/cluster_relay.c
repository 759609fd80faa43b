/* cluster_relay.c - devproof cluster relay: send what nodes have signed, and pay for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cluster/relay.h"
#include "devproof/cluster.h"
#include "devproof/command.h"

/* It is the cluster's contract that this pays for, on the chain that the node is on. */
static int check(struct cluster *cluster, const struct dp_join_call *call, const uint8_t *contract)
{
    struct dp_detail detail = {"", ""};
    uint64_t chain_id;
    enum dp_err err;

    if (memcmp(contract, cluster->contract, DP_ADDRESS_LEN) != 0)
        return client_fail(&cluster->client, EXIT_FAILURE, "that is a call of another contract.");
    err = dp_node_chain_id(&cluster->nodes.list[0].rpc, &chain_id, &detail);
    if (err != DP_OK)
        return cluster_failed(cluster, err, &detail);
    return chain_id == call->chain_id
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_FAILURE, "that is a call for another chain.");
}

static int read_call(const struct cluster *cluster, struct dp_join_call *call, uint8_t *contract,
                     const char *path)
{
    struct dp_buf text = DP_BUF_INIT(DP_RELAY_JSON_MAX);
    struct json_object *json = NULL;
    struct dp_detail detail = {"", ""};
    enum dp_err err;
    int code = EXIT_SUCCESS;

    *call = (struct dp_join_call){.data = DP_BUF_INIT(DP_VOUCHER_CALL_MAX)};
    if (!client_read_file(&cluster->client, &text, path))
        code = EXIT_USAGE;
    if (code == EXIT_SUCCESS) {
        err = dp_json_parse(&json, text.data != NULL ? text.data : "", text.len, &detail);
        if (err == DP_OK)
            err = dp_relay_read(call, contract, json, &detail);
        if (err != DP_OK)
            code = cluster_failed(cluster, err, &detail);
    }
    json_object_put(json);
    dp_buf_free(&text);
    return code;
}

static int relay_once(struct cluster *cluster, const char *path)
{
    struct json_object *json;
    struct dp_node_receipt receipt;
    struct dp_join_call call;
    uint8_t contract[DP_ADDRESS_LEN];
    char hash[DSTACK_P2P_HASH_SIZE];
    int code = read_call(cluster, &call, contract, path);

    if (code == EXIT_SUCCESS)
        code = check(cluster, &call, contract);
    if (code == EXIT_SUCCESS)
        code = cluster_send(cluster, &receipt, hash, &call.data, NULL);
    if (code == EXIT_SUCCESS) {
        json = json_object_new_object();
        if (json == NULL)
            abort();
        dp_json_add_text(json, "transaction", hash);
        dp_json_add_int(json, "tokenId", (int64_t)call.token_id);
        dp_json_add_int(json, "block", (int64_t)receipt.block);
        dp_json_add_int(json, "gasUsed", (int64_t)receipt.gas_used);
        client_print(&cluster->client, json);
    }
    dp_buf_free(&call.data);
    return code;
}

int cluster_relay(struct cluster *cluster, int argc, char **argv)
{
    return relay_once(cluster, argc > 0 ? argv[0] : "-");
}
