/* compose.c - devproof compose: hash, explain, build and check dstack's app-compose.json. Offline.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/json_tree.h"
#include "devproof/client.h"
#include "devproof/command.h"
#include "dstack/app_compose.h"
#include "dstack/compose_diff.h"

#define FILE_MAX (16 * 1024 * 1024)
#define HASH_TEXT_SIZE (2 * DP_COMPOSE_HASH_LEN + 1)
#define OPTIONS_MAX 128 /* of --set, --allowed-env and the scripts, together */

static const char help[] =
    "Usage: devproof compose hash FILE [--normalized | --canonical] [--explain OTHER]\n"
    "       devproof compose check FILE\n"
    "       devproof compose build COMPOSE.yml [-o FILE] [OPTION...]\n\n"
    "hash prints what dstack measures of an app-compose.json: SHA-256 of its bytes.\n"
    "  --canonical        what the SDKs compute: getComposeHash(object)\n"
    "  --normalized       getComposeHash(object, true), without what the runner does not use\n"
    "  --explain OTHER    which fields, and which lines in them, differ from FILE in OTHER;\n"
    "                     exit code 0 if both have one hash\n"
    "check says what is against running a docker compose file, or an app-compose.json with the "
    "one\n"
    "in it, in production. Exit code 0 only if there is nothing.\n"
    "build makes the app-compose.json of a compose file, in canonical form.\n"
    "  -o, --output FILE  write it there, and print its hash; else print it\n"
    "  --name NAME        of the app (else \"name:\" of the compose file)\n"
    "  --allowed-env NAME the operator may set this variable; again for each\n"
    "  --pre-launch-script FILE, --init-script FILE\n"
    "                     shell scripts that dstack runs before the containers\n"
    "  --template FILE    fields to start from, a JSON object\n"
    "  --set FIELD=VALUE  any other field of dstack's; again for each\n"
    "  --staging          allow what is for debugging, such as an SSH server; check refuses it\n\n"
    "  --json             print the answer as JSON\n"
    "  --help\n"
    "FILE may be - for standard input.\n";

struct options {
    struct client client;
    const char *explain, *output, *name, *template_path;
    struct dp_buf template_text;
    struct dp_buf fields[OPTIONS_MAX]; /* FIELD=VALUE */
    size_t fields_len;
    struct dp_buf allowed; /* JSON list of --allowed-env, still open */
    bool canonical, normalized, staging;
};

static bool read_file(const struct options *o, struct dp_buf *out, const char *path)
{
    if (!client_read_file(&o->client, out, path))
        return false;
    if (out->data == NULL)
        dp_buf_add_text(out, "");
    if (out->len <= DP_COMPOSE_MAX)
        return out->err == DP_OK;
    client_fail(&o->client, EXIT_FAILURE,
                "%s has %zu bytes; dstack refuses an app-compose.json of more than %d.", path,
                out->len, DP_COMPOSE_MAX);
    return false;
}

/* --- hash --- */

static bool hash_text(char out[static HASH_TEXT_SIZE], const struct dp_buf *text)
{
    uint8_t hash[DP_COMPOSE_HASH_LEN];

    if (dp_compose_hash(hash, text->data, text->len) != DP_OK)
        return false;
    dp_hex_encode(out, hash, sizeof(hash));
    return true;
}

/* The SDKs' hash. Returns: false where the text is no JSON object, with the reason in detail */
static bool sdk_hash(char out[static HASH_TEXT_SIZE], const struct dp_buf *text, bool normalize,
                     struct dp_detail *detail)
{
    struct dp_buf canonical = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    bool ok = dp_compose_canonical(&canonical, text->data, text->len, normalize, detail) == DP_OK &&
              hash_text(out, &canonical);

    dp_buf_free(&canonical);
    return ok;
}

static int print_hashes(const struct options *o, const char *path, const struct dp_buf *text)
{
    struct json_object *answer = json_object_new_object();
    char raw[HASH_TEXT_SIZE], canonical[HASH_TEXT_SIZE], normalized[HASH_TEXT_SIZE];
    struct dp_detail detail = {"", ""};

    if (!hash_text(raw, text))
        return client_fail(&o->client, EXIT_FAILURE, "SHA-256 failed.");
    dp_json_add_text(answer, "file", path);
    dp_json_add_int(answer, "bytes", (int64_t)text->len);
    dp_json_add_text(answer, "composeHash", raw);
    if (sdk_hash(canonical, text, false, &detail) && sdk_hash(normalized, text, true, &detail)) {
        dp_json_add_text(answer, "canonicalHash", canonical);
        dp_json_add_text(answer, "normalizedHash", normalized);
    } else {
        dp_json_add_text(answer, "error", detail.text);
    }
    raw[2 * DP_COMPOSE_APP_ID_LEN] = '\0';
    dp_json_add_text(answer, "defaultAppId", raw);
    client_print(&o->client, answer);
    return EXIT_SUCCESS;
}

