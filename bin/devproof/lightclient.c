/* lightclient.c - devproof lightclient verify: what a consensus chain has made final. Offline. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/client.h"
#include "devproof/command.h"
#include "ethereum/lightclient.h"

#define FILE_MAX (32 * 1024 * 1024) /* 128 updates, as many as a node answers at once */
#define MAX_AGE 3600                /* seconds; finality comes after some 15 minutes */

static const char help[] =
    "Usage: devproof lightclient verify --checkpoint ROOT --config FILE BOOTSTRAP [UPDATES...]\n\n"
    "Follows Ethereum's consensus from a beacon block that you trust to the newest block that is\n"
    "proven final, by the signatures of sync committees. The files are what a beacon node "
    "answers;\n"
    "it need not be trusted. BOOTSTRAP is of /eth/v1/beacon/light_client/bootstrap/ROOT, UPDATES\n"
    "of light_client/updates and light_client/finality_update, oldest first.\n"
    "Exit code 0 only if all of them hold, and the final block is new enough.\n\n"
    "  --checkpoint ROOT  root of the beacon block to begin at\n"
    "  --config FILE      the chain: the members of /eth/v1/config/spec and "
    "/eth/v1/beacon/genesis\n"
    "                     in one JSON object\n"
    "  --max-age SECONDS  the final block must not be older (3600); 0 for any\n"
    "  --at TIME          judge as of this time: RFC 3339, or seconds since 1970 (now)\n"
    "  --json             print the answer as JSON\n"
    "  --help\n";

struct options {
    struct client client;
    const char *config;
    uint8_t checkpoint[DP_SSZ_LEN];
    bool has_checkpoint;
    int64_t at;
    uint64_t max_age; /* seconds, or 0 */
};

/* A file's JSON, which may be an array: in an object with one member. */
static int read_json(const struct options *o, struct json_object **out, const char *path,
                     struct dp_detail *detail)
{
    struct dp_buf text = DP_BUF_INIT(FILE_MAX), whole = DP_BUF_INIT(FILE_MAX + 64);
    int code = EXIT_USAGE;
    enum dp_err err;

    if (client_read_file(&o->client, &text, path)) {
        dp_buf_add_text(&whole, "{\"content\":");
        dp_buf_add(&whole, text.data != NULL ? text.data : "", text.len);
        dp_buf_add_text(&whole, "}");
        err = whole.err != DP_OK ? whole.err : dp_json_parse(out, whole.data, whole.len, detail);
        code = err == DP_OK ? EXIT_SUCCESS : EXIT_FAILURE;
        if (err != DP_OK && detail->text[0] == '\0')
            dp_fail(detail, err, NULL, "%s", dp_err_text(err));
    }
    dp_buf_free(&text);
    dp_buf_free(&whole);
    return code;
}

/* What an answer of the beacon API is about; NULL for what is no object. */
static struct json_object *data_of(struct json_object *answer)
{
    struct json_object *data;

    if (!json_object_is_type(answer, json_type_object))
        return NULL;
    if (!json_object_object_get_ex(answer, "data", &data))
        return answer;
    return json_object_is_type(data, json_type_object) ? data : NULL;
}

static enum dp_err take_update(struct dp_light_client *light, const struct options *o,
                               struct json_object *answer, struct dp_detail *detail)
{
    struct json_object *update = data_of(answer);

    if (update == NULL)
        return dp_fail(detail, DP_EFORMAT, NULL, "It is no update.");
    return dp_light_client_update(light, update, (uint64_t)o->at, detail);
}

static enum dp_err take_updates(struct dp_light_client *light, const struct options *o,
                                struct json_object *content, struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    if (!json_object_is_type(content, json_type_array))
        return take_update(light, o, content, detail);
    for (size_t i = 0; err == DP_OK && i < json_object_array_length(content); i++)
        err = take_update(light, o, json_object_array_get_idx(content, i), detail);
    return err;
}

/* In: light  NULL for the first file, which begins. */
static enum dp_err take(struct dp_light_client **light, const struct options *o,
                        const struct dp_beacon_chain *chain, struct json_object *content,
                        struct dp_detail *detail)
{
    if (*light != NULL)
        return take_updates(*light, o, content, detail);
    if (data_of(content) == NULL)
        return dp_fail(detail, DP_EFORMAT, NULL, "It is no bootstrap.");
    return dp_light_client_open(light, chain, o->checkpoint, data_of(content), detail);
}

/* Of one file. Returns: an exit code, and unless it is 0 the detail, or a message has been printed
 * for 2. */
static int take_file(struct dp_light_client **light, const struct options *o,
                     const struct dp_beacon_chain *chain, const char *path,
                     struct dp_detail *detail)
{
    struct json_object *whole = NULL, *content;
    int code = read_json(o, &whole, path, detail);
    enum dp_err err;

    if (code == EXIT_SUCCESS) {
        json_object_object_get_ex(whole, "content", &content);
        err = take(light, o, chain, content, detail);
        if (err != DP_OK) {
            code = EXIT_FAILURE;
            if (detail->text[0] == '\0')
                dp_fail(detail, err, NULL, "%s", dp_err_text(err));
        }
    }
    json_object_put(whole);
    return code;
}

static struct json_object *new_answer(bool is_valid, const char *error)
{
    struct json_object *out = json_object_new_object();

