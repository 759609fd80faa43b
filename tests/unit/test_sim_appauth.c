/* test_sim_appauth.c - what dstack-sim asks a contract, and which answers it takes for a yes. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "attest/blob.h"
#include "base/hex.h"
#include "sim/appauth.h"
#include "sim/boot.h"

#define WORD 32
#define ANSWER_LEN (4 * WORD)
#define REASON "because"

/* A bool, where the reason begins, its length, "because". */
static void make_answer(uint8_t out[static ANSWER_LEN], bool allowed)
{
    memset(out, 0, ANSWER_LEN);
    out[WORD - 1] = allowed;
    out[2 * WORD - 1] = 2 * WORD;
    out[3 * WORD - 1] = strlen(REASON);
    memcpy(out + 3 * WORD, REASON, strlen(REASON));
}

/* A copy of exactly that length, so that a sanitizer sees any read beyond it. */
static enum dp_err read_copy(const uint8_t *in, size_t len, struct dp_detail *detail)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    enum dp_err err;

    assert_non_null(copy);
    memcpy(copy, in, len);
    err = sim_appauth_read(copy, len, detail);
    free(copy);
    return err;
}

static void a_yes_is_one_and_a_no_has_its_reason(void **state)
{
    struct dp_detail detail = {"", ""};
    uint8_t answer[ANSWER_LEN];

    (void)state;
    make_answer(answer, true);
    assert_int_equal(read_copy(answer, sizeof(answer), &detail), DP_OK);
    make_answer(answer, false);
    assert_int_equal(read_copy(answer, sizeof(answer), &detail), DP_EINVAL);
    assert_string_equal(detail.text, REASON);
    assert_int_equal(read_copy(answer, sizeof(answer), NULL), DP_EINVAL);
}

/* But not behind the reason's last byte: Solidity itself does not ask for the zeros there. */
static void an_answer_cut_anywhere_is_none(void **state)
{
    uint8_t answer[ANSWER_LEN];

    (void)state;
    for (int allowed = 0; allowed < 2; allowed++) {
        make_answer(answer, allowed);
        for (size_t len = 0; len < 3 * WORD + strlen(REASON); len++) {
            struct dp_detail detail = {"", ""};

            if (read_copy(answer, len, &detail) != DP_EFORMAT || detail.text[0] == '\0')
                fail_msg("%zu bytes are taken", len);
        }
    }
}

static const struct {
    const char *name;
    size_t at; /* of the byte that is another */
    uint8_t byte;
} lies[] = {
    {"a bool of two", WORD - 1, 2},
    {"a bool with a bit on high", 0, 0x80},
    {"a reason that begins outside", 2 * WORD - 1, 0x80},
    {"a reason that begins beyond every size", WORD, 0xff},
    {"a reason longer than what is there", 3 * WORD - 1, WORD + 1},
    {"a reason longer than memory", 2 * WORD, 0xff},
    {"a reason that is no UTF-8", 3 * WORD, 0xff},
};

static void a_lie_about_the_form_is_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        uint8_t answer[ANSWER_LEN];

        make_answer(answer, true);
        answer[lies[i].at] = lies[i].byte;
        if (read_copy(answer, sizeof(answer), NULL) != DP_EFORMAT)
            fail_msg("%s is taken", lies[i].name);
    }
}

/* Whatever comes, only a first word of exactly one is a yes. */
static void random_bytes_are_never_a_yes(void **state)
{
    static const uint8_t zero[WORD - 1];
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        uint8_t answer[ANSWER_LEN];
        enum dp_err err;

        make_answer(answer, round % 2);
        for (int changes = 0; changes < 3; changes++) {
            seed = seed * 1664525 + 1013904223;
            answer[(seed >> 16) % ANSWER_LEN] ^= (uint8_t)(1 << ((seed >> 24) % 8));
        }
        err = sim_appauth_read(answer, (seed >> 8) % 4 == 0 ? ANSWER_LEN - 1 : ANSWER_LEN, NULL);
        if (err == DP_OK && (memcmp(answer, zero, sizeof(zero)) != 0 || answer[WORD - 1] != 1))
            fail_msg("round %d is a yes", round);
    }
}

static void a_long_reason_is_cut_to_its_room(void **state)
{
    const size_t len = 100 * (size_t)1000;
    uint8_t *answer = calloc(1, 3 * WORD + len);
    struct dp_detail detail = {"", ""};

    (void)state;
    assert_non_null(answer);
    answer[2 * WORD - 1] = 2 * WORD;
    answer[3 * WORD - 3] = (uint8_t)(len >> 16);
    answer[3 * WORD - 2] = (uint8_t)(len >> 8);
    answer[3 * WORD - 1] = (uint8_t)len;
    memset(answer + 3 * WORD, 'x', len);
    assert_int_equal(read_copy(answer, 3 * WORD + len, &detail), DP_EINVAL);
    assert_int_equal(strlen(detail.text), sizeof(detail.text) - 1);
    free(answer);
}

/* --- the question --- */

static const struct sim_tcb outdated = {"OutOfDate", "INTEL-SA-00615"};

static struct dp_blob_runtime *event_of(struct dp_blob *blob, const char *name)
{
    for (size_t i = 0; i < blob->runtime_count; i++)
        if (blob->runtime[i].name.len == strlen(name) &&
            memcmp(blob->runtime[i].name.data, name, strlen(name)) == 0)
            return &blob->runtime[i];
    fail_msg("no %s", name);
    return NULL;
}

/* The call when the log has this in the place of an event's payload. */
static enum dp_err call_with(struct dp_buf *out, const char *event, struct dp_slice payload)
{
    struct bytes file = vectors_file("simulator/gen2/attestation.bin");
    struct dp_blob blob;
    enum dp_err err;

    assert_int_equal(dp_blob_parse(&blob, file.data, file.len), DP_OK);
    event_of(&blob, event)->payload = payload;
    err = sim_boot_call(out, &blob, &outdated);
    dp_blob_free(&blob);
    bytes_free(file);
    return err;
}

/* Selector, offset of the struct, its nine words: the first of them is the app id. */
static void ids_are_filled_up_on_the_left(void **state)
{
    static const uint8_t selector[] = {0x1e, 0x07, 0x91, 0x98};
    static const struct {
        const char *event;
        size_t word, width;
    } ids[] = {{"app-id", 0, 20}, {"compose-hash", 1, 32}, {"instance-id", 2, 20}};
    static const char ab[33] =
        "\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab"
        "\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab";

    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        for (size_t len = 0; len <= ids[i].width + 1; len++) {
            struct dp_buf out = DP_BUF_INIT(4096);
            enum dp_err err = call_with(&out, ids[i].event, (struct dp_slice){ab, len});
            uint8_t want[WORD] = {0};

            memset(want + WORD - (len <= WORD ? len : WORD), 0xab, len <= WORD ? len : WORD);
            if (len > ids[i].width) {
                assert_int_equal(err, DP_EFORMAT);
            } else {
                assert_int_equal(err, DP_OK);
                assert_memory_equal(out.data, selector, sizeof(selector));
                assert_memory_equal(out.data + 4 + (1 + ids[i].word) * WORD, want, WORD);
            }
            dp_buf_free(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_yes_is_one_and_a_no_has_its_reason),
        cmocka_unit_test(an_answer_cut_anywhere_is_none),
        cmocka_unit_test(a_lie_about_the_form_is_no_answer),
        cmocka_unit_test(random_bytes_are_never_a_yes),
        cmocka_unit_test(a_long_reason_is_cut_to_its_room),
        cmocka_unit_test(ids_are_filled_up_on_the_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
