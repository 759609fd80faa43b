/* node.c - the questions that an Ethereum node is asked, and what it answers, typed. */
#include "ethereum/node.h"

#include <stdlib.h>

#include "base/json.h"

#define PRIORITY_FEE 1000000000 /* 1 gwei, where a node proposes none */

static enum dp_err no_form(struct dp_detail *detail, const char *method)
{
    return dp_fail(detail, DP_EFORMAT, NULL, "the node's answer to %s is not of its form.", method);
}

/* Adds a parameter, which is taken over. */
static void add(struct json_object *params, struct json_object *value)
{
    if (params == NULL || json_object_array_add(params, value) != 0)
        abort();
}

static void add_text(struct json_object *params, const char *text)
{
    add(params, json_object_new_string(text));
}

static struct json_object *message_object(const struct dp_node_message *message)
{
    struct json_object *object = json_object_new_object();

    if (object == NULL)
        abort();
    if (message->from != NULL)
        dp_json_add(object, "from", dp_rpc_make_data(message->from, DP_ADDRESS_LEN));
    if (message->to != NULL)
        dp_json_add(object, "to", dp_rpc_make_data(message->to, DP_ADDRESS_LEN));
    /* "data" is the name that every node takes. */
    dp_json_add(object, "data", dp_rpc_make_data(message->data, message->data_len));
    if (message->value != NULL)
        dp_json_add(object, "value", dp_rpc_make_big_quantity(message->value));
    return object;
}

static enum dp_err ask_quantity(struct dp_rpc *rpc, uint64_t *out, const char *method,
                                struct json_object *params, struct dp_detail *detail)
{
    struct json_object *result;
    enum dp_err err = dp_rpc_call(rpc, &result, NULL, method, params, detail);

    *out = 0;
    if (err == DP_OK && dp_rpc_quantity(out, result) != DP_OK)
        err = no_form(detail, method);
    json_object_put(result);
    return err;
}

static enum dp_err ask_data(struct dp_rpc *rpc, struct dp_buf *out, struct dp_rpc_refusal *refusal,
                            const char *method, struct json_object *params,
                            struct dp_detail *detail)
{
    struct json_object *result;
    enum dp_err err = dp_rpc_call(rpc, &result, refusal, method, params, detail);

    if (err == DP_OK) {
        err = dp_rpc_data(out, result);
        if (err != DP_OK)
            err = err == DP_EFORMAT ? no_form(detail, method)
                                    : dp_fail(detail, err, NULL, "the node's answer is too long.");
    }
    json_object_put(result);
    return err;
}

static enum dp_err ask_hash(struct dp_rpc *rpc, uint8_t hash[static DP_KECCAK_LEN],
                            const char *method, struct json_object *params,
                            struct dp_detail *detail)
{
    struct json_object *result;
    enum dp_err err = dp_rpc_call(rpc, &result, NULL, method, params, detail);

    if (err == DP_OK && dp_rpc_fixed(hash, DP_KECCAK_LEN, result) != DP_OK)
        err = no_form(detail, method);
    json_object_put(result);
    return err;
}

enum dp_err dp_node_chain_id(struct dp_rpc *rpc, uint64_t *out, struct dp_detail *detail)
{
    return ask_quantity(rpc, out, "eth_chainId", json_object_new_array(), detail);
}

enum dp_err dp_node_next_nonce(struct dp_rpc *rpc, uint64_t *out,
                               const uint8_t address[static DP_ADDRESS_LEN],
                               struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array();

    add(params, dp_rpc_make_data(address, DP_ADDRESS_LEN));
    add_text(params, "pending");
    return ask_quantity(rpc, out, "eth_getTransactionCount", params, detail);
}

