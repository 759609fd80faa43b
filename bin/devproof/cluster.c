/* cluster.c - devproof cluster: the peers of a cluster, from inside a node and from outside. */
#include "devproof/cluster.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/secp.h"
#include "devproof/command.h"

#define ANSWER_MAX (2 * DP_PEERS_ANSWER_MAX)

static const char help[] =
    "Usage: devproof cluster ACTION [OPTION...]\n\n"
    "Anywhere, with an Ethereum node at hand:\n"
    "  status                who is in, proven by the contract's storage\n"
    "  wait                  until --instance, or this node, is a peer; 0 then, 1 after --timeout\n"
    "  relay [FILE]          send a node's voucher (- or nothing: standard input) and pay for it\n"
    "  mint --to ADDRESS     give or buy a seat, for --instance if it is known already\n"
    "  assign TOKEN INSTANCE which node sits there; of the token's holder\n"
    "  revoke TOKEN          take a node out, with --reason; of the owner\n"
    "  config                show the cluster's settings, or set those that are given; of the "
    "owner\n"
    "In a node, with its guest agent at hand:\n"
    "  run                   stay entered, keep --peers-file true, run --hook on each change\n"
    "  voucher               what enters this node, signed, for a relay; with --renew what keeps "
    "it\n"
    "  account               who pays for this node's transactions, unless a relay does\n\n"
    "  --contract ADDRESS    the cluster (CLUSTER_CONTRACT)\n"
    "  --rpc URL             a node to ask (RPC_URL, commas between several). A list of peers is\n"
    "                        believed where all agree; settings and sending are the first one's\n"
    "  --block TAG           finalized, safe or latest: how sure a block must be (finalized)\n"
    "  --timeout SECONDS     (60; for wait 600, for what pays 180)\n"
    "  --instance ID         40 hex digits\n"
    "  --key-file FILE       private key that pays, readable by nobody else (else DEPLOYER_KEY)\n"
    "  --endpoint TEXT       how others reach this node (made of its instance id, --port and\n"
    "  --gateway-domain NAME the gateway's domain, DSTACK_GATEWAY_DOMAIN)\n"
    "  --port PORT           of this node behind the gateway (443), or of its tunnel (51820)\n"
    "  --relay URL           who sends this node's transactions (CLUSTER_RELAY)\n"
    "  --peers-file FILE     (DATA_DIR/cluster/peers.json)\n"
    "  --hook PROGRAM        gets the file's path as its argument\n"
    "  --after BLOCKS        that a newcomer must have been there for (0)\n"
    "  --interval SECONDS    between two looks, at most (2)\n"
    "  --no-register         only watch\n"
    "  --mode tls|wireguard  how nodes reach one another: by the gateway (tls), or by tunnels, "
    "with\n"
    "                        --endpoint HOST:PORT, by UDP, or without it by a stream through the\n"
    "                        gateway. Then peers prove their keys by quotes:\n"
    "  --collateral FILE     what Intel says of their platforms, or --pccs URL, --cache DIR or "
    "both\n"
    "  --root FILE           trust this certificate, DER or PEM, and not Intel's root; with "
    "several\n"
    "                        --collateral one each\n"
    "  --tcb STATUS          the worst that a platform may have (UpToDate)\n"
    "  --tunnel-range RANGE  of IPv4, for tokens' addresses, the same on all nodes (10.0.1.0/24)\n"
    "  --tunnel-interface NAME  (devproof0)\n"
    "  --max-nodes N, --network tls|wireguard|both, --price WEI, --sale open|closed\n"
    "  --json                say it as JSON\n"
    "  --help\n\n"
    "Exit codes: 0 done, 1 failed or not so, 2 wrong use or a bad setting.\n";

