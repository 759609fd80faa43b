/* sign.c - devproof sign and devproof verify: a message by the HTTP API. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "devproof/client.h"
#include "devproof/command.h"

#define MESSAGE_MAX (64 * 1024)

#define MESSAGE_HELP                                                                               \
    "  --message TEXT    the message, or one of:\n"                                                \
    "  --hex HEX         its bytes\n"                                                              \
    "  --file FILE       a file with its text (- for standard input)\n"                            \
    "  --typed-data FILE typed data, as for eth_signTypedData_v4\n"                                \
    "  --scheme SCHEME   raw, eip191 or eip712\n"

static const char sign_help[] = "Usage: devproof sign USERID OPTION...                   a "
                                "signature; the user's token\n\n" MESSAGE_HELP CLIENT_HELP;

static const char verify_help[] =
    "Usage: devproof verify --signature HEX OPTION...        exit code 0 only if it is valid\n\n"
    "  --signature HEX   64 or 65 bytes\n"
    "  --public-key HEX  whose it is said to be, or one of:\n"
    "  --address ADDRESS\n"
    "  --user USERID     any key that this user ever had here\n" MESSAGE_HELP CLIENT_HELP;

static const struct option table[] = {{"message", required_argument, NULL, 'm'},
                                      {"hex", required_argument, NULL, 'x'},
                                      {"file", required_argument, NULL, 'f'},
                                      {"typed-data", required_argument, NULL, 'd'},
                                      {"scheme", required_argument, NULL, 's'},
                                      {"signature", required_argument, NULL, 'g'},
                                      {"public-key", required_argument, NULL, 'k'},
                                      {"address", required_argument, NULL, 'a'},
                                      {"user", required_argument, NULL, 'i'},
                                      CLIENT_OPTIONS,
                                      {NULL, 0, NULL, 0}};

/* The member of the body that an option's text goes to as it is, or NULL. */
static const char *member_of(int option)
{
    static const struct {
        int option;
        const char *member;
    } members[] = {{'m', "message"},   {'x', "messageHex"}, {'s', "scheme"}, {'g', "signature"},
                   {'k', "pubKeyHex"}, {'a', "address"},    {'i', "userId"}};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (members[i].option == option)
            return members[i].member;
    }
    return NULL;
}

static int add_file(const struct client *client, struct json_object *body, int option,
                    const char *path)
{
    struct dp_buf text = DP_BUF_INIT(MESSAGE_MAX);
    struct dp_detail detail = {"", ""};
    struct json_object *typed = NULL;
    int code = EXIT_USAGE;

    if (!client_read_file(client, &text, path))
        goto out;
    dp_buf_add(&text, "", 0);
    if (option == 'f') {
        dp_json_add(body, "message", json_object_new_string_len(text.data, (int)text.len));
        code = -1;
    } else if (dp_json_parse(&typed, text.data, text.len, &detail) == DP_OK) {
        dp_json_add(body, "typedData", typed);
        code = -1;
    } else {
        client_fail(client, EXIT_USAGE, "%s: %s", path, detail.text);
    }
out:
    dp_buf_free(&text);
    return code;
}

/* Fill the body from the options. Returns: -1 go on, else an exit code. */
static int read_options(struct client *client, struct json_object *body, int argc, char **argv)
{
    int option, code = -1;

    while (code < 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        const char *member = member_of(option);

        if (member != NULL)
            dp_json_add_text(body, member, optarg);
        else if (option == 'f' || option == 'd')
            code = add_file(client, body, option, optarg);
        else
            code = client_option(client, option, optarg);
    }
    return code;
}

static int send_body(const struct client *client, const char *path, struct json_object *body,
                     bool *valid)
{
    struct json_object *answer = NULL, *member = NULL;
    int code = client_call(client, &answer, "POST", path, body);

    if (code != EXIT_SUCCESS)
        return code;
    *valid = json_object_object_get_ex(answer, "valid", &member) && json_object_get_boolean(member);
    client_print(client, answer);
    return EXIT_SUCCESS;
}

int command_sign(int argc, char **argv)
{
    struct json_object *body = json_object_new_object();
    struct dp_buf path = DP_BUF_INIT(512);
    struct client client;
    bool ignored;
    int code;

    client_init(&client, "sign", sign_help);
    if (body == NULL)
        return client_fail(&client, EXIT_FAILURE, "out of memory.");
    code = read_options(&client, body, argc, argv);
    if (code < 0 && optind + 1 != argc)
        code = client_fail(&client, EXIT_USAGE, "name one user id; try devproof sign --help.");
    if (code >= 0) {
        json_object_put(body);
        return code;
    }
    dp_buf_add_text(&path, "/api/users/");
    client_encode(&path, argv[optind]);
    dp_buf_add_text(&path, "/sign");
    code = send_body(&client, path.err == DP_OK ? path.data : "/", body, &ignored);
    dp_buf_free(&path);
    return code;
}

int command_verify(int argc, char **argv)
{
    struct json_object *body = json_object_new_object();
    struct client client;
    bool valid = false;
    int code;

    client_init(&client, "verify", verify_help);
    if (body == NULL)
        return client_fail(&client, EXIT_FAILURE, "out of memory.");
    code = read_options(&client, body, argc, argv);
    if (code < 0 && optind != argc)
        code = client_fail(&client, EXIT_USAGE, "it takes options only; try --help.");
    if (code >= 0) {
        json_object_put(body);
        return code;
    }
    code = send_body(&client, "/api/verify", body, &valid);
    return code == EXIT_SUCCESS && !valid ? EXIT_FAILURE : code;
}
