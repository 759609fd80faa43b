/* cluster_owner.c - devproof cluster: seats and settings, by who holds or owns them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/cluster.h"
#include "devproof/command.h"
#include "ethereum/abi.h"

#define CALL_MAX 4096

/* What was done, and by which transaction. json is freed. */
static void print_done(const struct cluster *cluster, struct json_object *json, const char *hash,
                       const struct dp_node_receipt *receipt)
{
    dp_json_add_text(json, "transaction", hash);
    dp_json_add_int(json, "block", (int64_t)receipt->block);
    dp_json_add_int(json, "gasUsed", (int64_t)receipt->gas_used);
    client_print(&cluster->client, json);
}

static struct json_object *make_object(void)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    return json;
}

/* Encode, send, print. json is freed. */
static int call_and_print(struct cluster *cluster, struct json_object *json, const char *name,
                          const char *parameters, struct json_object *values)
{
    struct dp_buf data = DP_BUF_INIT(CALL_MAX);
    char hash[DSTACK_P2P_HASH_SIZE];
    struct dp_node_receipt receipt;
    int code = cluster_call(cluster, &data, name, parameters, values);

    if (code == EXIT_SUCCESS)
        code = cluster_send(cluster, &receipt, hash, &data, NULL);
    if (code == EXIT_SUCCESS)
        print_done(cluster, json_object_get(json), hash, &receipt);
    json_object_put(json);
    dp_buf_free(&data);
    return code;
}

int cluster_check_address(const struct cluster *cluster, const char *option, const char *text)
{
    uint8_t address[DP_ADDRESS_LEN];

    return text != NULL && dp_address_parse(address, text) == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE, "%s: 0x and 40 hex digits.", option);
}

int cluster_view_number(struct cluster *cluster, uint64_t *out, const char *name,
                        const char *parameters, const char *word)
{
    uint8_t answer[DP_WORD_LEN];
    int code = cluster_view(cluster, answer, name, parameters, word);

    *out = 0;
    if (code == EXIT_SUCCESS && dp_integer_read(out, answer) != DP_OK)
        code = client_fail(&cluster->client, EXIT_FAILURE, "%s answers a number that none can be.",
                           name);
    return code;
}

/* --- seats --- */

static int print_seat(struct cluster *cluster, const char *to, bool is_new, const char *hash,
                      const struct dp_node_receipt *receipt)
{
    struct json_object *json = make_object();
    uint64_t token;
    int code = cluster_view_number(cluster, &token, "walletToTokenId", "address", to);

    dp_json_add_int(json, "tokenId", (int64_t)token);
    dp_json_add_text(json, "holder", to);
    dp_json_add_bool(json, "minted", is_new);
    if (code == EXIT_SUCCESS && is_new)
        print_done(cluster, json_object_get(json), hash, receipt);
    else if (code == EXIT_SUCCESS)
        client_print(&cluster->client, json_object_get(json));
    json_object_put(json);
    return code;
}

/* What is paid is what the caller says, so that nobody pays without knowing. */
int cluster_payment(const struct cluster *cluster, uint8_t value[static DP_WORD_LEN])
{
    const char *text = cluster->given[OPTION_PRICE];

    memset(value, 0, DP_WORD_LEN);
    return text == NULL || dp_integer_parse(value, text, strlen(text),
                                            (struct dp_integer_type){96, false}) == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE, "--price: a number of wei.");
}

/* A wallet has one token: where it has one already, nothing is sent. */
int cluster_mint(struct cluster *cluster, int argc, char **argv)
{
    const char *to = cluster->given[OPTION_TO], *instance = cluster->given[OPTION_INSTANCE];
    const char *words[] = {to, instance != NULL ? instance : ""};
    struct dp_buf data = DP_BUF_INIT(CALL_MAX);
    struct dp_node_receipt receipt;
    char hash[DSTACK_P2P_HASH_SIZE];
    uint8_t value[DP_WORD_LEN], id[DP_ADDRESS_LEN];
    uint64_t token = 0;
    int code = cluster_check_address(cluster, "--to", to);

    (void)argc, (void)argv;
    if (code == EXIT_SUCCESS && instance != NULL)
        code = cluster_instance(cluster, id);
    if (code == EXIT_SUCCESS)
        code = cluster_payment(cluster, value);
    if (code == EXIT_SUCCESS)
        code = cluster_view_number(cluster, &token, "walletToTokenId", "address", to);
    if (code == EXIT_SUCCESS && token == 0)
        code = cluster_call(cluster, &data, "mintNodeAccess", "address to, string instanceId",
                            cluster_values(words, 2));
    if (code == EXIT_SUCCESS && token == 0)
        code = cluster_send(cluster, &receipt, hash, &data, value);
    if (code == EXIT_SUCCESS)
        code = print_seat(cluster, to, token == 0, hash, &receipt);
    dp_buf_free(&data);
    return code;
}