static int print_hash(const struct options *o, const char *path, const struct dp_buf *text)
{
    struct dp_detail detail = {"", ""};
    char hash[HASH_TEXT_SIZE];
    bool ok;

    if (o->client.json)
        return print_hashes(o, path, text);
    ok = o->canonical || o->normalized ? sdk_hash(hash, text, o->normalized, &detail)
                                       : hash_text(hash, text);
    if (!ok)
        return client_fail(&o->client, EXIT_FAILURE, "%s: %s", path, detail.text);
    puts(hash);
    return EXIT_SUCCESS;
}

/* --- explain --- */

struct report {
    bool json;
    struct json_object *changes;
};

static void print_change(const struct dp_compose_change *change)
{
    const char *at = change->lines;

    printf("%s %s\n",
           change->from == NULL ? "added"
           : change->to == NULL ? "removed"
                                : "changed",
           change->pointer[0] != '\0' ? change->pointer : "(the whole document)");
    if (at == NULL) {
        if (change->from != NULL)
            printf("  - %s\n", change->from);
        if (change->to != NULL)
            printf("  + %s\n", change->to);
        return;
    }
    while (*at != '\0') {
        size_t len = strcspn(at, "\n"), digits = 1 + strspn(at + 1, "0123456789");

        printf("  %c line %.*s:%.*s\n", *at, (int)digits - 1, at + 1, (int)(len - digits),
               at + digits);
        at += len + (at[len] == '\n');
    }
}

static void take_change(const struct dp_compose_change *change, void *arg)
{
    struct report *report = arg;
    struct json_object *entry;

    if (!report->json) {
        print_change(change);
        return;
    }
    entry = json_object_new_object();
    dp_json_add_text(entry, "pointer", change->pointer);
    if (change->from != NULL)
        dp_json_add_text(entry, "from", change->from);
    if (change->to != NULL)
        dp_json_add_text(entry, "to", change->to);
    if (change->lines != NULL)
        dp_json_add_text(entry, "lines", change->lines);
    json_object_array_add(report->changes, entry);
}

/* Byte and line of the first difference, for files that say the same in other bytes. */
static void first_difference(size_t *at, size_t *line, const struct dp_buf *a,
                             const struct dp_buf *b)
{
    *line = 1;
    for (*at = 0; *at < a->len && *at < b->len && a->data[*at] == b->data[*at]; (*at)++)
        *line += a->data[*at] == '\n';
}

static void print_explained(const struct options *o, struct report *report, size_t count,
                            const struct dp_buf *a, const struct dp_buf *b)
{
    struct json_object *answer;
    char from[HASH_TEXT_SIZE] = "", to[HASH_TEXT_SIZE] = "";
    size_t at, line;

    if (!hash_text(from, a) || !hash_text(to, b))
        return;
    first_difference(&at, &line, a, b);
    if (o->client.json) {
        answer = json_object_new_object();
        dp_json_add_text(answer, "from", from);
        dp_json_add_text(answer, "to", to);
        dp_json_add_bool(answer, "same", strcmp(from, to) == 0);
        dp_json_add_int(answer, "count", (int64_t)count);
        dp_json_add(answer, "changes", json_object_get(report->changes));
        client_print(&o->client, answer);
        return;
    }
    if (count > DP_COMPOSE_CHANGES_MAX)
        printf("... and %zu more\n", count - DP_COMPOSE_CHANGES_MAX);
    if (strcmp(from, to) == 0)
        printf("The bytes are the same: %s\n", from);
    else if (count == 0)
        printf("No field differs, but the bytes do, first at byte %zu in line %zu: white space, "
               "the order of members, or how a value is spelt.\n",
               at, line);
    if (strcmp(from, to) != 0)
        printf("- %s\n+ %s\n", from, to);
}

