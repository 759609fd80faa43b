/* test_json.c - strict JSON: what RFC 8259 allows, and what json-c alone would have let pass. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/json_scan.h"

#define DEPTH 8

/* A text with its length, as some hold a NUL. */
#define TEXT(s) (s), sizeof(s) - 1

static const struct {
    const char *text;
    size_t len;
    enum dp_err want;
} cases[] = {
    /* Values. */
    {TEXT("{}"), DP_OK},
    {TEXT("[]"), DP_OK},
    {TEXT("\"\""), DP_OK},
    {TEXT(" \t\r\n{ \"a\" : [ true , false , null ] } \n"), DP_OK},
    {TEXT("true"), DP_OK},
    {TEXT(""), DP_EJSON},
    {TEXT(" "), DP_EJSON},
    {TEXT("True"), DP_EJSON},
    {TEXT("tru"), DP_EJSON},
    {TEXT("truee"), DP_EJSON},
    {TEXT("nul"), DP_EJSON},
    {TEXT("nulL"), DP_EJSON},
    {TEXT("undefined"), DP_EJSON},
    {TEXT("NaN"), DP_EJSON},
    {TEXT("Infinity"), DP_EJSON},
    {TEXT("-Infinity"), DP_EJSON},
    {TEXT("'a'"), DP_EJSON},
    {TEXT("\xef\xbb\xbf{}"), DP_EJSON}, /* a byte order mark */
    {TEXT("\v{}"), DP_EJSON},
    {TEXT("\f{}"), DP_EJSON},
    {TEXT("\xc2\xa0{}"), DP_EJSON},
    {TEXT("/* */{}"), DP_EJSON},
    {TEXT("{}//"), DP_EJSON},
    /* What follows the end. */
    {TEXT("{}{}"), DP_EJSON},
    {TEXT("{} x"), DP_EJSON},
    {TEXT("{}\0"), DP_EJSON},
    {TEXT("\0{}"), DP_EJSON},
    {TEXT("{}]"), DP_EJSON},
    {TEXT("1 2"), DP_EJSON},
    {TEXT("\"a\"\"b\""), DP_EJSON},
    /* Structure. */
    {TEXT("[1,[2,{\"a\":[]}],{}]"), DP_OK},
    {TEXT("["), DP_EJSON},
    {TEXT("]"), DP_EJSON},
    {TEXT("{]"), DP_EJSON},
    {TEXT("[}"), DP_EJSON},
    {TEXT("[{]}"), DP_EJSON},
    {TEXT("[1,]"), DP_EJSON},
    {TEXT("[,1]"), DP_EJSON},
    {TEXT("[,]"), DP_EJSON},
    {TEXT("[1 2]"), DP_EJSON},
    {TEXT("[1:2]"), DP_EJSON},
    {TEXT("{\"a\":1,}"), DP_EJSON},
    {TEXT("{,\"a\":1}"), DP_EJSON},
    {TEXT("{\"a\"}"), DP_EJSON},
    {TEXT("{\"a\":}"), DP_EJSON},
    {TEXT("{\"a\" 1}"), DP_EJSON},
    {TEXT("{\"a\",1}"), DP_EJSON},
    {TEXT("{\"a\"::1}"), DP_EJSON},
    {TEXT("{a:1}"), DP_EJSON},
    {TEXT("{1:1}"), DP_EJSON},
    {TEXT("{null:1}"), DP_EJSON},
    {TEXT("{'a':1}"), DP_EJSON},
    {TEXT("{\"a\":1 \"b\":2}"), DP_EJSON},
    {TEXT("{\"a\":1:2}"), DP_EJSON},
    /* Numbers. */
    {TEXT("0"), DP_OK},
    {TEXT("-0"), DP_OK},
    {TEXT("-0.0e-0"), DP_OK},
    {TEXT("1234567890123456789012345678901234567890"), DP_OK},
    {TEXT("1E400"), DP_OK},
    {TEXT("1e+09"), DP_OK},
    {TEXT("0.10"), DP_OK},
    {TEXT("00"), DP_EJSON},
    {TEXT("01"), DP_EJSON},
    {TEXT("-01"), DP_EJSON},
    {TEXT("-"), DP_EJSON},
    {TEXT("--1"), DP_EJSON},
    {TEXT("+1"), DP_EJSON},
    {TEXT("1."), DP_EJSON},
    {TEXT("1.e1"), DP_EJSON},
    {TEXT(".1"), DP_EJSON},
    {TEXT("-.1"), DP_EJSON},
    {TEXT("1e"), DP_EJSON},
    {TEXT("1e+"), DP_EJSON},
    {TEXT("1e1.5"), DP_EJSON},
    {TEXT("1.2.3"), DP_EJSON},
    {TEXT("0x10"), DP_EJSON},
    {TEXT("1_000"), DP_EJSON},
    {TEXT("1a"), DP_EJSON},
    {TEXT("\xef\xbc\x91"), DP_EJSON}, /* a full-width digit */
    /* Escapes. */
    {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uFFFF\""), DP_OK},
    {TEXT("\"\\ud83d\\ude00\""), DP_OK},
    {TEXT("\"\\uDBFF\\uDFFF\""), DP_OK},
    {TEXT("\"\\ud7ff\\ue000\""), DP_OK},
    {TEXT("\"\\"), DP_EJSON},
    {TEXT("\"\\\""), DP_EJSON},
    {TEXT("\"\\a\""), DP_EJSON},
    {TEXT("\"\\x41\""), DP_EJSON},
    {TEXT("\"\\'\""), DP_EJSON},
    {TEXT("\"\\\0\""), DP_EJSON},
    {TEXT("\"\\U0041\""), DP_EJSON},
    {TEXT("\"\\u\""), DP_EJSON},
    {TEXT("\"\\u004\""), DP_EJSON},
    {TEXT("\"\\u00g0\""), DP_EJSON},
    {TEXT("\"\\u+041\""), DP_EJSON},
    {TEXT("\"\\u 041\""), DP_EJSON},
    {TEXT("\"\\ud800\""), DP_EJSON},
    {TEXT("\"\\udbff\""), DP_EJSON},
    {TEXT("\"\\udc00\""), DP_EJSON},
    {TEXT("\"\\udfff\""), DP_EJSON},
    {TEXT("\"\\ud800x\""), DP_EJSON},
    {TEXT("\"\\ud800\\n\""), DP_EJSON},
    {TEXT("\"\\ud800\\u0041\""), DP_EJSON},
    {TEXT("\"\\ud800\\ud800\""), DP_EJSON},
    {TEXT("\"\\udc00\\ud800\""), DP_EJSON},
    {TEXT("\"\\ud83d\\ude0\""), DP_EJSON},
    {TEXT("\"\\ud83d\\u"), DP_EJSON},
    /* Raw bytes of a string. */
    {TEXT("\"\x7f\""), DP_OK},
    {TEXT("\"a"), DP_EJSON},
    {TEXT("\"\n\""), DP_EJSON},
    {TEXT("\"\t\""), DP_EJSON},
    {TEXT("\"\x1f\""), DP_EJSON},
    {TEXT("\"\0\""), DP_EJSON},
    /* UTF-8 (RFC 3629): first and last of each length, and what lies beside them. */
    {TEXT("\"\xc2\x80\""), DP_OK},
    {TEXT("\"\xdf\xbf\""), DP_OK},
    {TEXT("\"\xe0\xa0\x80\""), DP_OK},
    {TEXT("\"\xed\x9f\xbf\""), DP_OK},
    {TEXT("\"\xee\x80\x80\""), DP_OK},
    {TEXT("\"\xef\xbf\xbf\""), DP_OK},
    {TEXT("\"\xf0\x90\x80\x80\""), DP_OK},
    {TEXT("\"\xf4\x8f\xbf\xbf\""), DP_OK},
    {TEXT("\"\x80\""), DP_EJSON},
    {TEXT("\"\xbf\""), DP_EJSON},
    {TEXT("\"\xc0\x80\""), DP_EJSON},
    {TEXT("\"\xc1\xbf\""), DP_EJSON},
    {TEXT("\"\xc2\""), DP_EJSON},
    {TEXT("\"\xc2\x7f\""), DP_EJSON},
    {TEXT("\"\xc2\xc0\""), DP_EJSON},
    {TEXT("\"\xe0\x9f\xbf\""), DP_EJSON},
    {TEXT("\"\xe0\xa0\""), DP_EJSON},
    {TEXT("\"\xed\xa0\x80\""), DP_EJSON}, /* surrogates */
    {TEXT("\"\xed\xbf\xbf\""), DP_EJSON},
    {TEXT("\"\xe2\x82\x2e\""), DP_EJSON},
    {TEXT("\"\xf0\x8f\xbf\xbf\""), DP_EJSON},
    {TEXT("\"\xf0\x90\x80\""), DP_EJSON},
    {TEXT("\"\xf0\x90\x80\x2e\""), DP_EJSON},
    {TEXT("\"\xf4\x90\x80\x80\""), DP_EJSON},
    {TEXT("\"\xf5\x80\x80\x80\""), DP_EJSON},
    {TEXT("\"\xff\""), DP_EJSON},
    {TEXT("\"\xf4\x8f\xbf"), DP_EJSON},
    {TEXT("\xc3\xa4"), DP_EJSON},
    /* Members twice, however they are written. */
    {TEXT("{\"a\":1,\"b\":2,\"aa\":3,\"\":4}"), DP_OK},
    {TEXT("{\"a\":{\"a\":{\"a\":1}}}"), DP_OK},
    {TEXT("[{\"a\":1},{\"a\":2}]"), DP_OK},
    {TEXT("{\"x\":{\"a\":1},\"y\":{\"a\":1},\"a\":1}"), DP_OK},
    {TEXT("{\"a\":1,\"A\":1}"), DP_OK},
    {TEXT("{\"\xc3\xa4\":1,\"a\xcc\x88\":1}"), DP_OK}, /* alike to see, other code points */
    {TEXT("{\"a\":1,\"a\":1}"), DP_EDUPLICATE},
    {TEXT("{\"\":1,\"\":1}"), DP_EDUPLICATE},
    {TEXT("{\"a\":1,\"b\":2,\"\\u0061\":3}"), DP_EDUPLICATE},
    {TEXT("{\"/\":1,\"\\/\":3}"), DP_EDUPLICATE},
    {TEXT("{\"\\u000a\":1,\"\\n\":3}"), DP_EDUPLICATE},
    {TEXT("{\"\xc3\xa4\":1,\"\\u00E4\":3}"), DP_EDUPLICATE},
    {TEXT("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":3}"), DP_EDUPLICATE},
    {TEXT("[0,{\"x\":{\"k\":1,\"l\":[{}],\"k\":2}}]"), DP_EDUPLICATE},
    {TEXT("{\"a\":{},\"b\":{\"a\":1},\"a\":[]}"), DP_EDUPLICATE},
    /* json-c ends a name at a NUL: these would have been read as "a". */
    {TEXT("{\"a\\u0000\":1}"), DP_EJSON},
    {TEXT("{\"a\":1,\"a\\u0000b\":2}"), DP_EJSON},
    {TEXT("{\"\\u0000\":1}"), DP_EJSON},
    /* Depth: 8 here. */
    {TEXT("[[[[[[[[]]]]]]]]"), DP_OK},
    {TEXT("[[[[[[[{\"a\":[]}]]]]]]]"), DP_EJSON},
    {TEXT("[[[[[[[[[]]]]]]]]]"), DP_EJSON},
    {TEXT("[[[[[[[[[[[[[[[[[[[["), DP_EJSON},
    {TEXT("[[[[[[[[]]]]]]],[[]]]"), DP_OK},
};

