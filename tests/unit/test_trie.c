/* test_trie.c - proofs against merkle-patricia.json: what holds is taken, anything else refused. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "ethereum/proof.h"
#include "ethereum/trie.h"

static int load(void **state)
{
    *state = vectors_load("merkle-patricia.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

/* The nodes of a row's proof. */
struct proof {
    struct bytes bytes[DP_TRIE_NODES_MAX];
    struct dp_slice nodes[DP_TRIE_NODES_MAX];
    size_t count;
};

static struct bytes hex_of(struct json_object *text)
{
    struct json_object *row = json_object_new_object();
    struct bytes bytes;

    json_object_object_add(row, "hex", json_object_get(text));
    bytes = vectors_hex(row, "hex");
    json_object_put(row);
    return bytes;
}

static void proof_read(struct proof *proof, struct json_object *list)
{
    proof->count = json_object_array_length(list);
    assert_true(proof->count <= DP_TRIE_NODES_MAX);
    for (size_t i = 0; i < proof->count; i++) {
        proof->bytes[i] = hex_of(json_object_array_get_idx(list, i));
        proof->nodes[i] =
            (struct dp_slice){(const char *)proof->bytes[i].data, proof->bytes[i].len};
    }
}

static void proof_free(struct proof *proof)
{
    for (size_t i = 0; i < proof->count; i++)
        bytes_free(proof->bytes[i]);
}

static void assert_value(const struct dp_slice *value, struct json_object *row, const char *name)
{
    struct bytes want;

    if (!vectors_bool(row, "present")) {
        assert_null(value->data);
        return;
    }
    want = vectors_hex(row, name);
    assert_int_equal(value->len, want.len);
    assert_memory_equal(value->data, want.data, want.len);
    bytes_free(want);
}

/* Each byte of each node turned over, each node shortened, left out, or doubled. */
static void assert_nothing_else_holds(struct proof *proof, const uint8_t *root, const uint8_t *key,
                                      size_t key_len)
{
    struct dp_slice value, nodes[DP_TRIE_NODES_MAX + 1];

    for (size_t i = 0; i < proof->count; i++) {
        for (size_t at = 0; at < proof->bytes[i].len; at++) {
            proof->bytes[i].data[at] ^= 1;
            assert_int_equal(
                dp_trie_prove(&value, root, key, key_len, proof->nodes, proof->count, NULL),
                DP_EFORMAT);
            proof->bytes[i].data[at] ^= 1;
            proof->nodes[i].len = at;
            assert_int_equal(
                dp_trie_prove(&value, root, key, key_len, proof->nodes, proof->count, NULL),
                DP_EFORMAT);
            assert_null(value.data);
            proof->nodes[i].len = proof->bytes[i].len;
        }
        memcpy(nodes, proof->nodes, proof->count * sizeof(nodes[0]));
        memmove(nodes + i, nodes + i + 1, (proof->count - i - 1) * sizeof(nodes[0]));
        assert_int_equal(dp_trie_prove(&value, root, key, key_len, nodes, proof->count - 1, NULL),
                         DP_EFORMAT);
        memcpy(nodes, proof->nodes, i * sizeof(nodes[0]));
        memcpy(nodes + i + 1, proof->nodes + i, (proof->count - i) * sizeof(nodes[0]));
        nodes[i] = proof->nodes[i];
        assert_int_equal(dp_trie_prove(&value, root, key, key_len, nodes, proof->count + 1, NULL),
                         DP_EFORMAT);
    }
}

static void small_tries_are_proven(void **state)
{
    FOR_EACH_ROW(trie, vectors_rows(*state, "small_tries"))
    {
        uint8_t root[DP_KECCAK_LEN];

        vectors_fixed(root, sizeof(root), trie, "root");
        FOR_EACH_ROW(row, vectors_rows(trie, "proofs"))
        {
            struct bytes key = vectors_hex(row, "key");
            struct dp_slice value;
            struct proof proof;

            proof_read(&proof, vectors_member(row, "proof"));
            assert_int_equal(
                dp_trie_prove(&value, root, key.data, key.len, proof.nodes, proof.count, NULL),
                DP_OK);
            assert_value(&value, row, "value");
            assert_nothing_else_holds(&proof, root, key.data, key.len);
            proof_free(&proof);
            bytes_free(key);
        }
    }
}

