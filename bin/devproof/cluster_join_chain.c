/* cluster_join_chain.c - devproof cluster join: what the chain says and is told. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/chain.h"
#include "devproof/cluster_join.h"
#include "devproof/command.h"
#include "ethereum/abi.h"

#define CALL_MAX 4096

/* --- seats --- */

static int look_at_instance(struct join *join)
{
    uint8_t word[DP_WORD_LEN];
    char token[24];
    int code;

    snprintf(token, sizeof(token), "%" PRIu64, join->token);
    code = cluster_view(join->cluster, word, "instanceOf", "uint256", token);
    if (code != EXIT_SUCCESS)
        return code;
    memcpy(join->instance, word + DP_WORD_LEN - DP_ADDRESS_LEN, DP_ADDRESS_LEN);
    for (size_t i = 0; i < DP_ADDRESS_LEN; i++)
        join->names_instance = join->names_instance || join->instance[i] != 0;
    return EXIT_SUCCESS;
}

int join_look_at_seat(struct join *join)
{
    struct cluster *cluster = join->cluster;
    char app[DP_ADDRESS_TEXT_SIZE];
    uint64_t is_member = 0;
    int code;

    dp_address_format(app, join->app_id);
    code = cluster_view_number(cluster, &is_member, "isAppId", "address", app);
    if (code == EXIT_SUCCESS && is_member == 0)
        code = client_fail(&cluster->client, EXIT_FAILURE,
                           "%s is no app of the cluster: name one by --app.", app);
    if (code == EXIT_SUCCESS)
        code =
            cluster_view_number(cluster, &join->token, "walletToTokenId", "address", join->wallet);
    return code == EXIT_SUCCESS && join->token != 0 ? look_at_instance(join) : code;
}

int join_is_free(struct join *join, bool *is_free, const uint8_t instance[static DP_ADDRESS_LEN])
{
    char text[DP_ADDRESS_TEXT_SIZE];
    uint64_t seats = 0;
    int code;

    dp_address_format(text, instance);
    code = cluster_view_number(join->cluster, &seats, "seatsOf", "address", text);
    *is_free = seats == 0;
    return code;
}

/* Encode and send. values is freed. */
static int send(struct join *join, const uint8_t *to, const char *name, const char *parameters,
                struct json_object *values, const uint8_t *payment)
{
    struct dp_buf data = DP_BUF_INIT(CALL_MAX);
    struct dp_node_receipt receipt;
    char hash[DSTACK_P2P_HASH_SIZE];
    int code = cluster_call(join->cluster, &data, name, parameters, values);

    if (code == EXIT_SUCCESS)
        code = cluster_send_to(join->cluster, to, &receipt, hash, &data, payment);
    dp_buf_free(&data);
    return code;
}

int join_seat(struct join *join)
{
    struct cluster *cluster = join->cluster;
    char instance[DP_HEX0X_SIZE(DP_ADDRESS_LEN)], token[24];
    const char *mint[] = {join->wallet, instance}, *assign[] = {token, instance};
    uint8_t payment[DP_WORD_LEN];
    int code = cluster_payment(cluster, payment);

    dp_hex0x_encode(instance, join->cvm.instance_id, DP_ADDRESS_LEN);
    snprintf(token, sizeof(token), "%" PRIu64, join->token);
    if (code != EXIT_SUCCESS)
        return code;
    join_say(join, "seating instance %s.", instance + 2);
    if (join->token != 0)
        return send(join, cluster->contract, "assignInstance", "uint256, address",
                    cluster_values(assign, 2), NULL);
    code = send(join, cluster->contract, "mintNodeAccess", "address, string",
                cluster_values(mint, 2), payment);
    join->is_minted = code == EXIT_SUCCESS;
    return code;
}

/* --- the code --- */

/* Whose rules they are: a cluster's are a contract of their own. Out: has_notice  false for
 * dstack's own DstackApp, whose owner allows code at once */
static int find_rules(struct join *join, uint8_t rules[static DP_ADDRESS_LEN], bool *has_notice)
{
    struct dp_buf data = DP_BUF_INIT(CALL_MAX);
    struct dp_detail detail = {"", ""};
    uint8_t word[DP_WORD_LEN];
    enum dp_err err;
    int code = cluster_call(join->cluster, &data, "rules", "", cluster_values(NULL, 0));

    if (code != EXIT_SUCCESS)
        return code;
    memcpy(rules, join->app_id, DP_ADDRESS_LEN);
    err = cluster_ask(join->cluster, 0, join->app_id, word, &data, &detail);
    if (err == DP_OK)
        memcpy(rules, word + DP_WORD_LEN - DP_ADDRESS_LEN, DP_ADDRESS_LEN);
    dp_buf_reset(&data);
    if (err == DP_OK || err == DP_ERPC) {
        code = cluster_call(join->cluster, &data, "noticePeriod", "", cluster_values(NULL, 0));
        err = code == EXIT_SUCCESS ? cluster_ask(join->cluster, 0, rules, word, &data, &detail)
                                   : DP_OK;
    }
    dp_buf_free(&data);
    *has_notice = err == DP_OK;
    return code == EXIT_SUCCESS && err != DP_OK && err != DP_ERPC
               ? cluster_failed(join->cluster, err, &detail)
               : code;
}

/* The same hash as text, for calls. */
static struct json_object *hash_value(const struct join *join)
{
    char text[DP_HEX0X_SIZE(DP_COMPOSE_HASH_LEN)];
    const char *words[] = {text};