static void grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        /* On the heap and without a NUL, so that a sanitizer sees a read past the end. */
        char *text = malloc(cases[i].len + (cases[i].len == 0));
        struct dp_detail detail = {"", ""};
        enum dp_err err;

        memcpy(text, cases[i].text, cases[i].len);
        err = dp_json_scan(text, cases[i].len, DEPTH, &detail);
        free(text);
        if (err != cases[i].want)
            fail_msg("%s: %s %s", cases[i].text, dp_err_text(err), detail.text);
        assert_int_equal(detail.text[0] != '\0', err != DP_OK);
    }
}

/* json-c in its strict mode takes everything that the scanner takes. */
static void what_passes_is_json_to_json_c_too(void **state)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH + 1);

    (void)state;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum json_tokener_error error;

        if (cases[i].want != DP_OK)
            continue;
        json_tokener_reset(tokener);
        json_object_put(json_tokener_parse_ex(tokener, cases[i].text, (int)cases[i].len + 1));
        error = json_tokener_get_error(tokener);
        if (error != json_tokener_success)
            fail_msg("%s: %s", cases[i].text, json_tokener_error_desc(error));
    }
    json_tokener_free(tokener);
}

static const char document[] =
    "{\"a\":[1,-2.5e+3,true,false,null,\"x\\u00e4\\ud83d\\ude00\xf0\x9f\x98\x80\\n\"],"
    "\"b\":{\"c\":{},\"d\":[[],[{}]]},\"e\\u0041\":\"\xc3\xa4\",\"\":0}";

