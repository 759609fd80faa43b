/* test_quote.c - quotes of real machines and of a test root, field by field; and cut anywhere. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/quote.h"
#include "attest/quote_json.h"
#include "base/buf.h"

static int load(void **state)
{
    *state = vectors_load("quotes/index.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static struct bytes quote_of(const char *file)
{
    char path[256];

    snprintf(path, sizeof(path), "quotes/%s", file);
    return vectors_file(path);
}

static void published_fields_are_read(void **state)
{
    size_t checked = 0;

    FOR_EACH_ROW(row, *state)
    {
        struct json_object *fields, *got;
        struct dp_quote quote;
        struct bytes bytes;

        if (!json_object_object_get_ex(row, "fields", &fields))
            continue;
        bytes = quote_of(vectors_text(row, "quote"));
        assert_int_equal(dp_quote_parse(&quote, bytes.data, bytes.len, NULL), DP_OK);
        got = dp_quote_json(&quote);
        json_object_object_foreach(fields, name, want)
        {
            if (!json_object_equal(vectors_member(got, name), want))
                fail_msg("%s: %s is %s", vectors_text(row, "name"), name,
                         json_object_get_string(vectors_member(got, name)));
            checked++;
        }
        json_object_put(got);
        bytes_free(bytes);
    }
    assert_true(checked > 2000);
}

static void every_byte_is_in_some_field(void **state)
{
    struct bytes bytes = quote_of("real/tdx-v5-td15.bin");
    struct dp_quote quote;

    (void)state;
    assert_int_equal(dp_quote_parse(&quote, bytes.data, bytes.len, NULL), DP_OK);
    assert_int_equal(quote.version, 5);
    assert_int_equal(quote.signed_part.len, 48 + 6 + 648);
    assert_ptr_equal(quote.signed_part.data, bytes.data);
    assert_ptr_equal(quote.td, bytes.data + 54);
    assert_ptr_equal(quote.td15, bytes.data + 54 + 584);
    assert_ptr_equal(quote.signature, bytes.data + 702 + 4);
    assert_ptr_equal(quote.key, quote.signature + 64);
    assert_ptr_equal(quote.qe_report, quote.key + 64 + 6);
    assert_ptr_equal(quote.qe_auth.data, quote.qe_signature + 64 + 2);
    assert_ptr_equal(quote.cert_data.data, quote.qe_auth.data + quote.qe_auth.len + 6);
    assert_ptr_equal(quote.cert_data.data + quote.cert_data.len + quote.trailing,
                     bytes.data + bytes.len);
    bytes_free(bytes);
}

/* A copy of its own length, so that the sanitizers see a read beyond it. */
static void a_quote_cut_at_any_byte_is_refused(void **state)
{
    static const char *const files[] = {"real/tdx-v4-a.bin", "real/tdx-v5-td15.bin",
                                        "real/sgx-v3.bin"};
    static const struct dp_quote none;

    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct bytes bytes = quote_of(files[i]);
        struct dp_quote quote;
        size_t whole;

        assert_int_equal(dp_quote_parse(&quote, bytes.data, bytes.len, NULL), DP_OK);
        whole = bytes.len - quote.trailing;
        for (size_t len = 0; len < whole; len++) {
            struct dp_detail detail = {"", ""};
            uint8_t *cut = malloc(len + 1);

            assert_non_null(cut);
            memcpy(cut + 1, bytes.data, len);
            assert_int_equal(dp_quote_parse(&quote, cut + 1, len, &detail), DP_EFORMAT);
            assert_memory_equal(&quote, &none, sizeof(none));
            assert_string_equal(detail.field, "format");
            free(cut);
        }
        assert_int_equal(dp_quote_parse(&quote, bytes.data, whole, NULL), DP_OK);
        assert_int_equal(quote.trailing, 0);
        bytes_free(bytes);
    }
}

