/* health.c - devproof health: is the service well? For supervisors, containers and people. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "devproof/client.h"
#include "devproof/command.h"
#include "net/http.h"

#define ANSWER_MAX (64 * 1024)
#define URL_MAX 4096
#define TIMEOUT_MAX 300 /* seconds */

static const char help[] =
    "Usage: devproof health [--live] [--url URL] [--timeout SECONDS] [--json]\n\n"
    "Ask a running service whether it can serve: whether its database and its guest agent answer.\n"
    "Prints a sentence for each check that fails. Exit code 0 only if none does.\n\n"
    "  --live             ask only whether it runs at all: hang restarts on this one\n"
    "  --url URL          of the service (DEVPROOF_URL; http://127.0.0.1:PORT)\n"
    "  --timeout SECONDS  for the answer, 1 to 300 (5)\n"
    "  --json             print {healthy, status, checks, errors} as JSON\n"
    "  --help\n\n"
    "PORT is 3000 where it is not set.\n";

/* What one question came to. */
struct verdict {
    long status;                /* of the answer; 0 where there is none */
    struct json_object *checks; /* {database: "ok", ...}, or NULL */
    struct json_object *errors; /* sentences; empty where all is well */
};

static void add_error(struct verdict *verdict, const char *text)
{
    struct json_object *sentence = json_object_new_string(text);

    if (sentence == NULL || json_object_array_add(verdict->errors, sentence) != 0)
        abort();
}

/* Names come from whoever answers: unknown ones are shown, and only short ones. */
static void add_failing_check(struct verdict *verdict, const char *name)
{
    char text[160];

    if (strcmp(name, "database") == 0)
        snprintf(text, sizeof(text),
                 "the database cannot be read: look at DATABASE_URL, and at the disk or the "
                 "server that holds it.");
    else if (strcmp(name, "dstack") == 0)
        snprintf(text, sizeof(text),
                 "the guest agent gives no keys: look whether it runs, and whether its socket is "
                 "mounted.");
    else
        snprintf(text, sizeof(text), "the check \"%.40s\" fails.", name);
    add_error(verdict, text);
}

static void read_checks(struct verdict *verdict, struct json_object *answer)
{
    struct json_object *checks = NULL;

    if (!json_object_object_get_ex(answer, "checks", &checks) ||
        !json_object_is_type(checks, json_type_object))
        return;
    verdict->checks = json_object_get(checks);
    json_object_object_foreach(checks, name, value)
    {
        if (!json_object_is_type(value, json_type_string) ||
            strcmp(json_object_get_string(value), "ok") != 0)
            add_failing_check(verdict, name);
    }
}

/* An answer that is no health answer is a fault as well: something else may have the port. */
static void read_answer(struct verdict *verdict, const struct dp_buf *text, const char *url)
{
    struct json_object *answer = NULL;
    char sentence[URL_MAX + 64];
    bool ok =
        dp_json_parse(&answer, text->data != NULL ? text->data : "", text->len, NULL) == DP_OK &&
        verdict->status == 200 && strcmp(client_text(answer, "status"), "ok") == 0;

    if (answer != NULL)
        read_checks(verdict, answer);
    if (!ok && json_object_array_length(verdict->errors) == 0) {
        snprintf(sentence, sizeof(sentence), "%s answered %ld, and not as a healthy devproof does.",
                 url, verdict->status);
        add_error(verdict, sentence);
    }
    json_object_put(answer);
}

static void ask(struct verdict *verdict, const char *url, unsigned within_ms)
{
    struct dp_buf text = DP_BUF_INIT(ANSWER_MAX);
    struct dp_detail detail = {"", ""};
    struct dp_http_request request = {.method = "GET", .url = url, .within_ms = within_ms};
    char sentence[URL_MAX + 400];

    if (dp_http_send(&request, &verdict->status, &text, &detail) == DP_OK) {
        read_answer(verdict, &text, url);
    } else {
        size_t len = strlen(detail.text);

        snprintf(sentence, sizeof(sentence), "%s: %s%s Look whether the service runs.", url,
                 detail.text, len > 0 && detail.text[len - 1] == '.' ? "" : ".");
        add_error(verdict, sentence);
    }
    dp_buf_free(&text);
}

