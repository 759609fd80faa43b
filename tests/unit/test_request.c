/* test_request.c - what a client sent: query, body, and the problem that answers a bad one. */
#include "helper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcgiapp.h>

#include "base/json.h"
#include "web/web.h"

/* A request without a server: variables, and a body that is there already. */
struct fake {
    struct dp_exchange x;
    FCGX_Request fcgi;
    FCGX_Stream in;
    char lines[4][512];
    char *envp[5];
};

/* libfcgi asks for more where the body is used up: there is none. */
static void no_more(FCGX_Stream *stream)
{
    stream->isClosed = 1;
}

static void make(struct fake *f, const char *query, const char *content_type, const char *body,
                 size_t len)
{
    memset(f, 0, sizeof(*f));
    snprintf(f->lines[0], sizeof(f->lines[0]), "QUERY_STRING=%s", query);
    snprintf(f->lines[1], sizeof(f->lines[1]), "CONTENT_TYPE=%s", content_type);
    snprintf(f->lines[2], sizeof(f->lines[2]), "CONTENT_LENGTH=%zu", len);
    for (size_t i = 0; i < 3; i++)
        f->envp[i] = f->lines[i];
    f->in = (FCGX_Stream){.isReader = 1, .fillBuffProc = no_more};
    f->in.rdNext = f->in.stopUnget = (unsigned char *)body;
    f->in.stop = f->in.wrNext = f->in.rdNext + len;
    f->fcgi.envp = f->envp;
    f->fcgi.in = &f->in;
    f->x = (struct dp_exchange){.fcgi = &f->fcgi,
                                .request_id = "id1",
                                .headers = DP_BUF_INIT(4096),
                                .body = DP_BUF_INIT(DP_ANSWER_MAX)};
}

static void drop(struct fake *f)
{
    dp_buf_free(&f->x.headers);
    dp_buf_free(&f->x.body);
}

/* --- query --- */

static const struct {
    const char *query;
    enum dp_err want;
    bool present;
    const char *value;
} queries[] = {
    {"", DP_OK, false, ""},
    {"q=", DP_OK, true, ""},
    {"q=abc", DP_OK, true, "abc"},
    {"q=1234567", DP_OK, true, "1234567"},
    {"a=1&q=2&b=3", DP_OK, true, "2"},
    {"&&q=2&&", DP_OK, true, "2"},
    {"qq=1&q=2&aq=3&q2=4", DP_OK, true, "2"},
    {"q", DP_OK, false, ""},
    {"Q=1", DP_OK, false, ""},
    {"x=q=1", DP_OK, false, ""},
    {"q=a=b", DP_OK, true, "a=b"},
    {"q=a+b", DP_OK, true, "a b"},
    {"q=a%20b", DP_OK, true, "a b"},
    {"q=%2B%26%3d", DP_OK, true, "+&="},
    {"q=%C3%a4", DP_OK, true, "\xc3\xa4"},
    {"q=12345678", DP_EPARAM, false, NULL},
    {"q=%31%32%33%34%35%36%37%38", DP_EPARAM, false, NULL},
    {"q=1&q=1", DP_EPARAM, false, NULL},
    {"q=&q=", DP_EPARAM, false, NULL},
    {"q=1&a&q=2", DP_EPARAM, false, NULL},
    {"q=%", DP_EPARAM, false, NULL},
    {"q=%2", DP_EPARAM, false, NULL},
    {"q=%2&a=0", DP_EPARAM, false, NULL},
    {"q=%zz", DP_EPARAM, false, NULL},
    {"q=%0x", DP_EPARAM, false, NULL},
    {"q=%-1", DP_EPARAM, false, NULL},
    {"q=%00", DP_EPARAM, false, NULL},
    {"q=a%00b", DP_EPARAM, false, NULL},
    {"q=%%41", DP_EPARAM, false, NULL},
};

static void a_parameter_is_decoded_once_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(queries); i++) {
        struct fake f;
        char value[8];
        bool present = false;
        enum dp_err err;

        make(&f, queries[i].query, "", "", 0);
        err = dp_request_query(&f.x, "q", value, sizeof(value), &present);
        if (err != queries[i].want || (err == DP_OK && (present != queries[i].present ||
                                                        strcmp(value, queries[i].value) != 0)))
            fail_msg("?%s: %s, \"%s\"", queries[i].query, dp_err_text(err), value);
        assert_string_equal(f.x.detail.field, err != DP_OK ? "q" : "");
        drop(&f);
    }
}

static void an_absent_variable_is_empty(void **state)
{
    struct fake f;

    (void)state;
    make(&f, "a=b", "", "", 0);
    assert_string_equal(dp_request_param(&f.x, "QUERY_STRING"), "a=b");
    assert_string_equal(dp_request_param(&f.x, "QUERY"), "");
    assert_string_equal(dp_request_param(&f.x, "HTTP_COOKIE"), "");
    drop(&f);
}

/* --- body --- */

#define JSON "application/json"

static const struct {
    const char *content_type, *body;
    enum dp_err want;
} bodies[] = {
    {JSON, "{}", DP_OK},
    {JSON, "{\"a\":1}", DP_OK},
    {"Application/JSON", "{}", DP_OK},
    {JSON ";charset=utf-8", "{}", DP_OK},
    {JSON " ; charset=utf-8", "{}", DP_OK},
    {JSON, "", DP_EJSON},
    {JSON, "[]", DP_EJSON},
    {JSON, "{} {}", DP_EJSON},
    {JSON, "{\"a\":1,\"a\":2}", DP_EDUPLICATE},
    {"", "{}", DP_EMEDIA},
    {"text/plain", "{}", DP_EMEDIA},
    {"application/jsonx", "{}", DP_EMEDIA},
    {"application/json-patch+json", "{}", DP_EMEDIA},
    {"application/x-www-form-urlencoded", "{}", DP_EMEDIA},
    {"multipart/form-data; boundary=application/json", "{}", DP_EMEDIA},
    {" application/json", "{}", DP_EMEDIA},
};