static int check_number(const struct cluster *cluster, const char *what, const char *text)
{
    uint8_t word[DP_WORD_LEN];

    return dp_integer_parse(word, text, strlen(text), (struct dp_integer_type){32, false}) == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE, "%s is no %s.", text, what);
}

int cluster_assign(struct cluster *cluster, int argc, char **argv)
{
    struct json_object *json = make_object();
    char address[DP_HEX0X_SIZE(DP_ADDRESS_LEN)];
    uint8_t instance[DP_ADDRESS_LEN] = {0}, word[DP_WORD_LEN];
    const char *words[] = {argv[0], address};
    int code = check_number(cluster, "token", argv[0]);

    (void)argc;
    if (code == EXIT_SUCCESS && dp_hex_decode_exact(instance, DP_ADDRESS_LEN, argv[1]) != DP_OK)
        code = client_fail(&cluster->client, EXIT_USAGE, "%s is no instance id.", argv[1]);
    if (code == EXIT_SUCCESS)
        code = cluster_view(cluster, word, "instanceOf", "uint256", argv[0]);
    dp_hex0x_encode(address, instance, DP_ADDRESS_LEN);
    dp_json_add_text(json, "tokenId", argv[0]);
    dp_json_add_text(json, "instanceId", address + 2);
    if (code == EXIT_SUCCESS &&
        memcmp(word + DP_WORD_LEN - DP_ADDRESS_LEN, instance, DP_ADDRESS_LEN) != 0)
        return call_and_print(cluster, json, "assignInstance", "uint256, address",
                              cluster_values(words, 2));
    if (code == EXIT_SUCCESS)
        client_print(&cluster->client, json_object_get(json));
    json_object_put(json);
    return code;
}

int cluster_revoke(struct cluster *cluster, int argc, char **argv)
{
    const char *reason = cluster->given[OPTION_REASON];
    const char *words[] = {argv[0], reason};
    struct json_object *json;
    int code = check_number(cluster, "token", argv[0]);

    (void)argc;
    if (code == EXIT_SUCCESS && reason == NULL)
        code = client_fail(&cluster->client, EXIT_USAGE,
                           "say why by --reason; the chain keeps it for all to read.");
    if (code != EXIT_SUCCESS)
        return code;
    json = make_object();
    dp_json_add_text(json, "tokenId", argv[0]);
    dp_json_add_text(json, "reason", reason);
    return call_and_print(cluster, json, "revoke", "uint256, string", cluster_values(words, 2));
}

/* --- settings --- */

struct settings {
    uint64_t max_nodes, network, is_sold, seats, lease_s;
    char price[DP_INTEGER_TEXT_SIZE];
    uint8_t owner[DP_ADDRESS_LEN];
};

static const char *const networks[] = {"tls", "wireguard", "both"};

static int read_settings(struct cluster *cluster, struct settings *out)
{
    uint8_t word[DP_WORD_LEN];
    int code = cluster_view_number(cluster, &out->max_nodes, "maxNodes", "", NULL);

    if (code == EXIT_SUCCESS)
        code = cluster_view_number(cluster, &out->network, "networkMode", "", NULL);
    if (code == EXIT_SUCCESS)
        code = cluster_view_number(cluster, &out->is_sold, "publicMinting", "", NULL);
    if (code == EXIT_SUCCESS)
        code = cluster_view_number(cluster, &out->seats, "totalSupply", "", NULL);
    if (code == EXIT_SUCCESS)
        code = cluster_view_number(cluster, &out->lease_s, "leaseDuration", "", NULL);
    if (code == EXIT_SUCCESS)
        code = cluster_view(cluster, word, "mintPrice", "", NULL);
    if (code == EXIT_SUCCESS) {
        dp_integer_format(out->price, word, false);
        code = cluster_view(cluster, word, "owner", "", NULL);
        memcpy(out->owner, word + DP_WORD_LEN - DP_ADDRESS_LEN, DP_ADDRESS_LEN);
    }
    if (code == EXIT_SUCCESS && out->network >= sizeof(networks) / sizeof(networks[0]))
        code = client_fail(&cluster->client, EXIT_FAILURE, "the network mode is none there is.");
    return code;
}