    if (out == NULL)
        abort();
    dp_json_add_bool(out, "valid", is_valid);
    dp_json_add(out, "error", error != NULL ? json_object_new_string(error) : NULL);
    return out;
}

static int refuse(const struct options *o, const char *path, const struct dp_detail *detail)
{
    struct json_object *out;

    if (!o->client.json)
        return client_fail(&o->client, EXIT_FAILURE, "%s: %s", path, detail->text);
    out = new_answer(false, detail->text);
    dp_json_add_text(out, "file", path);
    dp_json_add_text(out, "field", detail->field);
    client_print(&o->client, out);
    return EXIT_FAILURE;
}

static void add_root(struct json_object *out, const char *name, const struct dp_ssz_node *root)
{
    char text[DP_HEX0X_SIZE(DP_SSZ_LEN)];

    dp_hex0x_encode(text, root->bytes, DP_SSZ_LEN);
    dp_json_add_text(out, name, text);
}

static int answer(const struct options *o, const struct dp_light_client *light)
{
    const struct dp_light_header *final = dp_light_client_finalized(light);
    const int64_t age = o->at - (int64_t) final->execution.time;
    const bool is_old = o->max_age > 0 && age > (int64_t)o->max_age;
    char error[128], time[DP_CLOCK_TEXT_SIZE];
    struct json_object *out;

    snprintf(error, sizeof(error), "The final block is %" PRId64 " s old: newer ones are withheld.",
             age);
    out = new_answer(!is_old, is_old ? error : NULL);
    dp_clock_format(time, (int64_t) final->execution.time * 1000);
    dp_json_add_int(out, "finalized_slot", (int64_t) final->slot);
    add_root(out, "beacon_root", &final->root);
    dp_json_add_int(out, "block_number", (int64_t) final->execution.number);
    add_root(out, "block_hash", &final->execution.hash);
    add_root(out, "state_root", &final->execution.state_root);
    dp_json_add_text(out, "block_time", time);
    dp_json_add_int(out, "age_seconds", age);
    dp_json_add_int(out, "reach_slot", (int64_t)dp_light_client_reach(light));
    client_print(&o->client, out);
    if (is_old && !o->client.json)
        client_fail(&o->client, EXIT_FAILURE, "%s", error);
    return is_old ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int read_chain(const struct options *o, struct dp_beacon_chain *chain)
{
    struct dp_detail detail = {"", ""};
    struct json_object *whole = NULL, *content;
    int code = read_json(o, &whole, o->config, &detail);

    if (code == EXIT_SUCCESS) {
        json_object_object_get_ex(whole, "content", &content);
        if (data_of(content) == NULL)
            dp_fail(&detail, DP_EFORMAT, NULL, "It is no JSON object.");
        else if (dp_beacon_chain_read(chain, data_of(content), &detail) == DP_OK)
            detail.text[0] = '\0';
    }
    json_object_put(whole);
    if (detail.text[0] == '\0')
        return code;
    return client_fail(&o->client, EXIT_USAGE, "%s: %s", o->config, detail.text);
}

static int verify(const struct options *o, char *const *paths)
{
    struct dp_detail detail = {"", ""};
    struct dp_light_client *light = NULL;
    struct dp_beacon_chain chain;
    int code = read_chain(o, &chain);

    if (code != EXIT_SUCCESS)
        return code;
    for (; code == EXIT_SUCCESS && *paths != NULL; paths++) {
        code = take_file(&light, o, &chain, *paths, &detail);
        if (code == EXIT_FAILURE)
            code = refuse(o, *paths, &detail);
    }
    if (code == EXIT_SUCCESS)
        code = answer(o, light);
    dp_light_client_free(light);
    return code;
}

static bool read_seconds(uint64_t *out, const char *text)
{
    char *end;

    if (text[0] < '0' || text[0] > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && *out <= INT32_MAX;
}

/* Returns: -1 go on, else an exit code */
static int take_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'k':
        o->has_checkpoint = dp_hex_decode_exact(o->checkpoint, DP_SSZ_LEN, value) == DP_OK;
        if (o->has_checkpoint)
            return -1;
        return client_fail(&o->client, EXIT_USAGE, "--checkpoint takes 32 bytes of hex.");
    case 'c':
        o->config = value;
        return -1;
    case 'm':
        if (read_seconds(&o->max_age, value))
            return -1;
        return client_fail(&o->client, EXIT_USAGE, "--max-age takes seconds, not %s.", value);
    case 'a':
        return client_take_time(&o->client, &o->at, value);
    default:
        return client_option(&o->client, option, value);
    }
}

int command_lightclient(int argc, char **argv)
{
    static const struct option table[] = {{"checkpoint", required_argument, NULL, 'k'},
                                          {"config", required_argument, NULL, 'c'},
                                          {"max-age", required_argument, NULL, 'm'},
                                          {"at", required_argument, NULL, 'a'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    struct options o = {.at = dp_clock_unix_ms() / 1000, .max_age = MAX_AGE};
    int option, code = -1;

    client_init(&o.client, "lightclient", help);
    while (code < 0 && (option = getopt_long(argc, argv, "", table, NULL)) != -1)
        code = take_option(&o, option, optarg);
    if (code >= 0)
        return code;
    if (argc - optind < 2 || strcmp(argv[optind], "verify") != 0 || !o.has_checkpoint ||
        o.config == NULL)
        return client_fail(&o.client, EXIT_USAGE, "try devproof lightclient --help.");
    return verify(&o, argv + optind + 1);
}
