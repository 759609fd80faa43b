/* cluster_send.c - devproof cluster: calls of the contract by who pays for them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cluster/refusal.h"
#include "devproof/cluster.h"
#include "devproof/command.h"
#include "ethereum/abi.h"
#include "ethereum/sender.h"

#define KEY_VARIABLE "DEPLOYER_KEY"
#define SEND_WITHIN_S 180

/* --- encoding --- */

struct json_object *cluster_values(const char *const *words, int count)
{
    struct json_object *values = json_object_new_array();

    if (values == NULL)
        abort();
    for (int i = 0; i < count; i++) {
        struct json_object *value = json_object_new_string(words[i]);

        if (value == NULL || json_object_array_add(values, value) != 0)
            abort();
    }
    return values;
}

int cluster_call(const struct cluster *cluster, struct dp_buf *out, const char *name,
                 const char *parameters, struct json_object *values)
{
    uint8_t selector[DP_ABI_SELECTOR_LEN];
    struct dp_detail detail = {"", ""};
    struct dp_abi *abi = NULL;
    enum dp_err err = dp_abi_parse(&abi, parameters, &detail);

    if (err == DP_OK)
        err = dp_abi_selector(selector, name, abi);
    if (err == DP_OK) {
        dp_buf_add(out, selector, sizeof(selector));
        err = dp_abi_encode(abi, out, values, &detail);
    }
    dp_abi_free(abi);
    json_object_put(values);
    if (err == DP_OK)
        return EXIT_SUCCESS;
    cluster_failed(cluster, err, &detail);
    return EXIT_USAGE;
}

/* --- views --- */

enum dp_err cluster_ask(struct cluster *cluster, size_t node, const uint8_t *to,
                        uint8_t word[static DP_WORD_LEN], const struct dp_buf *data,
                        struct dp_detail *detail)
{
    const struct dp_node_message message = {.to = to, .data = data->data, .data_len = data->len};
    struct dp_buf answer = DP_BUF_INIT(DP_WORD_LEN);
    enum dp_err err =
        dp_node_call(&cluster->nodes.list[node].rpc, &answer, NULL, &message, NULL, detail);

    if (err == DP_OK && answer.len != DP_WORD_LEN)
        err = dp_fail(detail, DP_EFORMAT, cluster->nodes.names[node],
                      "no word is answered. Is there such a contract at this address?");
    if (err == DP_OK)
        memcpy(word, answer.data, DP_WORD_LEN);
    dp_buf_free(&answer);
    return err;
}

int cluster_view_at(struct cluster *cluster, const uint8_t *to, uint8_t word[static DP_WORD_LEN],
                    const char *name, const char *parameters, const char *argument)
{
    struct dp_buf data = DP_BUF_INIT(1024);
    struct dp_detail detail = {"", ""};
    enum dp_err err;
    int code = cluster_call(cluster, &data, name, parameters,
                            cluster_values(&argument, argument != NULL ? 1 : 0));

    if (code == EXIT_SUCCESS) {
        err = cluster_ask(cluster, 0, to, word, &data, &detail);
        if (err == DP_EFORMAT)
            code = client_fail(&cluster->client, EXIT_FAILURE,
                               "%s: %s answers no word. Is there a cluster at this address?",
                               cluster->nodes.names[0], name);
        else if (err != DP_OK)
            code = cluster_failed(cluster, err, &detail);
    }
    dp_buf_free(&data);
    return code;
}

int cluster_view(struct cluster *cluster, uint8_t word[static DP_WORD_LEN], const char *name,
                 const char *parameters, const char *argument)
{
    return cluster_view_at(cluster, cluster->contract, word, name, parameters, argument);
}

/* --- sending --- */

/* Once. The variable is taken out of the environment in any case. */
int cluster_open_account(struct cluster *cluster)
{
    const char *file = cluster->given[OPTION_KEY_FILE];
    struct dp_account *account = &cluster->account;
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    if (account->key != NULL)
        return EXIT_SUCCESS;
    err = dp_account_take(account, KEY_VARIABLE, &detail);
    if (file != NULL) {
        dp_account_close(account);
        err = dp_account_open(account, file, &detail);
    }
    if (err == DP_EMISSING)
        return client_fail(&cluster->client, EXIT_USAGE,
                           "say who pays: --key-file FILE or " KEY_VARIABLE ".");
    if (err == DP_OK)
        return EXIT_SUCCESS;
    cluster_failed(cluster, err, &detail);
    return EXIT_USAGE;
}

static enum dp_err sign(void *arg, uint8_t sig[static DP_SECP_SIG_LEN],
                        const uint8_t digest[static DP_KECCAK_LEN])
{
    return dp_account_sign_digest(arg, sig, digest);
}

enum dp_err cluster_transact(struct cluster *cluster, const uint8_t *to,
                             struct dp_node_receipt *receipt,
                             char hash[static DSTACK_P2P_HASH_SIZE], const struct dp_buf *data,
                             const uint8_t *value, unsigned within_s, struct dp_detail *detail)
{
    struct dp_rpc *rpc = &cluster->nodes.list[0].rpc;
    struct dp_sender sender = {
        .rpc = rpc,
        .sign = sign,
        .arg = &cluster->account,
        .explain = dp_refusal_text,
        .timeout_s = within_s,
    };
    const struct dp_node_message message = {
        .to = to, .data = data->data, .data_len = data->len, .value = value};
    uint8_t bytes[DP_KECCAK_LEN] = {0};
    enum dp_err err = dp_node_chain_id(rpc, &sender.chain_id, detail);

    memcpy(sender.from, cluster->account.address, sizeof(sender.from));
    if (err == DP_OK)
        err = dp_sender_send(&sender, receipt, bytes, &message, detail);
    dp_hex0x_encode(hash, bytes, sizeof(bytes));
    return err == DP_OK && !receipt->succeeded
               ? dp_fail(detail, DP_EFORBIDDEN, NULL,
                         "%s is in block %" PRIu64 ", and the contract refused it.", hash,
                         receipt->block)
               : err;
}

int cluster_send_to(struct cluster *cluster, const uint8_t *to, struct dp_node_receipt *receipt,
                    char hash[static DSTACK_P2P_HASH_SIZE], const struct dp_buf *data,
                    const uint8_t *value)
{
    const unsigned within_s = cluster->timeout_s != 0 ? cluster->timeout_s : SEND_WITHIN_S;
    struct dp_detail detail = {"", ""};
    enum dp_err err;
    int code = cluster_open_account(cluster);

    if (code != EXIT_SUCCESS)
        return code;
    err = cluster_transact(cluster, to, receipt, hash, data, value, within_s, &detail);
    return err == DP_OK ? EXIT_SUCCESS : cluster_failed(cluster, err, &detail);
}

int cluster_send(struct cluster *cluster, struct dp_node_receipt *receipt,
                 char hash[static DSTACK_P2P_HASH_SIZE], const struct dp_buf *data,
                 const uint8_t *value)
{
    return cluster_send_to(cluster, cluster->contract, receipt, hash, data, value);
}
