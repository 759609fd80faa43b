/* options.c - what the command line of dstack-sim says. */
#include "options.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "net/http.h"

#define MODE_DEFAULT 0660

static const char usage[] =
    "Usage: dstack-sim [OPTION]...\n"
    "Answer as the dstack guest agent does, from files with published test keys.\n"
    "\n"
    "  --socket PATH       listen here (./dstack.sock)\n"
    "  --mode OCTAL        permissions of the socket (0660)\n"
    "  --data DIR          where the files below are (" DP_SIM_DATA ")\n"
    "  --keys FILE         keys of the app (DIR/appkeys.json)\n"
    "  --app-compose FILE  what the app runs, measured (DIR/app-compose.json)\n"
    "  --sys-config FILE   configuration of the machine (DIR/sys-config.json)\n"
    "  --attestation FILE  quote and event log (DIR/attestation.bin)\n"
    "  --instance-id HEX   instance of the app, 40 digits, measured (that of the attestation)\n"
    "  --root FILE         write the root that quotes hang on here, as PEM\n"
    "  --collateral FILE   write the collateral that they verify with here\n"
    "  --pki FILE          the root is the one of this file, made where there is none: simulators\n"
    "                      that name the same file verify by one root and collateral\n"
    "  --tcb STATUS        up-to-date, outdated, hardening, configuration or revoked\n"
    "  --debug-td          be a TD whose memory its host may read\n"
    "  --fault NAME        quote-signature, qe-report, root, revoked, expired, report-data,\n"
    "                      event-log, tls-key or no-quote\n"
    "  --app-auth ADDRESS  ask this contract isAppAllowed before a key is used; its answer counts\n"
    "                      for a second, and none within 1.5 seconds is a no\n"
    "  --rpc URL           of the Ethereum node to ask it at\n"
    "  --help, --version   say this, or the version, and end\n";

void __attribute__((noreturn)) sim_fail(int status, const char *text)
{
    fprintf(stderr, "dstack-sim: %s\n", text);
    exit(status);
}

static void __attribute__((noreturn)) say(const char *text)
{
    exit(fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static mode_t read_mode(const char *text)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);

    if (end == text || *end != '\0' || mode > 0777)
        sim_fail(SIM_EXIT_USAGE, "--mode takes an octal number up to 0777.");
    return (mode_t)mode;
}

static const struct sim_tcb *read_tcb(const char *name)
{
    const struct sim_tcb *tcb = sim_tcb_find(name);

    if (tcb == NULL)
        sim_fail(SIM_EXIT_USAGE, "--tcb takes a status; see --help.");
    return tcb;
}

static enum sim_fault read_fault(const char *name)
{
    enum sim_fault fault;

    if (!sim_fault_find(&fault, name))
        sim_fail(SIM_EXIT_USAGE, "--fault takes the name of one; see --help.");
    return fault;
}

static const char *read_url(const char *text)
{
    if (!dp_http_is_url(text))
        sim_fail(SIM_EXIT_USAGE, "--rpc takes an http:// or https:// URL.");
    return text;
}

static void read_app_auth(struct sim_options *out, const char *text)
{
    if (dp_address_parse(out->app_auth, text) != DP_OK)
        sim_fail(SIM_EXIT_USAGE,
                 "--app-auth takes an address: 0x and 40 hex digits, mixed case only as EIP-55 "
                 "has it.");
    out->setup.app_auth = out->app_auth;
}

static void read_instance(struct sim_options *out, const char *text)
{
    if (strlen(text) != 2 * SIM_INSTANCE_ID_LEN ||
        dp_hex_decode_exact(out->instance_id, SIM_INSTANCE_ID_LEN, text) != DP_OK)
        sim_fail(SIM_EXIT_USAGE, "--instance-id takes 40 hex digits.");
    out->setup.instance_id = out->instance_id;
}

enum {
    SOCKET,
    MODE,
    DATA,
    KEYS,
    APP_COMPOSE,
    SYS_CONFIG,
    ATTESTATION,
    INSTANCE_ID,
    ROOT,
    COLLATERAL,
    PKI,
    TCB,
    DEBUG_TD,
    FAULT,
    APP_AUTH,
    RPC,
    HELP,
    VERSION_OPTION
};

static const struct option names[] = {
    {"socket", required_argument, NULL, SOCKET},
    {"mode", required_argument, NULL, MODE},
    {"data", required_argument, NULL, DATA},
    {"keys", required_argument, NULL, KEYS},
    {"app-compose", required_argument, NULL, APP_COMPOSE},
    {"sys-config", required_argument, NULL, SYS_CONFIG},
    {"attestation", required_argument, NULL, ATTESTATION},
    {"instance-id", required_argument, NULL, INSTANCE_ID},
    {"root", required_argument, NULL, ROOT},
    {"collateral", required_argument, NULL, COLLATERAL},
    {"pki", required_argument, NULL, PKI},
    {"tcb", required_argument, NULL, TCB},
    {"debug-td", no_argument, NULL, DEBUG_TD},
    {"fault", required_argument, NULL, FAULT},
    {"app-auth", required_argument, NULL, APP_AUTH},
    {"rpc", required_argument, NULL, RPC},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION_OPTION},
    {NULL, 0, NULL, 0},
};

/* The place of an option that is a text as it stands; NULL for another. */
static const char **text_of(struct sim_options *out, int option)
{
    switch (option) {
    case SOCKET:
        return &out->socket;
    case DATA:
        return &out->data;
    case KEYS:
        return &out->setup.keys;
    case APP_COMPOSE:
        return &out->setup.app_compose;
    case SYS_CONFIG:
        return &out->setup.sys_config;
    case ATTESTATION:
        return &out->setup.attestation;
    case ROOT:
        return &out->setup.root;
    case COLLATERAL:
        return &out->setup.collateral;
    case PKI:
        return &out->setup.pki;
    default:
        return NULL;
    }
}

/* One that has to be understood. */
static void read_value(struct sim_options *out, int option)
{
    switch (option) {
    case MODE:
        out->mode = read_mode(optarg);
        break;
    case TCB:
        out->setup.tcb = read_tcb(optarg);
        break;
    case DEBUG_TD:
        out->setup.debug = true;
        break;
    case FAULT:
        out->setup.fault = read_fault(optarg);
        break;
    case INSTANCE_ID:
        read_instance(out, optarg);
        break;
    case APP_AUTH:
        read_app_auth(out, optarg);
        break;
    case RPC:
        out->setup.rpc = read_url(optarg);
        break;
    case HELP:
        say(usage);
    case VERSION_OPTION:
        say("dstack-sim " PACKAGE_VERSION "\n");
    default:
        exit(SIM_EXIT_USAGE); /* getopt_long has said what is wrong */
    }
}

void sim_options_read(struct sim_options *out, int argc, char **argv)
{
    int option;

    *out =
        (struct sim_options){.socket = "./dstack.sock", .data = DP_SIM_DATA, .mode = MODE_DEFAULT};
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        const char **text = text_of(out, option);

        if (text != NULL)
            *text = optarg;
        else
            read_value(out, option);
    }
    if (optind < argc)
        sim_fail(SIM_EXIT_USAGE, "takes options only; see --help.");
    if ((out->setup.app_auth == NULL) != (out->setup.rpc == NULL))
        sim_fail(SIM_EXIT_USAGE, "--app-auth and --rpc go together: whom to ask, and where.");
    out->setup.measure = out->setup.app_compose != NULL;
}
