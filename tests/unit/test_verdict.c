/* test_verdict.c - reports of an audit: claims, stages, how they are shown and compared. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/claims.h"
#include "verdict/report_diff.h"
#include "verdict/report_html.h"
#include "verdict/report_text.h"
#include "verdict/stages.h"

#define AT INT64_C(1764000000000) /* 2025-11-24T16:00:00.000Z */

static const char rules[] =
    "{\"version\":\"7\",\"draft\":\"d\",\"name\":\"zero\",\"stages\":["
    "{\"stage\":1,\"name\":\"one\",\"requirements\":["
    "{\"id\":\"r1\",\"text\":\"t1\",\"source\":\"s\",\"claims\":[\"a\",\"b\"]},"
    "{\"id\":\"r2\",\"text\":\"t2\",\"source\":\"s\",\"claims\":[\"b\"]}]},"
    "{\"stage\":2,\"name\":\"two\",\"requirements\":["
    "{\"id\":\"r3\",\"text\":\"t3\",\"source\":\"s\",\"claims\":[\"c\"]}]},"
    "{\"stage\":3,\"name\":\"three\",\"requirements\":["
    "{\"id\":\"r4\",\"text\":\"t4\",\"source\":\"s\",\"claims\":[],\"note\":\"nobody can\"}]}]}";

static void add(struct dp_claims *claims, const char *id, enum dp_verdict verdict, bool required)
{
    const struct dp_claim claim = {
        .id = id,
        .title = "A title",
        .expected = "e",
        .found = "f",
        .source = "s",
        .note = verdict == DP_VERDICT_PASS ? NULL : "a reason",
        .verdict = verdict,
        .required = required,
    };

    dp_claims_add(claims, &claim);
}

static struct dp_claims *report(enum dp_verdict a, enum dp_verdict b, enum dp_verdict c)
{
    struct dp_claims *claims = dp_claims_new("https://app.example", AT);

    add(claims, "a", a, true);
    add(claims, "b", b, true);
    add(claims, "c", c, false);
    return claims;
}

