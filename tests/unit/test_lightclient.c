/* test_lightclient.c - a chain followed from Deneb to Electra, and what a bad answer leaves. */
#include "vectors.h"

#include <string.h>

#include "base/hex.h"
#include "ethereum/lightclient.h"

#define F32 "ffffffffffffffffffffffffffffffff"

static struct json_object *doc;
static struct dp_beacon_chain chain;
static uint8_t checkpoint[DP_SSZ_LEN];
static uint64_t now;

static int load(void **state)
{
    (void)state;
    doc = vectors_load("light-client.json");
    now = (uint64_t)json_object_get_int64(vectors_member(doc, "now"));
    if (dp_hex_decode_exact(checkpoint, sizeof(checkpoint), vectors_text(doc, "checkpoint")) !=
        DP_OK)
        return -1;
    return dp_beacon_chain_read(&chain, vectors_member(doc, "config"), NULL) == DP_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_object_put(doc);
    return 0;
}

static struct dp_light_client *begin(void)
{
    struct dp_light_client *client;

    assert_int_equal(
        dp_light_client_open(&client, &chain, checkpoint, vectors_member(doc, "bootstrap"), NULL),
        DP_OK);
    return client;
}

static void assert_root(const struct dp_ssz_node *root, struct json_object *row, const char *name)
{
    uint8_t expected[DP_SSZ_LEN];

    assert_int_equal(dp_hex_decode_exact(expected, sizeof(expected), vectors_text(row, name)),
                     DP_OK);
    assert_memory_equal(root->bytes, expected, sizeof(expected));
}

static int64_t number(struct json_object *row, const char *name)
{
    return json_object_get_int64(vectors_member(row, name));
}

static void a_chain_is_followed_to_its_final_block(void **state)
{
    struct json_object *expected = vectors_member(doc, "final");
    struct dp_light_client *client = begin();
    const struct dp_light_header *final = dp_light_client_finalized(client);

    (void)state;
    assert_int_equal(final->slot, 8192 + 64);
    assert_int_equal(dp_light_client_reach(client), 2 * 8192 - 1);
    assert_int_equal(dp_light_client_update(client, vectors_member(doc, "update"), now, NULL),
                     DP_OK);
    assert_int_equal(final->slot, 8192 + 600);
    assert_int_equal(dp_light_client_reach(client), 3 * 8192 - 1);
    assert_int_equal(dp_light_client_update(client, vectors_member(doc, "finality"), now, NULL),
                     DP_OK);
    assert_int_equal(final->slot, number(expected, "slot"));
    assert_int_equal(final->execution.number, number(expected, "block_number"));
    assert_root(&final->root, expected, "root");
    assert_root(&final->execution.hash, expected, "block_hash");
    assert_root(&final->execution.state_root, expected, "state_root");
    assert_int_equal(dp_light_client_reach(client), 3 * 8192 - 1);
    dp_light_client_free(client);
}

/* Put another text in the place of a member, and take it back later. Returns: the old one */
static struct json_object *replace(struct json_object *object, const char *name,
                                   struct json_object *value)
{
    struct json_object *old = json_object_get(vectors_member(object, name));

    assert_int_equal(json_object_object_add(object, name, value), 0);
    return old;
}

static void a_bad_update_leaves_the_client_as_it_was(void **state)
{
    static const struct {
        const char *part, *name, *value, *field;
    } cases[] = {
        {"sync_aggregate", "sync_committee_bits", "0x" F32 F32 F32 F32, "sync_committee_signature"},
        {NULL, "signature_slot", "8892", "signature_slot"},
        {NULL, "signature_slot", "18446744073709551615", "signature_slot"},
        {NULL, "signature_slot", "16999", "signature_slot"},
        {"sync_aggregate", "sync_committee_bits", "0x00", "sync_committee_bits"},
        {"attested_header", "execution_branch", NULL, "execution_branch"},
        {NULL, "finality_branch", NULL, "finality_branch"},
        {NULL, "next_sync_committee", NULL, "next_sync_committee"},
    };
    struct json_object *update = vectors_member(doc, "update");
    struct dp_light_client *client = begin();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_object *part =
            cases[i].part == NULL ? update : vectors_member(update, cases[i].part);
        struct json_object *value =
            cases[i].value == NULL ? NULL : json_object_new_string(cases[i].value);
        struct json_object *old = replace(part, cases[i].name, value);
        struct dp_detail detail = {"", ""};

        assert_int_not_equal(dp_light_client_update(client, update, now, &detail), DP_OK);
        assert_string_equal(detail.field, cases[i].field);
        assert_int_equal(dp_light_client_finalized(client)->slot, 8192 + 64);
        assert_int_equal(dp_light_client_reach(client), 2 * 8192 - 1);
        assert_int_equal(json_object_object_add(part, cases[i].name, old), 0);
    }
    assert_int_equal(dp_light_client_update(client, update, now, NULL), DP_OK);
    dp_light_client_free(client);
}

