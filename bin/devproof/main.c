/* main.c - devproof: the operator's command line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devproof/command.h"

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"appauth", "show who may have an app's keys, as the chain proves it", command_appauth},
    {"audit", "judge what a service proves of itself; compare two judgements", command_audit},
    {"chain", "verify a signature chain up to the KMS root, offline", command_chain},
    {"cluster", "the peers of a cluster: see them, join, stay, administer", command_cluster},
    {"compose", "hash, explain, build and check dstack's app-compose.json", command_compose},
    {"contracts", "deploy the contracts to a chain, and compare what is there", command_contracts},
    {"db", "copy, back up, restore and check the database", command_db},
    {"eventlog", "replay a TD's event log", command_eventlog},
    {"health", "ask a running service whether it is well", command_health},
    {"init", "make or update the database; print a new admin token if there is none", command_init},
    {"keys", "check that the guest agent still derives every key on record", command_keys},
    {"lightclient", "what a consensus chain has made final, from a trusted block on",
     command_lightclient},
    {"log", "check the audit log: was a row changed, removed or moved?", command_log},
    {"quote", "show and verify a TDX quote", command_quote},
    {"rebuild", "build the image again, and compare it with what is recorded", command_rebuild},
    {"reload", "take changed routes into a running service", command_reload},
    {"sign", "sign a message as a user", command_sign},
    {"tls", "the certificate of HTTPS: show, renew, install one of a CA", command_tls},
    {"user", "list, show and rotate users' keys; their tokens", command_user},
    {"verify", "check a signature", command_verify},
};

static void usage(FILE *out)
{
    fprintf(out, "Usage: devproof COMMAND [OPTION...]\n\nCommands:\n");
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "\n`devproof COMMAND --help` says more. Exit codes: 0 done, 1 failed, 2 wrong use "
                 "or a bad setting.\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("devproof %s\n", PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "devproof: there is no command %s; try devproof --help\n", argv[1]);
    return EXIT_USAGE;
}
