/* test_rlp.c - RLP against ethereum.json: what is canonical is read, anything else is refused. */
#include "vectors.h"

#include <string.h>

#include "base/hex.h"
#include "crypto/keccak.h"
#include "ethereum/eip191.h"
#include "ethereum/rlp.h"

static int load(void **state)
{
    *state = vectors_load("ethereum.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static void assert_is(const struct dp_rlp_item *item, struct json_object *value);

static void assert_list_is(const struct dp_rlp_item *item, struct json_object *values)
{
    size_t at = 0;

    assert_true(item->is_list);
    for (size_t i = 0; i < json_object_array_length(values); i++) {
        struct dp_rlp_item inner;

        assert_int_equal(dp_rlp_read(&inner, item->payload + at, item->len - at), DP_OK);
        assert_is(&inner, json_object_array_get_idx(values, i));
        at += inner.size;
    }
    assert_int_equal(at, item->len);
}

static void assert_is(const struct dp_rlp_item *item, struct json_object *value)
{
    uint8_t want[1024];
    size_t len;

    if (json_object_is_type(value, json_type_array)) {
        assert_list_is(item, value);
        return;
    }
    assert_false(item->is_list);
    assert_int_equal(dp_hex_decode(want, sizeof(want), &len, json_object_get_string(value),
                                   (size_t)json_object_get_string_len(value)),
                     DP_OK);
    assert_int_equal(item->len, len);
    assert_memory_equal(item->payload, want, len);
}

static void items_are_read(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "rlp"))
    {
        struct json_object *value = vectors_member(row, "value");
        struct dp_rlp_item item;
        struct bytes in;

        if (!json_object_object_get_ex(row, "rlp", NULL))
            continue; /* 64 KiB, of which the file has only a digest: the next test */
        in = vectors_hex(row, "rlp");
        assert_int_equal(dp_rlp_read(&item, in.data, in.len), DP_OK);
        assert_int_equal(item.size, in.len);
        assert_is(&item, value);
        assert_int_equal(dp_rlp_is_list(in.data, in.len),
                         json_object_is_type(value, json_type_array));
        bytes_free(in);
    }
}

static void write_value(struct dp_buf *out, struct json_object *value);

static void write_list(struct dp_buf *out, struct json_object *values)
{
    struct dp_buf items = DP_BUF_INIT(1 << 20);

    for (size_t i = 0; i < json_object_array_length(values); i++)
        write_value(&items, json_object_array_get_idx(values, i));
    dp_rlp_add_list(out, items.data, items.len);
    dp_buf_free(&items);
}

static void write_value(struct dp_buf *out, struct json_object *value)
{
    uint8_t bytes[1024];
    size_t len;

    if (json_object_is_type(value, json_type_array)) {
        write_list(out, value);
        return;
    }
    assert_int_equal(dp_hex_decode(bytes, sizeof(bytes), &len, json_object_get_string(value),
                                   (size_t)json_object_get_string_len(value)),
                     DP_OK);
    dp_rlp_add_string(out, bytes, len);
}

static void values_are_written(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "rlp"))
    {
        struct dp_buf out = DP_BUF_INIT(1 << 20);
        struct bytes want;

        if (!json_object_object_get_ex(row, "rlp", NULL))
            continue;
        want = vectors_hex(row, "rlp");
        write_value(&out, vectors_member(row, "value"));
        assert_int_equal(out.len, want.len);
        assert_memory_equal(out.data, want.data, want.len);
        dp_buf_free(&out);
        bytes_free(want);
    }
}

static const struct {
    uint64_t number;
    const char *rlp;
} numbers[] = {
    {0, "80"},      {1, "01"},         {0x7f, "7f"},
    {0x80, "8180"}, {0x100, "820100"}, {UINT64_C(0xffffffffffffffff), "88ffffffffffffffff"},
};

static void numbers_have_no_leading_zeros(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct dp_buf out = DP_BUF_INIT(16);
        char text[33];

        dp_rlp_add_uint64(&out, numbers[i].number);
        dp_hex_encode(text, (const uint8_t *)out.data, out.len);
        assert_string_equal(text, numbers[i].rlp);
        dp_buf_free(&out);
    }
}

/* Lengths on both sides of each form of a header are written as they are read. */
static void what_is_written_is_read(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 54, 55, 56, 255, 256, 65535, 65536};
    static uint8_t bytes[65536];

    (void)state;
    memset(bytes, 0xa5, sizeof(bytes));
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct dp_buf out = DP_BUF_INIT(1 << 20);
        struct dp_rlp_item item;

        dp_rlp_add_string(&out, bytes, lengths[i]);
        assert_int_equal(dp_rlp_read(&item, (const uint8_t *)out.data, out.len), DP_OK);
        assert_true(!item.is_list && item.len == lengths[i] && item.size == out.len);
        dp_buf_reset(&out);
        dp_rlp_add_list(&out, bytes, lengths[i]);
        assert_int_equal(dp_rlp_read(&item, (const uint8_t *)out.data, out.len), DP_OK);
        assert_true(item.is_list && item.len == lengths[i] && item.size == out.len);
        dp_buf_free(&out);
    }
}