static const struct option table[] = {
    {"after", required_argument, NULL, OPTION_AFTER},
    {"block", required_argument, NULL, OPTION_BLOCK},
    {"cache", required_argument, NULL, OPTION_CACHE},
    {"collateral", required_argument, NULL, OPTION_COLLATERAL},
    {"contract", required_argument, NULL, OPTION_CONTRACT},
    {"endpoint", required_argument, NULL, OPTION_ENDPOINT},
    {"gateway-domain", required_argument, NULL, OPTION_GATEWAY},
    {"hook", required_argument, NULL, OPTION_HOOK},
    {"instance", required_argument, NULL, OPTION_INSTANCE},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"key-file", required_argument, NULL, OPTION_KEY_FILE},
    {"max-nodes", required_argument, NULL, OPTION_MAX_NODES},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"network", required_argument, NULL, OPTION_NETWORK},
    {"no-register", no_argument, NULL, OPTION_NO_REGISTER},
    {"pccs", required_argument, NULL, OPTION_PCCS},
    {"peers-file", required_argument, NULL, OPTION_PEERS_FILE},
    {"port", required_argument, NULL, OPTION_PORT},
    {"price", required_argument, NULL, OPTION_PRICE},
    {"reason", required_argument, NULL, OPTION_REASON},
    {"relay", required_argument, NULL, OPTION_RELAY},
    {"renew", no_argument, NULL, OPTION_RENEW},
    {"root", required_argument, NULL, OPTION_ROOT},
    {"rpc", required_argument, NULL, OPTION_RPC},
    {"sale", required_argument, NULL, OPTION_SALE},
    {"tcb", required_argument, NULL, OPTION_TCB},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"to", required_argument, NULL, OPTION_TO},
    {"tunnel-interface", required_argument, NULL, OPTION_TUNNEL_INTERFACE},
    {"tunnel-range", required_argument, NULL, OPTION_TUNNEL_RANGE},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Options that all take, those of a node, and those of who pays. */
#define ALL "crw"
#define NODE ALL "egPy"
#define PAY ALL "K"
#define TUNNEL "dCqOBIT"

static const struct action {
    const char *name;
    int (*run)(struct cluster *cluster, int argc, char **argv);
    const char *options; /* letters of enum cluster_option */
    int least, most;     /* words after its name */
} actions[] = {
    {"account", cluster_account, NODE, 0, 0},
    {"assign", cluster_assign, PAY, 2, 2},
    {"config", cluster_config, PAY "nNps", 0, 0},
    {"mint", cluster_mint, PAY "tip", 0, 0},
    {"relay", cluster_relay, PAY, 0, 1},
    {"revoke", cluster_revoke, PAY "R", 1, 1},
    {"run", cluster_run, NODE "bfkAvGm" TUNNEL, 0, 0},
    {"status", cluster_status, ALL "bi", 0, 0},
    {"voucher", cluster_voucher, NODE "W", 0, 0},
    {"wait", cluster_wait, ALL "biv", 0, 0},
};

/* --- what the actions share --- */

int cluster_failed(const struct cluster *cluster, enum dp_err err, const struct dp_detail *detail)
{
    char text[DSTACK_P2P_MESSAGE_SIZE];

    dp_explain(text, sizeof(text), err, detail);
    return client_fail(&cluster->client, EXIT_FAILURE, "%s", text);
}

static const char *option_name(int letter)
{
    for (const struct option *option = table; option->name != NULL; option++) {
        if (option->val == letter)
            return option->name;
    }
    return "";
}

int cluster_number(const struct cluster *cluster, enum cluster_option option, unsigned least,
                   unsigned most, unsigned *out)
{
    const char *text = cluster->given[option];
    char *end;
    unsigned long value;

    if (text == NULL)
        return EXIT_SUCCESS;
    value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < least || value > most)
        return client_fail(&cluster->client, EXIT_USAGE, "--%s: %u to %u.", option_name(option),
                           least, most);
    *out = (unsigned)value;
    return EXIT_SUCCESS;
}

enum dp_err cluster_read(struct cluster *cluster, struct dp_peers *out, unsigned within_s,
                         struct dp_detail *detail)
{
    dp_witnesses_start(&cluster->nodes, within_s);
    return dp_peers_read(out, NULL, cluster->nodes.list, cluster->nodes.count, cluster->contract,
                         cluster->wanted, detail);
}

/* --- options --- */

static int read_tag(struct cluster *cluster)
{
    const char *text = cluster->given[OPTION_BLOCK];

    for (unsigned i = 0; i < DP_TAG_COUNT; i++) {
        if (text == NULL || strcmp(text, dp_witness_tag_name(i)) == 0) {
            cluster->wanted = i;
            return EXIT_SUCCESS;
        }
    }
    return client_fail(&cluster->client, EXIT_USAGE, "--block: finalized, safe or latest.");
}

static int read_contract(struct cluster *cluster)
{
    const char *text = cluster->given[OPTION_CONTRACT];

    if (text == NULL)
        text = getenv("CLUSTER_CONTRACT");
    if (text == NULL || dp_address_parse(cluster->contract, text) != DP_OK)
        return client_fail(&cluster->client, EXIT_USAGE,
                           "name the cluster by --contract ADDRESS or CLUSTER_CONTRACT.");
    return EXIT_SUCCESS;
}

