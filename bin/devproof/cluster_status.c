/* cluster_status.c - devproof cluster status and wait: who is in, proven by the contract's storage.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "cluster/p2p.h"
#include "devproof/cluster.h"
#include "devproof/command.h"

#define TIMEOUT_S 60
#define WAIT_S 600
#define INTERVAL_S 2

/* --- whose --- */

/* This node's, where no --instance is given. */
static int ask_guest(struct cluster *cluster, uint8_t out[static DP_ADDRESS_LEN])
{
    struct dstack_p2p *p2p = NULL;
    int code = cluster_open(cluster, &p2p);

    if (code == EXIT_SUCCESS)
        memcpy(out, p2p->join.instance_id, DP_ADDRESS_LEN);
    else
        client_fail(&cluster->client, code, "name the instance by --instance.");
    dstack_p2p_close(p2p);
    return code;
}

int cluster_instance(struct cluster *cluster, uint8_t out[static DP_ADDRESS_LEN])
{
    const char *text = cluster->given[OPTION_INSTANCE];

    if (text == NULL)
        return ask_guest(cluster, out);
    return dp_hex_decode_exact(out, DP_ADDRESS_LEN, text) == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE, "--instance: 40 hex digits.");
}

static const struct dp_peer *find(const struct dp_peers *peers, const uint8_t *instance)
{
    for (size_t i = 0; i < peers->count; i++) {
        const struct dp_peer *peer = &peers->list[i];

        if (memcmp(peer->instance_id, instance, DP_ADDRESS_LEN) == 0 &&
            dp_peer_is_active(peer, peers->agreed.block.time))
            return peer;
    }
    return NULL;
}

/* --- printing --- */

static struct json_object *list_json(const struct dp_peers *peers, size_t *active)
{
    struct json_object *list = json_object_new_array();

    if (list == NULL)
        abort();
    *active = 0;
    for (size_t i = 0; i < peers->count; i++) {
        struct dstack_p2p_peer peer;

        if (!dp_peer_is_active(&peers->list[i], peers->agreed.block.time))
            continue;
        dp_p2p_copy_peer(&peer, &peers->list[i]);
        if (json_object_array_add(list, cluster_peer_json(&peer, "")) != 0)
            abort();
        ++*active;
    }
    return list;
}

static struct json_object *status_json(const struct cluster *cluster, const struct dp_peers *peers,
                                       size_t *active)
{
    const struct dp_header *block = &peers->agreed.block;
    struct json_object *json = json_object_new_object();
    char hash[DP_HEX0X_SIZE(DP_KECCAK_LEN)], address[DP_ADDRESS_TEXT_SIZE];

    if (json == NULL)
        abort();
    dp_address_format(address, cluster->contract);
    dp_json_add_text(json, "contract", address);
    dp_json_add_int(json, "chainId", (int64_t)peers->agreed.chain_id);
    dp_hex0x_encode(hash, block->hash, sizeof(block->hash));
    dp_json_add(json, "block",
                cluster_block_json(block->number, hash, block->time, peers->agreed.tag));
    dp_hex0x_encode(hash, peers->digest, sizeof(peers->digest));
    dp_json_add_text(json, "digest", hash);
    dp_json_add(json, "peers", list_json(peers, active));
    dp_json_add_int(json, "lapsed", (int64_t)(peers->count - *active));
    return json;
}

static void print_peer(const struct dp_peer *peer, uint64_t now)
{
    const uint64_t left = peer->lease_until - now;
    char instance[2 * DP_ADDRESS_LEN + 1];

    dp_hex_encode(instance, peer->instance_id, DP_ADDRESS_LEN);
    printf("%5" PRIu64 "  %s  %-11s  %3" PRIu64 " h %2" PRIu64 " min  %s\n", peer->token_id,
           instance, peer->network == DP_PEER_WIREGUARD ? "wireguard" : "tls-gateway", left / 3600,
           left % 3600 / 60, peer->endpoint);
}

static void print_table(const struct cluster *cluster, const struct dp_peers *peers, size_t active)
{
    const struct dp_agreed *agreed = &peers->agreed;
    char address[DP_ADDRESS_TEXT_SIZE];

    dp_address_format(address, cluster->contract);
    printf("%s on chain %" PRIu64 ", block %" PRIu64 " (%s)\n", address, agreed->chain_id,
           agreed->block.number, dp_witness_tag_name(agreed->tag));
    printf("%zu peer%s, %s by storage proof%s%s\n", active, active == 1 ? "" : "s",
           cluster->nodes.count > 1 ? "agreed on by all nodes and proven" : "proven",
           peers->count > active ? "; some leases have lapsed" : "",
           agreed->lacking != NULL ? "; a node has no block as sure as that" : "");
    if (active > 0)
        printf("\nTOKEN  %-40s  NETWORK      LEASE         ENDPOINT\n", "INSTANCE");
    for (size_t i = 0; i < peers->count; i++) {
        if (dp_peer_is_active(&peers->list[i], agreed->block.time))
            print_peer(&peers->list[i], agreed->block.time);
    }
}