static bool parse_tree(const struct options *o, struct dp_tree *tree, const char *path,
                       const struct dp_buf *text)
{
    size_t skip = text->len >= 3 && memcmp(text->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    struct dp_detail detail = {"", ""};

    if (dp_json_tree_parse(tree, text->data + skip, text->len - skip, &detail) == DP_OK)
        return true;
    client_fail(&o->client, EXIT_FAILURE, "%s: %s", path, detail.text);
    return false;
}

static int explain(const struct options *o, const char *path, const struct dp_buf *text)
{
    struct report report = {o->client.json, json_object_new_array()};
    struct dp_buf other = DP_BUF_INIT(FILE_MAX);
    struct dp_tree from = {.nodes = NULL}, to = {.nodes = NULL};
    size_t count = 0;
    int code = EXIT_FAILURE;

    if (!read_file(o, &other, o->explain) || !parse_tree(o, &from, path, text) ||
        !parse_tree(o, &to, o->explain, &other))
        goto out;
    if (dp_compose_diff(&count, &from, &to, take_change, &report) != DP_OK) {
        client_fail(&o->client, EXIT_FAILURE, "%s", dp_err_text(DP_ENOMEM));
        goto out;
    }
    print_explained(o, &report, count, text, &other);
    if (text->len == other.len && memcmp(text->data, other.data, other.len) == 0)
        code = EXIT_SUCCESS;
out:
    json_object_put(report.changes);
    dp_tree_free(&from);
    dp_tree_free(&to);
    dp_buf_free(&other);
    return code;
}

static int command_hash(const struct options *o, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(FILE_MAX);
    int code = EXIT_FAILURE;

    if (o->explain != NULL && strcmp(path, "-") == 0 && strcmp(o->explain, "-") == 0)
        code = client_fail(&o->client, EXIT_USAGE, "only one of the files can be -.");
    else if (read_file(o, &text, path))
        code = o->explain != NULL ? explain(o, path, &text) : print_hash(o, path, &text);
    dp_buf_free(&text);
    return code;
}

/* --- check --- */

static struct json_object *finding_json(const struct dp_finding *finding)
{
    struct json_object *entry = json_object_new_object();

    dp_json_add_text(entry, "risk", dp_risk_name(finding->risk));
    dp_json_add_text(entry, "where", finding->where);
    if (finding->line > 0)
        dp_json_add_int(entry, "line", finding->line);
    dp_json_add_text(entry, "text", finding->text);
    return entry;
}

static void print_findings(const struct options *o, FILE *out, const char *path,
                           const struct dp_findings *findings)
{
    struct json_object *answer = json_object_new_object(), *list = json_object_new_array();

    dp_json_add_text(answer, "file", path);
    dp_json_add_bool(answer, "ok", findings->len == 0);
    dp_json_add(answer, "findings", list);
    for (size_t i = 0; i < findings->len; i++) {
        const struct dp_finding *finding = &findings->list[i];

        if (o->client.json)
            json_object_array_add(list, finding_json(finding));
        else if (finding->line > 0)
            fprintf(out, "%s: line %u, %s: %s\n", path, (unsigned)finding->line, finding->where,
                    finding->text);
        else
            fprintf(out, "%s: %s: %s\n", path, finding->where, finding->text);
    }
    if (o->client.json)
        client_print(&o->client, answer);
    else
        json_object_put(answer);
}

/* An app-compose.json begins with a brace; a compose file does not. */
static bool looks_like_json(const struct dp_buf *text)
{
    size_t space = strspn(text->data, " \t\r\n");

    return text->data[space] == '{' || strncmp(text->data, "\xef\xbb\xbf{", 4) == 0;
}

static int command_check(const struct options *o, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(FILE_MAX);
    struct dp_findings findings = {.list = NULL};
    struct dp_detail detail = {"", ""};
    int code = EXIT_FAILURE;
    enum dp_err err;

    if (!read_file(o, &text, path))
        goto out;
    err = looks_like_json(&text)
              ? dp_app_compose_check(&findings, text.data, text.len, &detail)
              : dp_app_compose_check_file(&findings, text.data, text.len, &detail);
    if (err != DP_OK) {
        client_fail(&o->client, EXIT_FAILURE, "%s: %s", path,
                    detail.text[0] != '\0' ? detail.text : dp_err_text(err));
        goto out;
    }
    print_findings(o, stdout, path, &findings);
    if (findings.len == 0 && !o->client.json)
        printf("%s: nothing is against running it in production.\n", path);
    if (findings.len == 0)
        code = EXIT_SUCCESS;
out:
    dp_findings_free(&findings);
    dp_buf_free(&text);
    return code;
}

/* --- build --- */

/* Whole or not at all: a file that is half written has a hash, too. */
static bool write_whole(const struct options *o, const struct dp_buf *text)
{
    struct dp_buf path = DP_BUF_INIT(4096);
    FILE *file;
    bool ok = false;

    dp_buf_addf(&path, "%s.new", o->output);
    file = path.err == DP_OK ? fopen(path.data, "w") : NULL;
    if (file != NULL) {
        ok = fwrite(text->data, 1, text->len, file) == text->len;
        ok = fclose(file) == 0 && ok;
        ok = ok && rename(path.data, o->output) == 0;
    }
    if (!ok)
        client_fail(&o->client, EXIT_FAILURE, "%s: %s", o->output, strerror(errno));
    if (!ok && file != NULL)
        unlink(path.data);
    dp_buf_free(&path);
    return ok;
}

static int give(const struct options *o, const struct dp_buf *made)
{
    struct json_object *answer;
    char hash[HASH_TEXT_SIZE];

    if (o->output == NULL) {
        if (fwrite(made->data, 1, made->len, stdout) != made->len || fflush(stdout) != 0)
            return client_fail(&o->client, EXIT_FAILURE, "%s", strerror(errno));
        return EXIT_SUCCESS;
    }
    if (!write_whole(o, made) || !hash_text(hash, made))
        return EXIT_FAILURE;
    answer = json_object_new_object();
    dp_json_add_text(answer, "file", o->output);
    dp_json_add_text(answer, "composeHash", hash);
    hash[2 * DP_COMPOSE_APP_ID_LEN] = '\0';
    dp_json_add_text(answer, "defaultAppId", hash);
    client_print(&o->client, answer);
    return EXIT_SUCCESS;
}

/* Refuse what makes the hash mean less than it seems to. */
static bool is_sound(const struct options *o, const char *path, const struct dp_buf *made)
{
    unsigned risks = DP_RISK_ALL & ~(unsigned)DP_RISK_LOOSE;
    struct dp_findings findings = {.list = NULL};
    struct dp_detail detail = {"", ""};
    enum dp_err err = dp_app_compose_check(&findings, made->data, made->len, &detail);
    bool sound;

    if (o->staging)
        risks &= ~(unsigned)DP_RISK_DEBUG;
    if (err != DP_OK)
        client_fail(&o->client, EXIT_FAILURE, "%s: %s", path, dp_err_text(err));
    dp_findings_keep(&findings, risks);
    if (findings.len > 0)
        print_findings(o, stderr, path, &findings);
    sound = err == DP_OK && findings.len == 0;
    dp_findings_free(&findings);
    return sound;
}

static int build(struct options *o, const char *path, const struct dp_buf *text)
{
    struct dp_slice fields[OPTIONS_MAX];
    struct dp_app_compose options = {
        .compose_file = {text->data, text->len},
        .name = o->name,
        .fields = fields,
        .fields_count = o->fields_len,
        .template_json = {o->template_text.data, o->template_text.len}};
    struct dp_buf made = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    struct dp_detail detail = {"", ""};
    int code = EXIT_FAILURE;

    for (size_t i = 0; i < o->fields_len; i++)
        fields[i] = (struct dp_slice){o->fields[i].data, o->fields[i].len};
    if (dp_app_compose_build(&made, &options, &detail) != DP_OK)
        client_fail(&o->client, EXIT_FAILURE, "%s: %s", path, detail.text);
    else if (is_sound(o, path, &made))
        code = give(o, &made);
    dp_buf_free(&made);
    return code;
}

static int command_build(struct options *o, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(FILE_MAX);
    int code = EXIT_FAILURE;

    if (o->allowed.len > 0) {
        dp_buf_add_text(&o->allowed, "]");
        o->fields[o->fields_len++] = o->allowed;
        o->allowed = DP_BUF_INIT(DP_COMPOSE_MAX);
    }
    if (read_file(o, &text, path) &&
        (o->template_path == NULL || read_file(o, &o->template_text, o->template_path)))
        code = build(o, path, &text);
    dp_buf_free(&text);
    return code;
}

/* --- options --- */

enum {
    OPT_CANONICAL = 256,
    OPT_NORMALIZED,
    OPT_EXPLAIN,
    OPT_NAME,
    OPT_ALLOWED,
    OPT_PRE_LAUNCH,
    OPT_INIT,
    OPT_TEMPLATE,
    OPT_SET,
    OPT_STAGING
};

static const struct option table[] = {
    {"canonical", no_argument, NULL, OPT_CANONICAL},
    {"normalized", no_argument, NULL, OPT_NORMALIZED},
    {"explain", required_argument, NULL, OPT_EXPLAIN},
    {"output", required_argument, NULL, 'o'},
    {"name", required_argument, NULL, OPT_NAME},
    {"allowed-env", required_argument, NULL, OPT_ALLOWED},
    {"pre-launch-script", required_argument, NULL, OPT_PRE_LAUNCH},
    {"init-script", required_argument, NULL, OPT_INIT},
    {"template", required_argument, NULL, OPT_TEMPLATE},
    {"set", required_argument, NULL, OPT_SET},
    {"staging", no_argument, NULL, OPT_STAGING},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

/* Add FIELD=VALUE. The last place is kept for allowed_envs. */
static int add_field(struct options *o, const char *field, const char *value, size_t len)
{
    struct dp_buf *text = &o->fields[o->fields_len];

    if (o->fields_len == OPTIONS_MAX - 1)
        return client_fail(&o->client, EXIT_USAGE, "too many options.");
    *text = DP_BUF_INIT(2 * DP_COMPOSE_MAX);
    dp_buf_add_text(text, field);
    dp_buf_add(text, value, len);
    o->fields_len++;
    return text->err == DP_OK ? -1 : client_fail(&o->client, EXIT_USAGE, "an option is too long.");
}

static int add_script(struct options *o, const char *field, const char *path)
{
    struct dp_buf text = DP_BUF_INIT(FILE_MAX);
    int code = EXIT_USAGE;

    if (read_file(o, &text, path))
        code = add_field(o, field, text.data, text.len);
    dp_buf_free(&text);
    return code;
}

static int add_allowed(struct options *o, const char *name)
{
    dp_buf_add_text(&o->allowed, o->allowed.len == 0 ? "allowed_envs=[" : ",");
    dp_json_tree_string(&o->allowed, (struct dp_slice){name, strlen(name)});
    return -1;
}

/* Returns: -1 go on, else an exit code */
static int take_option(struct options *o, int option)
{
    switch (option) {
    case OPT_CANONICAL:
        o->canonical = true;
        return -1;
    case OPT_NORMALIZED:
        o->normalized = true;
        return -1;
    case OPT_STAGING:
        o->staging = true;
        return -1;
    case OPT_EXPLAIN:
        o->explain = optarg;
        return -1;
    case 'o':
        o->output = optarg;
        return -1;
    case OPT_NAME:
        o->name = optarg;
        return -1;
    case OPT_TEMPLATE:
        o->template_path = optarg;
        return -1;
    case OPT_ALLOWED:
        return add_allowed(o, optarg);
    case OPT_PRE_LAUNCH:
        return add_script(o, "pre_launch_script=", optarg);
    case OPT_INIT:
        return add_script(o, "init_script=", optarg);
    case OPT_SET:
        return add_field(o, "", optarg, strlen(optarg));
    default:
        return client_option(&o->client, option, optarg);
    }
}

static int run(struct options *o, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[0], "hash") == 0)
        return command_hash(o, argv[1]);
    if (argc == 2 && strcmp(argv[0], "check") == 0)
        return command_check(o, argv[1]);
    if (argc == 2 && strcmp(argv[0], "build") == 0)
        return command_build(o, argv[1]);
    return client_fail(&o->client, EXIT_USAGE, "try devproof compose --help.");
}

int command_compose(int argc, char **argv)
{
    struct options o = {.template_text = DP_BUF_INIT(FILE_MAX),
                        .allowed = DP_BUF_INIT(DP_COMPOSE_MAX)};
    int option, code = -1;

    client_init(&o.client, "compose", help);
    while (code < 0 && (option = getopt_long(argc, argv, "o:", table, NULL)) != -1)
        code = take_option(&o, option);
    if (code < 0)
        code = run(&o, argc - optind, argv + optind);
    for (size_t i = 0; i < o.fields_len; i++)
        dp_buf_free(&o.fields[i]);
    dp_buf_free(&o.allowed);
    dp_buf_free(&o.template_text);
    return code;
}
