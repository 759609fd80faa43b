/* contracts_record.c - deployments/CHAIN.json: which contract is where, and of what it was made. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "devproof/command.h"
#include "devproof/contracts.h"

#define RECORDS_MAX (16 * 1024 * 1024)

/* --- one record --- */

static bool read_number(uint64_t *out, struct json_object *json, const char *name)
{
    struct json_object *value = json_object_object_get(json, name);

    *out = json_object_get_uint64(value);
    return json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= 0;
}

bool record_read(struct record *record, struct json_object *json)
{
    *record = (struct record){
        .contract = client_text(json, "contract"),
        .values = json_object_object_get(json, "arguments"),
        .pending = json_object_get_boolean(json_object_object_get(json, "pending")) != 0};
    return record->contract[0] != '\0' && json_object_is_type(record->values, json_type_array) &&
           dp_address_parse(record->address, client_text(json, "address")) == DP_OK &&
           dp_address_parse(record->from, client_text(json, "from")) == DP_OK &&
           read_number(&record->nonce, json, "nonce") &&
           dp_rpc_fixed(record->transaction, DP_KECCAK_LEN,
                        json_object_object_get(json, "transaction")) == DP_OK &&
           dp_rpc_fixed(record->init_hash, DP_KECCAK_LEN,
                        json_object_object_get(json, "initCodeHash")) == DP_OK &&
           (record->pending ||
            (read_number(&record->block, json, "block") &&
             dp_rpc_fixed(record->runtime_hash, DP_KECCAK_LEN,
                          json_object_object_get(json, "runtimeCodeHash")) == DP_OK));
}

static void add_address(struct json_object *json, const char *name, const uint8_t *address)
{
    char text[DP_ADDRESS_TEXT_SIZE];

    dp_address_format(text, address);
    dp_json_add_text(json, name, text);
}

struct json_object *record_write(const struct record *record)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    dp_json_add_text(json, "contract", record->contract);
    add_address(json, "address", record->address);
    dp_json_add(json, "arguments", json_object_get(record->values));
    add_address(json, "from", record->from);
    dp_json_add_int(json, "nonce", (int64_t)record->nonce);
    dp_json_add(json, "transaction", dp_rpc_make_data(record->transaction, DP_KECCAK_LEN));
    if (record->pending)
        dp_json_add_bool(json, "pending", 1);
    else
        dp_json_add_int(json, "block", (int64_t)record->block);
    dp_json_add(json, "initCodeHash", dp_rpc_make_data(record->init_hash, DP_KECCAK_LEN));
    if (!record->pending)
        dp_json_add(json, "runtimeCodeHash", dp_rpc_make_data(record->runtime_hash, DP_KECCAK_LEN));
    return json;
}

/* --- the file --- */

static int fail(const struct contracts *contracts, const char *path, const char *why)
{
    return client_fail(&contracts->client, EXIT_FAILURE, "%s: %s", path, why);
}

static int lock_folder(const struct contracts *contracts, struct records *records)
{
    if (mkdir(contracts->deployments, 0777) != 0 && errno != EEXIST)
        return fail(contracts, contracts->deployments, strerror(errno));
    records->lock = open(contracts->deployments, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (records->lock < 0)
        return fail(contracts, contracts->deployments, strerror(errno));
    /* Two at the same time would send the same contract twice. */
    if (flock(records->lock, LOCK_EX | LOCK_NB) != 0)
        return fail(contracts, contracts->deployments,
                    "another devproof contracts deploy is at work here: wait until it is done.");
    return EXIT_SUCCESS;
}

static void start_empty(struct records *records, uint64_t chain_id)
{
    records->json = json_object_new_object();
    if (records->json == NULL)
        abort();
    dp_json_add_int(records->json, "chainId", (int64_t)chain_id);
    dp_json_add(records->json, "contracts", json_object_new_object());
}

static int parse(const struct contracts *contracts, struct records *records,
                 const struct dp_buf *text)
{
    struct dp_detail detail = {"", ""};
    uint64_t chain_id;

    if (dp_json_parse(&records->json, text->len > 0 ? text->data : "", text->len, &detail) != DP_OK)
        return fail(contracts, records->path, detail.text);
    if (!read_number(&chain_id, records->json, "chainId") || chain_id != contracts->chain_id ||
        !json_object_is_type(records_all(records), json_type_object))
        return fail(contracts, records->path, "this is no record of that chain's contracts.");
    return EXIT_SUCCESS;
}

int records_open(const struct contracts *contracts, struct records *records, bool for_writing)
{
    struct dp_buf text = DP_BUF_INIT(RECORDS_MAX);
    int code = EXIT_SUCCESS;

    *records = (struct records){.lock = -1};
    snprintf(records->path, sizeof(records->path), "%s/%" PRIu64 ".json", contracts->deployments,
             contracts->chain_id);
    if (for_writing)
        code = lock_folder(contracts, records);
    if (code != EXIT_SUCCESS)
        return code;
    if (access(records->path, F_OK) != 0 && errno == ENOENT)
        start_empty(records, contracts->chain_id);
    else if (!client_read_file(&contracts->client, &text, records->path))
        code = EXIT_FAILURE;
    else
        code = parse(contracts, records, &text);
    dp_buf_free(&text);
    return code;
}

void records_close(struct records *records)
{
    json_object_put(records->json);
    if (records->lock >= 0)
        close(records->lock);
    *records = (struct records){.lock = -1};
}

struct json_object *records_all(const struct records *records)
{
    return json_object_object_get(records->json, "contracts");
}

static bool write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    bool done = file != NULL && fputs(text, file) >= 0 && fputc('\n', file) != EOF &&
                fflush(file) == 0 && fsync(fileno(file)) == 0;

    if (file != NULL && fclose(file) != 0)
        done = false;
    return done;
}

int records_put(const struct contracts *contracts, struct records *records, const char *label,
                const struct record *record)
{
    char temporary[PATH_MAX + 16];

    dp_json_add(records_all(records), label, record_write(record));
    snprintf(temporary, sizeof(temporary), "%s.%d", records->path, (int)getpid());
    if (write_file(temporary, json_object_to_json_string_ext(
                                  records->json, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                     JSON_C_TO_STRING_NOSLASHESCAPE)) &&
        rename(temporary, records->path) == 0 && fsync(records->lock) == 0)
        return EXIT_SUCCESS;
    unlink(temporary);
    return fail(contracts, records->path, strerror(errno));
}
