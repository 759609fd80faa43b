/* chain.c - devproof chain verify: does a key hang on the KMS root that you trust? Offline. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/chain.h"
#include "devproof/client.h"
#include "devproof/command.h"

#define ANSWER_MAX (1024 * 1024)

static const char help[] =
    "Usage: devproof chain verify FILE --root KEY|ADDRESS\n"
    "       devproof chain verify FILE --simulator gen1|gen2\n\n"
    "FILE is an answer of GET /api/users/USERID/keys (- for standard input). The chain says that\n"
    "the KMS whose root you name gave this key to the app id in it; it says nothing of when, or "
    "of\n"
    "which version of the app. Exit code 0 only if it holds.\n\n"
    "  --root KEY|ADDRESS    the KMS root: its public key (33 or 65 bytes) or its address\n"
    "  --simulator NAME      the root of a published dstack simulator, whose keys anyone knows\n"
    "  --app-id HEX          the app id must be this one\n"
    "  --json                print the verdict as JSON\n"
    "  --help\n";

static int print_verdict(const struct client *client, const char *fault, struct json_object *answer)
{
    struct json_object *verdict = client->json ? json_object_new_object() : NULL;

    if (verdict != NULL) {
        dp_json_add_bool(verdict, "valid", fault == NULL);
        if (fault != NULL)
            dp_json_add_text(verdict, "error", fault);
        client_print(client, verdict);
    } else if (fault == NULL) {
        printf("The chain holds: %s is a key of app %s under this KMS root.\n",
               client_text(answer, "address"), client_text(answer, "appId"));
    } else {
        client_fail(client, EXIT_FAILURE, "%s", fault);
    }
    return fault == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int verify(const struct client *client, const struct chain_expected *expected,
                  const char *path)
{
    struct dp_buf text = DP_BUF_INIT(ANSWER_MAX);
    struct dp_detail detail = {"", ""};
    struct json_object *answer = NULL;
    int code = EXIT_USAGE;

    if (!client_read_file(client, &text, path))
        goto out;
    if (dp_json_parse(&answer, text.data, text.len, &detail) != DP_OK)
        client_fail(client, EXIT_USAGE, "%s: %s", path, detail.text);
    else
        code = print_verdict(client, chain_fault(expected, answer), answer);
out:
    json_object_put(answer);
    dp_buf_free(&text);
    return code;
}

int command_chain(int argc, char **argv)
{
    static const struct option table[] = {
        {"root", required_argument, NULL, 'r'},   {"simulator", required_argument, NULL, 's'},
        {"app-id", required_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    struct chain_expected expected = {.has_root = false};
    struct client client;
    bool ok = true;
    int option;

    client_init(&client, "chain", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        int code = -1;

        if (option == 'r' || option == 's') {
            ok = ok && !expected.has_root &&
                 (option == 'r' ? chain_expect_root(&expected, optarg)
                                : chain_expect_simulator(&expected, optarg));
        } else if (option == 'a') {
            expected.has_app_id = true;
            ok = ok && dp_hex_decode_exact(expected.app_id, DP_APP_ID_LEN, optarg) == DP_OK;
        } else {
            code = client_option(&client, option, optarg);
        }
        if (code >= 0)
            return code;
    }
    if (argc - optind != 2 || strcmp(argv[optind], "verify") != 0)
        return client_fail(&client, EXIT_USAGE, "try devproof chain --help.");
    if (!expected.has_root || !ok || dp_secp_init() != DP_OK)
        return client_fail(&client, EXIT_USAGE,
                           "name the root once: --root KEY or ADDRESS, or --simulator gen1 or "
                           "gen2; --app-id takes 20 bytes of hex.");
    return verify(&client, &expected, argv[optind + 1]);
}
