/* test_abi.c - the contract ABI against vectors of viem and ethers, and against hostile data. */
#include "vectors.h"

#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/json.h"
#include "ethereum/abi.h"

#define ENCODED_MAX (1 << 20)
#define ROW_FILES 2

static const char *const files[ROW_FILES] = {"ethereum.json", "ethereum-abi.json"};

static struct json_object *docs[ROW_FILES];

static int load(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_FILES; i++)
        docs[i] = vectors_load(files[i]);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_FILES; i++)
        json_object_put(docs[i]);
    return 0;
}

static struct dp_abi *parse(const char *types)
{
    struct dp_detail detail = {"", ""};
    struct dp_abi *abi;

    if (dp_abi_parse(&abi, types, &detail) != DP_OK)
        fail_msg("%s: %s", types, detail.text);
    return abi;
}

/* The member of a tuple's value, which may be an object: the order is that of its members. */
static struct json_object *item_of(struct json_object *want, size_t index)
{
    if (json_object_is_type(want, json_type_array))
        return json_object_array_get_idx(want, index);
    json_object_object_foreach(want, name, value)
    {
        (void)name;
        if (index-- == 0)
            return value;
    }
    return NULL;
}

static void assert_same(struct json_object *got, struct json_object *want)
{
    if (!json_object_is_type(got, json_type_array)) {
        /* Addresses come with their checksum, which the vectors lack. */
        assert_int_equal(strcasecmp(json_object_get_string(got), json_object_get_string(want)), 0);
        return;
    }
    for (size_t i = 0; i < json_object_array_length(got); i++)
        assert_same(json_object_array_get_idx(got, i), item_of(want, i));
}

static void check_row(struct json_object *row, const struct dp_abi *abi)
{
    struct bytes encoded = vectors_hex(row, "encoded");
    struct json_object *values = vectors_member(row, "values"), *decoded;
    struct dp_buf out = DP_BUF_INIT(ENCODED_MAX);
    struct dp_detail detail = {"", ""};

    if (dp_abi_encode(abi, &out, values, &detail) != DP_OK)
        fail_msg("%s: %s", vectors_text(row, "types"), detail.text);
    assert_int_equal(out.len, encoded.len);
    assert_memory_equal(out.data, encoded.data, encoded.len);
    assert_int_equal(dp_abi_decode(abi, &decoded, encoded.data, encoded.len), DP_OK);
    assert_same(decoded, values);
    json_object_put(decoded);
    dp_buf_free(&out);
    bytes_free(encoded);
}

static void values_are_encoded_and_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_FILES; i++) {
        FOR_EACH_ROW(row, vectors_rows(docs[i], "abi"))
        {
            struct dp_abi *abi = parse(vectors_text(row, "types"));

            check_row(row, abi);
            dp_abi_free(abi);
        }
    }
}

/* As the compiler's JSON has the same lists. */
static void lists_of_json_are_the_same(void **state)
{
    (void)state;
    FOR_EACH_ROW(row, vectors_rows(docs[1], "abi"))
    {
        struct dp_buf written = DP_BUF_INIT(4096), parsed = DP_BUF_INIT(4096);
        struct dp_abi *abi, *other = parse(vectors_text(row, "types"));

        assert_int_equal(dp_abi_read(&abi, vectors_member(row, "parameters"), NULL), DP_OK);
        check_row(row, abi);
        dp_abi_types(&written, abi);
        dp_abi_types(&parsed, other);
        assert_string_equal(written.data, parsed.data);
        dp_buf_free(&written);
        dp_buf_free(&parsed);
        dp_abi_free(abi);
        dp_abi_free(other);
    }
}

/* Whatever is left out of an encoding that has no byte too many, it no longer is one. */
static void a_shorter_encoding_is_refused(void **state)
{
    (void)state;
    FOR_EACH_ROW(row, vectors_rows(docs[1], "abi"))
    {
        struct bytes encoded = vectors_hex(row, "encoded");
        struct dp_abi *abi = parse(vectors_text(row, "types"));
        struct json_object *decoded;

        /* The last word may be no more than the zeros after a string. */
        for (size_t len = 0; len + 32 <= encoded.len; len += 32) {
            enum dp_err err = dp_abi_decode(abi, &decoded, encoded.data, len);

            assert_true(err == DP_EFORMAT && decoded == NULL);
        }
        dp_abi_free(abi);
        bytes_free(encoded);
    }
}

