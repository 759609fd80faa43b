/* test_compose_hash.c - compose hashes against compose-hash.json; what changed between two files.
 */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json_tree.h"
#include "dstack/compose_diff.h"
#include "dstack/compose_hash.h"

static int load(void **state)
{
    *state = vectors_load("compose-hash.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static void assert_hash(const char *name, const void *data, size_t len, const char *want)
{
    uint8_t hash[DP_COMPOSE_HASH_LEN];
    char text[2 * DP_COMPOSE_HASH_LEN + 1];

    assert_int_equal(dp_compose_hash(hash, data, len), DP_OK);
    dp_hex_encode(text, hash, sizeof(hash));
    if (strcmp(text, want) != 0)
        fail_msg("%s: %s, not %s; hashed was %.*s", name, text, want, (int)len, (const char *)data);
}

/* The canonical form of a JSON text is the one wanted (where it is known), and has the hash. */
static void assert_canonical(const char *name, struct bytes input, bool normalize,
                             const struct bytes *want, const char *hash)
{
    struct dp_buf got = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    struct dp_detail detail = {"", ""};

    if (dp_compose_canonical(&got, (const char *)input.data, input.len, normalize, &detail) !=
        DP_OK)
        fail_msg("%s: %s", name, detail.text);
    if (want != NULL && (got.len != want->len || memcmp(got.data, want->data, got.len) != 0))
        fail_msg("%s: %s", name, got.data);
    assert_hash(name, got.data, got.len, hash);
    dp_buf_free(&got);
}

/*
 * Rows with an input_expression hold NaN, an infinity or undefined, which no JSON text can spell:
 * their canonical form can be spelt, and is put in instead. That the SDK makes this form of them is
 * tested where JavaScript runs (tests/compose/hash.test.mjs).
 */
static void every_row_of_the_sdk(void **state)
{
    size_t spelt = 0, unspeakable = 0;

    FOR_EACH_ROW(row, vectors_rows(*state, "sdk"))
    {
        bool has_text = json_object_object_get_ex(row, "input", NULL);
        struct bytes want = vectors_utf8(row, "canonical");
        struct bytes input = vectors_utf8(row, has_text ? "input" : "canonical");

        if (!has_text)
            assert_true(json_object_object_get_ex(row, "input_expression", NULL));
        assert_canonical(vectors_text(row, "name"), input, vectors_bool(row, "normalize"), &want,
                         vectors_text(row, "hash"));
        spelt += has_text;
        unspeakable += !has_text;
        bytes_free(input);
        bytes_free(want);
    }
    assert_true(spelt >= 50);
    assert_int_equal(unspeakable, 5);
}

/* The SDK 0.5.8 is what we follow; a later source drops more. */
static void a_runner_that_the_published_sdk_does_not_know(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "sdk_later"))
    {
        struct json_object *published = vectors_member(row, "published");
        struct bytes input = vectors_utf8(row, "input");
        struct bytes want = vectors_utf8(published, "canonical");

        assert_canonical(vectors_text(row, "name"), input, vectors_bool(row, "normalize"), &want,
                         vectors_text(published, "hash"));
        bytes_free(input);
        bytes_free(want);
    }
}

static void raw_bytes_are_what_dstack_measures(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "raw_bytes"))
    {
        bool in_file = json_object_object_get_ex(row, "file", NULL);
        struct bytes text =
            in_file ? vectors_file(vectors_text(row, "file")) : vectors_utf8(row, "text");
        const char *hash = vectors_text(row, "compose_hash");

        assert_hash(vectors_text(row, "name"), text.data, text.len, hash);
        assert_memory_equal(hash, vectors_text(row, "default_app_id"), 2 * DP_COMPOSE_APP_ID_LEN);
        assert_canonical(vectors_text(row, "name"), text, false, NULL,
                         vectors_text(row, "sdk_hash"));
        bytes_free(text);
    }
}

static void what_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "null",
                                      "\"a\"",
                                      "{",
                                      "{\"a\":1,}",
                                      "{\"a\":NaN}",
                                      "{\"a\":01}",
                                      "{}x",
                                      "{'a':1}",
                                      "{\"a\":\"\x01\"}",
                                      "{\"a\":\"\xff\"}",
                                      "\xef\xbb\xbf"};
    struct dp_buf out = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    struct dp_detail detail;
    char *long_text = calloc(1, DP_COMPOSE_MAX + 1);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        detail = (struct dp_detail){"", ""};
        if (dp_compose_canonical(&out, bad[i], strlen(bad[i]), false, &detail) != DP_EJSON ||
            strncmp(detail.text, "It is ", 6) != 0)
            fail_msg("%s: %s", bad[i], detail.text);
    }
    assert_non_null(long_text);
    memset(long_text, ' ', DP_COMPOSE_MAX + 1);
    assert_int_equal(dp_compose_canonical(&out, long_text, DP_COMPOSE_MAX + 1, false, &detail),
                     DP_ETOOBIG);
    free(long_text);
    dp_buf_free(&out);
}