    dp_hex0x_encode(text, join->compose_hash, sizeof(join->compose_hash));
    return cluster_values(words, 1);
}

static int view_of_hash(struct join *join, uint64_t *out, const uint8_t *to, const char *name)
{
    char text[DP_HEX0X_SIZE(DP_COMPOSE_HASH_LEN)];
    uint8_t word[DP_WORD_LEN];
    int code;

    dp_hex0x_encode(text, join->compose_hash, sizeof(join->compose_hash));
    code = cluster_view_at(join->cluster, to, word, name, "bytes32", text);
    *out = 0;
    return code == EXIT_SUCCESS && dp_integer_read(out, word) != DP_OK
               ? client_fail(&join->cluster->client, EXIT_FAILURE,
                             "%s answers a number that none can be.", name)
               : code;
}

/* For scripts: until when the notice runs. */
static int wait_for_notice(const struct join *join, uint64_t at)
{
    const struct client *client = &join->cluster->client;
    const time_t seconds = (time_t)at;
    struct json_object *json;
    char text[32];
    struct tm tm;

    if (client->json) {
        json = json_object_new_object();
        if (json == NULL)
            abort();
        dp_json_add_text(json, "waits", "notice");
        dp_json_add_int(json, "activatesAt", (int64_t)at);
        client_print(client, json);
    }
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
    return client_fail(client, EXIT_FAILURE,
                       "the code has its notice until %s; say join again then.", text);
}

/* By the newest block, or, as a quiet chain's is old, by the clock here: the contract decides. */
static int is_due(struct join *join, bool *out, uint64_t at)
{
    struct cluster *cluster = join->cluster;
    struct dp_header block = {.time = 0};
    struct dp_detail detail = {"", ""};
    bool found = false;
    enum dp_err err =
        dp_node_header(&cluster->nodes.list[0].rpc, &block, &found, "latest", &detail);

    *out = (found && block.time >= at) || (uint64_t)time(NULL) >= at;
    return err == DP_OK ? EXIT_SUCCESS : cluster_failed(cluster, err, &detail);
}

/* Proposed, and allowed as soon as its time has come. */
static int give_notice(struct join *join, const uint8_t *rules)
{
    bool due = false;
    uint64_t at = 0;
    int code = view_of_hash(join, &at, rules, "activatesAt");

    if (code == EXIT_SUCCESS && at == 0) {
        join_say(join, "proposing the code; it is allowed after its notice.");
        code = send(join, rules, "proposeComposeHash", "bytes32", hash_value(join), NULL);
        if (code == EXIT_SUCCESS)
            code = view_of_hash(join, &at, rules, "activatesAt");
    }
    if (code == EXIT_SUCCESS)
        code = is_due(join, &due, at);
    if (code != EXIT_SUCCESS)
        return code;
    if (!due)
        return wait_for_notice(join, at);
    join_say(join, "allowing the code, whose notice has passed.");
    return send(join, rules, "activateComposeHash", "bytes32", hash_value(join), NULL);
}

int join_authorize(struct join *join)
{
    uint8_t rules[DP_ADDRESS_LEN];
    bool has_notice = false;
    uint64_t is_allowed = 0;
    int code = view_of_hash(join, &is_allowed, join->app_id, "allowedComposeHashes");

    if (code != EXIT_SUCCESS || is_allowed != 0)
        return code;
    code = find_rules(join, rules, &has_notice);
    if (code != EXIT_SUCCESS)
        return code;
    if (has_notice)
        return give_notice(join, rules);
    join_say(join, "allowing the code.");
    return send(join, join->app_id, "addComposeHash", "bytes32", hash_value(join), NULL);
}

/* --- who signs for the KMS --- */

static int ask_root(struct join *join, uint8_t root[static DP_ADDRESS_LEN])
{
    struct cluster *cluster = join->cluster;
    struct dp_buf data = DP_BUF_INIT(CALL_MAX);
    struct dp_detail detail = {"", ""};
    uint8_t word[DP_WORD_LEN];
    enum dp_err err = DP_OK;
    int code = cluster_call(cluster, &data, "kmsRoot", "", cluster_values(NULL, 0));

    for (size_t i = 0; code == EXIT_SUCCESS && i < cluster->nodes.count; i++) {
        err = cluster_ask(cluster, i, cluster->contract, word, &data, &detail);
        if (err != DP_OK)
            code = cluster_failed(cluster, err, &detail);
        else if (i > 0 && memcmp(word + DP_WORD_LEN - DP_ADDRESS_LEN, root, DP_ADDRESS_LEN) != 0)
            code = client_fail(&cluster->client, EXIT_FAILURE,
                               "%s names another KMS root than %s: one of them lies.",
                               cluster->nodes.names[i], cluster->nodes.names[0]);
        else
            memcpy(root, word + DP_WORD_LEN - DP_ADDRESS_LEN, DP_ADDRESS_LEN);
    }
    dp_buf_free(&data);
    return code;
}

int join_root(struct join *join, uint8_t root[static DP_ADDRESS_LEN])
{
    const char *text = join->cluster->given[OPTION_KMS_ROOT];
    struct chain_expected expected = {.has_root = false};

    if (text == NULL)
        return ask_root(join, root);
    if (!chain_expect_root(&expected, text))
        return client_fail(&join->cluster->client, EXIT_USAGE,
                           "--kms-root: a public key, or an address.");
    memcpy(root, expected.root, DP_ADDRESS_LEN);
    return EXIT_SUCCESS;
}
