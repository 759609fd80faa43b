/* test_yaml.c - YAML that has one meaning is taken, all else is refused. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

#define TEXT(text) (text), sizeof(text) - 1

static const struct {
    const char *text;
    size_t len;
    enum dp_err want;
    const char *sentence; /* a part of it */
} cases[] = {
    {TEXT(""), DP_OK, ""},
    {TEXT("# a comment\n"), DP_OK, ""},
    {TEXT("a: 1\nb: [x, \"y\", {c: d}]\n"), DP_OK, ""},
    {TEXT("\xef\xbb\xbf"
          "a: 1\n"),
     DP_OK, ""},
    {TEXT("--- {a: 1}\n...\n"), DP_OK, ""},
    {TEXT("a: &x 1\n"), DP_EFORMAT, "Line 1: an anchor"},
    {TEXT("a: &x {b: 1}\n"), DP_EFORMAT, "an anchor"},
    {TEXT("a:\n  - &x [b]\n"), DP_EFORMAT, "Line 2: an anchor"},
    {TEXT("a: *x\n"), DP_EFORMAT, "an alias"},
    {TEXT("&x a: 1\n"), DP_EFORMAT, "an anchor"},
    {TEXT("<<: {a: 1}\n"), DP_EFORMAT, "a merge key"},
    {TEXT("\"<<\": {a: 1}\n"), DP_EFORMAT, "a merge key"},
    {TEXT("a: !!str 1\n"), DP_EFORMAT, "a tag"},
    {TEXT("a: ! 1\n"), DP_EFORMAT, "a tag"},
    {TEXT("a: !reset []\n"), DP_EFORMAT, "a tag"},
    {TEXT("a: 1\n---\nb: 2\n"), DP_EFORMAT, "Line 2: a second document"},
    {TEXT("? [a]\n: 1\n"), DP_EFORMAT, "a name that is a list"},
    {TEXT("? {a: 1}\n: 1\n"), DP_EFORMAT, "a name that is a list or a mapping"},
    {TEXT("\"a\\0\": 1\n"), DP_EFORMAT, "a NUL"},
    {TEXT("a: 1\na: 2\n"), DP_EDUPLICATE, "Line 2: a is given twice"},
    {TEXT("a: 1\nb: {c: 1, \"c\": 2}\n"), DP_EDUPLICATE, "c is given twice"},
    {TEXT("a: [\n"), DP_EFORMAT, "it is not YAML"},
    {TEXT("a: \"b\n"), DP_EFORMAT, "it is not YAML"},
    {TEXT("a:\n\tb: 1\n"), DP_EFORMAT, "it is not YAML"},
    {TEXT("a: 1\n b: 2\n"), DP_EFORMAT, "it is not YAML"},
    {TEXT("a: \xff\n"), DP_EFORMAT, "it is not YAML"},
    {TEXT("a: \x01\n"), DP_EFORMAT, "it is not YAML"},
    {TEXT("a: \0\n"), DP_EFORMAT, "it is not YAML"},
    {TEXT("\xff\xfe"
          "a\0:\0 \0001\0"),
     DP_EFORMAT, "it is not YAML"},
};

static void only_what_has_one_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_tree tree;
        enum dp_err err = dp_yaml_parse(&tree, cases[i].text, cases[i].len, &detail);

        if (err != cases[i].want || strstr(detail.text, cases[i].sentence) == NULL)
            fail_msg("%s: %d, %s", cases[i].text, err, detail.text);
        dp_tree_free(&tree);
    }
}

static void text_is(const struct dp_tree *tree, uint32_t node, enum dp_node_kind kind,
                    const char *text, uint32_t line)
{
    assert_int_not_equal(node, DP_NODE_NONE);
    assert_int_equal(tree->nodes[node].kind, kind);
    assert_int_equal(tree->nodes[node].line, line);
    assert_true(dp_slice_is(tree->nodes[node].text, text));
}

static void a_tree_with_lines_and_styles(void **state)
{
    static const char text[] = "a: yes\nb:\n  c: \"yes\"\n  d: |\n    one\n    two\n  e:\n"
                               "\"\\L\\L\": '12'\n";
    struct dp_buf pointer = DP_BUF_INIT(64);
    struct dp_tree tree;
    uint32_t b;

    (void)state;
    assert_int_equal(dp_yaml_parse(&tree, text, sizeof(text) - 1, NULL), DP_OK);
    text_is(&tree, dp_tree_find(&tree, DP_NODE_ROOT, "a"), DP_NODE_PLAIN, "yes", 1);
    b = dp_tree_find(&tree, DP_NODE_ROOT, "b");
    assert_int_equal(tree.nodes[b].count, 3);
    assert_int_equal(tree.nodes[b].line, 2);
    text_is(&tree, dp_tree_find(&tree, b, "c"), DP_NODE_TEXT, "yes", 3);
    text_is(&tree, dp_tree_find(&tree, b, "d"), DP_NODE_TEXT, "one\ntwo\n", 4);
    text_is(&tree, dp_tree_find(&tree, b, "e"), DP_NODE_PLAIN, "", 7);
    text_is(&tree, dp_tree_find(&tree, DP_NODE_ROOT, "\xe2\x80\xa8\xe2\x80\xa8"), DP_NODE_TEXT,
            "12", 8);
    assert_int_equal(dp_tree_find(&tree, DP_NODE_ROOT, "c"), DP_NODE_NONE);
    dp_tree_pointer(&pointer, &tree, dp_tree_find(&tree, b, "d"));
    assert_string_equal(pointer.data, "/b/d");
    dp_buf_free(&pointer);
    dp_tree_free(&tree);
}

static enum dp_err nested(size_t depth, struct dp_detail *detail)
{
    char text[2 * DP_YAML_DEPTH_MAX + 8] = "";
    struct dp_tree tree;
    enum dp_err err;

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    err = dp_yaml_parse(&tree, text, 2 * depth, detail);
    dp_tree_free(&tree);
    return err;
}

static void depth_and_length_are_bounded(void **state)
{
    struct dp_detail detail = {"", ""};
    char *text = malloc(DP_YAML_LEN_MAX + 1);
    struct dp_tree tree;

    (void)state;
    assert_int_equal(nested(DP_YAML_DEPTH_MAX, &detail), DP_OK);
    assert_int_equal(nested(DP_YAML_DEPTH_MAX + 1, &detail), DP_EFORMAT);
    assert_non_null(strstr(detail.text, "too deep"));
    assert_non_null(text);
    memset(text, ' ', DP_YAML_LEN_MAX + 1);
    assert_int_equal(dp_yaml_parse(&tree, text, DP_YAML_LEN_MAX + 1, &detail), DP_ETOOBIG);
    memset(text, '[', DP_YAML_LEN_MAX);
    assert_int_equal(dp_yaml_parse(&tree, text, DP_YAML_LEN_MAX, &detail), DP_EFORMAT);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_has_one_meaning),
        cmocka_unit_test(a_tree_with_lines_and_styles),
        cmocka_unit_test(depth_and_length_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