static void a_string_of_64_kib_is_read(void **state)
{
    static uint8_t in[4 + 65536] = {0xba, 0x01, 0x00, 0x00};
    struct dp_rlp_item item;
    uint8_t digest[DP_KECCAK_LEN], want[DP_KECCAK_LEN];

    memset(in + 4, 'b', sizeof(in) - 4);
    dp_keccak256(digest, in, sizeof(in));
    FOR_EACH_ROW(row, vectors_rows(*state, "rlp"))
    {
        if (!json_object_object_get_ex(row, "rlp_keccak256", NULL))
            continue;
        vectors_fixed(want, sizeof(want), row, "rlp_keccak256");
        assert_memory_equal(digest, want, sizeof(want));
    }
    assert_int_equal(dp_rlp_read(&item, in, sizeof(in)), DP_OK);
    assert_int_equal(item.len, 65536);
    assert_int_equal(dp_rlp_read(&item, in, sizeof(in) - 1), DP_EFORMAT);
}

/* "trailing bytes" is an item and one byte more: reading leaves it, being a list forbids it. */
static void what_is_not_canonical_is_refused(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "rlp_invalid"))
    {
        struct bytes in = vectors_hex(row, "rlp");
        struct dp_rlp_item item;
        enum dp_err err = dp_rlp_read(&item, in.data, in.len);

        if (err == DP_OK && item.size == in.len && !item.is_list)
            fail_msg("%s is taken", vectors_text(row, "name"));
        assert_false(dp_rlp_is_list(in.data, in.len));
        bytes_free(in);
    }
}

static const struct {
    const char *name, *in;
    bool is_list;
} lists[] = {
    {"empty", "c0", true},
    {"one byte more", "c000", false},
    {"two lists", "c0c0", false},
    {"a string", "80", false},
    {"a list with a bad item", "c28101", false},
    {"an item that ends after its list", "c3c28180", true},
    {"an inner list that ends after its list", "c2c281", false},
    {"an inner string that ends after its list", "c28361", false},
    {"a good list, then a bad one", "c3c0c281", false},
    {"a length of nine bytes", "ff", false},
    {"a list of 56 bytes in long form, one short", "f83800", false},
};

static void a_list_is_one_to_its_last_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        uint8_t in[64];
        size_t len;

        assert_int_equal(dp_hex_decode(in, sizeof(in), &len, lists[i].in, strlen(lists[i].in)),
                         DP_OK);
        if (dp_rlp_is_list(in, len) != lists[i].is_list)
            fail_msg("%s", lists[i].name);
    }
}

/* Lists inside one another, innermost last, as many as fit into size bytes. */
static size_t nest(uint8_t *out, size_t size)
{
    size_t len = 1, at = size - 1;

    for (out[at] = 0xc0; at >= 4; len = size - at) {
        if (len <= 55) {
            out[--at] = (uint8_t)(0xc0 + len);
        } else {
            uint8_t count = len > 0xffff ? 3 : len > 0xff ? 2 : 1;

            for (size_t left = len, n = count; n > 0; n--, left >>= 8)
                out[--at] = (uint8_t)left;
            out[--at] = (uint8_t)(0xf7 + count);
        }
    }
    return at;
}

static void lists_of_any_depth_are_lists(void **state)
{
    static uint8_t in[48 * 1024];

    (void)state;
    for (size_t size = 8; size <= sizeof(in); size += 331) {
        size_t at = nest(in, size);

        assert_true(dp_rlp_is_list(in + at, size - at));
        assert_false(dp_rlp_is_list(in + at, size - at - 1));
    }
}

static void every_transaction_is_noticed(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "transactions"))
    {
        static const char *const forms[] = {"unsigned", "signed"};

        for (size_t i = 0; i < 2; i++) {
            struct bytes in = vectors_hex(row, forms[i]);

            if (!dp_eip191_transaction_like(in.data, in.len))
                fail_msg("%s %s", forms[i], vectors_text(row, "name"));
            assert_false(dp_eip191_transaction_like(in.data, in.len - 1));
            bytes_free(in);
        }
    }
}

static const struct {
    const char *in;
    bool like;
} likes[] = {
    {"", false},       {"00", false}, {"c0", true},   {"00c0", true},       {"7fc0", true},
    {"80c0", false},   {"19", true},  {"1901", true}, {"1945", true},       {"02", false},
    {"0202c0", false}, {"80", false}, {"c180", true}, {"05c3010203", true}, {"68656c6c6f", false},
};

static void what_raw_must_not_sign_is_told_from_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(likes) / sizeof(likes[0]); i++) {
        uint8_t in[64];
        size_t len;

        assert_int_equal(dp_hex_decode(in, sizeof(in), &len, likes[i].in, strlen(likes[i].in)),
                         DP_OK);
        if (dp_eip191_transaction_like(in, len) != likes[i].like)
            fail_msg("%s", likes[i].in);
    }
}

static void personal_messages_have_their_digest(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "eip191"))
    {
        struct bytes message = vectors_hex(row, "message_bytes");
        uint8_t digest[DP_KECCAK_LEN], want[DP_KECCAK_LEN];

        vectors_fixed(want, sizeof(want), row, "digest");
        dp_eip191_digest(digest, message.data, message.len);
        assert_memory_equal(digest, want, sizeof(want));
        bytes_free(message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_read),
        cmocka_unit_test(values_are_written),
        cmocka_unit_test(numbers_have_no_leading_zeros),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_string_of_64_kib_is_read),
        cmocka_unit_test(what_is_not_canonical_is_refused),
        cmocka_unit_test(a_list_is_one_to_its_last_byte),
        cmocka_unit_test(lists_of_any_depth_are_lists),
        cmocka_unit_test(every_transaction_is_noticed),
        cmocka_unit_test(what_raw_must_not_sign_is_told_from_the_rest),
        cmocka_unit_test(personal_messages_have_their_digest),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
