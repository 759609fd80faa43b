/* proof.c - accounts and storage proven against a block's state root (EIP-1186; yellow paper, 4.1).
 */
#include "ethereum/proof.h"

#include <string.h>

#include "base/json.h"
#include "ethereum/rlp.h"
#include "ethereum/rpc.h"

#define ACCOUNT_ITEMS 4 /* nonce, balance, storage root, code hash */

/* keccak-256 of nothing. */
static const uint8_t empty_code_hash[DP_KECCAK_LEN] = {
    0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c, 0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
    0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b, 0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70};

/* A number without leading zeros, as a word. */
static bool read_word(uint8_t word[static DP_WORD_LEN], const struct dp_rlp_item *item)
{
    if (item->is_list || item->len > DP_WORD_LEN || (item->len > 0 && item->payload[0] == 0))
        return false;
    memset(word, 0, DP_WORD_LEN);
    if (item->len > 0)
        memcpy(word + DP_WORD_LEN - item->len, item->payload, item->len);
    return true;
}

static bool read_hash(uint8_t hash[static DP_KECCAK_LEN], const struct dp_rlp_item *item)
{
    if (item->is_list || item->len != DP_KECCAK_LEN)
        return false;
    memcpy(hash, item->payload, DP_KECCAK_LEN);
    return true;
}

static bool read_items(struct dp_rlp_item items[static ACCOUNT_ITEMS], const struct dp_slice *rlp)
{
    struct dp_rlp_item list;
    size_t at = 0;

    if (dp_rlp_read(&list, (const uint8_t *)rlp->data, rlp->len) != DP_OK || !list.is_list ||
        list.size != rlp->len)
        return false;
    for (size_t i = 0; i < ACCOUNT_ITEMS; i++) {
        if (dp_rlp_read(&items[i], list.payload + at, list.len - at) != DP_OK)
            return false;
        at += items[i].size;
    }
    return at == list.len;
}

static bool read_account(struct dp_proof_account *out, const struct dp_slice *rlp)
{
    struct dp_rlp_item items[ACCOUNT_ITEMS];
    uint8_t nonce[DP_WORD_LEN];

    return read_items(items, rlp) && read_word(nonce, &items[0]) &&
           dp_integer_read(&out->nonce, nonce) == DP_OK && read_word(out->balance, &items[1]) &&
           read_hash(out->storage_root, &items[2]) && read_hash(out->code_hash, &items[3]);
}

enum dp_err dp_proof_account(struct dp_proof_account *out,
                             const uint8_t state_root[static DP_KECCAK_LEN],
                             const uint8_t address[static DP_ADDRESS_LEN],
                             const struct dp_slice *nodes, size_t count, struct dp_detail *detail)
{
    uint8_t key[DP_KECCAK_LEN];
    struct dp_slice value;
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    dp_keccak256(key, address, DP_ADDRESS_LEN);
    err = dp_trie_prove(&value, state_root, key, sizeof(key), nodes, count, detail);
    if (err != DP_OK)
        return err;
    if (value.data == NULL) {
        memcpy(out->storage_root, dp_trie_empty_root, DP_KECCAK_LEN);
        memcpy(out->code_hash, empty_code_hash, DP_KECCAK_LEN);
        return DP_OK;
    }
    out->exists = read_account(out, &value);
    if (out->exists)
        return DP_OK;
    memset(out, 0, sizeof(*out));
    return dp_fail(detail, DP_EFORMAT, NULL, "what is proven is no account.");
}

enum dp_err dp_proof_storage(uint8_t word[static DP_WORD_LEN],
                             const uint8_t storage_root[static DP_KECCAK_LEN],
                             const uint8_t slot[static DP_WORD_LEN], const struct dp_slice *nodes,
                             size_t count, struct dp_detail *detail)
{
    uint8_t key[DP_KECCAK_LEN];
    struct dp_rlp_item item;
    struct dp_slice value;
    enum dp_err err;

    memset(word, 0, DP_WORD_LEN);
    dp_keccak256(key, slot, DP_WORD_LEN);
    err = dp_trie_prove(&value, storage_root, key, sizeof(key), nodes, count, detail);
    if (err != DP_OK || value.data == NULL)
        return err;
    /* Ethereum takes a slot out of the trie that becomes zero; development nodes keep it. */
    if (dp_rlp_read(&item, (const uint8_t *)value.data, value.len) != DP_OK ||
        item.size != value.len || !read_word(word, &item))
        return dp_fail(detail, DP_EFORMAT, NULL, "what is proven is no word of storage.");
    return DP_OK;
}

/* --- answers of eth_getProof --- */

/* The nodes of one proof. Their bytes stand in memory that does not move. */
struct nodes {
    struct dp_buf bytes;
    struct dp_slice list[DP_TRIE_NODES_MAX];
    size_t count;
};

static enum dp_err read_nodes(struct nodes *nodes, struct json_object *array,
                              struct dp_detail *detail)
{
    size_t at = 0;

