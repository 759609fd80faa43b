/* main.c - dstack-sim: the dstack guest agent's stand-in, for machines that are no CVM. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/secp.h"
#include "listen.h"
#include "options.h"
#include "server.h"
#include "sim.h"

/* The file that was named, or that of the data directory, written to room. */
static const char *file_or(char room[static PATH_MAX], const char *named, const char *dir,
                           const char *name)
{
    if (named != NULL)
        return named;
    if (snprintf(room, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
        sim_fail(SIM_EXIT_USAGE, "the path of --data is too long.");
    return room;
}

static void open_sim(struct sim *out, const struct sim_options *options)
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
        sim_fail(EXIT_FAILURE, detail.text[0] != '\0' ? detail.text : dp_err_text(err));
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

static void serve(const struct sim *sim, const struct sim_options *options)
{
    struct dp_detail detail = {"", ""};
    sigset_t ending = block_signals();
    struct MHD_Daemon *daemon;
    int fd, received;

    if (sim_listen(&fd, options->socket, options->mode, &detail) != DP_OK)
        sim_fail(EXIT_FAILURE, detail.text);
    daemon = sim_server_start(sim, fd);
    if (daemon == NULL) {
        unlink(options->socket);
        sim_fail(EXIT_FAILURE, "the HTTP server does not start");
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
    struct sim_options options;
    struct sim sim;

    sim_options_read(&options, argc, argv);
    if (dp_secp_init() != DP_OK || sim_keys_init() != DP_OK)
        sim_fail(EXIT_FAILURE, "the cryptographic libraries do not start");
    open_sim(&sim, &options);
    serve(&sim, &options);
    sim_close(&sim);
    sim_keys_free();
    return EXIT_SUCCESS;
}
