/* appauth.c - devproof appauth: who may have an app's keys, as the chain proves it. */
#include "devproof/appauth.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "devproof/command.h"

static const char help[] =
    "Usage: devproof appauth show ADDRESS --rpc URL [--rpc URL...] [OPTION...]\n\n"
    "Reads a TimelockAppAuth: owner, notice, guardian, pause, allowed code, what is proposed and\n"
    "from when on it counts, the whole history, and whether other code can take its place. All\n"
    "URLs must have one hash for the block. Each value is proven (by storage proof against that\n"
    "block) or told (by calls, which all URLs answer alike).\n\n"
    "  --rpc URL           a node; several, of people who do not know each other (RPC_URL)\n"
    "  --compose-hash HEX  is this code allowed, and since when?\n"
    "  --block TAG         finalized (the default), safe or latest\n"
    "  --timeout SECONDS   for all that is asked together (120)\n"
    "  --json\n"
    "  --help\n\n"
    "Exit codes: 0 nothing disagrees, and the compose hash, where given, is allowed; 1 else; 2 "
    "wrong\nuse.\n";

static int read_tag(struct appauth *appauth, const char *text)
{
    return appauth_take_tag(appauth, text)
               ? -1
               : client_fail(&appauth->client, EXIT_USAGE, "--block: finalized, safe or latest.");
}

static int read_hash(struct appauth *appauth, const char *text)
{
    appauth->has_hash = dp_hex_decode_exact(appauth->hash, sizeof(appauth->hash), text) == DP_OK;
    return appauth->has_hash
               ? -1
               : client_fail(&appauth->client, EXIT_USAGE, "--compose-hash: 64 hex digits.");
}

static int read_timeout(struct appauth *appauth, const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < 1 || value > 86400)
        return client_fail(&appauth->client, EXIT_USAGE, "--timeout: 1 to 86400 seconds.");
    appauth->timeout_s = (unsigned)value;
    return -1;
}

static int take_option(struct appauth *appauth, int option, const char *value)
{
    switch (option) {
    case 'r':
        return appauth_add_node(appauth, value);
    case 'c':
        return read_hash(appauth, value);
    case 'b':
        return read_tag(appauth, value);
    case 'w':
        return read_timeout(appauth, value);
    default:
        return client_option(&appauth->client, option, value);
    }
}

/* Returns: -1 go on, else an exit code */
static int read_options(struct appauth *appauth, int argc, char **argv)
{
    static const struct option table[] = {{"rpc", required_argument, NULL, 'r'},
                                          {"compose-hash", required_argument, NULL, 'c'},
                                          {"block", required_argument, NULL, 'b'},
                                          {"timeout", required_argument, NULL, 'w'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int option, code = -1;

    while (code < 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
        code = take_option(appauth, option, optarg);
    if (code < 0 && appauth->nodes.count == 0 && getenv("RPC_URL") != NULL)
        code = appauth_add_node(appauth, getenv("RPC_URL"));
    return code;
}

static int show(struct appauth *appauth)
{
    struct appauth_findings findings = {.replay = {.proposals = NULL}};
    int result = appauth_look(appauth, &findings);

    if (result != EXIT_SUCCESS)
        client_fail(&appauth->client, result, "%s", appauth->fault);
    else if (!appauth_report(appauth, &findings) ||
             json_object_array_length(appauth->disagreements) > 0)
        result = EXIT_FAILURE;
    appauth_findings_free(&findings);
    return result;
}

static int run(struct appauth *appauth, int argc, char **argv)
{
    if (argc - optind != 2 || strcmp(argv[optind], "show") != 0)
        return client_fail(&appauth->client, EXIT_USAGE,
                           "say show ADDRESS; devproof appauth --help says more.");
    if (dp_address_parse(appauth->address, argv[optind + 1]) != DP_OK)
        return client_fail(&appauth->client, EXIT_USAGE, "%s is no address.", argv[optind + 1]);
    if (appauth->nodes.count == 0)
        return client_fail(&appauth->client, EXIT_USAGE,
                           "name nodes by --rpc URL or RPC_URL, http:// or https://.");
    return show(appauth);
}

int command_appauth(int argc, char **argv)
{
    struct appauth appauth;
    int code;

    appauth_init(&appauth);
    client_init(&appauth.client, "appauth", help);
    code = read_options(&appauth, argc, argv);
    if (code < 0)
        code = run(&appauth, argc, argv);
    appauth_free(&appauth);
    return code;
}