enum dp_err dp_node_nonce_after(struct dp_rpc *rpc, uint64_t *out,
                                const uint8_t address[static DP_ADDRESS_LEN], uint64_t block,
                                struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array();

    add(params, dp_rpc_make_data(address, DP_ADDRESS_LEN));
    add(params, dp_rpc_make_quantity(block));
    return ask_quantity(rpc, out, "eth_getTransactionCount", params, detail);
}

enum dp_err dp_node_code(struct dp_rpc *rpc, struct dp_buf *out,
                         const uint8_t address[static DP_ADDRESS_LEN], struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array();

    add(params, dp_rpc_make_data(address, DP_ADDRESS_LEN));
    add_text(params, "latest");
    return ask_data(rpc, out, NULL, "eth_getCode", params, detail);
}

enum dp_err dp_node_call(struct dp_rpc *rpc, struct dp_buf *out, struct dp_rpc_refusal *refusal,
                         const struct dp_node_message *message, const uint64_t *block,
                         struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array();

    add(params, message_object(message));
    if (block != NULL)
        add(params, dp_rpc_make_quantity(*block));
    else
        add_text(params, "latest");
    return ask_data(rpc, out, refusal, "eth_call", params, detail);
}

enum dp_err dp_node_estimate_gas(struct dp_rpc *rpc, uint64_t *out,
                                 const struct dp_node_message *message, struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array();

    add(params, message_object(message));
    return ask_quantity(rpc, out, "eth_estimateGas", params, detail);
}

enum dp_err dp_node_fees(struct dp_rpc *rpc, struct dp_node_fees *out, struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array(), *block;
    enum dp_err err;

    *out = (struct dp_node_fees){0};
    add_text(params, "latest");
    add(params, json_object_new_boolean(false));
    err = dp_rpc_call(rpc, &block, NULL, "eth_getBlockByNumber", params, detail);
    if (err == DP_OK &&
        dp_rpc_quantity(&out->base, json_object_object_get(block, "baseFeePerGas")) != DP_OK)
        err = no_form(detail, "eth_getBlockByNumber");
    json_object_put(block);
    if (err != DP_OK)
        return err;
    err = ask_quantity(rpc, &out->priority, "eth_maxPriorityFeePerGas", json_object_new_array(),
                       detail);
    if (err != DP_ERPC)
        return err;
    out->priority = PRIORITY_FEE;
    return DP_OK;
}

enum dp_err dp_node_send(struct dp_rpc *rpc, uint8_t hash[static DP_KECCAK_LEN], const void *data,
                         size_t len, struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array();

    add(params, dp_rpc_make_data(data, len));
    return ask_hash(rpc, hash, "eth_sendRawTransaction", params, detail);
}

enum dp_err dp_node_send_unlocked(struct dp_rpc *rpc, uint8_t hash[static DP_KECCAK_LEN],
                                  const struct dp_node_message *message, uint64_t gas,
                                  struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array(), *object = message_object(message);

    dp_json_add(object, "gas", dp_rpc_make_quantity(gas));
    add(params, object);
    return ask_hash(rpc, hash, "eth_sendTransaction", params, detail);
}

static enum dp_err read_receipt(struct dp_node_receipt *out, struct json_object *receipt)
{
    struct json_object *contract = json_object_object_get(receipt, "contractAddress");
    uint64_t status;

    if (dp_rpc_quantity(&status, json_object_object_get(receipt, "status")) != DP_OK ||
        status > 1 ||
        dp_rpc_quantity(&out->block, json_object_object_get(receipt, "blockNumber")) != DP_OK ||
        dp_rpc_quantity(&out->gas_used, json_object_object_get(receipt, "gasUsed")) != DP_OK)
        return DP_EFORMAT;
    out->succeeded = status == 1;
    out->has_contract = contract != NULL;
    return contract != NULL ? dp_rpc_fixed(out->contract, DP_ADDRESS_LEN, contract) : DP_OK;
}