static void assert_account(const struct dp_proof_account *account, struct json_object *row)
{
    uint8_t root[DP_KECCAK_LEN], code[DP_KECCAK_LEN];
    char balance[DP_INTEGER_TEXT_SIZE];
    struct json_object *want = vectors_member(row, "account");

    vectors_fixed(root, sizeof(root), want, "storage_root");
    vectors_fixed(code, sizeof(code), want, "code_hash");
    dp_integer_format(balance, account->balance, false);
    assert_string_equal(balance, vectors_text(want, "balance"));
    assert_int_equal(account->nonce, json_object_get_int64(vectors_member(want, "nonce")));
    assert_memory_equal(account->storage_root, root, sizeof(root));
    assert_memory_equal(account->code_hash, code, sizeof(code));
}

static void assert_slots(const struct dp_proof_account *account, struct json_object *slots)
{
    FOR_EACH_ROW(slot, slots)
    {
        uint8_t key[DP_WORD_LEN], want[DP_WORD_LEN], word[DP_WORD_LEN];
        struct proof proof;

        vectors_fixed(key, sizeof(key), slot, "key");
        vectors_fixed(want, sizeof(want), slot, "value");
        proof_read(&proof, vectors_member(slot, "proof"));
        assert_int_equal(
            dp_proof_storage(word, account->storage_root, key, proof.nodes, proof.count, NULL),
            DP_OK);
        assert_memory_equal(word, want, sizeof(word));
        proof_free(&proof);
    }
}

static void accounts_and_storage_are_proven(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "proofs"))
    {
        uint8_t root[DP_KECCAK_LEN], address[DP_ADDRESS_LEN];
        struct dp_proof_account account;
        struct proof proof;

        vectors_fixed(root, sizeof(root), row, "state_root");
        vectors_fixed(address, sizeof(address), row, "address");
        proof_read(&proof, vectors_member(row, "account_proof"));
        assert_int_equal(dp_proof_account(&account, root, address, proof.nodes, proof.count, NULL),
                         DP_OK);
        assert_int_equal(account.exists, vectors_bool(row, "exists"));
        if (account.exists)
            assert_account(&account, row);
        assert_slots(&account, vectors_member(row, "storage"));
        proof_free(&proof);
    }
}

/* Does the proof hold for the key, and give what is claimed (where something is)? */
static bool holds(struct json_object *row)
{
    struct json_object *claimed = NULL;
    uint8_t root[DP_KECCAK_LEN], path[DP_KECCAK_LEN];
    struct bytes key = vectors_hex(row, "key"), want;
    bool is_claimed = json_object_object_get_ex(row, "claimed_value", &claimed), same;
    struct dp_slice value;
    struct proof proof;
    enum dp_err err;

    vectors_fixed(root, sizeof(root), row, "root");
    dp_keccak256(path, key.data, key.len);
    bytes_free(key);
    proof_read(&proof, vectors_member(row, "proof"));
    err = dp_trie_prove(&value, root, path, sizeof(path), proof.nodes, proof.count, NULL);
    same = err == DP_OK;
    if (same && is_claimed && claimed == NULL)
        same = value.data == NULL;
    if (same && claimed != NULL) {
        want = hex_of(claimed);
        same = value.len == want.len && memcmp(value.data, want.data, want.len) == 0;
        bytes_free(want);
    }
    /* A false claim is met by a proof that does hold, of something else. */
    assert_int_equal(err == DP_OK, is_claimed);
    proof_free(&proof);
    return same;
}

static void broken_proofs_are_refused(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "broken"))
    {
        if (holds(row))
            fail_msg("%s", vectors_text(row, "name"));
    }
}

