/* cluster_node.c - devproof cluster, from inside a node: who it is, and its vouchers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cluster/relay.h"
#include "cluster/tunnel.h"
#include "devproof/cluster.h"
#include "devproof/command.h"

int cluster_p2p_failed(const struct cluster *cluster, enum dstack_p2p_error error,
                       const char *message)
{
    return client_fail(&cluster->client, error == DSTACK_P2P_ESETTING ? EXIT_USAGE : EXIT_FAILURE,
                       "%s", message[0] != '\0' ? message : dstack_p2p_error_text(error));
}

/* Several nodes, as the library takes them. To be freed. */
static char *join_urls(const struct dp_witnesses *nodes)
{
    struct dp_buf text = DP_BUF_INIT(64 * 1024);

    for (size_t i = 0; i < nodes->count; i++)
        dp_buf_addf(&text, "%s%s", i > 0 ? "," : "", nodes->list[i].rpc.url);
    if (text.err != DP_OK)
        abort();
    return text.data;
}

int cluster_open(struct cluster *cluster, struct dstack_p2p **out)
{
    char message[DSTACK_P2P_MESSAGE_SIZE], contract[DP_ADDRESS_TEXT_SIZE];
    char *urls = join_urls(&cluster->nodes);
    struct dstack_p2p_options options = {
        .rpc_urls = urls,
        .gateway_domain = cluster->given[OPTION_GATEWAY],
        .endpoint = cluster->given[OPTION_ENDPOINT],
        .relay_url = cluster->given[OPTION_RELAY],
        .wireguard_key = cluster->tunnel_key,
        .block = (enum dstack_p2p_block)cluster->wanted,
        .timeout_s = cluster->timeout_s,
    };
    enum dstack_p2p_error error = DSTACK_P2P_OK;
    unsigned port = cluster->tunnel_key != NULL ? DP_TUNNEL_PORT : 0;
    int code = cluster_number(cluster, OPTION_PORT, 1, UINT16_MAX, &port);

    if (code == EXIT_SUCCESS)
        code = cluster_number(cluster, OPTION_AFTER, 0, 1000000, &options.additions_after);
    options.port = (uint16_t)port;
    dp_address_format(contract, cluster->contract);
    if (code == EXIT_SUCCESS)
        error = dstack_p2p_open(out, contract,
                                cluster->tunnel_key != NULL ? DSTACK_P2P_WIREGUARD
                                                            : DSTACK_P2P_TLS_GATEWAY,
                                &options, message);
    free(urls);
    return error == DSTACK_P2P_OK ? code : cluster_p2p_failed(cluster, error, message);
}

int cluster_account(struct cluster *cluster, int argc, char **argv)
{
    struct json_object *json = json_object_new_object();
    char address[DSTACK_P2P_ADDRESS_SIZE];
    struct dstack_p2p *p2p = NULL;
    enum dstack_p2p_error error;
    int code = cluster_open(cluster, &p2p);

    (void)argc, (void)argv;
    if (json == NULL)
        abort();
    if (code == EXIT_SUCCESS) {
        error = dstack_p2p_account(p2p, address);
        if (error != DSTACK_P2P_OK)
            code = cluster_p2p_failed(cluster, error, dstack_p2p_message(p2p));
    }
    if (code == EXIT_SUCCESS) {
        dp_json_add_text(json, "account", address);
        dp_json_add_text(json, "instanceId", dstack_p2p_instance_id(p2p));
        dp_json_add_text(json, "appId", dstack_p2p_app_id(p2p));
        client_print(&cluster->client, json_object_get(json));
    }
    json_object_put(json);
    dstack_p2p_close(p2p);
    return code;
}

static void print_call(const struct dstack_p2p_call *call)
{
    struct json_object *json = dp_relay_write(call);

    puts(json_object_to_json_string_ext(json,
                                        JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
}

int cluster_voucher(struct cluster *cluster, int argc, char **argv)
{
    struct dstack_p2p_call *call = NULL;
    struct dstack_p2p *p2p = NULL;
    int code = cluster_open(cluster, &p2p);

    (void)argc, (void)argv;
    if (code == EXIT_SUCCESS) {
        enum dstack_p2p_error error =
            dstack_p2p_voucher(p2p, &call, cluster->given[OPTION_RENEW] != NULL);

        if (error != DSTACK_P2P_OK)
            code = cluster_p2p_failed(cluster, error, dstack_p2p_message(p2p));
        else
            print_call(call);
    }
    dstack_p2p_call_free(call);
    dstack_p2p_close(p2p);
    return code;
}