static int read_nodes(struct cluster *cluster)
{
    char *text = getenv("RPC_URL");
    struct dp_detail detail = {"", ""};

    if (cluster->nodes.count > 0)
        return EXIT_SUCCESS;
    if (text == NULL)
        return client_fail(&cluster->client, EXIT_USAGE, "name a node by --rpc URL or RPC_URL.");
    /* Cut in place, so a copy: the library reads the variable, too. */
    text = strdup(text);
    if (text == NULL)
        abort();
    cluster->urls = text;
    return dp_witnesses_add_list(&cluster->nodes, text, ANSWER_MAX, &detail) == DP_OK
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE, "RPC_URL: %s", detail.text);
}

static int add_node(struct cluster *cluster, const char *url)
{
    struct dp_detail detail = {"", ""};

    return dp_witnesses_add(&cluster->nodes, url, ANSWER_MAX, &detail) == DP_OK
               ? -1
               : client_fail(&cluster->client, EXIT_USAGE, "--rpc: %s", detail.text);
}

static int add_file(const struct cluster *cluster, struct cluster_files *files, const char *path)
{
    if (files->count == CLUSTER_FILES_MAX)
        return client_fail(&cluster->client, EXIT_USAGE, "%s: one file too many; %d are taken.",
                           path, CLUSTER_FILES_MAX);
    files->list[files->count++] = path;
    return -1;
}

/* Returns: -1 go on, else an exit code */
static int take_option(struct cluster *cluster, int option, const char *value)
{
    if (option == 'j' || option == 'h' || option == '?')
        return client_option(&cluster->client, option, value);
    if (option == OPTION_RPC)
        return add_node(cluster, value);
    cluster->given[option] = value != NULL ? value : "";
    if (option == OPTION_ROOT)
        return add_file(cluster, &cluster->roots, value);
    if (option == OPTION_COLLATERAL)
        return add_file(cluster, &cluster->collaterals, value);
    return -1;
}

/* An option that would be without effect is a mistake. */
static int check_options(const struct cluster *cluster, const struct action *action)
{
    for (int letter = 0; letter < 128; letter++) {
        if (cluster->given[letter] != NULL && strchr(action->options, letter) == NULL)
            return client_fail(&cluster->client, EXIT_USAGE, "%s takes no --%s.", action->name,
                               option_name(letter));
    }
    return EXIT_SUCCESS;
}

static int prepare(struct cluster *cluster, const struct action *action, int words)
{
    int code = check_options(cluster, action);

    if (code == EXIT_SUCCESS && (words < action->least || words > action->most))
        code = client_fail(&cluster->client, EXIT_USAGE,
                           "%s: %s words after it; devproof cluster --help says more.",
                           action->name, words < action->least ? "too few" : "too many");
    if (code == EXIT_SUCCESS)
        code = read_contract(cluster);
    if (code == EXIT_SUCCESS)
        code = read_nodes(cluster);
    if (code == EXIT_SUCCESS)
        code = read_tag(cluster);
    if (code == EXIT_SUCCESS)
        code = cluster_number(cluster, OPTION_TIMEOUT, 1, 86400, &cluster->timeout_s);
    if (code == EXIT_SUCCESS && dp_secp_init() != DP_OK)
        code = client_fail(&cluster->client, EXIT_FAILURE,
                           "no memory that can be locked: raise ulimit -l.");
    return code;
}

static const struct action *find_action(const char *name)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    }
    return NULL;
}

int command_cluster(int argc, char **argv)
{
    struct cluster cluster = {.urls = NULL};
    const struct action *action;
    int option, code = -1;

    client_init(&cluster.client, "cluster", help);
    while (code < 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
        code = take_option(&cluster, option, optarg);
    if (code >= 0)
        return code;
    action = optind < argc ? find_action(argv[optind]) : NULL;
    if (action == NULL)
        return client_fail(&cluster.client, EXIT_USAGE,
                           "say what to do; devproof cluster --help lists it.");
    code = prepare(&cluster, action, argc - optind - 1);
    if (code == EXIT_SUCCESS)
        code = action->run(&cluster, argc - optind - 1, argv + optind + 1);
    free(cluster.urls);
    return code;
}
