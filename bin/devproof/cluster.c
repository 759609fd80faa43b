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
    "Usage: devproof cluster ACTION [OPTION...]\n"
    "\n"
    "Anywhere, with an Ethereum node at hand:\n"
    "  status                who is in, proven by the contract's storage\n"
    "  verify [PEER...]      does who answers there prove to be that peer, by RA-TLS? All behind\n"
    "                        a gateway, or those of these endpoints or instance ids\n"
    "  wait                  until --instance, or this node, is a peer; 0 then, 1 after --timeout\n"
    "  relay [FILE]          send a node's voucher (- or nothing: standard input) and pay for it\n"
    "  deploy FILE           put a cluster on the chain, by its settings as JSON; once\n"
    "  mint                  give or buy a seat --to a wallet, for --instance if known already\n"
    "  assign TOKEN INSTANCE which node sits there; of the token's holder\n"
    "  revoke TOKEN          take a node out, with --reason; of the owner\n"
    "  join APP-COMPOSE.json bring up a node of the cloud and seat it, --to a wallet; after a\n"
    "                        fault say it again: what is done already is left out\n"
    "  config                show the cluster's settings, or set those given; of the owner\n"
    "In a node, with its guest agent at hand:\n"
    "  run                   stay entered, keep --peers-file true, run --hook on each change\n"
    "  voucher               what enters this node, signed, for a relay; --renew: what keeps it\n"
    "  account               who pays for this node's transactions, unless a relay does\n"
    "\n"
    "Of all:\n"
    "  --contract ADDRESS    the cluster (CLUSTER_CONTRACT)\n"
    "  --rpc URL             a node to ask (RPC_URL, commas between several). A list of peers is\n"
    "                        believed where all agree; settings and sending are the first one's\n"
    "  --timeout SECONDS     (60; for wait 600, for what pays 180, for each peer to verify 10)\n"
    "  --json                say it as JSON\n"
    "  --help\n"
    "Of what reads the list:\n"
    "  --block TAG           finalized, safe or latest: how sure a block must be (finalized)\n"
    "  --instance ID         40 hex digits\n"
    "  --interval SECONDS    between two looks, at most (2)\n"
    "Of what pays:\n"
    "  --key-file FILE       private key that pays, readable by nobody else (else DEPLOYER_KEY)\n"
    "  --to ADDRESS          the wallet that gets the seat\n"
    "  --price WEI           of the seat; for config, of each\n"
    "  --max-nodes N, --network tls|wireguard|both, --sale open|closed: to be set by config\n"
    "  --contracts DIR, --deployments DIR, --as LABEL, --no-build: as for devproof contracts\n"
    "  --listen ADDRESS:PORT where relay takes vouchers from nodes, over HTTP, until it is ended\n"
    "Of a node:\n"
    "  --endpoint TEXT       how others reach it (made of its instance id, --port and the domain)\n"
    "  --gateway-domain NAME of dstack's gateway (DSTACK_GATEWAY_DOMAIN)\n"
    "  --port PORT           of it behind the gateway (443), or of its tunnel (51820)\n"
    "  --relay URL           who sends its transactions (CLUSTER_RELAY)\n"
    "Of run:\n"
    "  --peers-file FILE     (DATA_DIR/cluster/peers.json)\n"
    "  --hook PROGRAM        gets the file's path as its argument\n"
    "  --after BLOCKS        that a newcomer must have been there for (0)\n"
    "  --no-register         only watch\n"
    "  --mode tls|wireguard  how nodes reach one another: by the gateway (tls), or by tunnels, to\n"
    "                        --endpoint HOST:PORT by UDP, or without it by streams through the\n"
    "                        gateway. Then peers prove their keys by quotes\n"
    "  --tcb STATUS          the worst that a peer's platform may have (UpToDate)\n"
    "  --tunnel-range RANGE  of IPv4, for tokens' addresses, the same on all nodes (10.0.1.0/24)\n"
    "  --tunnel-interface NAME  (devproof0)\n"
    "Of quotes, which are peers' proofs:\n"
    "  --collateral FILE     what Intel says of their platforms, or --pccs URL, --cache DIR or\n"
    "                        both\n"
    "  --root FILE           trust this certificate, DER or PEM, and not Intel's root; of run,\n"
    "                        with several --collateral one each\n"
    "  --os-reference FILE, --kms-id HEX   what verify compares with, as for devproof audit\n"
    "Of join:\n"
    "  --env-file FILE       variables for the node, which its KMS alone can read: lines of\n"
    "                        NAME=VALUE\n"
    "  --token-file FILE     of the cloud, readable by nobody else (PHALA_CLOUD_API_KEY)\n"
    "  --cloud URL           of its API (PHALA_CLOUD_API_PREFIX)\n"
    "  --app ADDRESS         the node's app (the cluster itself)\n"
    "  --name NAME           in the cloud (that of the app-compose.json)\n"
    "  --instance-type NAME  (tdx.small)\n"
    "  --kms NAME            (as the cloud chooses)\n"
    "  --kms-root KEY|ADDRESS  who must have signed the key for the variables (the contract's)\n"
    "\n"
    "Exit codes: 0 done, 1 failed or not so, 2 wrong use or a bad setting.\n";

