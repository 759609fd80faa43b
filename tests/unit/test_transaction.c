/* test_transaction.c - EIP-1559 transactions and addresses of contracts, against ethereum.json. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "ethereum/account.h"
#include "ethereum/transaction.h"

static int load(void **state)
{
    assert_int_equal(dp_secp_init(), DP_OK);
    *state = vectors_load("ethereum.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static uint64_t number_of(struct json_object *row, const char *name)
{
    return strtoull(json_object_get_string(vectors_member(row, name)), NULL, 10);
}

/* What the row describes; to and data belong to the caller. */
static void read_transaction(struct dp_transaction *out, struct json_object *row, uint8_t *to,
                             struct dp_buf *data)
{
    const struct dp_integer_type value = {256, false};
    struct json_object *member;
    const char *text = vectors_text(row, "value");

    *out = (struct dp_transaction){.chain_id = number_of(row, "chainId"),
                                   .nonce = number_of(row, "nonce"),
                                   .gas = number_of(row, "gas"),
                                   .max_fee = number_of(row, "maxFeePerGas"),
                                   .max_priority_fee = number_of(row, "maxPriorityFeePerGas")};
    assert_int_equal(dp_integer_parse(out->value, text, strlen(text), value), DP_OK);
    if (json_object_object_get_ex(row, "to", &member)) {
        assert_int_equal(dp_address_parse(to, json_object_get_string(member)), DP_OK);
        out->to = to;
    }
    if (json_object_object_get_ex(row, "data", &member)) {
        size_t len;

        text = json_object_get_string(member);
        assert_int_equal(dp_hex_decode((uint8_t *)dp_buf_room(data, strlen(text)), strlen(text),
                                       &len, text, strlen(text)),
                         DP_OK);
        dp_buf_grew(data, len);
        out->data = data->data;
        out->data_len = data->len;
    }
}

static void check(struct json_object *row, const struct dp_transaction *transaction)
{
    struct bytes want = vectors_hex(row, "signed");
    struct dp_buf got = DP_BUF_INIT(DP_TRANSACTION_MAX);
    uint8_t digest[DP_KECCAK_LEN], want_digest[DP_KECCAK_LEN], hash[DP_KECCAK_LEN];
    struct dp_account account;

    vectors_fixed(want_digest, sizeof(want_digest), row, "signing_hash");
    assert_int_equal(dp_transaction_digest(digest, transaction), DP_OK);
    assert_memory_equal(digest, want_digest, sizeof(digest));

    assert_int_equal(setenv("KEY", vectors_text(row, "private_key"), 1), 0);
    assert_int_equal(dp_account_take(&account, "KEY", NULL), DP_OK);
    assert_int_equal(dp_account_sign(&account, &got, hash, transaction), DP_OK);
    assert_int_equal(got.len, want.len);
    assert_memory_equal(got.data, want.data, want.len);
    vectors_fixed(digest, sizeof(digest), row, "hash");
    assert_memory_equal(hash, digest, sizeof(hash));
    dp_account_close(&account);
    dp_buf_free(&got);
    bytes_free(want);
}

static void transactions_are_signed_as_viem_does(void **state)
{
    size_t count = 0;

    FOR_EACH_ROW(row, vectors_rows(*state, "transactions"))
    {
        struct json_object *transaction = vectors_member(row, "transaction");
        struct dp_buf data = DP_BUF_INIT(1 << 16);
        struct dp_transaction t;
        uint8_t to[DP_ADDRESS_LEN];

        if (strcmp(vectors_text(transaction, "type"), "eip1559") != 0 ||
            json_object_object_get_ex(transaction, "accessList", NULL))
            continue;
        read_transaction(&t, transaction, to, &data);
        check(row, &t);
        dp_buf_free(&data);
        count++;
    }
    assert_int_equal(count, 4);
}

static void a_transaction_that_is_too_large_is_refused(void **state)
{
    static uint8_t data[DP_TRANSACTION_MAX];
    const struct dp_transaction t = {.chain_id = 1, .data = data, .data_len = sizeof(data)};
    uint8_t digest[DP_KECCAK_LEN], sig[DP_SECP_SIG_LEN] = {0};
    struct dp_buf out = DP_BUF_INIT(2 * DP_TRANSACTION_MAX);

    (void)state;
    assert_int_equal(dp_transaction_digest(digest, &t), DP_ETOOBIG);
    assert_int_equal(dp_transaction_write(&out, &t, sig), DP_ETOOBIG);
    dp_buf_free(&out);
}

static void contracts_get_their_addresses(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "create_address"))
    {
        uint8_t from[DP_ADDRESS_LEN], got[DP_ADDRESS_LEN], want[DP_ADDRESS_LEN];

        assert_int_equal(dp_address_parse(from, vectors_text(row, "from")), DP_OK);
        assert_int_equal(dp_address_parse(want, vectors_text(row, "address")), DP_OK);
        dp_create_address(got, from, number_of(row, "nonce"));
        assert_memory_equal(got, want, sizeof(want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_are_signed_as_viem_does),
        cmocka_unit_test(a_transaction_that_is_too_large_is_refused),
        cmocka_unit_test(contracts_get_their_addresses),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
