/* test_sim_params.c - how dstack-sim reads a request's fields. */
#include "vectors.h"

#include <string.h>

#include "sim/params.h"

static const struct {
    const char *query;
    enum dp_err want;
    const char *json; /* where want is DP_OK */
} queries[] = {
    {"", DP_OK, "{}"},
    {"&&", DP_OK, "{}"},
    {"path=a&purpose=b", DP_OK, "{\"path\":\"a\",\"purpose\":\"b\"}"},
    {"path", DP_OK, "{\"path\":\"\"}"},
    {"path=", DP_OK, "{\"path\":\"\"}"},
    {"=x", DP_OK, "{\"\":\"x\"}"},
    {"path=a=b", DP_OK, "{\"path\":\"a=b\"}"},
    {"path=a+b%2Bc", DP_OK, "{\"path\":\"a b+c\"}"},
    {"path=%67r%c3%B6%C3%9fe", DP_OK,
     "{\"path\":\"gr\xc3\xb6\xc3\x9f"
     "e\"}"},
    {"p%61th=a", DP_OK, "{\"path\":\"a\"}"},
    {"path=%22%5C%0a%26", DP_OK, "{\"path\":\"\\\"\\\\\\n&\"}"},
    {"path=a%00b", DP_OK, "{\"path\":\"a\\u0000b\"}"},
    {"alt_names[0]=a&alt_names%5B1%5D=b", DP_OK, "{\"alt_names[0]\":\"a\",\"alt_names[1]\":\"b\"}"},
    {"path=%", DP_OK, "{\"path\":\"%\"}"},
    {"path=%4", DP_OK, "{\"path\":\"%4\"}"},
    {"path=%zz%41", DP_OK, "{\"path\":\"%zzA\"}"},
    {"path=a&path=b", DP_EDUPLICATE, NULL},
    {"path=a&p%61th=a", DP_EDUPLICATE, NULL},
    {"path=%ff", DP_EJSON, NULL},
    {"path=%c3", DP_EJSON, NULL},
    {"path=%ed%a0%80", DP_EJSON, NULL},
};

static void queries_become_objects(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        struct json_object *got, *want;
        struct dp_detail detail = {"", ""};

        if (sim_params_of_query(&got, queries[i].query, &detail) != queries[i].want)
            fail_msg("%s: %s", queries[i].query, detail.text);
        if (queries[i].want != DP_OK) {
            assert_null(got);
            assert_true(detail.text[0] != '\0');
            continue;
        }
        want = json_tokener_parse(queries[i].json);
        if (!json_object_equal(got, want))
            fail_msg("%s: %s", queries[i].query, json_object_to_json_string(got));
        json_object_put(want);
        json_object_put(got);
    }
}

static enum dp_err body_error(const char *text)
{
    struct dp_buf body = DP_BUF_INIT(1024);
    struct json_object *params;
    enum dp_err err;

    dp_buf_add_text(&body, text);
    err = sim_params_of_body(&params, &body, NULL);
    json_object_put(params);
    dp_buf_free(&body);
    return err;
}

static void bodies_are_one_object_or_nothing(void **state)
{
    (void)state;
    assert_int_equal(body_error(""), DP_OK);
    assert_int_equal(body_error("{}"), DP_OK);
    assert_int_equal(body_error("{\"path\":\"a\",\"unknown\":[1,{}]}"), DP_OK);
    assert_int_equal(body_error("[]"), DP_EJSON);
    assert_int_equal(body_error("null"), DP_EJSON);
    assert_int_equal(body_error("{} {}"), DP_EJSON);
    assert_int_equal(body_error("{\"path\":\"a\",\"path\":\"a\"}"), DP_EDUPLICATE);
}

static void a_missing_text_is_empty(void **state)
{
    struct json_object *params = json_tokener_parse("{\"null\":null,\"number\":1,\"text\":\"a\"}");
    struct dp_slice text;

    (void)state;
    assert_int_equal(sim_params_text(&text, params, "absent", NULL), DP_OK);
    assert_string_equal(text.data, "");
    assert_int_equal(text.len, 0);
    assert_int_equal(sim_params_text(&text, params, "text", NULL), DP_OK);
    assert_string_equal(text.data, "a");
    assert_int_equal(sim_params_text(&text, params, "null", NULL), DP_ETYPE);
    assert_int_equal(sim_params_text(&text, params, "number", NULL), DP_ETYPE);
    json_object_put(params);
}

static const struct {
    const char *text;
    enum dp_err want;
    const char *bytes;
} hex[] = {
    {"", DP_OK, ""},           {"0x", DP_OK, ""},           {"6162", DP_OK, "ab"},
    {"0x6162", DP_OK, "ab"},   {"0x0x0x6162", DP_OK, "ab"}, {"6A6b", DP_OK, "jk"},
    {"616", DP_EHEX, NULL},    {"0x616", DP_EHEX, NULL},    {"616g", DP_EHEX, NULL},
    {"61 62", DP_EHEX, NULL},  {"610x62", DP_EHEX, NULL},   {"x6162", DP_EHEX, NULL},
    {"\n6162", DP_EHEX, NULL}, {"0", DP_EHEX, NULL},
};

static void bytes_are_hex(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]); i++) {
        struct json_object *params = json_object_new_object();
        struct dp_buf out = DP_BUF_INIT(64);

        json_object_object_add(params, "data", json_object_new_string(hex[i].text));
        if (sim_params_bytes(&out, params, "data", NULL) != hex[i].want)
            fail_msg("\"%s\"", hex[i].text);
        if (hex[i].want == DP_OK)
            assert_string_equal(out.data, hex[i].bytes);
        dp_buf_free(&out);
        json_object_put(params);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_become_objects),
        cmocka_unit_test(bodies_are_one_object_or_nothing),
        cmocka_unit_test(a_missing_text_is_empty),
        cmocka_unit_test(bytes_are_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