static void a_client_begins_at_its_checkpoint_alone(void **state)
{
    struct dp_light_client *client;
    struct dp_detail detail;
    uint8_t other[DP_SSZ_LEN];

    (void)state;
    memcpy(other, checkpoint, sizeof(other));
    other[0] ^= 1;
    assert_int_equal(
        dp_light_client_open(&client, &chain, other, vectors_member(doc, "bootstrap"), &detail),
        DP_EFORMAT);
    assert_null(client);
    assert_string_equal(detail.text, "It is not the block of the checkpoint.");
    dp_light_client_free(NULL);
}

static void forks_begin_with_their_epochs(void **state)
{
    (void)state;
    assert_int_equal(dp_beacon_chain_fork(&chain, 0), DP_FORK_CAPELLA);
    assert_int_equal(dp_beacon_chain_fork(&chain, 256 * 32 - 1), DP_FORK_CAPELLA);
    assert_int_equal(dp_beacon_chain_fork(&chain, 256 * 32), DP_FORK_DENEB);
    assert_int_equal(dp_beacon_chain_fork(&chain, 512 * 32), DP_FORK_ELECTRA);
    assert_int_equal(dp_beacon_chain_fork(&chain, UINT64_MAX), DP_FORK_ELECTRA);
    assert_int_equal(dp_beacon_chain_time(&chain, UINT64_MAX), UINT64_MAX);
    assert_false(dp_beacon_chain_is_unknown(&chain, UINT64_MAX));
}

/* The roots of trees of zeros are in every client's table: this is that of two leaves. */
static void trees_are_filled_up_with_zeros(void **state)
{
    uint8_t expected[DP_SSZ_LEN];
    struct dp_ssz_node leaves[3] = {{{0}}}, root, four[4] = {{{1}}, {{2}}, {{3}}, {{0}}};

    (void)state;
    assert_int_equal(
        dp_hex_decode_exact(expected, sizeof(expected),
                            "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"),
        DP_OK);
    root = dp_ssz_root(leaves, 1, 1);
    assert_memory_equal(root.bytes, expected, sizeof(expected));
    for (uint8_t i = 0; i < 3; i++)
        leaves[i] = dp_ssz_number(i + 1);
    root = dp_ssz_root(leaves, 3, 2);
    leaves[0] = dp_ssz_root(four, 4, 2);
    assert_true(dp_ssz_equal(&root, &leaves[0]));
}

static void a_branch_leads_from_its_leaf_alone(void **state)
{
    struct dp_ssz_node leaf = dp_ssz_number(7), branch[2] = {dp_ssz_number(8), dp_ssz_number(9)};
    struct dp_ssz_node root;

    (void)state;
    dp_ssz_pair(&root, &branch[0], &leaf);
    dp_ssz_pair(&root, &root, &branch[1]);
    assert_int_equal(dp_ssz_depth(5), 2);
    assert_true(dp_ssz_branch_holds(&root, &leaf, branch, 5));
    assert_false(dp_ssz_branch_holds(&root, &leaf, branch, 4));
    assert_false(dp_ssz_branch_holds(&root, &leaf, branch, 7));
    assert_false(dp_ssz_branch_holds(&root, &branch[0], branch, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_followed_to_its_final_block),
        cmocka_unit_test(a_bad_update_leaves_the_client_as_it_was),
        cmocka_unit_test(a_client_begins_at_its_checkpoint_alone),
        cmocka_unit_test(forks_begin_with_their_epochs),
        cmocka_unit_test(trees_are_filled_up_with_zeros),
        cmocka_unit_test(a_branch_leads_from_its_leaf_alone),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
