/* quote.c - devproof quote: what a TDX or SGX quote says. Offline. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/quote.h"
#include "attest/quote_json.h"
#include "base/json.h"
#include "devproof/client.h"
#include "devproof/command.h"

#define FILE_MAX (2 * DP_QUOTE_MAX + 1024) /* as hex, with line ends */

static const char help[] =
    "Usage: devproof quote show FILE\n\n"
    "show prints every field of a quote by name. It checks no signature: whoever can write a file\n"
    "can write these.\n"
    "FILE has the quote as bytes or as hex (- for standard input).\n\n"
    "  --json    print the answer as JSON\n"
    "  --help\n";

/* Returns: -1, or an exit code after complaining. */
static int read_quote(const struct client *client, struct dp_buf *bytes, struct dp_quote *quote,
                      const char *path)
{
    struct dp_buf text = DP_BUF_INIT(FILE_MAX);
    struct dp_detail detail = {"", ""};
    int code = -1;

    if (!client_read_file(client, &text, path))
        code = EXIT_USAGE;
    else if (dp_quote_bytes(bytes, text.data != NULL ? text.data : "", text.len) != DP_OK)
        code = client_fail(client, EXIT_FAILURE, "%s is no quote: neither bytes nor hex.", path);
    else if (dp_quote_parse(quote, (const uint8_t *)bytes->data, bytes->len, &detail) != DP_OK)
        code = client_fail(client, EXIT_FAILURE, "%s: %s", path, detail.text);
    dp_buf_free(&text);
    return code;
}

static void print_members(const char *prefix, struct json_object *object)
{
    json_object_object_foreach(object, name, value)
    {
        if (json_object_is_type(value, json_type_object)) {
            /* One level: the QE's report. */
            json_object_object_foreach(value, inner, text)
                printf("%s%s.%s %s\n", prefix, name, inner, json_object_get_string(text));
        } else {
            printf("%s%s %s\n", prefix, name, json_object_get_string(value));
        }
    }
}

static int show(const struct client *client, const char *path)
{
    struct dp_buf bytes = DP_BUF_INIT(DP_QUOTE_MAX);
    struct json_object *answer;
    struct dp_quote quote;
    int code = read_quote(client, &bytes, &quote, path);

    if (code < 0) {
        answer = dp_quote_json(&quote);
        if (client->json) {
            client_print(client, answer);
        } else {
            print_members("", answer);
            json_object_put(answer);
        }
        code = EXIT_SUCCESS;
    }
    dp_buf_free(&bytes);
    return code;
}

int command_quote(int argc, char **argv)
{
    static const struct option table[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    struct client client;
    int option;

    client_init(&client, "quote", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        int code = client_option(&client, option, optarg);

        if (code >= 0)
            return code;
    }
    if (argc - optind == 2 && strcmp(argv[optind], "show") == 0)
        return show(&client, argv[optind + 1]);
    return client_fail(&client, EXIT_USAGE, "try devproof quote --help.");
}