static const struct {
    const char *name;
    size_t offset;
    uint8_t set[4];
    size_t len;
    const char *field; /* at fault */
} edits[] = {
    {"version 2", 0, {2}, 1, "header"},
    {"version 6", 0, {6}, 1, "header"},
    {"version 256 and 4", 1, {1}, 1, "header"},
    {"version 3 with TDX", 0, {3}, 1, "header"},
    {"TEE type 0x82", 4, {0x82}, 1, "header"},
    {"TEE type 0x81 and more", 7, {1}, 1, "header"},
    {"version 5 without a body header", 0, {5}, 1, "format"},
    {"signature data one byte too long", 632, {0xd1, 0x10}, 2, "format"},
    {"signature data that wraps 32 bits", 632, {0xff, 0xff, 0xff, 0xff}, 4, "format"},
    {"signature data of 1 byte", 632, {1, 0, 0, 0}, 4, "format"},
    {"outer certification data over its end", 766, {0xff, 0xff, 0xff, 0x7f}, 4, "format"},
    {"authentication data over its end", 1218, {0xff, 0xff}, 2, "format"},
    {"inner certification data over its end", 1254, {0xff, 0xff, 0xff, 0xff}, 4, "format"},
};

static void bad_lengths_and_kinds_are_refused(void **state)
{
    struct bytes bytes = quote_of("real/tdx-v4-a.bin");

    (void)state;
    /* The row that adds one to the length of the signature data has to hit the last padding. */
    assert_int_equal(bytes.len, 636 + dp_le32(bytes.data + 632) + 70);
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_quote quote;
        uint8_t kept[4];
        size_t len = bytes.len;

        memcpy(kept, bytes.data + edits[i].offset, sizeof(kept));
        memcpy(bytes.data + edits[i].offset, edits[i].set, edits[i].len);
        if (strstr(edits[i].name, "one byte") != NULL)
            len = 636 + dp_le32(bytes.data + 632) - 1;
        if (dp_quote_parse(&quote, bytes.data, len, &detail) != DP_EFORMAT ||
            strcmp(detail.field, edits[i].field) != 0)
            fail_msg("%s: %s, %s", edits[i].name, detail.field, detail.text);
        memcpy(bytes.data + edits[i].offset, kept, sizeof(kept));
    }
    bytes_free(bytes);
}

static void a_body_of_version_5_has_its_type_and_size(void **state)
{
    static const struct {
        uint8_t type, size;
    } bad[] = {{0, 0x88}, {4, 0x88}, {3, 0x87}, {2, 0x88}, {1, 0x88}};
    struct bytes bytes = quote_of("test-root/q02.bin");
    struct dp_quote quote;

    (void)state;
    assert_int_equal(dp_quote_parse(&quote, bytes.data, bytes.len, NULL), DP_OK);
    assert_string_equal(dp_quote_kind(&quote), "td15");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        bytes.data[48] = bad[i].type;
        bytes.data[50] = bad[i].size;
        assert_int_equal(dp_quote_parse(&quote, bytes.data, bytes.len, NULL), DP_EFORMAT);
    }
    bytes_free(bytes);
}

static void a_giant_is_refused_unread(void **state)
{
    uint8_t *noise = calloc(1, DP_QUOTE_MAX + 1);
    struct dp_quote quote;

    (void)state;
    assert_non_null(noise);
    assert_int_equal(dp_quote_parse(&quote, noise, DP_QUOTE_MAX + 1, NULL), DP_ETOOBIG);
    free(noise);
}

static const struct {
    const char *text;
    enum dp_err err;
    const char *bytes;
    size_t len;
} texts[] = {
    {"", DP_OK, "", 0},
    {"04000200", DP_OK, "\4\0\2\0", 4},
    {" 0x0400\n", DP_OK, "\4\0", 2},
    {"0A", DP_OK, "\12", 1},
    {"040", DP_EHEX, "", 0},
    {"04 00", DP_EHEX, "", 0},
    {"04g0", DP_EHEX, "", 0},
    {"\4\2", DP_OK, "\4\2", 2},
    {"{\"quote\"", DP_OK, "{\"quote\"", 8},
};

static void a_file_has_bytes_or_hex(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct dp_buf out = DP_BUF_INIT(64);

        if (dp_quote_bytes(&out, texts[i].text, strlen(texts[i].text)) != texts[i].err ||
            out.len != texts[i].len ||
            (out.len > 0 && memcmp(out.data, texts[i].bytes, out.len) != 0))
            fail_msg("%s", texts[i].text);
        dp_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_fields_are_read),
        cmocka_unit_test(every_byte_is_in_some_field),
        cmocka_unit_test(a_quote_cut_at_any_byte_is_refused),
        cmocka_unit_test(bad_lengths_and_kinds_are_refused),
        cmocka_unit_test(a_body_of_version_5_has_its_type_and_size),
        cmocka_unit_test(a_giant_is_refused_unread),
        cmocka_unit_test(a_file_has_bytes_or_hex),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
