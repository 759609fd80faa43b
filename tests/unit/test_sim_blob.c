/* test_sim_blob.c - how dstack-sim reads an attestation, and what Info makes of it. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "attest/blob.h"
#include "attest/scale.h"
#include "sim/info.h"

static const struct {
    const char *name;
    uint8_t in[8];
    size_t len;
    bool fails;
    uint32_t want;
} compacts[] = {
    {"zero", {0x00}, 1, false, 0},
    {"longest of one byte", {0xfc}, 1, false, 63},
    {"shortest of two", {0x01, 0x01}, 2, false, 64},
    {"longest of two", {0xfd, 0xff}, 2, false, 16383},
    {"shortest of four", {0x02, 0x00, 0x01, 0x00}, 4, false, 16384},
    {"longest of four", {0xfe, 0xff, 0xff, 0xff}, 4, false, 0x3fffffff},
    {"nothing", {0}, 0, true, 0},
    {"two bytes, one missing", {0x01}, 1, true, 0},
    {"four bytes, one missing", {0x02, 0x00, 0x01}, 3, true, 0},
    {"two bytes where one would do", {0xfd, 0x00}, 2, true, 0},
    {"four bytes where two would do", {0x02, 0x00, 0x00, 0x00}, 4, true, 0},
    {"big", {0x03, 0x00, 0x00, 0x00, 0x40}, 5, true, 0},
};

static void compact_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(compacts) / sizeof(compacts[0]); i++) {
        struct dp_scale in = {compacts[i].in, compacts[i].len, false};
        uint32_t got = dp_scale_compact(&in);

        if (in.failed != compacts[i].fails || got != compacts[i].want)
            fail_msg("%s: %u", compacts[i].name, got);
    }
}

static void a_length_beyond_the_end_fails_for_good(void **state)
{
    static const uint8_t bytes[] = {0xfe, 0xff, 0xff, 0xff, 0x61};
    struct dp_scale in = {bytes, sizeof(bytes), false};

    (void)state;
    assert_null(dp_scale_bytes(&in).data);
    assert_true(in.failed);
    assert_int_equal(dp_scale_u8(&in), 0);
}

static void the_stored_attestation_reads(void **state)
{
    struct bytes file = vectors_file("simulator/gen2/attestation.bin");
    struct dp_blob blob;

    (void)state;
    assert_int_equal(dp_blob_parse(&blob, file.data, file.len), DP_OK);
    assert_int_equal(blob.event_count, 33);
    assert_int_equal(blob.runtime_count, 9);
    assert_true(blob.quote.len > 632);
    assert_non_null(blob.report_data);
    assert_int_equal(dp_blob_payload(&blob, "app-id").len, 20);
    assert_null(dp_blob_payload(&blob, "no-such-event").data);
    dp_blob_free(&blob);
    bytes_free(file);
}

/* A copy of exactly that length, so that a sanitizer sees any read beyond it. */
static enum dp_err parse_copy(const uint8_t *in, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    struct dp_blob blob;
    enum dp_err err;

    assert_non_null(copy);
    memcpy(copy, in, len);
    err = dp_blob_parse(&blob, copy, len);
    dp_blob_free(&blob);
    free(copy);
    return err;
}

static void an_attestation_cut_anywhere_is_refused(void **state)
{
    struct bytes file = vectors_file("simulator/gen2/attestation.bin");

    (void)state;
    for (size_t len = 0; len < file.len; len++)
        if (parse_copy(file.data, len) != DP_EFORMAT)
            fail_msg("%zu bytes are taken", len);
    bytes_free(file);
}

static void trailing_bytes_and_other_forms_are_refused(void **state)
{
    struct bytes file = vectors_file("simulator/gen2/attestation.bin");

    (void)state;
    /* The file is read into more room than it takes, so the byte after it may be counted in. */
    assert_int_equal(parse_copy(file.data, file.len + 1), DP_EFORMAT);
    file.data[1] = 1;
    assert_int_equal(parse_copy(file.data, file.len), DP_EFORMAT);
    file.data[1] = 0;
    file.data[0] = 0x83;
    assert_int_equal(parse_copy(file.data, file.len), DP_EFORMAT);
    bytes_free(file);
}

/* A list cannot be longer than its bytes, so a count is no way to ask for memory. */
static void a_count_beyond_the_end_is_refused(void **state)
{
    static const uint8_t blob[] = {0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6};

    (void)state;
    assert_int_equal(parse_copy(blob, sizeof(blob)), DP_EFORMAT);
}