    nodes->count = dp_json_count(array);
    dp_buf_reset(&nodes->bytes);
    if (!json_object_is_type(array, json_type_array))
        return dp_fail(detail, DP_EFORMAT, NULL, "the node's proof is no list.");
    if (nodes->count > DP_TRIE_NODES_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "the node's proof is too long.");
    for (size_t i = 0; i < nodes->count; i++) {
        enum dp_err err = dp_rpc_data(&nodes->bytes, json_object_array_get_idx(array, i));

        if (err != DP_OK)
            return dp_fail(detail, err, NULL, "the node's proof has a node that is none.");
        nodes->list[i].len = nodes->bytes.len - at;
        at = nodes->bytes.len;
    }
    at = 0;
    for (size_t i = 0; i < nodes->count; at += nodes->list[i++].len)
        nodes->list[i].data = nodes->bytes.data + at;
    return DP_OK;
}

static bool says_word(struct json_object *value, const uint8_t word[static DP_WORD_LEN])
{
    const struct dp_integer_type type = {256, false};
    uint8_t said[DP_WORD_LEN];

    /* Nodes differ in whether a slot and its value are quantities or 32 bytes. */
    return json_object_is_type(value, json_type_string) &&
           dp_integer_parse(said, json_object_get_string(value),
                            (size_t)json_object_get_string_len(value), type) == DP_OK &&
           memcmp(said, word, sizeof(said)) == 0;
}

static bool says(struct json_object *answer, const char *name, const uint8_t *want, size_t len)
{
    uint8_t said[DP_WORD_LEN];

    return dp_rpc_fixed(said, len, json_object_object_get(answer, name)) == DP_OK &&
           memcmp(said, want, len) == 0;
}

static bool says_nothing(struct json_object *answer, const char *name)
{
    uint8_t said[DP_WORD_LEN], zero[DP_WORD_LEN] = {0};

    return dp_rpc_fixed(said, sizeof(said), json_object_object_get(answer, name)) == DP_OK &&
           memcmp(said, zero, sizeof(said)) == 0;
}

/* Of an account that does not exist some nodes give empty hashes, others zeros. */
static bool says_account(struct json_object *answer, const struct dp_proof_account *account)
{
    uint64_t nonce;

    if (dp_rpc_quantity(&nonce, json_object_object_get(answer, "nonce")) != DP_OK ||
        nonce != account->nonce ||
        !says_word(json_object_object_get(answer, "balance"), account->balance))
        return false;
    if (!account->exists && says_nothing(answer, "storageHash") && says_nothing(answer, "codeHash"))
        return true;
    return says(answer, "storageHash", account->storage_root, DP_KECCAK_LEN) &&
           says(answer, "codeHash", account->code_hash, DP_KECCAK_LEN);
}

static enum dp_err check_account(struct dp_proof_account *account, struct nodes *nodes,
                                 struct json_object *answer, const uint8_t *state_root,
                                 const uint8_t *address, struct dp_detail *detail)
{
    enum dp_err err = read_nodes(nodes, json_object_object_get(answer, "accountProof"), detail);

    if (err == DP_OK)
        err = dp_proof_account(account, state_root, address, nodes->list, nodes->count, detail);
    if (err == DP_OK &&
        (!says(answer, "address", address, DP_ADDRESS_LEN) || !says_account(answer, account)))
        err = dp_fail(detail, DP_EFORMAT, NULL,
                      "the node says another thing of the account than its proof.");
    return err;
}

static enum dp_err check_slot(uint8_t word[static DP_WORD_LEN], struct nodes *nodes,
                              struct json_object *entry, const uint8_t *storage_root,
                              const uint8_t *slot, struct dp_detail *detail)
{
    enum dp_err err = read_nodes(nodes, json_object_object_get(entry, "proof"), detail);

    if (err == DP_OK)
        err = dp_proof_storage(word, storage_root, slot, nodes->list, nodes->count, detail);
    if (err == DP_OK && (!says_word(json_object_object_get(entry, "key"), slot) ||
                         !says_word(json_object_object_get(entry, "value"), word)))
        err = dp_fail(detail, DP_EFORMAT, NULL,
                      "the node says another thing of a storage slot than its proof.");
    return err;
}

enum dp_err dp_proof_answer(struct dp_proof_account *account, uint8_t (*words)[DP_WORD_LEN],
                            struct json_object *answer,
                            const uint8_t state_root[static DP_KECCAK_LEN],
                            const uint8_t address[static DP_ADDRESS_LEN],
                            const uint8_t (*slots)[DP_WORD_LEN], size_t slots_count,
                            struct dp_detail *detail)
{
    struct json_object *entries = json_object_object_get(answer, "storageProof");
    struct nodes nodes = {.bytes = DP_BUF_INIT(DP_PROOF_BYTES_MAX)};
    enum dp_err err;

    memset(account, 0, sizeof(*account));
    if (!json_object_is_type(entries, json_type_array) || dp_json_count(entries) != slots_count)
        return dp_fail(detail, DP_EFORMAT, NULL,
                       "the node's answer to eth_getProof has not the slots that were asked for.");
    err = check_account(account, &nodes, answer, state_root, address, detail);
    for (size_t i = 0; err == DP_OK && i < slots_count; i++)
        err = check_slot(words[i], &nodes, json_object_array_get_idx(entries, i),
                         account->storage_root, slots[i], detail);
    dp_buf_free(&nodes.bytes);
    if (err != DP_OK)
        memset(account, 0, sizeof(*account));
    return err;
}
