/* test_voucher.c - what a node's app signs, against vouchers.json. */
#include "vectors.h"

#include <string.h>

#include "cluster/voucher.h"

static int load(void **state)
{
    *state = vectors_load("vouchers.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static uint64_t number(struct json_object *row, const char *name)
{
    return json_object_get_uint64(vectors_member(row, name));
}

static void read_voucher(struct dp_voucher *out, struct json_object *row)
{
    *out = (struct dp_voucher){
        .token_id = number(row, "tokenId"),
        .network = (enum dp_peer_network)number(row, "networkType"),
        .nonce = number(row, "nonce"),
        .deadline = number(row, "deadline"),
    };
    vectors_fixed(out->app_id, sizeof(out->app_id), row, "appId");
    vectors_fixed(out->instance_id, sizeof(out->instance_id), row, "instanceId");
    vectors_fixed(out->wireguard_key, sizeof(out->wireguard_key), row, "wireguardKey");
    assert_true(strlen(vectors_text(row, "endpoint")) < sizeof(out->endpoint));
    strncpy(out->endpoint, vectors_text(row, "endpoint"), sizeof(out->endpoint) - 1);
}

static void read_renewal(struct dp_renewal *out, struct json_object *row)
{
    *out = (struct dp_renewal){.token_id = number(row, "tokenId"),
                               .nonce = number(row, "nonce"),
                               .deadline = number(row, "deadline")};
    vectors_fixed(out->instance_id, sizeof(out->instance_id), row, "instanceId");
}

static void digests_are_those_of_eip712(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "rows"))
    {
        const uint64_t chain_id = number(row, "chainId");
        uint8_t contract[DP_ADDRESS_LEN], want[DP_KECCAK_LEN], got[DP_KECCAK_LEN];
        struct dp_voucher voucher;
        struct dp_renewal renewal;

        vectors_fixed(contract, sizeof(contract), row, "contract");
        read_voucher(&voucher, vectors_member(row, "voucher"));
        dp_voucher_digest(got, &voucher, chain_id, contract);
        vectors_fixed(want, sizeof(want), row, "voucherDigest");
        assert_memory_equal(got, want, sizeof(want));

        read_renewal(&renewal, vectors_member(row, "renewal"));
        dp_renewal_digest(got, &renewal, chain_id, contract);
        vectors_fixed(want, sizeof(want), row, "renewalDigest");
        assert_memory_equal(got, want, sizeof(want));
    }
}

static void renewals_are_called_as_the_contract_reads_them(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "rows"))
    {
        struct bytes want = vectors_hex(row, "renewalCall");
        struct dp_buf got = DP_BUF_INIT(DP_VOUCHER_CALL_MAX);
        struct dp_cluster_signature by;
        struct dp_renewal renewal;

        read_renewal(&renewal, vectors_member(row, "renewal"));
        memset(&by, 0, sizeof(by));
        vectors_fixed(by.signature, sizeof(by.signature), row, "signature");
        assert_int_equal(dp_renewal_call(&got, &renewal, &by, NULL), DP_OK);
        assert_int_equal(got.len, want.len);
        assert_memory_equal(got.data, want.data, want.len);
        assert_true(dp_voucher_is_call(&got));
        got.data[0] ^= 1;
        assert_false(dp_voucher_is_call(&got));
        got.len = 3;
        assert_false(dp_voucher_is_call(&got));
        dp_buf_free(&got);
        bytes_free(want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(digests_are_those_of_eip712, load, unload),
        cmocka_unit_test_setup_teardown(renewals_are_called_as_the_contract_reads_them, load,
                                        unload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