/* A trie of one node, whose hash is right: only its form is wrong. */
static void nodes_that_are_none_are_refused(void **state)
{
    static const struct {
        const char *node, *what;
    } rows[] = {
        {"", "nothing"},
        {"80", "an empty string, but not as the empty trie"},
        {"c0", "an empty list"},
        {"c120", "one item"},
        {"c3208080", "three items"},
        {"d08080808080808080808080808080808080"
         "80",
         "bytes behind the list"},
        {"d0"
         "80808080808080808080808080808080",
         "sixteen items"},
        {"d2"
         "808080808080808080808080808080808080",
         "eighteen items"},
        {"d1"
         "80808080808080808080808080808080c0",
         "a list as a branch's value"},
        {"d3"
         "80808080820102808080808080808080808080",
         "a child of two bytes"},
        {"c28080", "no path"},
        {"c24001", "a path of a kind that is none"},
        {"c22101", "padding that is not zero"},
        {"c20001", "an extension over nothing"},
        {"c3824141"
         "61",
         "an item that is cut"},
        {"c482204180", "a leaf without a value"},
        {"c4822041c0", "a leaf with a list"},
        {"c482004180", "an extension to nothing"},
        {"c482004101", "an extension to one byte"},
    };
    const uint8_t key[] = {0x41};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t node[64], root[DP_KECCAK_LEN];
        struct dp_slice nodes[1] = {{(const char *)node, 0}}, value;

        assert_int_equal(
            dp_hex_decode(node, sizeof(node), &nodes[0].len, rows[i].node, strlen(rows[i].node)),
            DP_OK);
        dp_keccak256(root, node, nodes[0].len);
        if (nodes[0].len == 1 && node[0] == 0x80)
            root[0] ^= 1;
        if (dp_trie_prove(&value, root, key, sizeof(key), nodes, 1, NULL) != DP_EFORMAT)
            fail_msg("taken: %s", rows[i].what);
    }
}

/* A storage trie of one leaf for slot 0, whose value is as given. */
static enum dp_err prove_leaf(uint8_t word[static DP_WORD_LEN], const char *value_hex)
{
    uint8_t slot[DP_WORD_LEN] = {0}, root[DP_KECCAK_LEN], node[128] = {0}, path[DP_KECCAK_LEN];
    size_t len;
    struct dp_slice nodes[1];

    assert_int_equal(
        dp_hex_decode(node + 36, sizeof(node) - 36, &len, value_hex, strlen(value_hex)), DP_OK);
    dp_keccak256(path, slot, sizeof(slot));
    node[0] = (uint8_t)(0xc0 + 34 + 1 + len);
    node[1] = 0xa1;
    node[2] = 0x20;
    memcpy(node + 3, path, sizeof(path));
    node[35] = (uint8_t)(0x80 + len);
    nodes[0] = (struct dp_slice){(const char *)node, 36 + len};
    dp_keccak256(root, node, nodes[0].len);
    return dp_proof_storage(word, root, slot, nodes, 1, NULL);
}

static void stored_words_are_numbers(void **state)
{
    static const char *const bad[] = {"8180"
                                      "00",
                                      "8200ff", "c180",
                                      "8190"
                                      "80",
                                      "a1"};
    uint8_t word[DP_WORD_LEN], zero[DP_WORD_LEN] = {0};

    (void)state;
    assert_int_equal(prove_leaf(word, "820100"), DP_OK);
    assert_int_equal(word[DP_WORD_LEN - 2], 1);
    /* anvil keeps a slot that has become zero. */
    assert_int_equal(prove_leaf(word, "80"), DP_OK);
    assert_memory_equal(word, zero, sizeof(word));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(prove_leaf(word, bad[i]), DP_EFORMAT);
        assert_memory_equal(word, zero, sizeof(word));
    }
}

static void long_keys_are_refused(void **state)
{
    static const uint8_t key[DP_TRIE_KEY_MAX + 1];
    struct dp_slice value;

    (void)state;
    assert_int_equal(dp_trie_prove(&value, dp_trie_empty_root, key, sizeof(key), NULL, 0, NULL),
                     DP_ETOOBIG);
    assert_int_equal(dp_trie_prove(&value, dp_trie_empty_root, key, DP_TRIE_KEY_MAX, NULL, 0, NULL),
                     DP_OK);
}

/* --- answers of eth_getProof --- */

static struct json_object *prefixed(const char *hex)
{
    char *text = NULL;
    struct json_object *made;

    assert_true(asprintf(&text, "0x%s", hex) > 0);
    made = json_object_new_string(text);
    free(text);
    return made;
}

static struct json_object *prefixed_list(struct json_object *list)
{
    struct json_object *made = json_object_new_array();

    for (size_t i = 0; i < json_object_array_length(list); i++)
        json_object_array_add(made,
                              prefixed(json_object_get_string(json_object_array_get_idx(list, i))));
    return made;
}

