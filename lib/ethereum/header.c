/* header.c - a block's header, bound to the block's hash (yellow paper, 4.4.3, and later EIPs). */
#include "ethereum/header.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "ethereum/rlp.h"
#include "ethereum/rpc.h"

#define BLOOM_LEN 256
#define RLP_MAX (DP_HEADER_EXTRA_MAX + 4096)

/* In the order in which they are hashed. */
static const struct {
    const char *name;
    size_t size; /* of bytes; 0: a number */
    bool any;    /* up to size bytes, not exactly so many */
    bool later;  /* not in the first headers */
} fields[] = {
    {"parentHash", 32, false, false},
    {"sha3Uncles", 32, false, false},
    {"miner", 20, false, false},
    {"stateRoot", 32, false, false},
    {"transactionsRoot", 32, false, false},
    {"receiptsRoot", 32, false, false},
    {"logsBloom", BLOOM_LEN, false, false},
    {"difficulty", 0, false, false},
    {"number", 0, false, false},
    {"gasLimit", 0, false, false},
    {"gasUsed", 0, false, false},
    {"timestamp", 0, false, false},
    {"extraData", DP_HEADER_EXTRA_MAX, true, false},
    {"mixHash", 32, false, false},
    {"nonce", 8, false, false},
    {"baseFeePerGas", 0, false, true},          /* EIP-1559 */
    {"withdrawalsRoot", 32, false, true},       /* EIP-4895 */
    {"blobGasUsed", 0, false, true},            /* EIP-4844 */
    {"excessBlobGas", 0, false, true},          /* EIP-4844 */
    {"parentBeaconBlockRoot", 32, false, true}, /* EIP-4788 */
    {"requestsHash", 32, false, true},          /* EIP-7685 */
};

static enum dp_err add_field(struct dp_buf *out, struct json_object *value, size_t size, bool any)
{
    uint8_t word[DP_WORD_LEN];
    struct dp_buf bytes = DP_BUF_INIT(size + 1);
    enum dp_err err;

    if (size == 0) {
        err = dp_rpc_big_quantity(word, value);
        if (err == DP_OK)
            dp_rlp_add_number(out, word, sizeof(word));
        return err;
    }
    err = dp_rpc_data(&bytes, value);
    if (err == DP_OK && (bytes.len > size || (!any && bytes.len != size)))
        err = DP_EFORMAT;
    if (err == DP_OK)
        dp_rlp_add_string(out, bytes.data, bytes.len);
    dp_buf_free(&bytes);
    return err;
}

/* The fields of the header in RLP, one after the other. */
static enum dp_err add_fields(struct dp_buf *out, struct json_object *block,
                              struct dp_detail *detail)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct json_object *value = json_object_object_get(block, fields[i].name);

        if (value == NULL && fields[i].later)
            continue;
        if (add_field(out, value, fields[i].size, fields[i].any) != DP_OK)
            return dp_fail(detail, DP_EFORMAT, NULL, "the node's block has no proper %s.",
                           fields[i].name);
    }
    return out->err;
}

static enum dp_err hash_fields(uint8_t hash[static DP_KECCAK_LEN], struct json_object *block,
                               struct dp_detail *detail)
{
    struct dp_buf items = DP_BUF_INIT(RLP_MAX), list = DP_BUF_INIT(RLP_MAX);
    enum dp_err err = add_fields(&items, block, detail);

    if (err == DP_OK) {
        dp_rlp_add_list(&list, items.data, items.len);
        err = list.err;
    }
    if (err == DP_OK)
        dp_keccak256(hash, list.data, list.len);
    dp_buf_free(&items);
    dp_buf_free(&list);
    return err;
}

static enum dp_err read_members(struct dp_header *out, struct json_object *block)
{
    if (dp_rpc_fixed(out->hash, DP_KECCAK_LEN, json_object_object_get(block, "hash")) != DP_OK ||
        dp_rpc_fixed(out->parent, DP_KECCAK_LEN, json_object_object_get(block, "parentHash")) !=
            DP_OK ||
        dp_rpc_fixed(out->state_root, DP_KECCAK_LEN, json_object_object_get(block, "stateRoot")) !=
            DP_OK ||
        dp_rpc_quantity(&out->number, json_object_object_get(block, "number")) != DP_OK ||
        dp_rpc_quantity(&out->time, json_object_object_get(block, "timestamp")) != DP_OK)
        return DP_EFORMAT;
    return DP_OK;
}

enum dp_err dp_header_read(struct dp_header *out, struct json_object *block,
                           struct dp_detail *detail)
{
    struct dp_header header;
    uint8_t hash[DP_KECCAK_LEN];
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    if (!json_object_is_type(block, json_type_object))
        return dp_fail(detail, DP_EFORMAT, NULL, "the node has no such block.");
    err = hash_fields(hash, block, detail);
    if (err != DP_OK)
        return err;
    if (read_members(&header, block) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, NULL, "the node's block has no proper hash or number.");
    if (memcmp(hash, header.hash, sizeof(hash)) != 0)
        return dp_fail(detail, DP_EFORMAT, NULL,
                       "the block's fields do not hash to its hash: one was altered, or the block "
                       "has fields that this program does not know.");
    *out = header;
    return DP_OK;
}
