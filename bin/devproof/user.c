/* user.c - devproof user: list, show, rotate, token, over the HTTP API. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "devproof/client.h"
#include "devproof/command.h"

static const char help[] =
    "Usage: devproof user list [--query TEXT] [OPTION...]         the users; admin's token\n"
    "       devproof user show USERID [--all] [OPTION...]         public key and signature chain\n"
    "       devproof user rotate USERID --namespace NAMESPACE     a new key; the user's token\n"
    "       devproof user token list USERID                       tokens in force; the user's "
    "token\n"
    "       devproof user token make USERID NAME                  a new token, printed once\n"
    "       devproof user token revoke USERID ID\n\n"
    "  --query TEXT      only users with TEXT in email, user id or address\n"
    "  --all             retired keys as well\n"
    "  --namespace NAME  such as wallet/ethereum/v2\n" CLIENT_HELP;

struct options {
    const char *query, *key_namespace;
    bool all;
};

static void print_row(struct json_object *user)
{
    printf("%-8s %-24s %-42s %s\n", json_object_get_string(json_object_object_get(user, "id")),
           client_text(user, "userId"), client_text(user, "address"), client_text(user, "email"));
}

static int print_page(const struct client *client, struct json_object *page)
{
    struct json_object *users = NULL;

    if (!json_object_object_get_ex(page, "users", &users) ||
        !json_object_is_type(users, json_type_array))
        return client_fail(client, EXIT_FAILURE, "the answer has no users.");
    for (size_t i = 0; i < json_object_array_length(users); i++) {
        struct json_object *user = json_object_array_get_idx(users, i);

        if (client->json)
            puts(json_object_to_json_string_ext(user, JSON_C_TO_STRING_PLAIN));
        else
            print_row(user);
    }
    return EXIT_SUCCESS;
}

/* All pages, one user a line; with --json one object a line. */
static int list(const struct client *client, const struct options *options)
{
    char cursor[32] = "0";
    int code = EXIT_SUCCESS;

    while (code == EXIT_SUCCESS && cursor[0] != '\0') {
        struct dp_buf path = DP_BUF_INIT(4096);
        struct json_object *page = NULL;

        dp_buf_addf(&path, "/api/admin/users?limit=1000&cursor=%s&q=", cursor);
        client_encode(&path, options->query);
        code = path.err == DP_OK ? client_call(client, &page, "GET", path.data, NULL)
                                 : client_fail(client, EXIT_USAGE, "--query is too long.");
        if (code == EXIT_SUCCESS)
            code = print_page(client, page);
        snprintf(cursor, sizeof(cursor), "%s", code == 0 ? client_text(page, "nextCursor") : "");
        json_object_put(page);
        dp_buf_free(&path);
    }
    return code;
}

/* Call /api/users/USERID and what follows, and print the answer. */
static int call_user(const struct client *client, const char *method, const char *user_id,
                     const char *rest, struct json_object *body)
{
    struct dp_buf path = DP_BUF_INIT(1024);
    struct json_object *answer = NULL;
    int code;

    dp_buf_add_text(&path, "/api/users/");
    client_encode(&path, user_id);
    dp_buf_add_text(&path, rest);
    if (path.err != DP_OK) {
        json_object_put(body);
        code = client_fail(client, EXIT_USAGE, "the user id is too long.");
    } else {
        code = client_call(client, &answer, method, path.data, body);
    }
    if (answer != NULL)
        client_print(client, answer);
    dp_buf_free(&path);
    return code;
}

/* {name: value}; NULL where there is no memory, which client_call takes for no body. */
static struct json_object *one_member(const char *name, const char *value)
{
    struct json_object *body = json_object_new_object();

    if (body != NULL)
        dp_json_add_text(body, name, value);
    return body;
}

static int rotate(const struct client *client, const struct options *options, const char *user_id)
{
    if (options->key_namespace == NULL)
        return client_fail(client, EXIT_USAGE, "--namespace is missing, wallet/ethereum/v2 say.");
    return call_user(client, "POST", user_id, "/rotate",
                     one_member("namespace", options->key_namespace));
}

static int token(const struct client *client, int argc, char **argv)
{
    struct dp_buf rest = DP_BUF_INIT(512);
    int code;

    if (argc == 2 && strcmp(argv[0], "list") == 0) {
        struct client as_json = *client;

        as_json.json = true;
        return call_user(&as_json, "GET", argv[1], "/tokens", NULL);
    }
    if (argc == 3 && strcmp(argv[0], "make") == 0)
        return call_user(client, "POST", argv[1], "/tokens", one_member("name", argv[2]));
    if (argc != 3 || strcmp(argv[0], "revoke") != 0)
        return client_fail(client, EXIT_USAGE, "try devproof user --help.");
    dp_buf_add_text(&rest, "/tokens/");
    client_encode(&rest, argv[2]);
    code = rest.err == DP_OK ? call_user(client, "DELETE", argv[1], rest.data, NULL) : EXIT_USAGE;
    dp_buf_free(&rest);
    return code;
}

static int run(const struct client *client, const struct options *options, int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], "list") == 0)
        return list(client, options);
    if (argc == 2 && strcmp(argv[0], "show") == 0)
        return call_user(client, "GET", argv[1], options->all ? "/keys?all=1" : "/keys", NULL);
    if (argc == 2 && strcmp(argv[0], "rotate") == 0)
        return rotate(client, options, argv[1]);
    if (argc > 1 && strcmp(argv[0], "token") == 0)
        return token(client, argc - 1, argv + 1);
    return client_fail(client, EXIT_USAGE, "try devproof user --help.");
}

int command_user(int argc, char **argv)
{
    static const struct option table[] = {{"query", required_argument, NULL, 'q'},
                                          {"all", no_argument, NULL, 'a'},
                                          {"namespace", required_argument, NULL, 'n'},
                                          CLIENT_OPTIONS,
                                          {NULL, 0, NULL, 0}};
    struct options options = {.query = ""};
    struct client client;
    int option, code;

    client_init(&client, "user", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (option == 'q')
            options.query = optarg;
        else if (option == 'a')
            options.all = true;
        else if (option == 'n')
            options.key_namespace = optarg;
        else if ((code = client_option(&client, option, optarg)) >= 0)
            return code;
    }
    /* A list of keys has no form on a line. */
    client.json = client.json || options.all;
    return run(&client, &options, argc - optind, argv + optind);
}
