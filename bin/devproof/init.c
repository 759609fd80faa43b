/* init.c - devproof init: make or update the database, and the admin's first token. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/config.h"
#include "devproof/command.h"
#include "store/token.h"

static const char help[] =
    "Usage: devproof init\n\n"
    "Apply what is missing of the schema to DATABASE_URL. If the admin has no token yet, and\n"
    "ADMIN_TOKEN is not set, make one and print it; it is stored as a hash and cannot be printed\n"
    "again. Running it twice changes nothing.\n";

#define UNWRITABLE                                                                                 \
    "the database of DATABASE_URL cannot be written: mend the permissions of its file and "        \
    "folder, "                                                                                     \
    "or make room on its disk."

static int fail(const char *sentence, int code)
{
    fprintf(stderr, "devproof init: %s\n", sentence);
    return code;
}

static int print_first_token(struct dp_store *store)
{
    char text[DP_TOKEN_TEXT_SIZE];
    struct dp_token token;
    enum dp_err err = dp_token_make(&token, text, false);

    token.admin = true;
    token.actor = DP_ACTOR_OPERATOR;
    if (err == DP_OK)
        err = dp_store_add_first_admin_token(store, &token);
    if (err == DP_OK)
        printf("%s\n", text);
    return err == DP_OK || err == DP_EUSEREXISTS
               ? EXIT_SUCCESS
               : fail(err == DP_ESTORE ? UNWRITABLE : dp_err_text(err), EXIT_FAILURE);
}

int command_init(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct dp_detail detail = {"", ""};
    struct dp_store *store = NULL;
    struct dp_config config;
    int option, code = EXIT_SUCCESS;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option != 'h')
            return EXIT_USAGE;
        fputs(help, stdout);
        return EXIT_SUCCESS;
    }
    if (optind != argc)
        return fail("it takes no arguments.", EXIT_USAGE);
    if (dp_config_load(&config, &detail) != DP_OK)
        return fail(detail.text, EXIT_USAGE);
    if (dp_store_open(&store, config.database_url, DP_STORE_WRITE, &detail) != DP_OK)
        return fail(detail.text, EXIT_FAILURE);
    if (config.admin_token == NULL)
        code = print_first_token(store);
    dp_store_close(store);
    return code;
}