static void a_body_is_one_json_object_that_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct json_object *object = NULL;
        struct fake f;
        enum dp_err err;

        make(&f, "", bodies[i].content_type, bodies[i].body, strlen(bodies[i].body));
        err = dp_request_json(&f.x, &object);
        if (err != bodies[i].want || (object != NULL) != (err == DP_OK))
            fail_msg("%s %s: %s", bodies[i].content_type, bodies[i].body, dp_err_text(err));
        json_object_put(object);
        drop(&f);
    }
}

static void a_body_has_at_most_64_kib(void **state)
{
    char *body = malloc(DP_BODY_MAX + 1);

    (void)state;
    for (size_t len = DP_BODY_MAX - 1; len <= DP_BODY_MAX + 1; len++) {
        struct json_object *object = NULL;
        struct fake f;

        memset(body, ' ', len);
        body[0] = '{';
        body[1] = '}';
        make(&f, "", JSON, body, len);
        assert_int_equal(dp_request_json(&f.x, &object), len <= DP_BODY_MAX ? DP_OK : DP_EBODY);
        json_object_put(object);
        drop(&f);
    }
    free(body);
}

/* A client that goes away in the middle, and lengths that are none. */
static void a_body_that_does_not_come_whole_is_an_error(void **state)
{
    static const struct {
        const char *length;
        enum dp_err want;
    } lengths[] = {
        {"3", DP_EIO},       {"65536", DP_EIO}, {"", DP_EJSON},
        {"65537", DP_EBODY}, {"-1", DP_EBODY},  {"18446744073709551616", DP_EBODY},
        {"1", DP_EJSON},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        struct json_object *object = NULL;
        struct fake f;

        make(&f, "", JSON, "{}", 2);
        snprintf(f.lines[2], sizeof(f.lines[2]), "CONTENT_LENGTH=%s", lengths[i].length);
        assert_int_equal(dp_request_json(&f.x, &object), lengths[i].want);
        assert_null(object);
        drop(&f);
    }
}

/* --- problems --- */

static const char *text(struct json_object *object, const char *name)
{
    struct dp_slice out = {NULL, 0};

    assert_int_equal(dp_json_optional_string(&out, object, name, NULL), DP_OK);
    return out.data;
}

static void every_error_becomes_a_problem_document(void **state)
{
    (void)state;
    for (int err = DP_OK + 1; err < DP_ERR_COUNT; err++) {
        struct json_object *problem, *status;
        struct fake f;

        make(&f, "", "", "", 0);
        dp_buf_add_text(&f.x.body, "half an answer");
        f.x.status = 200;
        dp_reply_problem(&f.x, (enum dp_err)err);
        assert_string_equal(f.x.content_type, "application/problem+json");
        assert_int_equal(dp_json_parse(&problem, f.x.body.data, f.x.body.len, NULL), DP_OK);
        assert_true(json_object_object_get_ex(problem, "status", &status));
        assert_int_equal(json_object_get_int(status), f.x.status);
        assert_true(f.x.status >= 400 && f.x.status < 600);
        assert_string_equal(text(problem, "code"), dp_problem_code((enum dp_err)err));
        assert_string_equal(text(problem, "request_id"), "id1");
        assert_true(text(problem, "title")[0] != '\0' && text(problem, "detail")[0] != '\0');
        json_object_put(problem);
        drop(&f);
    }
}

/* What went wrong inside is for the log: only faults of the client's are told in its words. */
static void a_fault_of_ours_tells_nothing_of_itself(void **state)
{
    struct json_object *problem;
    struct fake f;

    (void)state;
    make(&f, "", "", "", 0);
    dp_reply_problem(&f.x, dp_fail(&f.x.detail, DP_ECRYPTO, "inner", "Inner words."));
    assert_int_equal(f.x.status, 500);
    assert_int_equal(dp_json_parse(&problem, f.x.body.data, f.x.body.len, NULL), DP_OK);
    assert_null(text(problem, "field"));
    assert_null(strstr(f.x.body.data, "nner"));
    json_object_put(problem);
    drop(&f);
}

static void a_fault_of_the_clients_names_the_field(void **state)
{
    struct json_object *problem;
    struct fake f;

    (void)state;
    make(&f, "", "", "", 0);
    dp_reply_problem(&f.x, dp_fail(&f.x.detail, DP_EHEX, "signature\"\n", "Words."));
    assert_int_equal(f.x.status, 400);
    assert_int_equal(dp_json_parse(&problem, f.x.body.data, f.x.body.len, NULL), DP_OK);
    assert_string_equal(text(problem, "field"), "signature\"\n");
    assert_string_equal(text(problem, "detail"), "Words.");
    json_object_put(problem);
    drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_parameter_is_decoded_once_or_refused),
        cmocka_unit_test(an_absent_variable_is_empty),
        cmocka_unit_test(a_body_is_one_json_object_that_says_so),
        cmocka_unit_test(a_body_has_at_most_64_kib),
        cmocka_unit_test(a_body_that_does_not_come_whole_is_an_error),
        cmocka_unit_test(every_error_becomes_a_problem_document),
        cmocka_unit_test(a_fault_of_ours_tells_nothing_of_itself),
        cmocka_unit_test(a_fault_of_the_clients_names_the_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
