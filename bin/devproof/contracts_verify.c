/* contracts_verify.c - devproof contracts verify: is what is on the chain what these sources give?
 */
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "devproof/command.h"
#include "devproof/contracts.h"
#include "ethereum/transaction.h"

#define OPEN_FOLDERS 16

/* What was found out about one contract. */
struct verdict {
    const char *label;
    char text[320];         /* what is wrong, or "" */
    char notes[320];        /* what could not be checked, or "" */
    long difference;        /* the first byte of the code that is not the sources', or -1 */
    bool has_immutables;    /* has the code some? */
    bool reproduced;        /* and did the constructor, tried anew, set them as they are? */
    bool creation_is_known; /* did the node have the transaction? */
    size_t len;             /* bytes of code */
};

struct verification {
    struct contracts *contracts;
    struct records records;
    struct json_object *report; /* a list, where it is to be JSON */
    char out[PATH_MAX + 8];     /* what was built anew */
    int result;
};

/* Returns: EXIT_SUCCESS, as the verdict says it */
static int wrong(struct verdict *verdict, const char *fmt, ...) DP_PRINTF(2, 3);

static int wrong(struct verdict *verdict, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(verdict->text, sizeof(verdict->text), fmt, args);
    va_end(args);
    return EXIT_SUCCESS;
}

/* --- one contract: each returns an exit code, after complaining of the node --- */

/* The transaction that made it has the whole init code, arguments included. */
static int check_creation(struct verification *v, struct verdict *verdict,
                          const struct record *record, const struct dp_buf *init_code)
{
    struct dp_node_transaction transaction;
    struct dp_detail detail = {"", ""};
    enum dp_err err =
        dp_node_get_transaction(&v->contracts->rpc, &transaction, CODE_MAX,
                                &verdict->creation_is_known, record->transaction, &detail);
    uint8_t address[DP_ADDRESS_LEN];

    if (err == DP_OK && verdict->creation_is_known) {
        dp_create_address(address, transaction.from, transaction.nonce);
        if (!transaction.creates || memcmp(address, record->address, sizeof(address)) != 0)
            wrong(verdict, "the transaction on record did not make this contract.");
        else if (transaction.input.len != init_code->len ||
                 memcmp(transaction.input.data, init_code->data, init_code->len) != 0)
            wrong(verdict, "it was made with other arguments, or by other init code.");
    }
    dp_buf_free(&transaction.input);
    return err == DP_OK ? EXIT_SUCCESS : contracts_node_failed(v->contracts, &detail, err);
}

/* The first byte in which two codes of one length differ, or -1. */
static long first_difference(const struct dp_buf *a, const struct dp_buf *b)
{
    for (size_t i = 0; i < a->len; i++) {
        if (a->data[i] != b->data[i])
            return (long)i;
    }
    return -1;
}

/* Hold the code against what the constructor makes when it runs again. */
static void compare_made(struct verdict *verdict, const struct dp_buf *made,
                         const struct dp_buf *code)
{
    if (made->len != code->len)
        return;
    verdict->difference = first_difference(made, code);
    verdict->reproduced = verdict->difference < 0;
    if (!verdict->reproduced)
        wrong(verdict,
              "byte %ld of the code differs, in an immutable: the constructor sets it otherwise.",
              verdict->difference);
}

/* Run the constructor in the state before its block. There the next contract of its sender has the
 * same address, if nothing else of the sender's was in that block before; so it sets the same
 * immutables. A node that has forgotten that state leaves them unproven. */
