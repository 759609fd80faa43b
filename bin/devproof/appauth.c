/* appauth.c - devproof appauth: who may have an app's keys, as the chain proves it. */
#include "devproof/appauth.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "devproof/command.h"

#define WITHIN_MS 20000 /* one call */
#define TIMEOUT_S 120   /* all of them */
#define ANSWER_MAX (8 * 1024 * 1024)

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

int appauth_failed(const struct appauth *appauth, const struct dp_detail *detail, enum dp_err err)
{
    return client_fail(&appauth->client, EXIT_FAILURE, "%s%s%s", detail->field,
                       detail->field[0] != '\0' ? ": " : "",
                       detail->text[0] != '\0' ? detail->text : dp_err_text(err));
}

void appauth_disagree(struct appauth *appauth, const char *fmt, ...)
{
    struct json_object *sentence;
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    sentence = json_object_new_string(text);
    if (sentence == NULL || json_object_array_add(appauth->disagreements, sentence) != 0)
        abort();
}

/* Returns: -1 go on, else an exit code */
static int add_witness(struct appauth *appauth, const char *url)
{
    struct dp_witness *witness = &appauth->witnesses[appauth->count];

    if (!node_url_is(url))
        return client_fail(&appauth->client, EXIT_USAGE, "--rpc: http:// or https://.");
    if (appauth->count == APPAUTH_NODES_MAX)
        return client_fail(&appauth->client, EXIT_USAGE, "--rpc: %d at most.", APPAUTH_NODES_MAX);
    for (size_t i = 0; i < appauth->count; i++) {
        if (strcmp(appauth->witnesses[i].rpc.url, url) == 0)
            return client_fail(&appauth->client, EXIT_USAGE,
                               "--rpc: %s twice, which proves no more.", appauth->names[i]);
    }
    node_url_show(appauth->names[appauth->count], url);
    *witness =
        (struct dp_witness){.rpc = {.url = url, .within_ms = WITHIN_MS, .answer_max = ANSWER_MAX},
                            .name = appauth->names[appauth->count]};
    appauth->count++;
    return -1;
}

static int read_tag(struct appauth *appauth, const char *text)
{
    for (unsigned i = 0; i < DP_TAG_COUNT; i++) {
        if (strcmp(text, dp_witness_tag_name(i)) == 0) {
            appauth->wanted = i;
            return -1;
        }
    }
    return client_fail(&appauth->client, EXIT_USAGE, "--block: finalized, safe or latest.");
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
        return add_witness(appauth, value);
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
    if (code < 0 && appauth->count == 0 && getenv("RPC_URL") != NULL)
        code = add_witness(appauth, getenv("RPC_URL"));
    return code;
}

static int agree(struct appauth *appauth)
{
    const int64_t deadline = dp_clock_mono_us() + (int64_t)appauth->timeout_s * 1000000;
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    for (size_t i = 0; i < appauth->count; i++)
        appauth->witnesses[i].deadline = deadline;
    err = dp_witness_agree(&appauth->agreed, appauth->witnesses, appauth->count, appauth->wanted,
                           &detail);

    return err == DP_OK ? EXIT_SUCCESS : appauth_failed(appauth, &detail, err);
}

static int show(struct appauth *appauth)
{
    struct appauth_history history = {NULL, 0};
    struct appauth_replay replay = {.proposals = NULL};
    struct appauth_state state = {.notice = 0};
    bool allowed = false;
    int result = agree(appauth);

    appauth->disagreements = json_object_new_array();
    if (result == EXIT_SUCCESS)
        result = appauth_read_state(appauth, &state);
    if (result == EXIT_SUCCESS)
        result = appauth_read_history(appauth, &history, &state);
    if (result == EXIT_SUCCESS)
        result = appauth_read_replay(appauth, &replay, &history, &state);
    if (result == EXIT_SUCCESS) {
        allowed = appauth_report(appauth, &state, &history, &replay);
        if (!allowed || json_object_array_length(appauth->disagreements) > 0)
            result = EXIT_FAILURE;
    }
    appauth_replay_free(&replay);
    appauth_history_free(&history);
    json_object_put(appauth->disagreements);
    return result;
}

int command_appauth(int argc, char **argv)
{
    struct appauth appauth = {.wanted = DP_TAG_FINALIZED, .timeout_s = TIMEOUT_S};
    int code;

    client_init(&appauth.client, "appauth", help);
    code = read_options(&appauth, argc, argv);
    if (code >= 0)
        return code;
    if (argc - optind != 2 || strcmp(argv[optind], "show") != 0)
        return client_fail(&appauth.client, EXIT_USAGE,
                           "say show ADDRESS; devproof appauth --help says more.");
    if (dp_address_parse(appauth.address, argv[optind + 1]) != DP_OK)
        return client_fail(&appauth.client, EXIT_USAGE, "%s is no address.", argv[optind + 1]);
    if (appauth.count == 0)
        return client_fail(&appauth.client, EXIT_USAGE,
                           "name nodes by --rpc URL or RPC_URL, http:// or https://.");
    return show(&appauth);
}