static void print_settings(const struct cluster *cluster, const struct settings *settings)
{
    struct json_object *json = make_object();
    char owner[DP_ADDRESS_TEXT_SIZE];

    dp_address_format(owner, settings->owner);
    dp_json_add_int(json, "maxNodes", (int64_t)settings->max_nodes);
    dp_json_add_int(json, "seats", (int64_t)settings->seats);
    dp_json_add_text(json, "network", networks[settings->network]);
    dp_json_add_text(json, "sale", settings->is_sold != 0 ? "open" : "closed");
    dp_json_add_text(json, "price", settings->price);
    dp_json_add_int(json, "leaseSeconds", (int64_t)settings->lease_s);
    dp_json_add_text(json, "owner", owner);
    client_print(&cluster->client, json);
}

static int read_network(const struct cluster *cluster, uint64_t *out)
{
    const char *text = cluster->given[OPTION_NETWORK];

    if (text == NULL)
        return EXIT_SUCCESS;
    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
        if (strcmp(networks[i], text) == 0) {
            *out = i;
            return EXIT_SUCCESS;
        }
    }
    return client_fail(&cluster->client, EXIT_USAGE, "--network: tls, wireguard or both.");
}

/* Sent only where something changes. */
static int set_config(struct cluster *cluster, const struct settings *is)
{
    char max_text[16], network_text[8];
    const char *words[] = {max_text, network_text};
    unsigned max_nodes = (unsigned)is->max_nodes;
    uint64_t network = is->network;
    int code = cluster_number(cluster, OPTION_MAX_NODES, 1, 1024, &max_nodes);

    if (code == EXIT_SUCCESS)
        code = read_network(cluster, &network);
    if (code != EXIT_SUCCESS || (max_nodes == is->max_nodes && network == is->network))
        return code;
    snprintf(max_text, sizeof(max_text), "%u", max_nodes);
    snprintf(network_text, sizeof(network_text), "%u", (unsigned)network);
    return call_and_print(cluster, make_object(), "setClusterConfig", "uint256, uint8",
                          cluster_values(words, 2));
}

static int set_policy(struct cluster *cluster, const struct settings *is)
{
    const char *price = cluster->given[OPTION_PRICE], *sale = cluster->given[OPTION_SALE];
    const char *words[] = {price != NULL ? price : is->price};
    struct json_object *values;
    uint8_t word[DP_WORD_LEN];
    char text[DP_INTEGER_TEXT_SIZE];
    bool is_sold = is->is_sold != 0;
    int code = cluster_payment(cluster, word);

    if (code == EXIT_SUCCESS && sale != NULL && strcmp(sale, "open") != 0 &&
        strcmp(sale, "closed") != 0)
        code = client_fail(&cluster->client, EXIT_USAGE, "--sale: open or closed.");
    if (code == EXIT_SUCCESS && sale != NULL)
        is_sold = strcmp(sale, "open") == 0;
    dp_integer_format(text, word, false);
    if (code != EXIT_SUCCESS ||
        ((price == NULL || strcmp(text, is->price) == 0) && is_sold == (is->is_sold != 0)))
        return code;
    values = cluster_values(words, 1);
    if (json_object_array_add(values, json_object_new_boolean(is_sold)) != 0)
        abort();
    return call_and_print(cluster, make_object(), "setMintingPolicy", "uint256, bool", values);
}

int cluster_config(struct cluster *cluster, int argc, char **argv)
{
    const bool sets =
        cluster->given[OPTION_MAX_NODES] != NULL || cluster->given[OPTION_NETWORK] != NULL;
    const bool sells = cluster->given[OPTION_PRICE] != NULL || cluster->given[OPTION_SALE] != NULL;
    struct settings settings;
    int code = read_settings(cluster, &settings);

    (void)argc, (void)argv;
    if (code == EXIT_SUCCESS && !sets && !sells)
        print_settings(cluster, &settings);
    if (code == EXIT_SUCCESS && sets)
        code = set_config(cluster, &settings);
    if (code == EXIT_SUCCESS && sells)
        code = set_policy(cluster, &settings);
    return code;
}