enum dp_err dp_node_get_receipt(struct dp_rpc *rpc, struct dp_node_receipt *out, bool *found,
                                const uint8_t hash[static DP_KECCAK_LEN], struct dp_detail *detail)
{
    static const char method[] = "eth_getTransactionReceipt";
    struct json_object *params = json_object_new_array(), *result;
    enum dp_err err;

    *out = (struct dp_node_receipt){.succeeded = false};
    add(params, dp_rpc_make_data(hash, DP_KECCAK_LEN));
    err = dp_rpc_call(rpc, &result, NULL, method, params, detail);
    *found = err == DP_OK && result != NULL;
    if (*found && read_receipt(out, result) != DP_OK)
        err = no_form(detail, method);
    json_object_put(result);
    return err;
}

static enum dp_err read_transaction(struct dp_node_transaction *out, struct json_object *object)
{
    struct json_object *to = json_object_object_get(object, "to");
    enum dp_err err =
        dp_rpc_fixed(out->from, DP_ADDRESS_LEN, json_object_object_get(object, "from"));

    out->creates = to == NULL;
    if (err == DP_OK && to != NULL)
        err = dp_rpc_fixed(out->to, DP_ADDRESS_LEN, to);
    if (err == DP_OK)
        err = dp_rpc_quantity(&out->nonce, json_object_object_get(object, "nonce"));
    return err == DP_OK ? dp_rpc_data(&out->input, json_object_object_get(object, "input")) : err;
}

enum dp_err dp_node_get_transaction(struct dp_rpc *rpc, struct dp_node_transaction *out,
                                    size_t input_max, bool *found,
                                    const uint8_t hash[static DP_KECCAK_LEN],
                                    struct dp_detail *detail)
{
    static const char method[] = "eth_getTransactionByHash";
    struct json_object *params = json_object_new_array(), *result;
    enum dp_err err;

    *out = (struct dp_node_transaction){.input = DP_BUF_INIT(input_max)};
    add(params, dp_rpc_make_data(hash, DP_KECCAK_LEN));
    err = dp_rpc_call(rpc, &result, NULL, method, params, detail);
    *found = err == DP_OK && result != NULL;
    if (*found && read_transaction(out, result) != DP_OK)
        err = no_form(detail, method);
    json_object_put(result);
    return err;
}

enum dp_err dp_node_header(struct dp_rpc *rpc, struct dp_header *out, bool *found,
                           const char *block, struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array(), *result;
    enum dp_err err;

    *out = (struct dp_header){.number = 0};
    add_text(params, block);
    add(params, json_object_new_boolean(false));
    err = dp_rpc_call(rpc, &result, NULL, "eth_getBlockByNumber", params, detail);
    *found = err == DP_OK && result != NULL;
    if (*found)
        err = dp_header_read(out, result, detail);
    json_object_put(result);
    return err;
}

enum dp_err dp_node_code_after(struct dp_rpc *rpc, struct dp_buf *out,
                               const uint8_t address[static DP_ADDRESS_LEN], uint64_t block,
                               struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array();

    add(params, dp_rpc_make_data(address, DP_ADDRESS_LEN));
    add(params, dp_rpc_make_quantity(block));
    return ask_data(rpc, out, NULL, "eth_getCode", params, detail);
}

enum dp_err dp_node_proof(struct dp_rpc *rpc, struct json_object **answer,
                          const uint8_t address[static DP_ADDRESS_LEN],
                          const uint8_t (*slots)[DP_WORD_LEN], size_t slots_count, uint64_t block,
                          struct dp_detail *detail)
{
    struct json_object *params = json_object_new_array(), *list = json_object_new_array();

    add(params, dp_rpc_make_data(address, DP_ADDRESS_LEN));
    for (size_t i = 0; i < slots_count; i++)
        add(list, dp_rpc_make_data(slots[i], DP_WORD_LEN));
    add(params, list);
    add(params, dp_rpc_make_quantity(block));
    return dp_rpc_call(rpc, answer, NULL, "eth_getProof", params, detail);
}
