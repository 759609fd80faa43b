/* test_rpc.c - what of a node's words is an answer, and what is none. */
#include "vectors.h"

#include <string.h>

#include "base/json.h"
#include "ethereum/rpc.h"

#define ID 7

static const struct {
    const char *text;
    enum dp_err want;
    const char *says; /* the result as JSON, or a part of the detail */
} answers[] = {
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x1\"}", DP_OK, "\"0x1\""},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}", DP_OK, "null"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x1\",\"error\":null}", DP_OK, "\"0x1\""},
    {"{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0x1\"}", DP_EFORMAT, "another request"},
    {"{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"result\":\"0x1\"}", DP_EFORMAT, "another request"},
    {"{\"jsonrpc\":\"2.0\",\"id\":-7,\"result\":\"0x1\"}", DP_EFORMAT, "another request"},
    {"{\"jsonrpc\":\"2.0\",\"result\":\"0x1\"}", DP_EFORMAT, "another request"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7}", DP_EFORMAT, "no result"},
    {"{\"jsonrpc\":\"1.0\",\"id\":7,\"result\":\"0x1\"}", DP_EFORMAT, "JSON-RPC 2.0"},
    {"{\"id\":7,\"result\":\"0x1\"}", DP_EFORMAT, "JSON-RPC 2.0"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1,\"error\":{\"code\":1,\"message\":\"x\"}}",
     DP_EFORMAT, "no result"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":\"no\"}", DP_EFORMAT, "no result"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"message\":\"x\"}}", DP_EFORMAT, "no code"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1}}", DP_EFORMAT, "no code"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32000,\"message\":\"too poor\"}}", DP_ERPC,
     "too poor (-32000)"},
    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"what?\"}}", DP_ERPC,
     "what?"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1,\"message\":\"\\u001b[31mred\\u0000\\n\"}"
     "}",
     DP_ERPC, " [31mred"},
    {"[{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x1\"}]", DP_EFORMAT, "no JSON object"},
    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"id\":7,\"result\":\"0x1\"}", DP_EFORMAT, "no JSON object"},
    {"<html>Bad gateway</html>", DP_EFORMAT, "no JSON object"},
    {"", DP_EFORMAT, "no JSON object"},
};

static void answers_are_told_from_what_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct json_object *result;
        enum dp_err err = dp_rpc_read_answer(&result, NULL, answers[i].text,
                                             strlen(answers[i].text), ID, &detail);

        if (err != answers[i].want)
            fail_msg("%s: %d %s", answers[i].text, err, detail.text);
        if (err == DP_OK)
            assert_string_equal(json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN),
                                answers[i].says);
        else if (result != NULL || strstr(detail.text, answers[i].says) == NULL)
            fail_msg("%s: %s", answers[i].text, detail.text);
        json_object_put(result);
    }
}

static const struct {
    const char *data; /* of the error, as JSON */
    const char *want;
} reverts[] = {
    {"\"0x08c379a0\"", "\x08\xc3\x79\xa0"},
    {"{\"data\":\"0x08c379a0\"}", "\x08\xc3\x79\xa0"},
    {"\"0x\"", ""},
    {"\"08c379a0\"", ""},
    {"\"0x08c379a\"", ""},
    {"null", ""},
    {"7", ""},
    {"{}", ""},
};

static void what_a_contract_says_comes_with_the_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(reverts) / sizeof(reverts[0]); i++) {
        struct dp_buf text = DP_BUF_INIT(1024);
        struct dp_rpc_refusal refusal;
        struct json_object *result;

        dp_buf_addf(
            &text,
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":3,\"message\":\"m\",\"data\":%s}}",
            reverts[i].data);
        assert_int_equal(dp_rpc_read_answer(&result, &refusal, text.data, text.len, ID, NULL),
                         DP_ERPC);
        assert_int_equal(refusal.code, 3);
        assert_int_equal(refusal.revert.len, strlen(reverts[i].want));
        if (refusal.revert.len > 0)
            assert_memory_equal(refusal.revert.data, reverts[i].want, refusal.revert.len);
        dp_buf_free(&refusal.revert);
        dp_buf_free(&text);
    }
}

