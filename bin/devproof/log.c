/* log.c - devproof log verify: does the audit log's chain hold? */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"
#include "store/audit_json.h"
#include "store/store.h"

#define EXPORT_MAX ((size_t)1 << 30) /* bytes of one JSON document */

static const char help[] =
    "Usage: devproof log verify [--json] [--head HASH] [FILE]\n\n"
    "Check that no row of the audit log was changed, removed or moved: of the database that\n"
    "DATABASE_URL names, or of FILE (- for standard input), which has what GET /api/admin/log\n"
    "gave: one document, or rows or documents one a line, from the first row on.\n\n"
    "  --head HASH  a row must have this hash. Keep the last one that this command says: what is\n"
    "               cut off at the end shows only by it.\n"
    "  --json       say it as JSON\n\n"
    "Exit codes: 0 intact, 1 broken, 2 wrong use, or the log cannot be read.\n";

/* What is checked, and whether the row of --head was seen. */
struct verification {
    struct dp_audit_check check;
    int64_t last_seq; /* of the row taken last */
    bool wants_head, saw_head;
    uint8_t head[DP_AUDIT_HASH_LEN];
};

static int fail(const char *sentence)
{
    fprintf(stderr, "devproof log: %s\n", sentence);
    return EXIT_USAGE;
}

static enum dp_err take(const struct dp_audit_row *row, void *arg)
{
    struct verification *v = arg;

    dp_audit_check_row(&v->check, row);
    v->last_seq = row->seq;
    if (memcmp(row->hash, v->head, sizeof(v->head)) == 0)
        v->saw_head = true;
    return DP_OK;
}

/* --- the database --- */

static enum dp_err take_all(struct verification *v, struct dp_store *store)
{
    int64_t before;
    enum dp_err err;

    do {
        before = v->check.count;
        err = dp_store_list_audit(store, v->last_seq, DP_LIST_MAX, take, v);
    } while (err == DP_OK && v->check.count == before + DP_LIST_MAX);
    return err;
}

static int read_database(struct verification *v)
{
    struct dp_detail detail = {"", ""};
    struct dp_store *store = NULL;
    struct dp_config config;
    enum dp_err err;

    if (dp_config_load(&config, &detail) != DP_OK)
        return fail(detail.text);
    if (dp_store_open(&store, config.database_url, DP_STORE_READ, &detail) != DP_OK)
        return fail(detail.text);
    err = take_all(v, store);
    dp_store_close(store);
    return err == DP_OK ? EXIT_SUCCESS : fail(dp_err_text(err));
}

/* --- an export --- */

static enum dp_err take_row(struct verification *v, struct json_object *object)
{
    struct dp_audit_row row;
    enum dp_err err = dp_audit_from_json(&row, object);

    return err == DP_OK ? take(&row, v) : err;
}

/* A row, or an answer of the API, which has many. */
static enum dp_err take_object(struct verification *v, struct json_object *object)
{
    struct json_object *rows;
    enum dp_err err = DP_OK;

    if (!json_object_object_get_ex(object, "rows", &rows))
        return take_row(v, object);
    if (!json_object_is_type(rows, json_type_array))
        return DP_EFORMAT;
    for (size_t i = 0; i < json_object_array_length(rows) && err == DP_OK; i++)
        err = take_row(v, json_object_array_get_idx(rows, i));
    return err;
}

static enum dp_err take_text(struct verification *v, const char *text, size_t len)
{
    struct json_object *object = NULL;
    enum dp_err err = dp_json_parse(&object, text, len, NULL);

    if (err == DP_OK)
        err = take_object(v, object);
    json_object_put(object);
    return err;
}

/* The first line is no JSON by itself: then all lines are one document. */
static enum dp_err take_document(struct verification *v, FILE *in, const char *line, size_t len)
{
    struct dp_buf text = DP_BUF_INIT(EXPORT_MAX);
    enum dp_err err;

    dp_buf_add(&text, line, len);
    while (text.err == DP_OK && !feof(in) && !ferror(in)) {
        char *room = dp_buf_room(&text, BUFSIZ);

        if (room != NULL)
            dp_buf_grew(&text, fread(room, 1, BUFSIZ, in));
    }
    err = text.err == DP_OK ? take_text(v, text.data, text.len) : text.err;
    dp_buf_free(&text);
    return err;
}