static void every_prefix_is_refused(void **state)
{
    (void)state;
    assert_int_equal(dp_json_scan(document, sizeof(document) - 1, DEPTH, NULL), DP_OK);
    for (size_t len = 0; len < sizeof(document) - 1; len++) {
        char *text = malloc(len + 1);

        memcpy(text, document, len);
        if (dp_json_scan(text, len, DEPTH, NULL) != DP_EJSON)
            fail_msg("the first %zu bytes pass", len);
        free(text);
    }
}

/* A linear congruential generator: the same mutations in each run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Whatever passes must parse, and to an object that its own text describes. */
static void mutations_pass_only_as_json(void **state)
{
    static const char spice[] = "\"\\{}[]:,u0dDe-+.\0\x80\xc3\xed\xa0 ";
    uint32_t seed = 1;
    unsigned passed = 0;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        char text[sizeof(document)];
        struct json_object *object = NULL;
        enum dp_err err;

        memcpy(text, document, sizeof(text));
        for (uint32_t i = next_random(&seed) % 4 + 1; i > 0; i--)
            text[next_random(&seed) % (sizeof(text) - 1)] =
                spice[next_random(&seed) % (sizeof(spice) - 1)];
        err = dp_json_scan(text, sizeof(text) - 1, DEPTH, NULL);
        if (err == DP_OK && text[0] == '{') {
            passed++;
            assert_int_equal(dp_json_parse(&object, text, sizeof(text) - 1, NULL), DP_OK);
            json_object_put(object);
        }
    }
    assert_true(passed > 100);
}