static void what_comes_after_system_ready_is_not_believed(void **state)
{
    struct dp_blob_runtime events[] = {
        {{"app-id", 6}, {"x", 1}, 1},
        {{"system-ready", 12}, {"", 0}, 1},
        {{"compose-hash", 12}, {"y", 1}, 1},
    };
    struct dp_blob blob = {.runtime = events, .runtime_count = 3};

    (void)state;
    assert_non_null(dp_blob_payload(&blob, "app-id").data);
    assert_non_null(dp_blob_payload(&blob, "system-ready").data);
    assert_null(dp_blob_payload(&blob, "compose-hash").data);
}

static struct json_object *parse(const char *text)
{
    struct json_object *object = json_tokener_parse(text);

    assert_non_null(object);
    return object;
}

/* Each member of want stands in got with the same value. */
static void assert_contains(struct json_object *got, struct json_object *want)
{
    json_object_object_foreach(want, name, value)
    {
        if (!json_object_equal(vectors_member(got, name), value))
            fail_msg("%s is %s", name, json_object_to_json_string(vectors_member(got, name)));
    }
}

static struct json_object *info_of(struct bytes attestation)
{
    struct bytes compose = vectors_file("simulator/gen2/app-compose.json");
    struct json_object *app = vectors_load("simulator/gen2/app-compose.json");
    struct json_object *sys = vectors_load("simulator/gen2/sys-config.json");
    struct dp_buf out = DP_BUF_INIT(1 << 20);
    struct json_object *info;
    struct dp_blob blob;

    assert_int_equal(dp_blob_parse(&blob, attestation.data, attestation.len), DP_OK);
    assert_int_equal(sim_info_write(&out,
                                    &(struct sim_info_parts){
                                        .blob = &blob,
                                        .app_compose = {(const char *)compose.data, compose.len},
                                        .app_name = vectors_text(app, "name"),
                                        .vm_config = vectors_text(sys, "vm_config"),
                                    }),
                     DP_OK);
    info = parse(out.data);
    dp_buf_free(&out);
    dp_blob_free(&blob);
    json_object_put(sys);
    json_object_put(app);
    bytes_free(compose);
    return info;
}

static void info_is_the_published_one(void **state)
{
    struct bytes file = vectors_file("simulator/gen2/attestation.bin");
    struct json_object *want = vectors_load("simulator/gen2/info.json");
    struct json_object *info = info_of(file);
    struct json_object *tcb = parse(vectors_text(info, "tcb_info"));

    (void)state;
    assert_contains(info, vectors_member(want, "info"));
    assert_contains(tcb, vectors_member(want, "tcb_info"));
    assert_int_equal(json_object_array_length(vectors_member(tcb, "event_log")), 33);
    json_object_put(tcb);
    json_object_put(info);
    json_object_put(want);
    bytes_free(file);
}

/* The quote begins at byte 4 of the blob, after version, platform and a length of two bytes. */
static void a_used_configuration_field_enters_mr_aggregated(void **state)
{
    struct bytes file = vectors_file("simulator/gen2/attestation.bin");
    struct json_object *before = info_of(file);
    struct json_object *after;

    (void)state;
    file.data[4 + 232] ^= 1;
    after = info_of(file);
    assert_string_not_equal(vectors_text(before, "mr_aggregated"),
                            vectors_text(after, "mr_aggregated"));
    json_object_put(after);
    json_object_put(before);
    bytes_free(file);
}

static void info_wants_a_tdx_quote(void **state)
{
    static const char quote[700] = {4, 0, 2, 0, 0};
    struct dp_blob blob = {.quote = {quote, sizeof(quote)}};
    struct dp_buf out = DP_BUF_INIT(1 << 20);

    (void)state;
    assert_int_equal(sim_info_write(&out, &(struct sim_info_parts){.blob = &blob}), DP_EFORMAT);
    blob.quote = (struct dp_slice){NULL, 0};
    assert_int_equal(sim_info_write(&out, &(struct sim_info_parts){.blob = &blob}), DP_EFORMAT);
    dp_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_integers),
        cmocka_unit_test(a_length_beyond_the_end_fails_for_good),
        cmocka_unit_test(the_stored_attestation_reads),
        cmocka_unit_test(an_attestation_cut_anywhere_is_refused),
        cmocka_unit_test(trailing_bytes_and_other_forms_are_refused),
        cmocka_unit_test(a_count_beyond_the_end_is_refused),
        cmocka_unit_test(what_comes_after_system_ready_is_not_believed),
        cmocka_unit_test(info_is_the_published_one),
        cmocka_unit_test(a_used_configuration_field_enters_mr_aggregated),
        cmocka_unit_test(info_wants_a_tdx_quote),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