static enum dp_err take_lines(struct verification *v, FILE *in)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    enum dp_err err = DP_OK;

    while (err == DP_OK && (len = getline(&line, &size, in)) >= 0) {
        err = take_text(v, line, (size_t)len);
        if (err == DP_EJSON && v->check.count == 0)
            err = take_document(v, in, line, (size_t)len);
    }
    free(line);
    return err == DP_OK && ferror(in) ? DP_EIO : err;
}

static int read_export(struct verification *v, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *in = standard ? stdin : fopen(name, "re");
    enum dp_err err;

    if (in == NULL)
        return fail("the file cannot be opened.");
    err = take_lines(v, in);
    if (!standard)
        fclose(in);
    return err == DP_OK ? EXIT_SUCCESS : fail("this is no export of an audit log.");
}

/* --- the verdict --- */

static void say_json(const struct verification *v, const char *fault, const char *hash)
{
    struct json_object *out = json_object_new_object();

    if (out == NULL)
        abort();
    dp_json_add_bool(out, "intact", fault == NULL);
    dp_json_add_int(out, "rows", v->check.count);
    if (fault != NULL)
        dp_json_add_text(out, "fault", fault);
    if (v->check.fault != DP_AUDIT_INTACT)
        dp_json_add_int(out, "seq", v->check.fault_seq);
    else
        dp_json_add_text(out, "head", hash);
    puts(json_object_to_json_string_ext(out, JSON_C_TO_STRING_PLAIN));
    json_object_put(out);
}

static void say_text(const struct verification *v, const char *fault, const char *hash)
{
    static const char *const sentences[] = {
        [DP_AUDIT_CHANGED] = "its hash is not that of what it says",
        [DP_AUDIT_REPLACED] = "the row after it was written after another one",
        [DP_AUDIT_MISSING] = "a later row is there",
        [DP_AUDIT_REORDERED] = "it stands after a later row, or twice",
    };

    if (fault == NULL)
        printf("intact: %lld rows, the last with hash %s\n", (long long)v->check.count, hash);
    else if (v->check.fault == DP_AUDIT_INTACT)
        printf("broken: no row has the hash of --head; %lld rows, the last with hash %s\n",
               (long long)v->check.count, hash);
    else
        printf("broken: row %lld is %s: %s\n", (long long)v->check.fault_seq, fault,
               sentences[v->check.fault]);
}

static int verdict(const struct verification *v, bool json)
{
    const char *fault = NULL;
    char hash[DP_HEX0X_SIZE(DP_AUDIT_HASH_LEN)];

    if (v->check.fault != DP_AUDIT_INTACT)
        fault = dp_audit_fault_word(v->check.fault);
    else if (v->wants_head && !v->saw_head)
        fault = "cut";
    dp_hex0x_encode(hash, v->check.last_hash, sizeof(v->check.last_hash));
    if (json)
        say_json(v, fault, hash);
    else
        say_text(v, fault, hash);
    return fault == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- the command --- */

static int verify(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                            {"head", required_argument, NULL, 'H'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    struct verification v = {0};
    bool json = false;
    int option, code;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(help, stdout);
            return EXIT_SUCCESS;
        }
        if (option == '?')
            return EXIT_USAGE;
        if (option == 'j')
            json = true;
        else if (dp_hex_decode_exact(v.head, sizeof(v.head), optarg) != DP_OK)
            return fail("HASH must be 0x and 64 hex digits.");
        v.wants_head |= option == 'H';
    }
    if (argc - optind > 1)
        return fail("it takes one FILE at most.");
    dp_audit_check_begin(&v.check);
    code = optind < argc ? read_export(&v, argv[optind]) : read_database(&v);
    return code == EXIT_SUCCESS ? verdict(&v, json) : code;
}

int command_log(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "verify") == 0)
        return verify(argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_SUCCESS;
    }
    return fail("say verify; devproof log --help says more.");
}