static void selectors_are_known(void **state)
{
    (void)state;
    FOR_EACH_ROW(row, vectors_rows(docs[1], "selectors"))
    {
        const char *signature = vectors_text(row, "signature");
        const char *types = strchr(signature, '(');
        uint8_t got[DP_ABI_SELECTOR_LEN], want[DP_ABI_SELECTOR_LEN];
        char name[64] = "", list[256] = "";
        struct dp_abi *abi;

        memcpy(name, signature, (size_t)(types - signature));
        memcpy(list, types + 1, strlen(types) - 2);
        abi = parse(list);
        vectors_fixed(want, sizeof(want), row, "selector");
        assert_int_equal(dp_abi_selector(got, name, abi), DP_OK);
        assert_memory_equal(got, want, sizeof(want));
        dp_abi_free(abi);
    }
}

static void lists_are_written_as_signatures(void **state)
{
    struct dp_abi *abi = parse(" address to ,( bytes32 id,uint64[2] times)[] entries , bool");
    struct dp_buf text = DP_BUF_INIT(256);

    (void)state;
    dp_abi_types(&text, abi);
    assert_string_equal(text.data, "(address,(bytes32,uint64[2])[],bool)");
    dp_buf_reset(&text);
    dp_abi_type(&text, abi, 1);
    assert_string_equal(text.data, "(bytes32,uint64[2])[]");
    assert_int_equal(dp_abi_count(abi), 3);
    assert_int_equal(dp_abi_name(abi, 1).len, 7);
    assert_memory_equal(dp_abi_name(abi, 1).data, "entries", 7);
    assert_int_equal(dp_abi_name(abi, 2).len, 0);
    assert_true(dp_abi_is_plain(abi, 0) && !dp_abi_is_plain(abi, 1) && dp_abi_is_plain(abi, 2));
    dp_buf_free(&text);
    dp_abi_free(abi);
}

static const struct {
    const char *types;
    enum dp_err want;
} lists[] = {
    {"", DP_OK},
    {" ", DP_OK},
    {"uint256", DP_OK},
    {"uint", DP_EFORMAT},
    {"uint7", DP_EFORMAT},
    {"uint264", DP_EFORMAT},
    {"int08", DP_EFORMAT},
    {"bytes0", DP_EFORMAT},
    {"bytes33", DP_EFORMAT},
    {"address payable", DP_OK}, /* a name: Solidity's own has none of these */
    {"tuple", DP_EFORMAT},
    {"mapping", DP_EFORMAT},
    {"()", DP_EFORMAT},
    {"(uint8", DP_EFORMAT},
    {"uint8)", DP_EFORMAT},
    {"uint8,", DP_EFORMAT},
    {",uint8", DP_EFORMAT},
    {"uint8[", DP_EFORMAT},
    {"uint8[0]", DP_EFORMAT},
    {"uint8[01]", DP_EFORMAT},
    {"uint8[-1]", DP_EFORMAT},
    {"uint8[1x]", DP_EFORMAT},
    {"uint8[1000000]", DP_EFORMAT},
    {"uint8[32768]", DP_OK},
    {"uint8[32769]", DP_ETOOBIG},
    {"uint8[999][999]", DP_ETOOBIG},
    {"(uint8[32768] a, uint8 b)", DP_ETOOBIG},
    {"uint8[][][][][][][][][][][][][][][]", DP_OK},
    {"uint8[][][][][][][][][][][][][][][][][]", DP_ETOOBIG},
    {"((((((((((((((((((uint8))))))))))))))))))", DP_ETOOBIG},
};

static void lists_that_are_none_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_abi *abi;

        if (dp_abi_parse(&abi, lists[i].types, &detail) != lists[i].want)
            fail_msg("%s", lists[i].types);
        if (lists[i].want != DP_OK)
            assert_true(abi == NULL && detail.text[0] != '\0');
        dp_abi_free(abi);
    }
}

static const char *const bad_json[] = {
    "{\"p\":null}",
    "{\"p\":[1]}",
    "{\"p\":[{}]}",
    "{\"p\":[{\"type\":8}]}",
    "{\"p\":[{\"type\":\"uint8 x\"}]}",
    "{\"p\":[{\"type\":\"uint8\\u0000\"}]}",
    "{\"p\":[{\"type\":\"(uint8)\"}]}",
    "{\"p\":[{\"type\":\"uint8[]x\"}]}",
    "{\"p\":[{\"type\":\"tuple\"}]}",
    "{\"p\":[{\"type\":\"tuple\",\"components\":[]}]}",
    "{\"p\":[{\"type\":\"tuples\",\"components\":[{\"type\":\"bool\"}]}]}",
};