int cluster_status(struct cluster *cluster, int argc, char **argv)
{
    struct json_object *json;
    uint8_t instance[DP_ADDRESS_LEN];
    struct dp_detail detail = {"", ""};
    struct dp_peers peers;
    size_t active;
    enum dp_err err;
    int code = EXIT_SUCCESS;

    (void)argc, (void)argv;
    if (cluster->given[OPTION_INSTANCE] != NULL)
        code = cluster_instance(cluster, instance);
    if (code != EXIT_SUCCESS)
        return code;
    err = cluster_read(cluster, &peers, cluster->timeout_s != 0 ? cluster->timeout_s : TIMEOUT_S,
                       &detail);
    if (err != DP_OK)
        return cluster_failed(cluster, err, &detail);
    json = status_json(cluster, &peers, &active);
    if (cluster->client.json)
        client_print(&cluster->client, json_object_get(json));
    else
        print_table(cluster, &peers, active);
    if (cluster->given[OPTION_INSTANCE] != NULL && find(&peers, instance) == NULL)
        code = client_fail(&cluster->client, EXIT_FAILURE, "that instance is no peer.");
    json_object_put(json);
    dp_peers_free(&peers);
    return code;
}

/* --- waiting --- */

/* Say what is waited for, once for each reason. */
static void say_progress(const struct cluster *cluster, char *last, size_t size, const char *now)
{
    if (strcmp(last, now) != 0)
        client_fail(&cluster->client, 0, "%s", now);
    snprintf(last, size, "%s", now);
}

static bool look(struct cluster *cluster, const uint8_t *instance, int64_t end,
                 struct dstack_p2p_peer *out, char *why, size_t size)
{
    const struct dp_peer *peer = NULL;
    struct dp_detail detail = {"", ""};
    struct dp_peers peers;
    enum dp_err err;

    err = cluster_read(cluster, &peers, (unsigned)((end - dp_clock_mono_us()) / 1000000 + 1),
                       &detail);
    if (err != DP_OK)
        dp_explain(why, size, err, &detail);
    else
        snprintf(why, size, "not a peer yet, in the newest block that is %s.",
                 dp_witness_tag_name(peers.agreed.tag));
    if (err == DP_OK)
        peer = find(&peers, instance);
    if (peer != NULL)
        dp_p2p_copy_peer(out, peer);
    if (err == DP_OK)
        dp_peers_free(&peers);
    return peer != NULL;
}

int cluster_await(struct cluster *cluster, const uint8_t instance[static DP_ADDRESS_LEN],
                  struct dstack_p2p_peer *peer)
{
    const unsigned within_s = cluster->timeout_s != 0 ? cluster->timeout_s : WAIT_S;
    const int64_t end = dp_clock_mono_us() + (int64_t)within_s * 1000000;
    char why[DSTACK_P2P_MESSAGE_SIZE], last[DSTACK_P2P_MESSAGE_SIZE] = "";
    unsigned interval = INTERVAL_S;
    int code = cluster_number(cluster, OPTION_INTERVAL, 1, 3600, &interval);

    if (code != EXIT_SUCCESS)
        return code;
    while (!look(cluster, instance, end, peer, why, sizeof(why))) {
        say_progress(cluster, last, sizeof(last), why);
        if (dp_clock_mono_us() + (int64_t)interval * 1000000 > end)
            return client_fail(&cluster->client, EXIT_FAILURE, "not within %u seconds.", within_s);
        nanosleep(&(struct timespec){interval, 0}, NULL);
    }
    return EXIT_SUCCESS;
}

int cluster_wait(struct cluster *cluster, int argc, char **argv)
{
    uint8_t instance[DP_ADDRESS_LEN];
    struct dstack_p2p_peer peer;
    int code = cluster_instance(cluster, instance);

    (void)argc, (void)argv;
    if (code == EXIT_SUCCESS)
        code = cluster_await(cluster, instance, &peer);
    if (code == EXIT_SUCCESS)
        client_print(&cluster->client, cluster_peer_json(&peer, ""));
    return code;
}
