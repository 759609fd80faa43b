/* contracts.c - devproof contracts: put contracts on a chain, and compare what is there. */
#include "devproof/contracts.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secp.h"
#include "devproof/command.h"
#include "ethereum/node_url.h"
#include "net/http.h"

#define WITHIN_MS 20000
#define ANSWER_MAX (8 * 1024 * 1024)

static const char help[] =
    "Usage: devproof contracts deploy NAME [ARGUMENT...] [OPTION...]\n"
    "       devproof contracts verify [LABEL...] [OPTION...]\n\n"
    "deploy builds the contract NAME, sends it to a node and writes down in "
    "deployments/CHAIN.json\n"
    "what is where. If the same code with the same arguments is there already, it says so and "
    "sends\n"
    "nothing. verify builds all anew in a folder of its own and compares what is on the chain,\n"
    "byte by byte: all that was deployed, or what is named.\n\n"
    "ARGUMENTs are those of the constructor: addresses, bytes and numbers (decimal or 0x) as they\n"
    "are, true or false, texts; arrays and tuples as JSON, such as '[\"0x...\"]' or\n"
    "'{\"notice\":86400}'. Put -- before them if one begins with a hyphen.\n\n"
    "  --rpc URL          the node (RPC_URL)\n"
    "  --key-file FILE    the deployer's private key, 64 hex digits, readable by nobody else\n"
    "                     (else DEPLOYER_KEY holds it)\n"
    "  --unlocked ADDRESS let the node sign as this account: for development nodes\n"
    "  --as LABEL         its name in deployments/CHAIN.json (NAME)\n"
    "  --replace          where the label has another contract, write this one in its place\n"
    "  --timeout SECONDS  how long to wait for a block (180)\n"
    "  --contracts DIR    Foundry's folder (contracts)\n"
    "  --deployments DIR  (deployments)\n"
    "  --no-build         take what is in DIR/out as it is\n"
    "  --json             say it as JSON; progress is on standard error in any case\n"
    "  --help\n\n"
    "Exit codes: 0 deployed, or the same; 1 it failed, or is not the same; 2 wrong use.\n";

int contracts_node_failed(const struct contracts *contracts, const struct dp_detail *detail,
                          enum dp_err err)
{
    return client_fail(&contracts->client, EXIT_FAILURE, "%s: %s", contracts->node,
                       detail->text[0] != '\0' ? detail->text : dp_err_text(err));
}

int contracts_connect(struct contracts *contracts)
{
    struct dp_detail detail = {"", ""};
    enum dp_err err = dp_node_chain_id(&contracts->rpc, &contracts->chain_id, &detail);

    return err == DP_OK ? EXIT_SUCCESS : contracts_node_failed(contracts, &detail, err);
}

static bool read_timeout(unsigned *out, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    *out = (unsigned)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= 1 && value <= 86400;
}

/* Returns: -1 go on, else an exit code */
static int take_option(struct contracts *contracts, int option, const char *value)
{
    switch (option) {
    case 'r':
        contracts->url = value;
        return -1;
    case 'k':
        contracts->key_file = value;
        return -1;
    case 'a':
        contracts->unlocked = value;
        return -1;
    case 'l':
        contracts->label = value;
        return -1;
    case 'p':
        contracts->replace = true;
        return -1;
    case 'w':
        return read_timeout(&contracts->timeout_s, value)
                   ? -1
                   : client_fail(&contracts->client, EXIT_USAGE, "--timeout: 1 to 86400 seconds.");
    case 'c':
        contracts->folder = value;
        return -1;
    case 'd':
        contracts->deployments = value;
        return -1;
    case 'n':
        contracts->no_build = true;
        return -1;
    default:
        return client_option(&contracts->client, option, value);
    }
}

/* Returns: -1 go on, else an exit code */
static int read_options(struct contracts *contracts, int argc, char **argv)
{
    static const struct option table[] = {{"rpc", required_argument, NULL, 'r'},
                                          {"key-file", required_argument, NULL, 'k'},
                                          {"unlocked", required_argument, NULL, 'a'},
                                          {"as", required_argument, NULL, 'l'},
                                          {"replace", no_argument, NULL, 'p'},
                                          {"timeout", required_argument, NULL, 'w'},
                                          {"contracts", required_argument, NULL, 'c'},
                                          {"no-build", no_argument, NULL, 'n'},
                                          {"deployments", required_argument, NULL, 'd'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option, code = -1;

    while (code < 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
        code = take_option(contracts, option, optarg);
    return code;
}

/* Of one call: no longer than for all of them. */
static unsigned within_ms(unsigned timeout_s)
{
    return timeout_s < WITHIN_MS / 1000 ? timeout_s * 1000 : WITHIN_MS;
}

int contracts_open(struct contracts *contracts)
{
    if (contracts->url == NULL || !dp_http_is_url(contracts->url))
        return client_fail(&contracts->client, EXIT_USAGE,
                           "name a node by --rpc URL or RPC_URL, http:// or https://.");
    if (dp_secp_init() != DP_OK)
        return client_fail(&contracts->client, EXIT_FAILURE,
                           "no memory that can be locked: raise ulimit -l.");
    dp_node_url_show(contracts->node, contracts->url);
    contracts->rpc = (struct dp_rpc){.url = contracts->url,
                                     .within_ms = within_ms(contracts->timeout_s),
                                     .answer_max = ANSWER_MAX};
    return EXIT_SUCCESS;
}

int command_contracts(int argc, char **argv)
{
    struct contracts contracts = {.folder = CONTRACTS_FOLDER,
                                  .deployments = CONTRACTS_DEPLOYMENTS,
                                  .url = getenv("RPC_URL"),
                                  .timeout_s = CONTRACTS_TIMEOUT_S};
    int code;

    client_init(&contracts.client, "contracts", help);
    code = read_options(&contracts, argc, argv);
    if (code >= 0)
        return code;
    argc -= optind;
    argv += optind;
    if (argc < 1 || (strcmp(argv[0], "deploy") != 0 && strcmp(argv[0], "verify") != 0))
        return client_fail(&contracts.client, EXIT_USAGE,
                           "say deploy NAME or verify; devproof contracts --help says more.");
    code = contracts_open(&contracts);
    if (code != EXIT_SUCCESS)
        return code;
    if (strcmp(argv[0], "verify") == 0)
        return contracts_verify(&contracts, argv + 1, argc - 1);
    return contracts_deploy(&contracts, argv + 1, argc - 1);
}