static void json_that_is_no_list_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_json) / sizeof(bad_json[0]); i++) {
        struct json_object *doc;
        struct dp_abi *abi;

        assert_int_equal(dp_json_parse(&doc, bad_json[i], strlen(bad_json[i]), NULL), DP_OK);
        if (dp_abi_read(&abi, json_object_object_get(doc, "p"), NULL) != DP_EFORMAT)
            fail_msg("%s", bad_json[i]);
        assert_null(abi);
        json_object_put(doc);
    }
}

static const struct {
    const char *types, *values, *field, *text; /* text: part of it */
} refusals[] = {
    {"uint8 a", "[256]", "a", "out of the range of uint8"},
    {"uint8 a", "[-1]", "a", "out of the range"},
    {"uint8 a", "[1.5]", "a", "without fraction"},
    {"uint8 a", "[null]", "a", "is a JSON number"},
    {"uint8 a", "[]", "", "1 values are due, not 0"},
    {"uint8 a", "[1,2]", "", "1 values are due, not 2"},
    {"bool", "[1]", "[0]", "true or false"},
    {"address", "[\"0x52908400098527886E0F7030069857D2E4169Ee7\"]", "[0]", "checksum"},
    {"bytes4 x", "[\"0x112233\"]", "x", "8 hex digits"},
    {"bytes x", "[\"0x1\"]", "x", "two digits a byte"},
    {"bytes x", "[7]", "x", "two digits a byte"},
    {"string x", "[7]", "x", "a string is due"},
    {"uint8[2] x", "[[1]]", "x", "2 items are due, not 1"},
    {"uint8[] x", "[1]", "x", "an array is due"},
    {"uint8[][] x", "[[[1],[2,999]]]", "x[1][1]", "out of the range"},
    {"(uint8 a, (bool c)[] b) x", "[{\"a\":1,\"b\":[{\"c\":0}]}]", "x.b[0].c", "true or false"},
    {"(uint8 a) x", "[{\"a\":1,\"z\":2}]", "x", "no member z"},
    {"(uint8 a, uint8 b) x", "[{\"a\":1}]", "x", "member b is missing"},
    {"(uint8 a) x", "[7]", "x", "an array or an object"},
    {"(uint8,uint8)[1] x", "[[[1]]]", "x[0]", "2 values are due"},
};

static void values_that_are_none_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct json_object *values = json_tokener_parse(refusals[i].values);
        struct dp_buf out = DP_BUF_INIT(ENCODED_MAX);
        struct dp_detail detail = {"", ""};
        struct dp_abi *abi = parse(refusals[i].types);

        assert_int_equal(dp_abi_encode(abi, &out, values, &detail), DP_EFORMAT);
        assert_string_equal(detail.field, refusals[i].field);
        if (strstr(detail.text, refusals[i].text) == NULL)
            fail_msg("%s %s: %s", refusals[i].types, refusals[i].values, detail.text);
        dp_abi_free(abi);
        dp_buf_free(&out);
        json_object_put(values);
    }
}

static void an_encoding_over_its_limit_is_refused(void **state)
{
    struct json_object *values = json_tokener_parse("[[1,2,3]]");
    struct dp_buf out = DP_BUF_INIT(5 * 32 - 1);
    struct dp_abi *abi = parse("uint8[]");

    (void)state;
    assert_int_equal(dp_abi_encode(abi, &out, values, NULL), DP_ETOOBIG);
    dp_abi_free(abi);
    dp_buf_free(&out);
    json_object_put(values);
}

