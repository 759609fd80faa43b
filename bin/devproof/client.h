/* client.h - what the commands share that talk to a running service over its HTTP API. */
#ifndef DEVPROOF_CLIENT_H
#define DEVPROOF_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

#define CLIENT_HELP                                                                                \
    "  --url URL         of the service (DEVPROOF_URL; http://127.0.0.1:3000)\n"                   \
    "  --token-file FILE holds the bearer token (else DEVPROOF_TOKEN)\n"                           \
    "  --json            print the answer as JSON\n"                                               \
    "  --help\n"

/* Options that each such command takes, for its getopt_long table; see client_option. */
#define CLIENT_OPTIONS                                                                             \
    {"url", required_argument, NULL, 'u'}, {"token-file", required_argument, NULL, 't'},           \
        {"json", no_argument, NULL, 'j'},                                                          \
    {                                                                                              \
        "help", no_argument, NULL, 'h'                                                             \
    }

struct client {
    const char *command, *help; /* for messages; static */
    const char *url;
    char token[128];
    bool json;
};

/* The settings before any option: from the environment. */
void client_init(struct client *client, const char *command, const char *help);

/**
 * Take an option of CLIENT_OPTIONS.
 *
 * Returns: -1 go on, else an exit code: 0 after --help, 2 for an unknown option or a bad file
 */
int client_option(struct client *client, int option, const char *value);

/* Print "devproof COMMAND: sentence" to standard error and return code. */
int client_fail(const struct client *client, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * Send a request to the API.
 *
 * Out: answer  the JSON of a 2xx answer, to be freed by json_object_put; NULL for a 204
 * In:  path    with its query, percent-encoded
 *      body    freed by this call; NULL for none
 * Returns: 0, or the exit code 1 after printing what the service, or the network, said
 */
int client_call(const struct client *client, struct json_object **answer, const char *method,
                const char *path, struct json_object *body);

/* Add text to a path or query, percent-encoded (RFC 3986, 2.1). */
void client_encode(struct dp_buf *path, const char *text);

/* Print an answer as the user wants it: JSON, or each text and number member on a line. Frees it.
 */
void client_print(const struct client *client, struct json_object *answer);

/* The string member of an answer, or "". */
const char *client_text(struct json_object *object, const char *name);

/* A whole file, or standard input for "-"; at most limit bytes. Returns: false after complaining.
 */
bool client_read_file(const struct client *client, struct dp_buf *out, const char *path);

/* The time of --at: RFC 3339, or seconds since 1970. Returns: -1, or EXIT_USAGE after complaining
 */
int client_take_time(const struct client *client, int64_t *at, const char *text);

#endif