/* --- what changed --- */

static void take(const struct dp_compose_change *change, void *arg)
{
    dp_buf_addf(arg, "%s %s>%s%s%s\n", change->pointer, change->from != NULL ? change->from : "",
                change->to != NULL ? change->to : "", change->lines != NULL ? "\n" : "",
                change->lines != NULL ? change->lines : "");
}

static const struct {
    const char *from, *to, *want;
} changes[] = {
    {"{}", "{ }", ""},
    {"{\"a\":1,\"b\":[1,{\"c\":2}]}", "{\"b\":[1.0,{\"c\":2e0}],\"a\":1}", ""},
    {"{\"a\":1}", "{\"a\":2}", "/a 1>2\n"},
    {"{\"a\":1}", "{\"b\":1}", "/a 1>\n/b >1\n"},
    {"{\"a\":\"1\"}", "{\"a\":1}", "/a \"1\">1\n"},
    {"{\"a\":{\"b\":1}}", "{\"a\":{}}", "/a/b 1>\n"},
    {"{\"a\":[]}", "{\"a\":{}}", "/a []>{}\n"},
    {"{\"a\":[1,2,3]}", "{\"a\":[1,5]}", "/a/1 2>5\n/a/2 3>\n"},
    {"{\"a/b\":{\"~\":1}}", "{\"a/b\":{\"~\":2}}", "/a~1b/~0 1>2\n"},
    {"{\"f\":\"a\\nb\\nc\\n\"}", "{\"f\":\"a\\nB\\nc\\nd\\n\"}",
     "/f \"a\\nb\\nc\\n\">\"a\\nB\\nc\\nd\\n\"\n-2 b\n+2 B\n+4 d\n\n"},
    /* Only the last line's end: no line differs, so the values are all there is to show. */
    {"{\"f\":\"a\\nb\"}", "{\"f\":\"a\\nb\\n\"}", "/f \"a\\nb\">\"a\\nb\\n\"\n"},
};

static void changes_are_named_by_their_pointer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct dp_buf told = DP_BUF_INIT(1 << 16);
        struct dp_tree from, to;
        size_t count;

        dp_buf_add_text(&told, "");
        assert_int_equal(dp_json_tree_parse(&from, changes[i].from, strlen(changes[i].from), NULL),
                         DP_OK);
        assert_int_equal(dp_json_tree_parse(&to, changes[i].to, strlen(changes[i].to), NULL),
                         DP_OK);
        assert_int_equal(dp_compose_diff(&count, &from, &to, take, &told), DP_OK);
        assert_string_equal(told.data, changes[i].want);
        dp_tree_free(&from);
        dp_tree_free(&to);
        dp_buf_free(&told);
    }
}

/* Texts too different for a good match are still told whole, and in bounded time. */
static void many_lines_are_told_whole(void **state)
{
    enum { LINES = 3000 };
    struct dp_buf a = DP_BUF_INIT(1 << 20), b = DP_BUF_INIT(1 << 20), out = DP_BUF_INIT(1 << 20);
    size_t lines = 0;

    (void)state;
    for (int i = 0; i < LINES; i++) {
        dp_buf_addf(&a, "a%d\n", i);
        dp_buf_addf(&b, "b%d\n", i);
    }
    dp_compose_diff_lines(&out, (struct dp_slice){a.data, a.len}, (struct dp_slice){b.data, b.len});
    assert_int_equal(out.err, DP_OK);
    for (size_t i = 0; i < out.len; i++)
        lines += out.data[i] == '\n';
    assert_int_equal(lines, 2 * LINES);
    dp_buf_free(&a);
    dp_buf_free(&b);
    dp_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_row_of_the_sdk, load, unload),
        cmocka_unit_test_setup_teardown(a_runner_that_the_published_sdk_does_not_know, load,
                                        unload),
        cmocka_unit_test_setup_teardown(raw_bytes_are_what_dstack_measures, load, unload),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(changes_are_named_by_their_pointer),
        cmocka_unit_test(many_lines_are_told_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