static void only_objects_are_parsed(void **state)
{
    static const char *const others[] = {"[]", "\"a\"", "1", "true", "null", "", " "};
    struct json_object *object;

    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        assert_int_equal(dp_json_parse(&object, others[i], strlen(others[i]), NULL), DP_EJSON);
        assert_null(object);
    }
    assert_int_equal(dp_json_parse(&object, "{\"a\":1,\"a\":2}", 13, NULL), DP_EDUPLICATE);
    assert_null(object);
}

static void the_deepest_allowed_document_parses(void **state)
{
    char text[2 * DP_JSON_DEPTH_MAX + 16];
    struct json_object *object = NULL;

    (void)state;
    for (size_t depth = 1; depth <= DP_JSON_DEPTH_MAX + 1; depth++) {
        size_t arrays = depth - 1, len = 0;

        len = (size_t)snprintf(text, sizeof(text), "{\"a\":");
        memset(text + len, '[', arrays);
        memset(text + len + arrays, ']', arrays);
        len += 2 * arrays;
        if (arrays == 0)
            text[len++] = '1';
        text[len++] = '}';
        assert_int_equal(dp_json_parse(&object, text, len, NULL),
                         depth <= DP_JSON_DEPTH_MAX ? DP_OK : DP_EJSON);
        json_object_put(object);
    }
}

static struct json_object *parse(const char *text)
{
    struct json_object *object = NULL;

    assert_int_equal(dp_json_parse(&object, text, strlen(text), NULL), DP_OK);
    return object;
}

static void strings_are_read_whole(void **state)
{
    struct json_object *object =
        parse("{\"nul\":\"a\\u0000b\",\"empty\":\"\",\"null\":null,\"number\":1,\"list\":[\"a\"]}");
    struct dp_detail detail = {"", ""};
    struct dp_slice text;

    (void)state;
    assert_int_equal(dp_json_string(&text, object, "nul", NULL), DP_OK);
    assert_int_equal(text.len, 3);
    assert_memory_equal(text.data, "a\0b", 4);
    assert_int_equal(dp_json_string(&text, object, "empty", NULL), DP_OK);
    assert_true(text.data != NULL && text.len == 0);
    assert_int_equal(dp_json_string(&text, object, "number", &detail), DP_ETYPE);
    assert_string_equal(detail.field, "number");
    assert_int_equal(dp_json_optional_string(&text, object, "list", &detail), DP_ETYPE);
    assert_string_equal(detail.field, "list");
    assert_int_equal(dp_json_string(&text, object, "absent", &detail), DP_EMISSING);
    assert_string_equal(detail.field, "absent");
    assert_int_equal(dp_json_string(&text, object, "null", &detail), DP_EMISSING);
    assert_int_equal(dp_json_optional_string(&text, object, "absent", NULL), DP_OK);
    assert_null(text.data);
    json_object_put(object);
}