#define Z "00000000000000000000000000000000000000000000000000000000000000" /* 31 bytes */
#define FF "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static const struct {
    const char *name, *types, *data;
    enum dp_err want;
} hostile[] = {
    {"a bool of 2", "bool", Z "02", DP_EFORMAT},
    {"a bool with high bits", "bool", FF "01", DP_EFORMAT},
    {"a uint8 of 256", "uint8",
     "00000000000000000000000000000000000000000000000000000000000001"
     "00",
     DP_EFORMAT},
    {"an int8 of 128", "int8", Z "80", DP_EFORMAT},
    {"an int8 of -128", "int8", FF "80", DP_OK},
    {"an address of 21 bytes", "address",
     "0000000000000000000000010000000000000000000000000000000000000000", DP_EFORMAT},
    {"bytes1 of two", "bytes1",
     "0101"
     "000000000000000000000000000000000000000000000000000000000000",
     DP_EFORMAT},
    {"an offset outside", "bytes", Z "21" Z "00", DP_EFORMAT},
    {"an offset that wraps", "bytes", FF "ff" Z "00", DP_EFORMAT},
    {"a length outside", "bytes", Z "20" Z "01", DP_EFORMAT},
    {"a length that wraps", "bytes", Z "20" FF "e0", DP_EFORMAT},
    {"a count outside", "uint8[]", Z "20" Z "02" Z "00", DP_EFORMAT},
    {"a count that wraps", "uint256[]", Z "20" FF "ff", DP_EFORMAT},
    {"an array that is its own item", "uint8[][]", Z "00" Z "00", DP_OK},
    {"a string that is no UTF-8", "string",
     Z "20" Z "01"
       "ff00000000000000000000000000000000000000000000000000000000000000",
     DP_EFORMAT},
    {"zeros that are none after a string", "string",
     Z "20" Z "01"
       "61ff000000000000000000000000000000000000000000000000000000000000",
     DP_OK},
    {"bytes that nothing points to", "uint8", Z "01" Z "ff", DP_OK},
};

static void what_solidity_would_not_take_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct dp_abi *abi = parse(hostile[i].types);
        struct json_object *values;
        uint8_t data[256];
        size_t len;

        assert_int_equal(
            dp_hex_decode(data, sizeof(data), &len, hostile[i].data, strlen(hostile[i].data)),
            DP_OK);
        if (dp_abi_decode(abi, &values, data, len) != hostile[i].want)
            fail_msg("%s", hostile[i].name);
        json_object_put(values);
        dp_abi_free(abi);
    }
}

/* n offsets to one array of n offsets to one array of n words: n * n * n values of 3 * n words. */
static void few_bytes_do_not_become_many_values(void **state)
{
    enum { N = 200, LEVEL = 32 * (N + 1) };
    static uint8_t data[32 + 3 * LEVEL];
    struct dp_abi *abi = parse("uint8[][][]");
    struct json_object *values;

    (void)state;
    data[31] = 32;
    for (size_t level = 0; level < 3; level++) {
        uint8_t *at = data + 32 + level * LEVEL;

        at[31] = N;
        for (size_t i = 1; level < 2 && i <= N; i++) {
            at[32 * i + 30] = (uint8_t)(N * 32 >> 8);
            at[32 * i + 31] = (uint8_t)(N * 32);
        }
    }
    assert_int_equal(dp_abi_decode(abi, &values, data, sizeof(data)), DP_ETOOBIG);
    assert_null(values);
    dp_abi_free(abi);
}

static void what_contracts_say_on_failing_is_read(void **state)
{
    struct dp_abi *abi = parse("string");

    (void)state;
    FOR_EACH_ROW(row, vectors_rows(docs[0], "revert_data"))
    {
        struct bytes data = vectors_hex(row, "data");
        struct json_object *values;

        if (strcmp(vectors_text(row, "name"), "Error(string)") == 0) {
            assert_int_equal(dp_abi_decode(abi, &values, data.data + 4, data.len - 4), DP_OK);
            assert_string_equal(json_object_get_string(json_object_array_get_idx(values, 0)),
                                vectors_text(row, "reason"));
            json_object_put(values);
        }
        bytes_free(data);
    }
    dp_abi_free(abi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_encoded_and_decoded),
        cmocka_unit_test(lists_of_json_are_the_same),
        cmocka_unit_test(a_shorter_encoding_is_refused),
        cmocka_unit_test(selectors_are_known),
        cmocka_unit_test(lists_are_written_as_signatures),
        cmocka_unit_test(lists_that_are_none_are_refused),
        cmocka_unit_test(json_that_is_no_list_is_refused),
        cmocka_unit_test(values_that_are_none_are_refused),
        cmocka_unit_test(an_encoding_over_its_limit_is_refused),
        cmocka_unit_test(what_solidity_would_not_take_is_refused),
        cmocka_unit_test(few_bytes_do_not_become_many_values),
        cmocka_unit_test(what_contracts_say_on_failing_is_read),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
