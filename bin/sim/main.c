/* main.c - dstack-sim: the dstack guest agent's stand-in, for machines that are no CVM. */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/secp.h"
#include "listen.h"
#include "server.h"
#include "sim.h"

#define EXIT_USAGE 2
#define MODE_DEFAULT 0660

struct options {
    const char *socket, *data;
    struct sim_files files; /* NULL: the one in data */
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
    "  --app-compose FILE  what the app runs (DIR/app-compose.json)\n"
    "  --sys-config FILE   configuration of the machine (DIR/sys-config.json)\n"
    "  --attestation FILE  quote and event log (DIR/attestation.bin)\n"
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

static struct options read_options(int argc, char **argv)
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
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION_OPTION},
        {NULL, 0, NULL, 0},
    };
    struct options out = {.socket = "./dstack.sock", .data = DP_SIM_DATA, .mode = MODE_DEFAULT};
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case SOCKET:
            out.socket = optarg;
            break;
        case MODE:
            out.mode = read_mode(optarg);
            break;
        case DATA:
            out.data = optarg;
            break;
        case KEYS:
            out.files.keys = optarg;
            break;
        case APP_COMPOSE:
            out.files.app_compose = optarg;
            break;
        case SYS_CONFIG:
            out.files.sys_config = optarg;
            break;
        case ATTESTATION:
            out.files.attestation = optarg;
            break;
        case HELP:
            say(usage);
        case VERSION_OPTION:
            say("dstack-sim " PACKAGE_VERSION "\n");
        default:
            exit(EXIT_USAGE); /* getopt_long has said what is wrong */
        }
    }
    if (optind < argc)
        fail(EXIT_USAGE, "takes options only; see --help.");
    return out;
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
    const struct sim_files *named = &options->files;
    const char *dir = options->data;
    char room[4][PATH_MAX];
    const struct sim_files files = {
        .keys = file_or(room[0], named->keys, dir, "appkeys.json"),
        .app_compose = file_or(room[1], named->app_compose, dir, "app-compose.json"),
        .sys_config = file_or(room[2], named->sys_config, dir, "sys-config.json"),
        .attestation = file_or(room[3], named->attestation, dir, "attestation.bin"),
    };
    struct dp_detail detail = {"", ""};
    enum dp_err err = sim_open(out, &files, &detail);

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

#ifdef __SANITIZE_ADDRESS__
/*
 * s6 sends SIGCONT after SIGTERM. That takes away the SIGSTOP of the search for leaks at the end of
 * the process, which then waits for ever; the unit tests search instead.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct sim sim;

    if (dp_secp_init() != DP_OK || sim_keys_init() != DP_OK)
        fail(EXIT_FAILURE, "the cryptographic libraries do not start");
    open_sim(&sim, &options);
    serve(&sim, &options);
    sim_close(&sim);
    sim_keys_free();
    return EXIT_SUCCESS;
}