static const struct {
    const char *json;
    enum dp_err want;
    uint64_t value;
} quantities[] = {
    {"\"0x0\"", DP_OK, 0},
    {"\"0x41\"", DP_OK, 65},
    {"\"0xFf\"", DP_OK, 255},
    {"\"0xffffffffffffffff\"", DP_OK, UINT64_MAX},
    {"\"0x10000000000000000\"", DP_ETOOBIG, 0},
    {"\"0x\"", DP_EFORMAT, 0},
    {"\"0x0400\"", DP_EFORMAT, 0},
    {"\"0x00\"", DP_EFORMAT, 0},
    {"\"ff\"", DP_EFORMAT, 0},
    {"\"0X1\"", DP_EFORMAT, 0},
    {"\"0x1 \"", DP_EFORMAT, 0},
    {"\"0x1\\u0000\"", DP_EFORMAT, 0},
    {"\"0x-1\"", DP_EFORMAT, 0},
    {"1", DP_EFORMAT, 0},
    {"null", DP_EFORMAT, 0},
};

static void quantities_have_one_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++) {
        struct json_object *value = json_tokener_parse(quantities[i].json);
        uint64_t got = 1;

        if (dp_rpc_quantity(&got, value) != quantities[i].want || got != quantities[i].value)
            fail_msg("%s", quantities[i].json);
        json_object_put(value);
    }
}

static void a_quantity_of_256_bits_is_read(void **state)
{
    struct json_object *value = json_object_new_string(
        "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
    struct json_object *more = json_object_new_string(
        "0x10000000000000000000000000000000000000000000000000000000000000000");
    uint8_t got[DP_WORD_LEN], want[DP_WORD_LEN];

    (void)state;
    memset(want, 0xff, sizeof(want));
    assert_int_equal(dp_rpc_big_quantity(got, value), DP_OK);
    assert_memory_equal(got, want, sizeof(want));
    assert_int_equal(dp_rpc_big_quantity(got, more), DP_ETOOBIG);
    json_object_put(value);
    json_object_put(more);
}

static void data_is_whole_bytes(void **state)
{
    static const char *const bad[] = {"0x1", "1234", "", "0", "0xzz"};
    struct json_object *value = json_object_new_string("0x00fF");
    struct dp_buf out = DP_BUF_INIT(2);
    uint8_t fixed[3];

    (void)state;
    assert_int_equal(dp_rpc_data(&out, value), DP_OK);
    assert_int_equal(out.len, 2);
    assert_memory_equal(out.data, "\x00\xff", 2);
    assert_int_equal(dp_rpc_data(&out, value), DP_ETOOBIG);
    assert_int_equal(dp_rpc_fixed(fixed, 2, value), DP_OK);
    assert_int_equal(dp_rpc_fixed(fixed, 3, value), DP_EFORMAT);
    assert_int_equal(dp_rpc_fixed(fixed, 1, value), DP_EFORMAT);
    json_object_put(value);
    dp_buf_free(&out);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct dp_buf none = DP_BUF_INIT(16);

        value = json_object_new_string(bad[i]);
        if (dp_rpc_data(&none, value) != DP_EFORMAT)
            fail_msg("%s", bad[i]);
        json_object_put(value);
        dp_buf_free(&none);
    }
}

static void values_are_written(void **state)
{
    struct json_object *zero = dp_rpc_make_quantity(0), *most = dp_rpc_make_quantity(UINT64_MAX);
    struct json_object *data = dp_rpc_make_data("\x01\xab", 2), *none = dp_rpc_make_data(NULL, 0);

    (void)state;
    assert_string_equal(json_object_get_string(zero), "0x0");
    assert_string_equal(json_object_get_string(most), "0xffffffffffffffff");
    assert_string_equal(json_object_get_string(data), "0x01ab");
    assert_string_equal(json_object_get_string(none), "0x");
    json_object_put(zero);
    json_object_put(most);
    json_object_put(data);
    json_object_put(none);
}

static void nobody_at_the_other_end_is_said(void **state)
{
    /* Port 1 is nobody's. */
    struct dp_rpc rpc = {.url = "http://127.0.0.1:1", .within_ms = 2000, .answer_max = 1024};
    struct dp_detail detail = {"", ""};
    struct json_object *result;

    (void)state;
    assert_int_equal(
        dp_rpc_call(&rpc, &result, NULL, "eth_chainId", json_object_new_array(), &detail), DP_EIO);
    assert_null(result);
    assert_true(detail.text[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_told_from_what_is_none),
        cmocka_unit_test(what_a_contract_says_comes_with_the_refusal),
        cmocka_unit_test(quantities_have_one_form),
        cmocka_unit_test(a_quantity_of_256_bits_is_read),
        cmocka_unit_test(data_is_whole_bytes),
        cmocka_unit_test(values_are_written),
        cmocka_unit_test(nobody_at_the_other_end_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
