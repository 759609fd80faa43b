/* contracts_deploy.c - devproof contracts deploy: build, try, send, wait, compare, write down. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"
#include "devproof/contracts.h"
#include "ethereum/account.h"
#include "ethereum/sender.h"
#include "ethereum/transaction.h"

#define KEY_VARIABLE "DEPLOYER_KEY"
#define HASH_TEXT_SIZE DP_HEX0X_SIZE(DP_KECCAK_LEN)

struct deployment {
    struct contracts *contracts;
    struct artifact artifact;
    struct records records;
    struct record record; /* what is to be written down; its values are the file's or our own */
    struct dp_account account; /* key is NULL where the node signs */
    struct dp_buf init_code;
    const char *label;
};

static void say(const char *fmt, ...) DP_PRINTF(1, 2);

static void say(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

static int fail(const struct deployment *d, const char *sentence)
{
    return client_fail(&d->contracts->client, EXIT_FAILURE, "%s: %s", d->label, sentence);
}

/* --- who deploys --- */

/* DEPLOYER_KEY is taken out of the environment in any case: forge need not have it. */
static int open_account(struct deployment *d)
{
    const struct contracts *contracts = d->contracts;
    struct dp_detail detail = {"", ""};
    enum dp_err err = dp_account_take(&d->account, KEY_VARIABLE, &detail);

    if (contracts->key_file != NULL && contracts->unlocked != NULL)
        return client_fail(&contracts->client, EXIT_USAGE,
                           "--key-file and --unlocked contradict each other.");
    if (contracts->unlocked != NULL) {
        dp_account_close(&d->account);
        return dp_address_parse(d->account.address, contracts->unlocked) == DP_OK
                   ? EXIT_SUCCESS
                   : client_fail(&contracts->client, EXIT_USAGE,
                                 "--unlocked takes an address: 0x and 40 hex digits.");
    }
    if (contracts->key_file != NULL) {
        dp_account_close(&d->account);
        err = dp_account_open(&d->account, contracts->key_file, &detail);
    }
    if (err == DP_EMISSING)
        return client_fail(&contracts->client, EXIT_USAGE,
                           "say who deploys: --key-file FILE, DEPLOYER_KEY or --unlocked ADDRESS.");
    return err == DP_OK ? EXIT_SUCCESS
                        : client_fail(&contracts->client, EXIT_USAGE, "%s",
                                      detail.text[0] != '\0' ? detail.text : dp_err_text(err));
}

/* --- what is there already --- */

/* Returns: EXIT_SUCCESS, with code empty where there is no contract */
static int read_code(const struct deployment *d, struct dp_buf *code)
{
    struct dp_detail detail = {"", ""};
    enum dp_err err = dp_node_code(&d->contracts->rpc, code, d->record.address, &detail);

    return err == DP_OK ? EXIT_SUCCESS : contracts_node_failed(d->contracts, &detail, err);
}

static void print_result(const struct deployment *d, bool is_new)
{
    struct json_object *json = record_write(&d->record);
    char address[DP_ADDRESS_TEXT_SIZE];

    dp_json_add_text(json, "label", d->label);
    dp_json_add_bool(json, "deployed", is_new);
    dp_json_add_text(json, "file", d->records.path);
    if (d->contracts->client.json) {
        client_print(&d->contracts->client, json);
        return;
    }
    json_object_put(json);
    dp_address_format(address, d->record.address);
    printf("%s is %s %s, in block %" PRIu64 " of chain %" PRIu64 ". %s has it.\n", d->label,
           is_new ? "deployed at" : "already at", address, d->record.block, d->contracts->chain_id,
           d->records.path);
}

/* What the chain has is held against the compiler's code, and written down. */
static int finish(struct deployment *d, bool is_new)
{
    struct dp_buf code = DP_BUF_INIT(CODE_MAX);
    int result = read_code(d, &code);
    long at;

    if (result == EXIT_SUCCESS) {
        at = artifact_difference(&d->artifact, &code);
        if (at >= 0)
            result = client_fail(&d->contracts->client, EXIT_FAILURE,
                                 "%s: the code on the chain is not the compiler's: it differs at "
                                 "byte %ld. Do not use it, and do not trust this node.",
                                 d->label, at);
    }
    if (result == EXIT_SUCCESS) {
        dp_keccak256(d->record.runtime_hash, code.data, code.len);
        d->record.pending = false;
        result = records_put(d->contracts, &d->records, d->label, &d->record);
    }
    dp_buf_free(&code);
    if (result == EXIT_SUCCESS)
        print_result(d, is_new);
    return result;
}

/* --- waiting for a block --- */

static int take_receipt(struct deployment *d, const struct dp_node_receipt *receipt)
{
    if (!receipt->succeeded)
        return fail(d, "the constructor failed on the chain, though it had not when it was tried. "
                       "Nothing was deployed.");
    if (!receipt->has_contract || memcmp(receipt->contract, d->record.address, DP_ADDRESS_LEN) != 0)
        return fail(d, "the node names another address than the one that follows from the sender "
                       "and its nonce. Do not trust it.");
    say("In block %" PRIu64 ", for %" PRIu64 " gas.", receipt->block, receipt->gas_used);
    d->record.block = receipt->block;
    return EXIT_SUCCESS;
}

static int wait_for_block(struct deployment *d)
{
    const int64_t end = dp_clock_mono_us() + (int64_t)d->contracts->timeout_s * 1000000;
    uint8_t hash[1][DP_KECCAK_LEN];
    struct dp_detail detail = {"", ""};
    struct dp_node_receipt receipt;
    bool found = false;
    size_t which;
    enum dp_err err;

    memcpy(hash[0], d->record.transaction, DP_KECCAK_LEN);
    err = dp_sender_wait(&d->contracts->rpc, &receipt, &found, &which,
                         (const uint8_t(*)[DP_KECCAK_LEN])hash, 1, end, &detail);
    if (err != DP_OK)
        return contracts_node_failed(d->contracts, &detail, err);
    if (found)
        return take_receipt(d, &receipt);
    return client_fail(&d->contracts->client, EXIT_FAILURE,
                       "%s: in no block after %u s. It may still get there: the same command "
                       "looks for it first.",
                       d->label, d->contracts->timeout_s);
}

/* --- sending --- */

static struct dp_node_message message_of(const struct deployment *d)
{
    return (struct dp_node_message){
        .from = d->record.from, .data = d->init_code.data, .data_len = d->init_code.len};
}

static int tried_badly(const struct deployment *d, const struct dp_buf *revert,
                       const struct dp_detail *detail, enum dp_err err)
{
    struct dp_buf words = DP_BUF_INIT(4096);

    artifact_explain(&d->artifact, &words, revert);
    if (err == DP_ERPC && words.len > 0)
        client_fail(&d->contracts->client, EXIT_FAILURE,
                    "%s: the constructor refuses: %s. Nothing was sent.", d->label, words.data);
    else
        contracts_node_failed(d->contracts, detail, err);
    dp_buf_free(&words);
    return EXIT_FAILURE;
}

/* Run the constructor without sending it: it costs nothing, and shows what would come of it. */
static int try_constructor(const struct deployment *d)
{
    struct dp_buf code = DP_BUF_INIT(CODE_MAX);
    struct dp_node_message message = message_of(d);
    struct dp_detail detail = {"", ""};
    struct dp_rpc_refusal refusal;
    enum dp_err err = dp_node_call(&d->contracts->rpc, &code, &refusal, &message, NULL, &detail);
    long at = err == DP_OK ? artifact_difference(&d->artifact, &code) : -1;
    int result = EXIT_SUCCESS;

    if (err != DP_OK)
        result = tried_badly(d, &refusal.revert, &detail, err);
    else if (at >= 0)
        result = client_fail(&d->contracts->client, EXIT_FAILURE,
                             "%s: the node makes other code of it than the compiler, from byte %ld "
                             "on. Do not trust it. Nothing was sent.",
                             d->label, at);
    dp_buf_free(&refusal.revert);
    dp_buf_free(&code);
    return result;
}

static enum dp_err sign(struct deployment *d, struct dp_buf *signed_text, uint64_t gas,
                        struct dp_detail *detail)
{
    struct dp_transaction transaction = {.chain_id = d->contracts->chain_id,
                                         .nonce = d->record.nonce,
                                         .gas = gas,
                                         .data = d->init_code.data,
                                         .data_len = d->init_code.len};
    enum dp_err err = dp_sender_price(&d->contracts->rpc, &transaction, detail);

    return err == DP_OK
               ? dp_account_sign(&d->account, signed_text, d->record.transaction, &transaction)
               : err;
}

/* The record is on the disk before the transaction leaves, so that no crash can lead to two. */
static int send_signed(struct deployment *d, uint64_t gas)
{
    struct dp_buf text = DP_BUF_INIT(DP_TRANSACTION_MAX);
    struct dp_detail detail = {"", ""};
    uint8_t hash[DP_KECCAK_LEN];
    enum dp_err err = sign(d, &text, gas, &detail);
    int result = EXIT_SUCCESS;

    if (err == DP_OK) {
        result = records_put(d->contracts, &d->records, d->label, &d->record);
        if (result == EXIT_SUCCESS)
            err = dp_node_send(&d->contracts->rpc, hash, text.data, text.len, &detail);
    }
    if (err != DP_OK)
        result = contracts_node_failed(d->contracts, &detail, err);
    else if (result == EXIT_SUCCESS && memcmp(hash, d->record.transaction, sizeof(hash)) != 0)
        result = fail(d, "the node gives the transaction another hash than it has. Do not trust "
                         "it; whether it was sent is not known.");
    dp_buf_free(&text);
    return result;
}

static int send_unlocked(struct deployment *d, uint64_t gas)
{
    struct dp_node_message message = message_of(d);
    struct dp_detail detail = {"", ""};
    enum dp_err err =
        dp_node_send_unlocked(&d->contracts->rpc, d->record.transaction, &message, gas, &detail);

    if (err != DP_OK)
        return contracts_node_failed(d->contracts, &detail, err);
    return records_put(d->contracts, &d->records, d->label, &d->record);
}

static int send_init_code(struct deployment *d)
{
    struct dp_node_message message = message_of(d);
    struct dp_detail detail = {"", ""};
    char hash[HASH_TEXT_SIZE];
    uint64_t gas = 0;
    int result = try_constructor(d);
    enum dp_err err;

    if (result != EXIT_SUCCESS)
        return result;
    err = dp_sender_gas(&d->contracts->rpc, &gas, &message, &detail);
    if (err == DP_OK)
        err = dp_node_next_nonce(&d->contracts->rpc, &d->record.nonce, d->record.from, &detail);
    if (err != DP_OK)
        return contracts_node_failed(d->contracts, &detail, err);
    dp_create_address(d->record.address, d->record.from, d->record.nonce);
    d->record.pending = true;
    result = d->account.key != NULL ? send_signed(d, gas) : send_unlocked(d, gas);
    dp_hex0x_encode(hash, d->record.transaction, DP_KECCAK_LEN);
    if (result == EXIT_SUCCESS)
        say("Sent %s as %s.", d->label, hash);
    return result;
}

static int deploy_new(struct deployment *d)
{
    int result = send_init_code(d);

    if (result == EXIT_SUCCESS)
        result = wait_for_block(d);
    return result == EXIT_SUCCESS ? finish(d, true) : result;
}

/* --- what the file says --- */

/* It was sent, and then something stopped us. */
static int resume(struct deployment *d)
{
    struct dp_node_transaction transaction;
    struct dp_detail detail = {"", ""};
    bool known = false;
    enum dp_err err = dp_node_get_transaction(&d->contracts->rpc, &transaction, CODE_MAX, &known,
                                              d->record.transaction, &detail);
    int result = EXIT_SUCCESS;

    dp_buf_free(&transaction.input);
    if (err != DP_OK)
        return contracts_node_failed(d->contracts, &detail, err);
    if (!known) {
        say("%s was to be sent, and the node does not know of it.", d->label);
        memcpy(d->record.from, d->account.address, DP_ADDRESS_LEN);
        return deploy_new(d);
    }
    say("%s was sent already.", d->label);
    result = wait_for_block(d);
    return result == EXIT_SUCCESS ? finish(d, true) : result;
}

/* Returns: whether the code is where the record says, as it was then */
static int is_there(const struct deployment *d, const struct record *record, bool *out)
{
    struct dp_buf code = DP_BUF_INIT(CODE_MAX);
    struct dp_detail detail = {"", ""};
    uint8_t hash[DP_KECCAK_LEN];
    enum dp_err err = dp_node_code(&d->contracts->rpc, &code, record->address, &detail);

    *out = false;
    if (err == DP_OK && code.len > 0) {
        dp_keccak256(hash, code.data, code.len);
        *out = memcmp(hash, record->runtime_hash, sizeof(hash)) == 0;
    }
    dp_buf_free(&code);
    return err == DP_OK ? EXIT_SUCCESS : contracts_node_failed(d->contracts, &detail, err);
}

/* What the record says, but its name and values, which are the same: the file's go with its entry.
 */
static void adopt(struct deployment *d, const struct record *old)
{
    const struct record own = d->record;

    d->record = *old;
    d->record.contract = own.contract;
    d->record.values = own.values;
}

static int take_record(struct deployment *d, const struct record *old)
{
    const bool is_same = strcmp(old->contract, d->record.contract) == 0 &&
                         memcmp(old->init_hash, d->record.init_hash, DP_KECCAK_LEN) == 0;
    bool there = false;
    int result;

    if (old->pending && !is_same)
        return d->contracts->replace
                   ? deploy_new(d)
                   : fail(d, "another contract under this label was sent and not yet seen in a "
                             "block. Choose another label by --as, or say --replace.");
    if (old->pending) {
        adopt(d, old);
        return resume(d);
    }
    result = is_there(d, old, &there);
    if (result != EXIT_SUCCESS)
        return result;
    if (there && is_same) {
        adopt(d, old);
        print_result(d, false);
        return EXIT_SUCCESS;
    }
    if (there && !d->contracts->replace)
        return fail(d, "this label has a contract of other code or other arguments. Choose another "
                       "label by --as, or say --replace.");
    if (!there)
        say("%s is no longer where %s says: this is another chain of that number, or it began "
            "anew.",
            d->label, d->records.path);
    return deploy_new(d);
}

static int take_file(struct deployment *d)
{
    struct json_object *entry;
    struct record old;
    int result = records_open(d->contracts, &d->records, true);

    if (result != EXIT_SUCCESS)
        return result;
    if (!json_object_object_get_ex(records_all(&d->records), d->label, &entry))
        return deploy_new(d);
    if (!record_read(&old, entry))
        return client_fail(&d->contracts->client, EXIT_FAILURE,
                           "%s: %s is no record of a contract. Mend it, or take it out.",
                           d->records.path, d->label);
    return take_record(d, &old);
}

/* --- the command --- */

static int prepare(struct deployment *d, char **words, int count, struct json_object **values)
{
    struct contracts *contracts = d->contracts;
    char out[PATH_MAX];
    int result = open_account(d);

    if (result == EXIT_SUCCESS && !contracts->no_build)
        result = artifact_build(contracts, NULL);
    if (result != EXIT_SUCCESS)
        return result;
    snprintf(out, sizeof(out), "%s/out", contracts->folder);
    result = artifact_load(contracts, &d->artifact, out, words[0]);
    if (result != EXIT_SUCCESS)
        return result;
    *values = artifact_values(contracts, &d->artifact, words + 1, count - 1);
    if (*values == NULL)
        return EXIT_USAGE;
    result = artifact_init_code(contracts, &d->artifact, &d->init_code, *values);
    if (result != EXIT_SUCCESS)
        return result;
    d->record = (struct record){.contract = words[0], .values = *values};
    memcpy(d->record.from, d->account.address, DP_ADDRESS_LEN);
    dp_keccak256(d->record.init_hash, d->init_code.data, d->init_code.len);
    return contracts_connect(contracts);
}

int contracts_deploy(struct contracts *contracts, char **words, int count)
{
    struct deployment d = {.contracts = contracts,
                           .records = {.lock = -1},
                           .init_code = DP_BUF_INIT(CODE_MAX),
                           .label = contracts->label};
    struct json_object *values = NULL;
    int result;

    if (count < 1)
        return client_fail(&contracts->client, EXIT_USAGE,
                           "name a contract; devproof contracts --help says more.");
    if (d.label == NULL)
        d.label = words[0];
    result = prepare(&d, words, count, &values);
    if (result == EXIT_SUCCESS)
        result = take_file(&d);
    records_close(&d.records);
    json_object_put(values);
    dp_buf_free(&d.init_code);
    artifact_free(&d.artifact);
    dp_account_close(&d.account);
    return result;
}