static const struct option table[] = {
    {"after", required_argument, NULL, OPTION_AFTER},
    {"app", required_argument, NULL, OPTION_APP},
    {"as", required_argument, NULL, OPTION_AS},
    {"block", required_argument, NULL, OPTION_BLOCK},
    {"cache", required_argument, NULL, OPTION_CACHE},
    {"cloud", required_argument, NULL, OPTION_CLOUD},
    {"collateral", required_argument, NULL, OPTION_COLLATERAL},
    {"contract", required_argument, NULL, OPTION_CONTRACT},
    {"contracts", required_argument, NULL, OPTION_CONTRACTS},
    {"deployments", required_argument, NULL, OPTION_DEPLOYMENTS},
    {"endpoint", required_argument, NULL, OPTION_ENDPOINT},
    {"env-file", required_argument, NULL, OPTION_ENV_FILE},
    {"gateway-domain", required_argument, NULL, OPTION_GATEWAY},
    {"hook", required_argument, NULL, OPTION_HOOK},
    {"instance", required_argument, NULL, OPTION_INSTANCE},
    {"instance-type", required_argument, NULL, OPTION_INSTANCE_TYPE},
    {"interval", required_argument, NULL, OPTION_INTERVAL},
    {"key-file", required_argument, NULL, OPTION_KEY_FILE},
    {"kms", required_argument, NULL, OPTION_KMS},
    {"kms-id", required_argument, NULL, OPTION_KMS_ID},
    {"kms-root", required_argument, NULL, OPTION_KMS_ROOT},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"max-nodes", required_argument, NULL, OPTION_MAX_NODES},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"name", required_argument, NULL, OPTION_NAME},
    {"network", required_argument, NULL, OPTION_NETWORK},
    {"no-build", no_argument, NULL, OPTION_NO_BUILD},
    {"no-register", no_argument, NULL, OPTION_NO_REGISTER},
    {"os-reference", required_argument, NULL, OPTION_OS_REFERENCE},
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
    {"token-file", required_argument, NULL, OPTION_TOKEN_FILE},
    {"tunnel-interface", required_argument, NULL, OPTION_TUNNEL_INTERFACE},
    {"tunnel-range", required_argument, NULL, OPTION_TUNNEL_RANGE},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Options that all take who have a cluster, those of a node, and those of who pays. */
#define ALL OPTION_CONTRACT, OPTION_RPC, OPTION_TIMEOUT
#define NODE ALL, OPTION_ENDPOINT, OPTION_GATEWAY, OPTION_PORT, OPTION_RELAY
#define PAY ALL, OPTION_KEY_FILE
#define TUNNEL                                                                                     \
    OPTION_CACHE, OPTION_COLLATERAL, OPTION_PCCS, OPTION_ROOT, OPTION_TCB,                         \
        OPTION_TUNNEL_INTERFACE, OPTION_TUNNEL_RANGE

