/* client.c - what the commands share that talk to a running service over its HTTP API. */
#include "devproof/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "devproof/command.h"
#include "net/http.h"

#define ANSWER_MAX (64 * 1024 * 1024)
#define URL_MAX 4096
#define WITHIN_MS 30000
#define AT_MAX 253402300799 /* the end of the year 9999 */

void client_init(struct client *client, const char *command, const char *help)
{
    const char *url = getenv("DEVPROOF_URL"), *token = getenv("DEVPROOF_TOKEN");

    *client = (struct client){.command = command, .help = help, .url = "http://127.0.0.1:3000"};
    if (url != NULL && url[0] != '\0')
        client->url = url;
    if (token != NULL)
        snprintf(client->token, sizeof(client->token), "%s", token);
}

int client_fail(const struct client *client, int code, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "devproof %s: ", client->command);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return code;
}

bool client_read_file(const struct client *client, struct dp_buf *out, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char piece[4096];
    size_t len;

    if (file == NULL) {
        client_fail(client, EXIT_FAILURE, "%s: %s", path, strerror(errno));
        return false;
    }
    while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
        dp_buf_add(out, piece, len);
    if (ferror(file))
        out->err = DP_EIO;
    if (file != stdin)
        fclose(file);
    if (out->err != DP_OK)
        client_fail(client, EXIT_FAILURE, "%s: %s", path, dp_err_text(out->err));
    return out->err == DP_OK;
}

static bool read_time(int64_t *at, const char *text)
{
    int64_t ms;
    char *end;

    if (dp_clock_parse_any(&ms, text) == DP_OK) {
        *at = ms / 1000;
        return true;
    }
    if (text[0] < '0' || text[0] > '9')
        return false;
    *at = strtoll(text, &end, 10);
    return *end == '\0' && *at <= AT_MAX;
}

int client_take_time(const struct client *client, int64_t *at, const char *text)
{
    return read_time(at, text)
               ? -1
               : client_fail(client, EXIT_USAGE,
                             "--at takes RFC 3339 or seconds since 1970, not %s.", text);
}

/* The first line of the file. */
static int read_token(struct client *client, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(sizeof(client->token) - 1);
    bool ok = client_read_file(client, &text, path);

    if (ok)
        snprintf(client->token, sizeof(client->token), "%.*s",
                 (int)strcspn(text.data != NULL ? text.data : "", "\r\n"),
                 text.data != NULL ? text.data : "");
    dp_buf_free(&text);
    return ok ? -1 : EXIT_USAGE;
}

int client_option(struct client *client, int option, const char *value)
{
    switch (option) {
    case 'u':
        client->url = value;
        return -1;
    case 't':
        return read_token(client, value);
    case 'j':
        client->json = true;
        return -1;
    case 'h':
        fputs(client->help, stdout);
        return EXIT_SUCCESS;
    default:
        return EXIT_USAGE;
    }
}

void client_encode(struct dp_buf *path, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            dp_buf_add(path, text, 1);
        else
            dp_buf_addf(path, "%%%02X", (unsigned char)*text);
    }
}

const char *client_text(struct json_object *object, const char *name)
{
    struct dp_slice text;

    return dp_json_optional_string(&text, object, name, NULL) == DP_OK && text.data != NULL
               ? text.data
               : "";
}

/* What a 4xx or 5xx answer says, in one line. */
static int refuse(const struct client *client, long status, struct json_object *problem)
{
    if (problem == NULL)
        return client_fail(client, EXIT_FAILURE, "%s answered %ld, and not as devproof does.",
                           client->url, status);
    return client_fail(client, EXIT_FAILURE, "%s (%s, request %s)", client_text(problem, "detail"),
                       client_text(problem, "code"), client_text(problem, "request_id"));
}

static int read_answer(const struct client *client, struct json_object **answer, long status,
                       const struct dp_buf *text)
{
    enum dp_err err = text->len > 0 ? dp_json_parse(answer, text->data, text->len, NULL) : DP_OK;
    int code;

    if (status < 200 || status > 299) {
        code = refuse(client, status, *answer);
        json_object_put(*answer);
        *answer = NULL;
        return code;
    }
    return err == DP_OK ? EXIT_SUCCESS
                        : client_fail(client, EXIT_FAILURE, "the answer is not a JSON object.");
}

int client_call(const struct client *client, struct json_object **answer, const char *method,
                const char *path, struct json_object *body)
{
    struct dp_buf url = DP_BUF_INIT(URL_MAX), text = DP_BUF_INIT(ANSWER_MAX);
    struct dp_detail detail = {"", ""};
    struct dp_http_request request = {
        .method = method,
        .token = client->token[0] != '\0' ? client->token : NULL,
        .json = body != NULL ? json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN) : NULL,
        .within_ms = WITHIN_MS,
    };
    long status;
    int code;

    *answer = NULL;
    dp_buf_addf(&url, "%s%s", client->url, path);
    request.url = url.data;
    if (url.err != DP_OK)
        code = client_fail(client, EXIT_USAGE, "the URL is too long.");
    else if (dp_http_send(&request, &status, &text, &detail) != DP_OK)
        code = client_fail(client, EXIT_FAILURE, "%s: %s", client->url, detail.text);
    else
        code = read_answer(client, answer, status, &text);
    json_object_put(body);
    dp_buf_free(&url);
    dp_buf_free(&text);
    return code;
}

void client_print(const struct client *client, struct json_object *answer)
{
    if (client->json) {
        puts(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN |
                                                        JSON_C_TO_STRING_NOSLASHESCAPE));
    } else {
        json_object_object_foreach(answer, name, value)
        {
            if (value != NULL && !json_object_is_type(value, json_type_array) &&
                !json_object_is_type(value, json_type_object))
                printf("%-17s %s\n", name, json_object_get_string(value));
        }
    }
    json_object_put(answer);
}
