/* test_witness.c - past the deadline no node is asked, whatever the question. What nodes answer is
 * tested in tests/contracts, on a chain. */
#include "helper.h"

#include <string.h>

#include "base/clock.h"
#include "ethereum/witness.h"

static struct dp_agreed agreed;
static const uint8_t address[DP_ADDRESS_LEN];

/* A node that would answer "connection refused", which is DP_EIO. */
static struct dp_witness witness_until(int64_t deadline)
{
    return (struct dp_witness){
        .rpc = {.url = "http://127.0.0.1:1", .within_ms = 1000, .answer_max = 1024},
        .name = "the node",
        .deadline = deadline};
}

static enum dp_err ask_agree(struct dp_witness *witness, struct dp_detail *detail)
{
    struct dp_agreed out;

    return dp_witness_agree(&out, witness, 1, DP_TAG_LATEST, detail);
}

static enum dp_err ask_proof(struct dp_witness *witness, struct dp_detail *detail)
{
    struct dp_proof_account account;

    return dp_witness_prove(&account, NULL, witness, 1, &agreed, address, NULL, 0, detail);
}

static enum dp_err ask_code(struct dp_witness *witness, struct dp_detail *detail)
{
    struct dp_buf code = DP_BUF_INIT(DP_WITNESS_CODE_MAX);
    const struct dp_proof_account account = {.exists = true};
    enum dp_err err = dp_witness_code(&code, witness, 1, &agreed, address, &account, detail);

    dp_buf_free(&code);
    return err;
}

static enum dp_err ask_call(struct dp_witness *witness, struct dp_detail *detail)
{
    const struct dp_node_message message = {.to = address};
    struct dp_buf answer = DP_BUF_INIT(1024);
    enum dp_err err = dp_witness_call(&answer, witness, 1, &agreed, &message, detail);

    dp_buf_free(&answer);
    return err;
}

static void past_the_deadline_nobody_is_asked(void **state)
{
    enum dp_err (*const questions[])(struct dp_witness *, struct dp_detail *) = {
        ask_agree, ask_proof, ask_code, ask_call};

    (void)state;
    for (size_t i = 0; i < COUNT(questions); i++) {
        struct dp_witness late = witness_until(dp_clock_mono_us());
        struct dp_witness early = witness_until(dp_clock_mono_us() + 60 * 1000000);
        struct dp_detail detail = {"", ""};

        assert_int_equal(questions[i](&late, &detail), DP_ETIMEOUT);
        assert_string_equal(detail.field, "the node");
        assert_string_equal(detail.text, "there is no time left to ask it.");
        assert_int_equal(questions[i](&early, &detail), DP_EIO);
        assert_string_equal(detail.field, "the node");
        assert_int_equal(early.rpc.within_ms, 1000);
    }
}

static void no_call_outlasts_the_deadline(void **state)
{
    struct dp_witness witness = witness_until(dp_clock_mono_us() + 500 * 1000);
    struct dp_detail detail = {"", ""};

    (void)state;
    assert_int_equal(ask_agree(&witness, &detail), DP_EIO);
    assert_in_range(witness.rpc.within_ms, 1, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(past_the_deadline_nobody_is_asked),
        cmocka_unit_test(no_call_outlasts_the_deadline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
