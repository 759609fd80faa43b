/* quote.c - devproof quote: what a TDX or SGX quote says, and whether it is genuine. */
#include "devproof/quote.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/quote_json.h"
#include "base/clock.h"
#include "base/json.h"
#include "devproof/command.h"

#define FILE_MAX (2 * DP_QUOTE_MAX + 1024) /* as hex, with line ends */

static const char help[] =
    "Usage: devproof quote show FILE\n"
    "       devproof quote verify FILE --collateral FILE [--at TIME] [--root FILE]\n"
    "       devproof quote verify FILE [--cache DIR] [--pccs URL] [--at TIME] [--root FILE]\n\n"
    "show prints every field of a quote by name. It checks no signature: whoever can write a file\n"
    "can write these.\n"
    "verify checks a quote from Intel's root down to its report, as of a time. It prints the "
    "status\n"
    "of the platform, which may be valid and still out of date, and the advisories open at it.\n"
    "Exit code 0 only if the quote is valid.\n"
    "FILE has the quote as bytes or as hex (- for standard input).\n\n"
    "  --collateral FILE  what Intel says of the platform: CRLs, TCB info, QE identity\n"
    "  --cache DIR        take it from a file in DIR, named by the kind of platform\n"
    "  --pccs URL         ask this PCCS, or Intel's PCS, where the cache has none that is in "
    "date,\n"
    "                     and keep the answer there\n"
    "  --at TIME          judge as of this time: RFC 3339, or seconds since 1970 (now)\n"
    "  --root FILE        trust this certificate, DER or PEM, and not Intel's root\n"
    "  --json             print the answer as JSON\n"
    "  --help\n";

int quote_read(const struct client *client, struct dp_buf *bytes, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(FILE_MAX);
    int code = -1;

    if (!client_read_file(client, &text, path))
        code = EXIT_USAGE;
    else if (dp_quote_bytes(bytes, text.data != NULL ? text.data : "", text.len) != DP_OK)
        code = client_fail(client, EXIT_FAILURE, "%s is no quote: neither bytes nor hex.", path);
    dp_buf_free(&text);
    return code;
}

static void print_member(const char *prefix, const char *dot, const char *name,
                         struct json_object *value)
{
    printf("%s%s%s %s\n", prefix, dot, name, json_object_get_string(value));
}

static void print_inner(const char *prefix, struct json_object *object)
{
    json_object_object_foreach(object, name, value)
    {
        print_member(prefix, ".", name, value);
    }
}

/* One level of objects: the QE's report. */
static void print_members(struct json_object *object)
{
    json_object_object_foreach(object, name, value)
    {
        if (json_object_is_type(value, json_type_object))
            print_inner(name, value);
        else
            print_member("", "", name, value);
    }
}

static int show(const struct client *client, const char *path)
{
    struct dp_buf bytes = DP_BUF_INIT(DP_QUOTE_MAX);
    struct dp_detail detail = {"", ""};
    struct json_object *answer;
    struct dp_quote quote;
    int code = quote_read(client, &bytes, path);

    if (code < 0 &&
        dp_quote_parse(&quote, (const uint8_t *)bytes.data, bytes.len, &detail) != DP_OK)
        code = client_fail(client, EXIT_FAILURE, "%s: %s", path, detail.text);
    if (code < 0) {
        answer = dp_quote_json(&quote);
        if (client->json) {
            client_print(client, answer);
        } else {
            print_members(answer);
            json_object_put(answer);
        }
        code = EXIT_SUCCESS;
    }
    dp_buf_free(&bytes);
    return code;
}

/* Returns: -1 go on, else an exit code */
static int take_option(struct quote_options *o, int option, const char *value)
{
    switch (option) {
    case 'c':
        o->source.file = value;
        return -1;
    case 'd':
        o->source.cache = value;
        return -1;
    case 'p':
        o->source.pccs = value;
        return -1;
    case 'r':
        o->root = value;
        return -1;
    case 'a':
        return client_take_time(&o->client, &o->at, value);
    default:
        return client_option(&o->client, option, value);
    }
}

int command_quote(int argc, char **argv)
{
    static const struct option table[] = {{"collateral", required_argument, NULL, 'c'},
                                          {"cache", required_argument, NULL, 'd'},
                                          {"pccs", required_argument, NULL, 'p'},
                                          {"root", required_argument, NULL, 'r'},
                                          {"at", required_argument, NULL, 'a'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct quote_options o = {.at = dp_clock_unix_ms() / 1000};
    int option;

    client_init(&o.client, "quote", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        int code = take_option(&o, option, optarg);

        if (code >= 0)
            return code;
    }
    if (argc - optind == 2 && strcmp(argv[optind], "show") == 0)
        return show(&o.client, argv[optind + 1]);
    if (argc - optind == 2 && strcmp(argv[optind], "verify") == 0)
        return quote_verify(&o, argv[optind + 1]);
    return client_fail(&o.client, EXIT_USAGE, "try devproof quote --help.");
}