static int reproduce(struct verification *v, struct verdict *verdict, const struct record *record,
                     const struct dp_buf *init_code, const struct dp_buf *code)
{
    const uint64_t before = record->block > 0 ? record->block - 1 : 0;
    const struct dp_node_message message = {
        .from = record->from, .data = init_code->data, .data_len = init_code->len};
    struct dp_buf made = DP_BUF_INIT(CODE_MAX);
    struct dp_detail detail = {"", ""};
    uint64_t nonce;
    enum dp_err err =
        dp_node_nonce_after(&v->contracts->rpc, &nonce, record->from, before, &detail);

    if (err == DP_OK && nonce == record->nonce) {
        err = dp_node_call(&v->contracts->rpc, &made, NULL, &message, &before, &detail);
        if (err == DP_OK)
            compare_made(verdict, &made, code);
    }
    dp_buf_free(&made);
    return err == DP_OK || err == DP_ERPC ? EXIT_SUCCESS
                                          : contracts_node_failed(v->contracts, &detail, err);
}

static int check_code(struct verification *v, struct verdict *verdict, const struct record *record,
                      const struct artifact *artifact, const struct dp_buf *init_code)
{
    struct dp_buf code = DP_BUF_INIT(CODE_MAX);
    struct dp_detail detail = {"", ""};
    enum dp_err err = dp_node_code(&v->contracts->rpc, &code, record->address, &detail);
    int result = err == DP_OK ? EXIT_SUCCESS : contracts_node_failed(v->contracts, &detail, err);

    verdict->len = code.len;
    if (err == DP_OK && code.len == 0) {
        wrong(verdict, "there is no contract at this address.");
    } else if (err == DP_OK) {
        verdict->difference = artifact_difference(artifact, &code);
        if (verdict->difference >= 0)
            wrong(verdict,
                  "byte %ld of the code differs; the chain has %zu bytes, these sources give %zu.",
                  verdict->difference, code.len, artifact->runtime.len);
        else
            result = reproduce(v, verdict, record, init_code, &code);
    }
    dp_buf_free(&code);
    return result;
}

static void note(struct verdict *verdict)
{
    snprintf(verdict->notes, sizeof(verdict->notes), "%s%s",
             verdict->has_immutables && !verdict->reproduced
                 ? " The node could not run the constructor again in the state of then, so the "
                   "values of immutables are not proven."
                 : "",
             !verdict->creation_is_known
                 ? " The node no longer has the transaction, so the arguments are not proven."
                 : "");
}

static int compare(struct verification *v, struct verdict *verdict, const struct record *record)
{
    struct dp_buf init_code = DP_BUF_INIT(CODE_MAX);
    struct artifact artifact;
    int result = artifact_load(v->contracts, &artifact, v->out, record->contract);

    if (result == EXIT_SUCCESS)
        result = artifact_init_code(v->contracts, &artifact, &init_code, record->values);
    if (result == EXIT_SUCCESS) {
        verdict->has_immutables = dp_json_count(artifact.immutables) > 0;
        result = check_code(v, verdict, record, &artifact, &init_code);
    }
    if (result == EXIT_SUCCESS && verdict->text[0] == '\0')
        result = check_creation(v, verdict, record, &init_code);
    if (result == EXIT_SUCCESS && verdict->text[0] == '\0')
        note(verdict);
    dp_buf_free(&init_code);
    artifact_free(&artifact);
    return result;
}

/* --- the report --- */

static struct json_object *report_of(const struct verdict *verdict, const struct record *record)
{
    struct json_object *json = json_object_new_object();
    char address[DP_ADDRESS_TEXT_SIZE];

    if (json == NULL)
        abort();
    dp_address_format(address, record->address);
    dp_json_add_text(json, "label", verdict->label);
    dp_json_add_text(json, "contract", record->contract);
    dp_json_add_text(json, "address", address);
    dp_json_add_bool(json, "same", verdict->text[0] == '\0');
    dp_json_add_int(json, "bytes", (int64_t)verdict->len);
    if (verdict->text[0] != '\0')
        dp_json_add_text(json, "error", verdict->text);
    if (verdict->difference >= 0)
        dp_json_add_int(json, "differsAt", verdict->difference);
    if (verdict->text[0] == '\0') {
        dp_json_add_text(json, "immutables",
                         !verdict->has_immutables ? "none"
                         : verdict->reproduced    ? "proven"
                                                  : "not proven");
        dp_json_add_text(json, "arguments", verdict->creation_is_known ? "proven" : "not proven");
    }
    return json;
}