static void writing_is_compact_and_escapes(void **state)
{
    struct json_object *object = json_object_new_object();
    struct dp_buf buf = DP_BUF_INIT(1000), small = DP_BUF_INIT(10);

    (void)state;
    dp_json_add_text(object, "text", "\"\\/\n\x01\xc3\xa4");
    dp_json_add_int(object, "int", INT64_MIN);
    dp_json_add_bool(object, "bool", 1);
    dp_json_add(object, "null", NULL);
    dp_json_write(&buf, object);
    assert_string_equal(buf.data, "{\"text\":\"\\\"\\\\/\\n\\u0001\xc3\xa4\",\"int\":"
                                  "-9223372036854775808,\"bool\":true,\"null\":null}");
    assert_int_equal(dp_json_scan(buf.data, buf.len, DEPTH, NULL), DP_OK);
    dp_json_write(&small, object);
    assert_int_equal(small.err, DP_ETOOBIG);
    dp_buf_free(&buf);
    dp_buf_free(&small);
    json_object_put(object);
}

/* The field goes into an answer that must be UTF-8, so its name is not cut inside a character. */
static void a_long_duplicate_is_named_in_whole_characters(void **state)
{
    (void)state;
    for (size_t before = 55; before < 66; before++) {
        struct dp_buf text = DP_BUF_INIT(1000);
        struct dp_detail detail = {"", ""};
        char name[256], quoted[256];

        memset(name, 'a', before);
        memcpy(name + before, "\xf0\x9f\x98\x80\xc3\xa4", 7);
        dp_buf_addf(&text, "{\"%s\":1,\"%s\":2}", name, name);
        assert_int_equal(dp_json_scan(text.data, text.len, DEPTH, &detail), DP_EDUPLICATE);
        assert_memory_equal(detail.field, name, strlen(detail.field));
        assert_true(strlen(detail.field) >= sizeof(detail.field) - 4 ||
                    strlen(detail.field) == before + 6);
        snprintf(quoted, sizeof(quoted), "\"%s\"", detail.field);
        assert_int_equal(dp_json_scan(quoted, strlen(quoted), DEPTH, NULL), DP_OK);
        dp_buf_free(&text);
    }
}

/* 64 KiB with 10,000 members: a quadratic search for duplicates would take seconds. */
static void ten_thousand_members_are_checked_fast(void **state)
{
    struct dp_buf text = DP_BUF_INIT(256 * 1024);
    struct json_object *object;
    int64_t start;

    (void)state;
    for (int i = 0; i < 10000; i++)
        dp_buf_addf(&text, "%c\"%x\":1", i == 0 ? '{' : ',', i);
    dp_buf_add_text(&text, "}");
    start = dp_clock_mono_us();
    assert_int_equal(dp_json_parse(&object, text.data, text.len, NULL), DP_OK);
    assert_true(dp_clock_mono_us() - start < 500000);
    assert_int_equal(json_object_object_length(object), 10000);
    json_object_put(object);
    text.data[text.len - 1] = ',';
    dp_buf_add_text(&text, "\"\\u0031\":1}");
    assert_int_equal(dp_json_parse(&object, text.data, text.len, NULL), DP_EDUPLICATE);
    dp_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar),
        cmocka_unit_test(what_passes_is_json_to_json_c_too),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(mutations_pass_only_as_json),
        cmocka_unit_test(only_objects_are_parsed),
        cmocka_unit_test(the_deepest_allowed_document_parses),
        cmocka_unit_test(strings_are_read_whole),
        cmocka_unit_test(writing_is_compact_and_escapes),
        cmocka_unit_test(a_long_duplicate_is_named_in_whole_characters),
        cmocka_unit_test(ten_thousand_members_are_checked_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