static void print_json(struct verdict *verdict, bool healthy)
{
    struct json_object *out = json_object_new_object();

    if (out == NULL)
        abort();
    dp_json_add_bool(out, "healthy", healthy);
    dp_json_add_int(out, "status", verdict->status);
    if (verdict->checks != NULL)
        dp_json_add(out, "checks", json_object_get(verdict->checks));
    dp_json_add(out, "errors", json_object_get(verdict->errors));
    puts(json_object_to_json_string_ext(out,
                                        JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(out);
}

static int check(const struct client *client, const char *url, unsigned within_ms)
{
    struct verdict verdict = {.errors = json_object_new_array()};
    size_t count;

    if (verdict.errors == NULL)
        abort();
    ask(&verdict, url, within_ms);
    count = json_object_array_length(verdict.errors);
    if (client->json)
        print_json(&verdict, count == 0);
    else if (count == 0)
        puts("healthy");
    for (size_t i = 0; i < count && !client->json; i++)
        client_fail(client, EXIT_FAILURE, "%s",
                    json_object_get_string(json_object_array_get_idx(verdict.errors, i)));
    json_object_put(verdict.checks);
    json_object_put(verdict.errors);
    return count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A whole number from 1 to max; 0 where text is none. */
static unsigned read_number(const char *text, unsigned max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value <= max ? (unsigned)value : 0;
}

/*
 * The URL to ask, from what --url, DEVPROOF_URL or PORT say: in a container or a unit the service's
 * own settings are at hand, so PORT tells where it is. False where there is no such URL.
 */
static bool make_url(char url[static URL_MAX], const char *named, const char *path)
{
    const char *from_env = getenv("DEVPROOF_URL"), *port = getenv("PORT");
    size_t len;

    if (named == NULL && from_env != NULL && from_env[0] != '\0')
        named = from_env;
    if (port == NULL || port[0] == '\0')
        port = "3000";
    if (named == NULL && read_number(port, 65535) == 0)
        return false;
    if (named == NULL)
        return snprintf(url, URL_MAX, "http://127.0.0.1:%u%s", read_number(port, 65535), path) > 0;
    len = strlen(named);
    if (len > 0 && named[len - 1] == '/')
        len--;
    return len + strlen(path) < URL_MAX && snprintf(url, URL_MAX, "%.*s%s", (int)len, named, path);
}

int command_health(int argc, char **argv)
{
    static const struct option table[] = {
        {"live", no_argument, NULL, 'l'},      {"timeout", required_argument, NULL, 'T'},
        {"url", required_argument, NULL, 'u'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0}};
    const char *path = "/api/health", *named = NULL;
    unsigned seconds = 5;
    struct client client;
    char url[URL_MAX];
    int option, code;

    client_init(&client, "health", help);
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (option == 'l')
            path = "/api/health/live";
        else if (option == 'T')
            seconds = read_number(optarg, TIMEOUT_MAX);
        else if (option == 'u')
            named = optarg;
        else if ((code = client_option(&client, option, optarg)) >= 0)
            return code;
    }
    if (argc != optind)
        return client_fail(&client, EXIT_USAGE, "try devproof health --help.");
    if (seconds == 0)
        return client_fail(&client, EXIT_USAGE, "--timeout takes 1 to %d seconds.", TIMEOUT_MAX);
    if (!make_url(url, named, path))
        return client_fail(&client, EXIT_USAGE,
                           "PORT must be from 1 to 65535, and a URL below %d bytes.", URL_MAX);
    return check(&client, url, seconds * 1000);
}