static const struct action {
    const char *name;
    int (*run)(struct cluster *cluster, int argc, char **argv);
    int least, most;           /* words after its name */
    unsigned char options[32]; /* of enum cluster_option, up to a 0 */
} actions[] = {
    {"account", cluster_account, 0, 0, {NODE}},
    {"assign", cluster_assign, 2, 2, {PAY}},
    {"config",
     cluster_config,
     0,
     0,
     {PAY, OPTION_MAX_NODES, OPTION_NETWORK, OPTION_PRICE, OPTION_SALE}},
    {"deploy",
     cluster_deploy,
     1,
     1,
     {OPTION_RPC, OPTION_TIMEOUT, OPTION_KEY_FILE, OPTION_AS, OPTION_NO_BUILD, OPTION_DEPLOYMENTS,
      OPTION_CONTRACTS}},
    {"join",
     cluster_join,
     1,
     1,
     {PAY, OPTION_APP, OPTION_CLOUD, OPTION_ENV_FILE, OPTION_INSTANCE_TYPE, OPTION_BLOCK,
      OPTION_KMS, OPTION_KMS_ROOT, OPTION_PRICE, OPTION_TOKEN_FILE, OPTION_TO, OPTION_INTERVAL,
      OPTION_NAME}},
    {"mint", cluster_mint, 0, 0, {PAY, OPTION_TO, OPTION_INSTANCE, OPTION_PRICE}},
    {"relay", cluster_relay, 0, 1, {PAY, OPTION_LISTEN}},
    {"revoke", cluster_revoke, 1, 1, {PAY, OPTION_REASON}},
    {"run",
     cluster_run,
     0,
     0,
     {NODE, OPTION_BLOCK, OPTION_PEERS_FILE, OPTION_HOOK, OPTION_AFTER, OPTION_INTERVAL,
      OPTION_NO_REGISTER, OPTION_MODE, TUNNEL}},
    {"status", cluster_status, 0, 0, {ALL, OPTION_BLOCK, OPTION_INSTANCE}},
    {"verify",
     cluster_verify,
     0,
     DP_PEERS_MAX,
     {ALL, OPTION_BLOCK, OPTION_CACHE, OPTION_COLLATERAL, OPTION_KMS_ID, OPTION_OS_REFERENCE,
      OPTION_PCCS, OPTION_ROOT}},
    {"voucher", cluster_voucher, 0, 0, {NODE, OPTION_RENEW}},
    {"wait", cluster_wait, 0, 0, {ALL, OPTION_BLOCK, OPTION_INSTANCE, OPTION_INTERVAL}},
};

/* --- what the actions share --- */

int cluster_failed(const struct cluster *cluster, enum dp_err err, const struct dp_detail *detail)
{
    char text[DSTACK_P2P_MESSAGE_SIZE];

    dp_explain(text, sizeof(text), err, detail);
    return client_fail(&cluster->client, EXIT_FAILURE, "%s", text);
}

static const char *option_name(int value)
{
    for (const struct option *option = table; option->name != NULL; option++) {
        if (option->val == value)
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

static bool takes(const struct action *action, int option)
{
    return memchr(action->options, option, sizeof(action->options)) != NULL;
}

/* An option that would be without effect is a mistake. */
static int check_options(const struct cluster *cluster, const struct action *action)
{
    for (int option = OPTION_AFTER; option < OPTION_END; option++) {
        if (cluster->given[option] != NULL && !takes(action, option))
            return client_fail(&cluster->client, EXIT_USAGE, "%s takes no --%s.", action->name,
                               option_name(option));
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
    if (code == EXIT_SUCCESS && takes(action, OPTION_CONTRACT))
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
    dp_account_close(&cluster.account);
    free(cluster.urls);
    return code;
}
