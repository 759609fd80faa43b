/* test_tape.c - what a node said is heard again, in order and whole, or not at all. */
#include "helper.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ethereum/rpc.h"
#include "ethereum/tape.h"

static const struct dp_detail refused = {"", "no connection"};

/* Two calls, of which the second failed. */
static struct dp_tape recorded(void)
{
    struct dp_tape tape = dp_tape_new();
    struct dp_buf answer = DP_BUF_INIT(64);

    dp_buf_add(&answer, "{\"a\":\0}", 7);
    dp_tape_record(&tape, "first", DP_OK, &answer, &refused);
    dp_tape_record(&tape, "second", DP_EIO, &answer, &refused);
    dp_buf_free(&answer);
    return tape;
}

static void heard_as_it_was_said(void **state)
{
    struct dp_tape tape = recorded(), again;
    struct dp_buf answer = DP_BUF_INIT(64);
    struct dp_detail detail = {"", ""};

    (void)state;
    assert_int_equal(dp_tape_open(&again, tape.calls), DP_OK);
    assert_int_equal(dp_tape_play(&again, &answer, "first", &detail), DP_OK);
    assert_int_equal(answer.len, 7);
    assert_memory_equal(answer.data, "{\"a\":\0}", 7);
    assert_int_equal(dp_tape_play(&again, &answer, "second", &detail), DP_EIO);
    assert_string_equal(detail.text, "no connection");
    assert_int_equal(dp_tape_play(&again, &answer, "third", &detail), DP_EIO);
    dp_buf_free(&answer);
    dp_tape_free(&again);
    dp_tape_free(&tape);
}

static void another_call_is_not_answered(void **state)
{
    struct dp_tape tape = recorded(), again;
    struct dp_buf answer = DP_BUF_INIT(64), small = DP_BUF_INIT(6);

    (void)state;
    assert_int_equal(dp_tape_open(&again, tape.calls), DP_OK);
    assert_int_equal(dp_tape_play(&again, &answer, "second", NULL), DP_EIO);
    assert_int_equal(answer.len, 0);
    assert_int_equal(dp_tape_play(&again, &small, "first", NULL), DP_ETOOBIG);
    dp_buf_free(&answer);
    dp_buf_free(&small);
    dp_tape_free(&again);
    dp_tape_free(&tape);
}

static void what_is_no_tape_is_refused(void **state)
{
    static const char *const rows[] = {
        "{\"calls\":null}",
        "{\"calls\":{}}",
        "{\"calls\":[1]}",
        "{\"calls\":[{}]}",
        "{\"calls\":[{\"request\":\"a\"}]}",
        "{\"calls\":[{\"request\":1,\"answer\":\"b\"}]}",
        "{\"calls\":[{\"request\":\"a\",\"answer\":1}]}",
        "{\"calls\":[{\"request\":\"a\",\"answer\":\"b\",\"failure\":\"c\"}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json_object *kept = NULL;
        struct dp_tape tape;

        assert_int_equal(dp_json_parse(&kept, rows[i], strlen(rows[i]), NULL), DP_OK);
        assert_int_equal(dp_tape_open(&tape, json_object_object_get(kept, "calls")), DP_EFORMAT);
        assert_null(tape.calls);
        json_object_put(kept);
    }
}

static void a_client_records_and_plays(void **state)
{
    struct dp_tape tape = dp_tape_new(), again;
    struct dp_rpc rpc = {
        .url = "http://127.0.0.1:1", .within_ms = 2000, .answer_max = 1024, .tape = &tape};
    struct json_object *result;
    struct dp_detail first = {"", ""}, second = {"", ""};

    (void)state;
    assert_int_equal(
        dp_rpc_call(&rpc, &result, NULL, "eth_chainId", json_object_new_array(), &first), DP_EIO);
    assert_int_equal(dp_json_count(tape.calls), 1);
    assert_int_equal(dp_tape_open(&again, tape.calls), DP_OK);
    rpc = (struct dp_rpc){.answer_max = 1024, .tape = &again};
    assert_int_equal(
        dp_rpc_call(&rpc, &result, NULL, "eth_chainId", json_object_new_array(), &second), DP_EIO);
    assert_string_equal(second.text, first.text);
    dp_tape_free(&again);
    dp_tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heard_as_it_was_said),
        cmocka_unit_test(another_call_is_not_answered),
        cmocka_unit_test(what_is_no_tape_is_refused),
        cmocka_unit_test(a_client_records_and_plays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
