/* main.c - dstack-sim: the dstack guest agent's stand-in, for machines that are no CVM. */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/secp.h"
#include "ethereum/address.h"
#include "listen.h"
#include "net/http.h"
#include "server.h"
#include "sim.h"

#define EXIT_USAGE 2
#define MODE_DEFAULT 0660

struct options {
    const char *socket, *data;
    struct sim_setup setup;           /* NULL: the file in data */
    uint8_t app_auth[DP_ADDRESS_LEN]; /* what setup points to */
    mode_t mode;
};

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
    "  --root FILE         write the root that quotes hang on here, as PEM\n"
    "  --collateral FILE   write the collateral that they verify with here\n"
    "  --tcb STATUS        up-to-date, outdated, hardening, configuration or revoked\n"
    "  --debug-td          be a TD whose memory its host may read\n"
    "  --fault NAME        quote-signature, qe-report, root, revoked, expired, report-data,\n"
    "                      event-log, tls-key or no-quote\n"
    "  --app-auth ADDRESS  ask this contract isAppAllowed before a key is used, of the measured "
    "state\n"
    "  --rpc URL           of the Ethereum node to ask it at; an answer is kept for a second, and "
    "none\n"
    "                      within 1.5 seconds is a no\n"
    "  --help, --version   say this, or the version, and end\n";

static void __attribute__((noreturn)) fail(int status, const char *text)
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
        fail(EXIT_USAGE, "--mode takes an octal number up to 0777.");
    return (mode_t)mode;
}

static const struct sim_tcb *read_tcb(const char *name)
{
    const struct sim_tcb *tcb = sim_tcb_find(name);

    if (tcb == NULL)
        fail(EXIT_USAGE, "--tcb takes a status; see --help.");
    return tcb;
}

static enum sim_fault read_fault(const char *name)
{
    enum sim_fault fault;

    if (!sim_fault_find(&fault, name))
        fail(EXIT_USAGE, "--fault takes the name of one; see --help.");
    return fault;
}

static const char *read_url(const char *text)
{
    if (!dp_http_is_url(text))
        fail(EXIT_USAGE, "--rpc takes an http:// or https:// URL.");
    return text;
}

static void read_app_auth(struct options *out, const char *text)
{
    if (dp_address_parse(out->app_auth, text) != DP_OK)
        fail(EXIT_USAGE,
             "--app-auth takes an address: 0x and 40 hex digits, mixed case only as EIP-55 "
             "has it.");
    out->setup.app_auth = out->app_auth;
}

/* Of the options that say what quotes are like, and who is asked. */
enum { ROOT = 100, COLLATERAL, TCB, DEBUG_TD, FAULT, APP_AUTH, RPC };

static void read_evidence(struct options *out, int option)
{
    if (option == ROOT)
        out->setup.root = optarg;
    else if (option == COLLATERAL)
        out->setup.collateral = optarg;
    else if (option == TCB)
        out->setup.tcb = read_tcb(optarg);
    else if (option == DEBUG_TD)
        out->setup.debug = true;
    else if (option == FAULT)
        out->setup.fault = read_fault(optarg);
    else if (option == APP_AUTH)
        read_app_auth(out, optarg);
    else if (option == RPC)
        out->setup.rpc = read_url(optarg);
    else
        exit(EXIT_USAGE); /* getopt_long has said what is wrong */
}

