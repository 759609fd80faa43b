/* keys.c - devproof keys check: does the guest agent still derive every key on record? */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/hex.h"
#include "base/secret.h"
#include "devproof/client.h"
#include "devproof/command.h"
#include "dstack/wallet.h"
#include "store/store.h"

#define PAGE 1000

static const char help[] =
    "Usage: devproof keys check [--json]\n\n"
    "Derive the key in force of every user in DATABASE_URL from the guest agent and compare its\n"
    "public half with the record. Prints each user whose key is another one. Exit code 0 only if\n"
    "all agree.\n";

struct check {
    const struct client *client;
    struct dp_wallet *wallet;
    int64_t last_id;
    unsigned long users, wrong;
    size_t in_page;
};

static enum dp_err check_user(const struct dp_user *user, void *arg)
{
    struct check *check = arg;
    char text[DP_HEX0X_SIZE(DP_SECP_PUB_LEN)];
    struct dp_guest_key key;
    enum dp_err err = dp_wallet_public(check->wallet, &key, user->key_namespace, user->user_id);

    dp_hex0x_encode(text, key.public_key, sizeof(key.public_key));
    if (err != DP_OK)
        return err;
    check->last_id = user->id;
    check->in_page++;
    check->users++;
    if (strcmp(text, user->pub_key_hex) != 0) {
        check->wrong++;
        client_fail(check->client, EXIT_FAILURE, "%s: the key on record is not the derived one.",
                    user->user_id);
    }
    if (check->users % PAGE == 0 && isatty(STDERR_FILENO))
        fprintf(stderr, "%lu users\r", check->users);
    return DP_OK;
}

static int check_all(struct check *check, struct dp_store *store)
{
    enum dp_err err = DP_OK;

    do {
        check->in_page = 0;
        err = dp_store_list_users(store, check->last_id, PAGE, "", check_user, check);
    } while (err == DP_OK && check->in_page == PAGE);
    if (err != DP_OK)
        return client_fail(check->client, EXIT_FAILURE, "%s.", dp_err_text(err));
    if (check->client->json)
        printf("{\"users\":%lu,\"wrong\":%lu}\n", check->users, check->wrong);
    else
        printf("%lu users checked, %lu with another key than on record.\n", check->users,
               check->wrong);
    return check->wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int open_and_check(const struct client *client)
{
    struct dp_detail detail = {"", ""};
    struct dp_store *store = NULL;
    struct dp_guest *guest = NULL;
    struct dp_wallet *wallet = NULL;
    struct dp_config config;
    int code = EXIT_FAILURE;

    if (dp_config_load(&config, &detail) != DP_OK)
        return client_fail(client, EXIT_USAGE, "%s", detail.text);
    if (dp_store_open(&store, config.database_url, DP_STORE_READ, &detail) != DP_OK)
        client_fail(client, EXIT_FAILURE, "%s", detail.text);
    else if (dp_secp_init() != DP_OK || dp_secret_init() != DP_OK)
        client_fail(client, EXIT_FAILURE, "memory for keys cannot be locked (ulimit -l).");
    else if (dp_guest_open(&guest, config.guest_socket) != DP_OK ||
             dp_wallet_open(&wallet, guest, config.key_namespace) != DP_OK)
        client_fail(client, EXIT_FAILURE, "the guest agent's socket path is not valid.");
    else
        code = check_all(&(struct check){.client = client, .wallet = wallet}, store);
    dp_wallet_close(wallet);
    dp_guest_close(guest);
    dp_store_close(store);
    return code;
}

int command_keys(int argc, char **argv)
{
    static const struct option table[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct client client;
    int option, code;

    client_init(&client, "keys", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        code = client_option(&client, option, optarg);
        if (code >= 0)
            return code;
    }
    if (argc - optind != 1 || strcmp(argv[optind], "check") != 0)
        return client_fail(&client, EXIT_USAGE, "try devproof keys --help.");
    return open_and_check(&client);
}
