/* test_peers.c - peersDigest of lists of peers, against peers-digest.json. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/peers.h"

#define LIST_MAX 64

static int load(void **state)
{
    *state = vectors_load("peers-digest.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static void read_peer(struct dp_peer *out, struct json_object *row)
{
    const char *endpoint = vectors_text(row, "endpoint");

    *out = (struct dp_peer){
        .token_id = json_object_get_uint64(vectors_member(row, "tokenId")),
        .network = json_object_get_int(vectors_member(row, "networkType")),
        .lease_until = json_object_get_uint64(vectors_member(row, "leaseUntil")),
    };
    vectors_fixed(out->app_id, sizeof(out->app_id), row, "appId");
    vectors_fixed(out->instance_id, sizeof(out->instance_id), row, "instanceId");
    vectors_fixed(out->wireguard_key, sizeof(out->wireguard_key), row, "wireguardKey");
    assert_true(strlen(endpoint) < sizeof(out->endpoint));
    strncpy(out->endpoint, endpoint, sizeof(out->endpoint) - 1);
}

static size_t read_list(struct dp_peer list[static LIST_MAX], struct json_object *set)
{
    struct json_object *rows = vectors_member(set, "peers");
    const size_t count = json_object_array_length(rows);

    assert_true(count <= LIST_MAX);
    for (size_t i = 0; i < count; i++)
        read_peer(&list[i], json_object_array_get_idx(rows, i));
    return count;
}

static void digests_are_the_contracts(void **state)
{
    static struct dp_peer list[LIST_MAX];
    uint8_t want[DP_KECCAK_LEN], got[DP_KECCAK_LEN];

    FOR_EACH_ROW(set, vectors_rows(*state, "sets"))
    {
        const size_t count = read_list(list, set);

        vectors_fixed(want, sizeof(want), set, "digest");
        assert_int_equal(dp_peers_digest(got, list, count), DP_OK);
        if (memcmp(got, want, sizeof(want)) != 0)
            fail_msg("%s", vectors_text(set, "name"));
    }
}

/* Of every set that has peers: whatever is changed, the digest changes; the order does not count.
 */
static void every_field_counts_and_no_order(void **state)
{
    static struct dp_peer list[LIST_MAX];
    uint8_t want[DP_KECCAK_LEN], got[DP_KECCAK_LEN];

    FOR_EACH_ROW(set, vectors_rows(*state, "sets"))
    {
        const size_t count = read_list(list, set);

        if (count == 0)
            continue;
        assert_int_equal(dp_peers_digest(want, list, count), DP_OK);
        for (int field = 0; field < 8; field++) {
            struct dp_peer kept = list[count - 1], *last = &list[count - 1];

            last->token_id += field == 0;
            last->app_id[19] ^= field == 1;
            last->instance_id[0] ^= field == 2;
            if (field == 3)
                last->network = 1 - last->network;
            last->lease_until += field == 4;
            last->wireguard_key[31] ^= field == 5;
            if (field == 6)
                last->endpoint[0] ^= 1;
            assert_int_equal(dp_peers_digest(got, list, field == 7 ? count - 1 : count), DP_OK);
            assert_memory_not_equal(got, want, sizeof(want));
            *last = kept;
        }
        for (size_t i = 0; i < count / 2; i++) {
            struct dp_peer kept = list[i];

            list[i] = list[count - 1 - i];
            list[count - 1 - i] = kept;
        }
        assert_int_equal(dp_peers_digest(got, list, count), DP_OK);
        assert_memory_equal(got, want, sizeof(want));
    }
}

static void the_slot_is_the_one_that_the_contract_names(void **state)
{
    uint8_t want[DP_WORD_LEN], got[DP_WORD_LEN];

    vectors_fixed(want, sizeof(want), *state, "slot");
    dp_peers_slot(got);
    assert_memory_equal(got, want, sizeof(want));
}

static void a_lease_ends_after_its_last_second(void **state)
{
    const struct dp_peer peer = {.lease_until = 1000};

    (void)state;
    assert_true(dp_peer_is_active(&peer, 1000));
    assert_false(dp_peer_is_active(&peer, 1001));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(digests_are_the_contracts, load, unload),
        cmocka_unit_test_setup_teardown(every_field_counts_and_no_order, load, unload),
        cmocka_unit_test_setup_teardown(the_slot_is_the_one_that_the_contract_names, load, unload),
        cmocka_unit_test(a_lease_ends_after_its_last_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