static void read_options(struct options *out, int argc, char **argv)
{
    enum { SOCKET, MODE, DATA, KEYS, APP_COMPOSE, SYS_CONFIG, ATTESTATION, HELP, VERSION_OPTION };
    static const struct option names[] = {
        {"socket", required_argument, NULL, SOCKET},
        {"mode", required_argument, NULL, MODE},
        {"data", required_argument, NULL, DATA},
        {"keys", required_argument, NULL, KEYS},
        {"app-compose", required_argument, NULL, APP_COMPOSE},
        {"sys-config", required_argument, NULL, SYS_CONFIG},
        {"attestation", required_argument, NULL, ATTESTATION},
        {"root", required_argument, NULL, ROOT},
        {"collateral", required_argument, NULL, COLLATERAL},
        {"tcb", required_argument, NULL, TCB},
        {"debug-td", no_argument, NULL, DEBUG_TD},
        {"fault", required_argument, NULL, FAULT},
        {"app-auth", required_argument, NULL, APP_AUTH},
        {"rpc", required_argument, NULL, RPC},
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION_OPTION},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case SOCKET:
            out->socket = optarg;
            break;
        case MODE:
            out->mode = read_mode(optarg);
            break;
        case DATA:
            out->data = optarg;
            break;
        case KEYS:
            out->setup.keys = optarg;
            break;
        case APP_COMPOSE:
            out->setup.app_compose = optarg;
            out->setup.measure = true;
            break;
        case SYS_CONFIG:
            out->setup.sys_config = optarg;
            break;
        case ATTESTATION:
            out->setup.attestation = optarg;
            break;
        case HELP:
            say(usage);
        case VERSION_OPTION:
            say("dstack-sim " PACKAGE_VERSION "\n");
        default:
            read_evidence(out, option);
        }
    }
    if (optind < argc)
        fail(EXIT_USAGE, "takes options only; see --help.");
    if ((out->setup.app_auth == NULL) != (out->setup.rpc == NULL))
        fail(EXIT_USAGE, "--app-auth and --rpc go together: whom to ask, and where.");
}

/* The file that was named, or that of the data directory, written to room. */
static const char *file_or(char room[static PATH_MAX], const char *named, const char *dir,
                           const char *name)
{
    if (named != NULL)
        return named;
    if (snprintf(room, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
        fail(EXIT_USAGE, "the path of --data is too long.");
    return room;
}

static void open_sim(struct sim *out, const struct options *options)
{
    const struct sim_setup *named = &options->setup;
    const char *dir = options->data;
    char room[4][PATH_MAX];
    struct sim_setup setup = *named;
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    setup.keys = file_or(room[0], named->keys, dir, "appkeys.json");
    setup.app_compose = file_or(room[1], named->app_compose, dir, "app-compose.json");
    setup.sys_config = file_or(room[2], named->sys_config, dir, "sys-config.json");
    setup.attestation = file_or(room[3], named->attestation, dir, "attestation.bin");
    err = sim_open(out, &setup, &detail);
    if (err != DP_OK) {
        sim_close(out);
        fail(EXIT_FAILURE, detail.text[0] != '\0' ? detail.text : dp_err_text(err));
    }
}

/* Block the signals that end the program, before any thread: they are waited for instead. */
static sigset_t block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

static void serve(const struct sim *sim, const struct options *options)
{
    struct dp_detail detail = {"", ""};
    sigset_t ending = block_signals();
    struct MHD_Daemon *daemon;
    int fd, received;

    if (sim_listen(&fd, options->socket, options->mode, &detail) != DP_OK)
        fail(EXIT_FAILURE, detail.text);
    daemon = sim_server_start(sim, fd);
    if (daemon == NULL) {
        unlink(options->socket);
        fail(EXIT_FAILURE, "the HTTP server does not start");
    }
    printf("listening on %s\n", options->socket);
    fflush(stdout);
    sigwait(&ending, &received);
    unlink(options->socket);
    sim_server_stop(daemon);
}

int main(int argc, char **argv)
{
    struct options options = {.socket = "./dstack.sock", .data = DP_SIM_DATA, .mode = MODE_DEFAULT};
    struct sim sim;

    read_options(&options, argc, argv);
    if (dp_secp_init() != DP_OK || sim_keys_init() != DP_OK)
        fail(EXIT_FAILURE, "the cryptographic libraries do not start");
    open_sim(&sim, &options);
    serve(&sim, &options);
    sim_close(&sim);
    sim_keys_free();
    return EXIT_SUCCESS;
}