/* The row as a node answers it. */
static struct json_object *answer_of(struct json_object *row)
{
    struct json_object *answer = json_object_new_object(), *slots = json_object_new_array();
    struct json_object *account = vectors_member(row, "account");
    char nonce[24];

    snprintf(nonce, sizeof(nonce), "0x%llx",
             (unsigned long long)json_object_get_int64(vectors_member(account, "nonce")));
    json_object_object_add(answer, "address", prefixed(vectors_text(row, "address")));
    json_object_object_add(answer, "nonce", json_object_new_string(nonce));
    json_object_object_add(answer, "balance", json_object_get(vectors_member(account, "balance")));
    json_object_object_add(answer, "storageHash", prefixed(vectors_text(account, "storage_root")));
    json_object_object_add(answer, "codeHash", prefixed(vectors_text(account, "code_hash")));
    json_object_object_add(answer, "accountProof",
                           prefixed_list(vectors_member(row, "account_proof")));
    FOR_EACH_ROW(slot, vectors_member(row, "storage"))
    {
        struct json_object *entry = json_object_new_object();

        json_object_object_add(entry, "key", prefixed(vectors_text(slot, "key")));
        json_object_object_add(entry, "value", prefixed(vectors_text(slot, "value")));
        json_object_object_add(entry, "proof", prefixed_list(vectors_member(slot, "proof")));
        json_object_array_add(slots, entry);
    }
    json_object_object_add(answer, "storageProof", slots);
    return answer;
}

static enum dp_err check(struct json_object *row, struct json_object *answer)
{
    uint8_t root[DP_KECCAK_LEN], address[DP_ADDRESS_LEN], slots[16][DP_WORD_LEN];
    uint8_t words[16][DP_WORD_LEN];
    struct json_object *list = vectors_member(row, "storage");
    struct dp_proof_account account;
    size_t count = json_object_array_length(list);

    vectors_fixed(root, sizeof(root), row, "state_root");
    vectors_fixed(address, sizeof(address), row, "address");
    for (size_t i = 0; i < count; i++)
        vectors_fixed(slots[i], DP_WORD_LEN, json_object_array_get_idx(list, i), "key");
    return dp_proof_answer(&account, words, answer, root, address,
                           (const uint8_t(*)[DP_WORD_LEN])slots, count, NULL);
}

static void answers_say_what_they_prove(void **state)
{
    static const char *const members[] = {"address",  "nonce",        "balance",     "storageHash",
                                          "codeHash", "accountProof", "storageProof"};
    static const char *const parts[] = {"key", "value", "proof"};

    FOR_EACH_ROW(row, vectors_rows(*state, "proofs"))
    {
        struct json_object *answer, *entry;

        if (!vectors_bool(row, "exists") ||
            json_object_array_length(vectors_member(row, "storage")) == 0)
            continue;
        answer = answer_of(row);
        assert_int_equal(check(row, answer), DP_OK);
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
            struct json_object *kept = json_object_get(json_object_object_get(answer, members[i]));

            json_object_object_add(answer, members[i], json_object_new_string("0x99"));
            assert_int_equal(check(row, answer), DP_EFORMAT);
            json_object_object_del(answer, members[i]);
            assert_int_equal(check(row, answer), DP_EFORMAT);
            json_object_object_add(answer, members[i], kept);
        }
        entry = json_object_array_get_idx(json_object_object_get(answer, "storageProof"), 0);
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            struct json_object *kept = json_object_get(json_object_object_get(entry, parts[i]));

            json_object_object_add(entry, parts[i], json_object_new_string("0x99"));
            assert_int_equal(check(row, answer), DP_EFORMAT);
            json_object_object_add(entry, parts[i], kept);
        }
        assert_int_equal(check(row, answer), DP_OK);
        json_object_put(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_tries_are_proven),
        cmocka_unit_test(accounts_and_storage_are_proven),
        cmocka_unit_test(broken_proofs_are_refused),
        cmocka_unit_test(nodes_that_are_none_are_refused),
        cmocka_unit_test(stored_words_are_numbers),
        cmocka_unit_test(long_keys_are_refused),
        cmocka_unit_test(answers_say_what_they_prove),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
