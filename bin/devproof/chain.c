/* chain.c - devproof chain verify: does a key hang on the KMS root that you trust? Offline. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/client.h"
#include "devproof/command.h"
#include "dstack/chain.h"
#include "ethereum/address.h"

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

struct expected {
    uint8_t root[DP_ADDRESS_LEN];
    uint8_t app_id[DP_APP_ID_LEN];
    bool has_root, has_app_id;
};

/* What the file claims. */
struct claim {
    uint8_t derived[DP_SECP_PUB_LEN];
    uint8_t app_id[DP_APP_ID_LEN];
    uint8_t app_sig[DP_SECP_SIG_LEN], kms_sig[DP_SECP_SIG_LEN];
    const char *purpose; /* borrowed from the JSON */
};

static bool read_simulator(struct expected *expected, const char *name)
{
    /* Addresses of the KMS roots in the simulators' published key files. */
    static const struct {
        const char *name, *address;
    } simulators[] = {{"gen1", "0x8f2cF602C9695b23130367ed78d8F557554de7C5"},
                      {"gen2", "0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf"}};

    for (size_t i = 0; i < sizeof(simulators) / sizeof(simulators[0]); i++) {
        if (strcmp(simulators[i].name, name) == 0)
            return dp_address_parse(expected->root, simulators[i].address) == DP_OK;
    }
    return false;
}

static enum dp_err read_public(uint8_t pub[static DP_SECP_PUB_LEN], const char *text)
{
    uint8_t bytes[DP_SECP_PUB_LEN];
    size_t len;

    if (dp_hex_decode(bytes, sizeof(bytes), &len, text, strlen(text)) != DP_OK)
        return DP_EPUBKEY;
    return dp_secp_parse_public(pub, bytes, len);
}

static bool read_root(struct expected *expected, const char *text)
{
    uint8_t pub[DP_SECP_PUB_LEN];

    if (dp_address_parse(expected->root, text) == DP_OK)
        return true;
    if (read_public(pub, text) != DP_OK)
        return false;
    dp_address_of_public(expected->root, pub);
    return true;
}

static bool read_signature(uint8_t out[static DP_SECP_SIG_LEN], struct json_object *chain,
                           size_t index)
{
    struct json_object *text = json_object_array_get_idx(chain, index);

    return json_object_is_type(text, json_type_string) &&
           dp_hex_decode_exact(out, DP_SECP_SIG_LEN, json_object_get_string(text)) == DP_OK;
}

/* Returns: NULL, or what is wrong with the file. */
static const char *read_claim(struct claim *claim, struct json_object *answer)
{
    struct json_object *chain = NULL;

    claim->purpose = client_text(answer, "purpose");
    if (claim->purpose[0] == '\0')
        return "purpose is missing.";
    if (read_public(claim->derived, client_text(answer, "derivedPubKeyHex")) != DP_OK)
        return "derivedPubKeyHex is missing or no public key.";
    if (dp_hex_decode_exact(claim->app_id, DP_APP_ID_LEN, client_text(answer, "appId")) != DP_OK)
        return "appId is missing or not 20 bytes of hex.";
    if (!json_object_object_get_ex(answer, "signature_chain", &chain) ||
        !json_object_is_type(chain, json_type_array) || json_object_array_length(chain) != 2 ||
        !read_signature(claim->app_sig, chain, 0) || !read_signature(claim->kms_sig, chain, 1))
        return "signature_chain is missing or not two signatures of 65 bytes.";
    return NULL;
}

/* The shown address and public key must be those that the chain speaks of. Returns: as read_claim
 */
static const char *check_shown(const struct claim *claim, const struct dp_chain *chain,
                               struct json_object *answer)
{
    uint8_t shown[DP_SECP_PUB_LEN], address[DP_ADDRESS_LEN], claimed[DP_ADDRESS_LEN];
    const char *text = client_text(answer, "pubKeyHex");

    if (text[0] != '\0' &&
        (read_public(shown, text) != DP_OK || memcmp(shown, claim->derived, sizeof(shown)) != 0))
        return "pubKeyHex is not the key that the chain vouches for.";
    text = client_text(answer, "address");
    dp_address_of_public(address, claim->derived);
    if (text[0] != '\0' && (dp_address_parse(claimed, text) != DP_OK ||
                            memcmp(address, claimed, sizeof(address)) != 0))
        return "address is not that of the key that the chain vouches for.";
    text = client_text(answer, "appPubKeyHex");
    if (text[0] != '\0' &&
        (read_public(shown, text) != DP_OK || memcmp(shown, chain->app_pub, sizeof(shown)) != 0))
        return "appPubKeyHex is not the key that signed.";
    return NULL;
}

/* Returns: NULL where the chain holds, else why not. */
static const char *judge(const struct expected *expected, struct json_object *answer)
{
    uint8_t root[DP_ADDRESS_LEN];
    struct dp_chain chain;
    struct claim claim;
    const char *fault = read_claim(&claim, answer);

    if (fault != NULL)
        return fault;
    if (dp_chain_recover(&chain, claim.derived, claim.purpose, claim.app_id, claim.app_sig,
                         claim.kms_sig) != DP_OK)
        return "a signature of the chain is malformed.";
    dp_address_of_public(root, chain.root_pub);
    if (memcmp(root, expected->root, sizeof(root)) != 0)
        return "the chain does not lead to this KMS root.";
    if (expected->has_app_id && memcmp(claim.app_id, expected->app_id, DP_APP_ID_LEN) != 0)
        return "the chain is that of another app id.";
    return check_shown(&claim, &chain, answer);
}

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

static int verify(const struct client *client, const struct expected *expected, const char *path)
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
        code = print_verdict(client, judge(expected, answer), answer);
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
    struct expected expected = {.has_root = false};
    struct client client;
    bool ok = true;
    int option;

    client_init(&client, "chain", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        int code = -1;

        if (option == 'r' || option == 's') {
            ok = ok && !expected.has_root;
            expected.has_root =
                option == 'r' ? read_root(&expected, optarg) : read_simulator(&expected, optarg);
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