static void tell(struct verification *v, const struct verdict *verdict, const struct record *record)
{
    char address[DP_ADDRESS_TEXT_SIZE];

    if (verdict->text[0] != '\0')
        v->result = EXIT_FAILURE;
    if (v->report != NULL) {
        if (json_object_array_add(v->report, report_of(verdict, record)) != 0)
            abort();
        return;
    }
    dp_address_format(address, record->address);
    if (verdict->text[0] != '\0')
        printf("%s at %s is not what these sources give: %s\n", verdict->label, address,
               verdict->text);
    else
        printf("%s at %s is what these sources give, all %zu bytes.%s\n", verdict->label, address,
               verdict->len, verdict->notes);
}

/* --- all contracts --- */

static int verify_one(struct verification *v, const char *label, struct json_object *entry)
{
    struct verdict verdict = {.label = label, .difference = -1};
    struct record record;
    int result = EXIT_SUCCESS;

    if (!record_read(&record, entry))
        return client_fail(&v->contracts->client, EXIT_FAILURE,
                           "%s: %s is no record of a contract.", v->records.path, label);
    if (record.pending)
        wrong(&verdict, "it was sent, and not yet seen in a block: say devproof contracts deploy "
                        "again.");
    else
        result = compare(v, &verdict, &record);
    if (result == EXIT_SUCCESS)
        tell(v, &verdict, &record);
    return result;
}

static int verify_named(struct verification *v, char **labels, int count)
{
    int result = EXIT_SUCCESS;

    for (int i = 0; result == EXIT_SUCCESS && i < count; i++) {
        struct json_object *entry = json_object_object_get(records_all(&v->records), labels[i]);

        result = entry != NULL ? verify_one(v, labels[i], entry)
                               : client_fail(&v->contracts->client, EXIT_USAGE, "%s has no %s.",
                                             v->records.path, labels[i]);
    }
    return result;
}

static int verify_all(struct verification *v)
{
    int result = EXIT_SUCCESS;

    json_object_object_foreach(records_all(&v->records), label, entry)
    {
        if (result == EXIT_SUCCESS)
            result = verify_one(v, label, entry);
    }
    return result;
}

static int remove_entry(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
    (void)info;
    (void)flag;
    (void)ftw;
    return remove(path);
}

/* In a folder that is gone afterwards. */
static int build_and_verify(struct verification *v, char **labels, int count)
{
    const char *parent = getenv("TMPDIR");
    char dir[PATH_MAX];
    int result;

    snprintf(dir, sizeof(dir), "%s/devproof-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(dir) == NULL)
        return client_fail(&v->contracts->client, EXIT_FAILURE, "%s: %s", dir, strerror(errno));
    snprintf(v->out, sizeof(v->out), "%s/out", dir);
    result = artifact_build(v->contracts, dir);
    if (result == EXIT_SUCCESS)
        result = count > 0 ? verify_named(v, labels, count) : verify_all(v);
    nftw(dir, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    return result;
}

int contracts_verify(struct contracts *contracts, char **labels, int count)
{
    struct verification v = {.contracts = contracts, .records = {.lock = -1}};
    int result = contracts_connect(contracts);

    if (result == EXIT_SUCCESS)
        result = records_open(contracts, &v.records, false);
    if (result == EXIT_SUCCESS && dp_json_count(records_all(&v.records)) == 0)
        result =
            client_fail(&contracts->client, EXIT_USAGE, "%s has no contracts.", v.records.path);
    if (contracts->client.json)
        v.report = json_object_new_array();
    if (result == EXIT_SUCCESS)
        result = build_and_verify(&v, labels, count);
    if (result == EXIT_SUCCESS && v.report != NULL)
        puts(json_object_to_json_string_ext(v.report, JSON_C_TO_STRING_PLAIN));
    json_object_put(v.report);
    records_close(&v.records);
    return result != EXIT_SUCCESS ? result : v.result;
}