static void only_a_pass_of_each_required_claim_holds(void **state)
{
    static const struct {
        enum dp_verdict a, b, c;
        bool holds;
    } rows[] = {
        {DP_VERDICT_PASS, DP_VERDICT_PASS, DP_VERDICT_PASS, true},
        {DP_VERDICT_PASS, DP_VERDICT_PASS, DP_VERDICT_FAIL, true},
        {DP_VERDICT_PASS, DP_VERDICT_PASS, DP_VERDICT_UNCHECKED, true},
        {DP_VERDICT_PASS, DP_VERDICT_UNCHECKED, DP_VERDICT_PASS, false},
        {DP_VERDICT_FAIL, DP_VERDICT_PASS, DP_VERDICT_PASS, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dp_claims *claims = report(rows[i].a, rows[i].b, rows[i].c);

        assert_int_equal(dp_claims_hold(claims), rows[i].holds);
        assert_int_equal(
            json_object_get_boolean(json_object_object_get(dp_claims_json(claims), "holds")),
            rows[i].holds);
        dp_claims_free(claims);
    }
}

static void a_report_that_requires_nothing_does_not_hold(void **state)
{
    struct dp_claims *claims = dp_claims_new("u", AT);

    (void)state;
    assert_false(dp_claims_hold(claims));
    add(claims, "a", DP_VERDICT_PASS, false);
    assert_false(dp_claims_hold(claims));
    dp_claims_free(claims);
}

static void a_claim_that_nobody_made_is_not_checked(void **state)
{
    struct dp_claims *claims = report(DP_VERDICT_PASS, DP_VERDICT_FAIL, DP_VERDICT_PASS);

    (void)state;
    assert_int_equal(dp_claims_verdict(claims, "a"), DP_VERDICT_PASS);
    assert_int_equal(dp_claims_verdict(claims, "b"), DP_VERDICT_FAIL);
    assert_int_equal(dp_claims_verdict(claims, "z"), DP_VERDICT_UNCHECKED);
    dp_claims_free(claims);
}

static void a_report_that_is_written_can_be_read(void **state)
{
    struct dp_claims *claims = report(DP_VERDICT_PASS, DP_VERDICT_FAIL, DP_VERDICT_UNCHECKED),
                     *back;
    struct dp_detail detail;
    const char *text;

    (void)state;
    dp_claims_add_power(claims, "The owner", "may propose code", "7 days pass first.");
    text = json_object_to_json_string_ext(dp_claims_json(claims), JSON_C_TO_STRING_PLAIN);
    assert_int_equal(dp_claims_read(&back, text, strlen(text), &detail), DP_OK);
    assert_true(json_object_equal(dp_claims_json(claims), dp_claims_json(back)));
    dp_claims_free(back);
    dp_claims_free(claims);
}

/* What a report says of itself is not believed. */
static void whether_it_holds_follows_from_its_claims(void **state)
{
    struct dp_claims *claims = report(DP_VERDICT_FAIL, DP_VERDICT_PASS, DP_VERDICT_PASS), *back;
    struct json_object *root = dp_claims_json(claims);
    struct dp_detail detail;
    const char *text;

    (void)state;
    dp_json_add_bool(root, "holds", true);
    text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
    assert_int_equal(dp_claims_read(&back, text, strlen(text), &detail), DP_OK);
    assert_false(dp_claims_hold(back));
    assert_false(json_object_get_boolean(json_object_object_get(dp_claims_json(back), "holds")));
    dp_claims_free(back);
    dp_claims_free(claims);
}

#define HEAD "{\"format\":\"devproof-report/1\",\"url\":\"u\",\"at\":\"2025-11-24T16:00:00.000Z\","
#define CLAIM(id, verdict, note)                                                                   \
    "{\"id\":\"" id "\",\"title\":\"t\",\"required\":true,\"verdict\":\"" verdict                  \
    "\",\"note\":" note "}"

static void what_is_no_report_is_refused(void **state)
{
    static const struct {
        const char *text, *says;
        enum dp_err want;
    } rows[] = {
        {HEAD "\"claims\":[],\"powers\":[]}", "", DP_OK},
        {HEAD "\"claims\":[" CLAIM("a", "pass", "null") "],\"powers\":[]}", "", DP_OK},
        {"", "empty", DP_EJSON},
        {"[]", "object", DP_EJSON},
        {"{}", "lacks a format", DP_EFORMAT},
        {"{\"format\":\"devproof-report/2\"}", "devproof-report/2", DP_EFORMAT},
        {HEAD "\"powers\":[]}", "claims must be an array", DP_EFORMAT},
        {HEAD "\"claims\":[]}", "powers must be an array", DP_EFORMAT},
        {HEAD "\"claims\":[1],\"powers\":[]}", "no object", DP_EFORMAT},
        {HEAD "\"claims\":[{}],\"powers\":[]}", "lacks a id", DP_EFORMAT},
        {HEAD "\"claims\":[" CLAIM("a", "maybe", "null") "],\"powers\":[]}", "maybe", DP_EFORMAT},
        {HEAD "\"claims\":[" CLAIM("a", "fail", "null") "],\"powers\":[]}", "no note", DP_EFORMAT},
        {HEAD "\"claims\":[" CLAIM("a", "pass", "7") "],\"powers\":[]}", "string", DP_EFORMAT},
        {HEAD "\"claims\":[" CLAIM("a\\u0000b", "pass", "null") "],\"powers\":[]}", "NUL",
         DP_EFORMAT},
        {HEAD
         "\"claims\":[" CLAIM("a", "pass", "null") "," CLAIM("a", "pass", "null") "],"
                                                                                  "\"powers\":[]}",
         "twice", DP_EFORMAT},
        {HEAD "\"claims\":[{\"id\":\"a\",\"title\":\"t\",\"verdict\":\"pass\"}],\"powers\":[]}",
         "required", DP_EFORMAT},
        {HEAD "\"claims\":[],\"powers\":[{\"who\":\"x\"}]}", "lacks a what", DP_EFORMAT},
        {"{\"format\":\"devproof-report/1\",\"url\":\"u\",\"at\":\"yesterday\"}", "a time",
         DP_EFORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_claims *claims;

        assert_int_equal(dp_claims_read(&claims, rows[i].text, strlen(rows[i].text), &detail),
                         rows[i].want);
        assert_non_null(strstr(detail.text, rows[i].says));
        assert_int_equal(claims != NULL, rows[i].want == DP_OK);
        dp_claims_free(claims);
    }
}

static void a_report_of_any_length_is_cut_off(void **state)
{
    char *text = malloc(DP_REPORT_MAX + 1);
    struct dp_claims *claims;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', DP_REPORT_MAX + 1);
    assert_int_equal(dp_claims_read(&claims, text, DP_REPORT_MAX + 1, NULL), DP_ETOOBIG);
    free(text);
}

/* --- stages --- */

static struct dp_stages *read_rules(const char *text)
{
    struct dp_stages *stages;
    struct dp_detail detail = {"", ""};

    if (dp_stages_read(&stages, text, strlen(text), &detail) != DP_OK)
        fail_msg("%s", detail.text);
    return stages;
}

static void the_stage_is_the_highest_without_a_gap(void **state)
{
    static const struct {
        enum dp_verdict a, b, c;
        int stage;
    } rows[] = {
        {DP_VERDICT_PASS, DP_VERDICT_PASS, DP_VERDICT_PASS, 2},
        {DP_VERDICT_PASS, DP_VERDICT_PASS, DP_VERDICT_FAIL, 1},
        {DP_VERDICT_PASS, DP_VERDICT_PASS, DP_VERDICT_UNCHECKED, 1},
        {DP_VERDICT_PASS, DP_VERDICT_FAIL, DP_VERDICT_PASS, 0},
        {DP_VERDICT_UNCHECKED, DP_VERDICT_PASS, DP_VERDICT_PASS, 0},
    };
    struct dp_stages *stages = read_rules(rules);

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dp_claims *claims = report(rows[i].a, rows[i].b, rows[i].c);
        struct json_object *stage;

        assert_int_equal(dp_stages_judge(stages, claims), rows[i].stage);
        stage = json_object_object_get(dp_claims_json(claims), "stage");
        assert_int_equal(json_object_get_int(json_object_object_get(stage, "stage")),
                         rows[i].stage);
        assert_int_equal(json_object_get_int(json_object_object_get(stage, "next")),
                         rows[i].stage + 1);
        dp_claims_free(claims);
    }
    dp_stages_free(stages);
}

static const char *requirement(const struct dp_claims *claims, size_t index, const char *name)
{
    struct json_object *stage = json_object_object_get(dp_claims_json(claims), "stage"),
                       *rows = json_object_object_get(stage, "requirements");

    return json_object_get_string(
        json_object_object_get(json_object_array_get_idx(rows, index), name));
}

static void each_requirement_says_why_it_is_not_met(void **state)
{
    struct dp_stages *stages = read_rules(rules);
    struct dp_claims *claims = report(DP_VERDICT_FAIL, DP_VERDICT_UNCHECKED, DP_VERDICT_PASS);

    (void)state;
    dp_stages_judge(stages, claims);
    assert_string_equal(requirement(claims, 0, "verdict"), "fail");
    assert_string_equal(requirement(claims, 0, "note"), "a failed; b not checked");
    assert_string_equal(requirement(claims, 1, "verdict"), "not checked");
    assert_string_equal(requirement(claims, 1, "note"), "b not checked");
    assert_string_equal(requirement(claims, 2, "verdict"), "pass");
    assert_null(requirement(claims, 2, "note"));
    assert_string_equal(requirement(claims, 3, "verdict"), "not checked");
    assert_string_equal(requirement(claims, 3, "note"), "nobody can");
    dp_claims_free(claims);
    dp_stages_free(stages);
}

static void the_rules_that_come_along_can_be_read(void **state)
{
    struct dp_stages *stages = read_rules(dp_stages_erc733[0]);
    struct dp_claims *claims = dp_claims_new("u", AT);

    (void)state;
    assert_int_equal(dp_stages_erc733_count, 1);
    assert_int_equal(dp_stages_judge(stages, claims), 0);
    dp_claims_free(claims);
    dp_stages_free(stages);
}

static void bad_rules_are_refused(void **state)
{
#define RULES(stages) "{\"version\":\"1\",\"draft\":\"d\",\"name\":\"n\",\"stages\":" stages "}"
#define ONE(requirement) RULES("[{\"stage\":1,\"name\":\"n\",\"requirements\":[" requirement "]}]")
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{}", "version"},
        {RULES("{}"), "stages"},
        {RULES("[]"), "stages"},
        {RULES("[{\"stage\":2}]"), "count from 1"},
        {RULES("[{\"stage\":1,\"name\":\"n\"}]"), "requirements"},
        {RULES("[{\"stage\":1,\"name\":\"n\",\"requirements\":[]}]"), "requirements"},
        {ONE("1"), "object"},
        {ONE("{\"id\":\"i\",\"text\":\"t\",\"claims\":[]}"), "source"},
        {ONE("{\"id\":\"i\",\"text\":\"t\",\"source\":\"s\"}"), "claims"},
        {ONE("{\"id\":\"i\",\"text\":\"t\",\"source\":\"s\",\"claims\":[1]}"), "claims"},
        {ONE("{\"id\":\"i\",\"text\":\"t\",\"source\":\"s\",\"claims\":[]}"), "note"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_stages *stages;

        assert_int_equal(dp_stages_read(&stages, rows[i].text, strlen(rows[i].text), &detail),
                         DP_EFORMAT);
        assert_non_null(strstr(detail.text, rows[i].says));
        assert_null(stages);
    }
}

/* --- showing --- */

static struct dp_claims *hostile(void)
{
    const struct dp_claim claim = {
        .id = "x",
        .title = "\033[2J<script>alert(1)</script>",
        .expected = "\xc2\x9b"
                    "31m & \x07",
        .found = "</dd>\n\x7f",
        .note = "because",
        .verdict = DP_VERDICT_FAIL,
        .required = true,
    };
    struct dp_claims *claims = dp_claims_new("https://<b>", AT);

    dp_claims_add(claims, &claim);
    dp_claims_add_power(claims, "<i>who</i>", "what", "limit");
    return claims;
}

static void a_terminal_is_not_spoken_to(void **state)
{
    struct dp_claims *claims = hostile();
    struct dp_buf out = DP_BUF_INIT(DP_REPORT_MAX);

    (void)state;
    dp_report_text(&out, claims, false);
    assert_int_equal(out.err, DP_OK);
    for (size_t i = 0; i < out.len; i++)
        assert_true((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\n');
    assert_null(strstr(out.data, "\xc2\x9b"));
    assert_non_null(strstr(out.data, "?[2J"));
    assert_non_null(strstr(out.data, "Not every required claim holds."));
    dp_buf_free(&out);
    dp_claims_free(claims);
}

static void a_page_runs_nothing_of_others(void **state)
{
    struct dp_claims *claims = hostile();
    struct dp_buf out = DP_BUF_INIT(DP_REPORT_MAX);

    (void)state;
    dp_report_html(&out, claims);
    assert_int_equal(out.err, DP_OK);
    assert_null(strstr(out.data, "<script"));
    assert_null(strstr(out.data, "<i>"));
    assert_null(strstr(out.data, "<b>"));
    assert_non_null(strstr(out.data, "&lt;script&gt;"));
    assert_non_null(strstr(out.data, "&lt;/dd&gt;"));
    assert_non_null(strstr(out.data, "default-src 'none'"));
    assert_null(strstr(out.data, "http://"));
    dp_buf_free(&out);
    dp_claims_free(claims);
}

static void a_verdict_has_its_mark_and_its_word(void **state)
{
    struct dp_stages *stages = read_rules(rules);
    struct dp_claims *claims = report(DP_VERDICT_PASS, DP_VERDICT_FAIL, DP_VERDICT_UNCHECKED);
    struct dp_buf out = DP_BUF_INIT(DP_REPORT_MAX);

    (void)state;
    dp_stages_judge(stages, claims);
    dp_report_text(&out, claims, true);
    assert_non_null(strstr(out.data, "\033[32m\u2713 pass"));
    assert_non_null(strstr(out.data, "\033[31m\u2717 fail"));
    assert_non_null(strstr(out.data, "\033[33m- not checked"));
    assert_non_null(strstr(out.data, "Stage 0 of ERC-733. zero"));
    assert_non_null(strstr(out.data, "b failed"));
    dp_buf_reset(&out);
    dp_report_html(&out, claims);
    assert_non_null(strstr(out.data, "\u2713 pass"));
    assert_non_null(strstr(out.data, "\u2717 fail"));
    assert_non_null(strstr(out.data, "\u2013 not checked"));
    dp_buf_free(&out);
    dp_claims_free(claims);
    dp_stages_free(stages);
}

/* --- comparing --- */

static void the_same_twice_is_no_change(void **state)
{
    struct dp_claims *claims = report(DP_VERDICT_PASS, DP_VERDICT_FAIL, DP_VERDICT_PASS);
    struct json_object *changes = dp_report_diff(claims, claims);

    (void)state;
    assert_int_equal(dp_json_count(changes), 0);
    json_object_put(changes);
    dp_claims_free(claims);
}

static void each_change_is_named(void **state)
{
    struct dp_stages *stages = read_rules(rules);
    struct dp_claims *before = report(DP_VERDICT_PASS, DP_VERDICT_PASS, DP_VERDICT_PASS),
                     *after = report(DP_VERDICT_PASS, DP_VERDICT_FAIL, DP_VERDICT_PASS);
    struct json_object *changes;
    const char *text;

    (void)state;
    add(before, "gone", DP_VERDICT_PASS, false);
    add(after, "new", DP_VERDICT_PASS, false);
    dp_claims_add_power(before, "a", "b", "c");
    dp_claims_add_power(after, "d", "e", "f");
    dp_stages_judge(stages, before);
    dp_stages_judge(stages, after);
    changes = dp_report_diff(before, after);
    text = json_object_to_json_string_ext(changes, JSON_C_TO_STRING_PLAIN);
    assert_string_equal(
        text, "[{\"what\":\"holds\",\"id\":null,\"before\":true,\"after\":false},"
              "{\"what\":\"stage\",\"id\":null,\"before\":2,\"after\":0},"
              "{\"what\":\"claim\",\"id\":\"b\",\"before\":{\"verdict\":\"pass\",\"expected\":"
              "\"e\",\"found\":\"f\"},\"after\":{\"verdict\":\"fail\",\"expected\":\"e\","
              "\"found\":\"f\"}},"
              "{\"what\":\"claim\",\"id\":\"gone\",\"before\":{\"verdict\":\"pass\","
              "\"expected\":\"e\",\"found\":\"f\"},\"after\":null},"
              "{\"what\":\"claim\",\"id\":\"new\",\"before\":null,\"after\":{\"verdict\":\"pass\","
              "\"expected\":\"e\",\"found\":\"f\"}},"
              "{\"what\":\"power\",\"id\":null,\"before\":\"a: b. c\",\"after\":null},"
              "{\"what\":\"power\",\"id\":null,\"before\":null,\"after\":\"d: e. f\"}]");
    json_object_put(changes);
    dp_claims_free(before);
    dp_claims_free(after);
    dp_stages_free(stages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_pass_of_each_required_claim_holds),
        cmocka_unit_test(a_report_that_requires_nothing_does_not_hold),
        cmocka_unit_test(a_claim_that_nobody_made_is_not_checked),
        cmocka_unit_test(a_report_that_is_written_can_be_read),
        cmocka_unit_test(whether_it_holds_follows_from_its_claims),
        cmocka_unit_test(what_is_no_report_is_refused),
        cmocka_unit_test(a_report_of_any_length_is_cut_off),
        cmocka_unit_test(the_stage_is_the_highest_without_a_gap),
        cmocka_unit_test(each_requirement_says_why_it_is_not_met),
        cmocka_unit_test(the_rules_that_come_along_can_be_read),
        cmocka_unit_test(bad_rules_are_refused),
        cmocka_unit_test(a_terminal_is_not_spoken_to),
        cmocka_unit_test(a_page_runs_nothing_of_others),
        cmocka_unit_test(a_verdict_has_its_mark_and_its_word),
        cmocka_unit_test(the_same_twice_is_no_change),
        cmocka_unit_test(each_change_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
