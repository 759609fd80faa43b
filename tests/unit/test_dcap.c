/* test_dcap.c - every published quote, edited or not, gets the verdict that is listed for it. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/dcap.h"
#include "base/hex.h"

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

/* --- a case as it is after its edits --- */

struct input {
    struct bytes quote, root;
    struct json_object *collateral;
};

static struct bytes file_of(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "quotes/%s", name);
    return vectors_file(path);
}

static struct json_object *json_of(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "quotes/%s", name);
    return vectors_load(path);
}

static size_t number(struct json_object *edit, const char *name)
{
    return (size_t)json_object_get_int64(vectors_member(edit, name));
}

static void edit_quote(struct bytes *quote, const char *op, struct json_object *edit)
{
    struct bytes bytes;
    size_t at;

    if (strcmp(op, "truncate") == 0) {
        quote->len = number(edit, "length");
        return;
    }
    bytes = vectors_hex(edit, "bytes");
    at = strcmp(op, "append") == 0 ? quote->len : number(edit, "offset");
    quote->data = realloc(quote->data, quote->len + bytes.len);
    assert_non_null(quote->data);
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t kept = strcmp(op, "xor") == 0 ? quote->data[at + i] : 0;

        quote->data[at + i] = kept ^ bytes.data[i];
    }
    quote->len += strcmp(op, "append") == 0 ? bytes.len : 0;
    bytes_free(bytes);
}

/* Text of the member with its first old replaced, or a hex digit flipped. */
static void edit_member(struct json_object *collateral, const char *field, const char *op,
                        struct json_object *edit)
{
    char *text = strdup(vectors_text(collateral, field)), *whole = NULL;

    assert_non_null(text);
    if (strcmp(op, "set") == 0) {
        whole = strdup(vectors_text(edit, "value"));
    } else if (strcmp(op, "xor") == 0) {
        struct bytes bytes = vectors_hex(edit, "bytes");
        char *at = text + 2 * number(edit, "offset");
        uint8_t byte;
        size_t len;

        assert_int_equal(bytes.len, 1);
        assert_int_equal(dp_hex_decode(&byte, 1, &len, at, 2), DP_OK);
        byte ^= bytes.data[0];
        dp_hex_encode(text, &byte, 0);
        at[0] = "0123456789abcdef"[byte >> 4];
        at[1] = "0123456789abcdef"[byte & 15];
        bytes_free(bytes);
        whole = NULL;
    } else {
        const char *old = vectors_text(edit, "old"), *new = vectors_text(edit, "new");
        char *at = strstr(text, old);

        assert_string_equal(op, "replace-text");
        assert_non_null(at);
        assert_true(asprintf(&whole, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) >
                    0);
    }
    json_object_object_add(collateral, field, json_object_new_string(whole != NULL ? whole : text));
    free(whole);
    free(text);
}

static void prepare(struct input *in, struct json_object *row)
{
    static const char *const roots[][2] = {{"intel", "real/intel-root-ca.der"},
                                           {"test", "test-root/root.der"},
                                           {"test-other", "test-root/other-root.der"}};
    struct json_object *edits;

    in->quote = file_of(vectors_text(row, "quote"));
    in->collateral = json_of(vectors_text(row, "collateral"));
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(roots[i][0], vectors_text(row, "root")) == 0)
            in->root = file_of(roots[i][1]);
    }
    if (!json_object_object_get_ex(row, "edits", &edits))
        return;
    FOR_EACH_ROW(edit, edits)
    {
        const char *field = vectors_text(edit, "field"), *op = vectors_text(edit, "op");

        if (strcmp(field, "quote") == 0)
            edit_quote(&in->quote, op, edit);
        else
            edit_member(in->collateral, field, op, edit);
    }
}

static void release(struct input *in)
{
    bytes_free(in->quote);
    bytes_free(in->root);
    json_object_put(in->collateral);
}

static enum dp_err open_collateral(struct dp_collateral **out, struct input *in)
{
    const char *text = json_object_to_json_string(in->collateral);

    return dp_collateral_read(out, (struct dp_slice){text, strlen(text)},
                              (struct dp_slice){(const char *)in->root.data, in->root.len}, NULL);
}

/* --- what is listed --- */

static void expect_verdict(struct json_object *want, const struct dp_tcb_verdict *got,
                           const char *name)
{
    struct json_object *ids = vectors_member(want, "advisory_ids");

    if (strcmp(vectors_text(want, "status"), dp_tcb_status_name(got->status)) != 0 ||
        json_object_array_length(ids) != got->len)
        fail_msg("%s: %s with %zu advisories", name, dp_tcb_status_name(got->status), got->len);
    for (size_t i = 0; i < got->len; i++)
        assert_string_equal(got->advisories[i].data,
                            json_object_get_string(json_object_array_get_idx(ids, i)));
}

static void expect_bytes(struct json_object *want, const char *name, const uint8_t *got, size_t len)
{
    struct bytes bytes = vectors_hex(want, name);

    assert_int_equal(bytes.len, len);
    assert_memory_equal(bytes.data, got, len);
    bytes_free(bytes);
}

static void expect_valid(struct json_object *want, const struct dp_dcap_result *got,
                         const char *name)
{
    expect_verdict(want, &got->verdict, name);
    expect_verdict(vectors_member(want, "qe"), &got->qe, name);
    expect_verdict(vectors_member(want, "platform"), &got->platform, name);
    expect_bytes(want, "ppid", got->pck.ppid, sizeof(got->pck.ppid));
    expect_bytes(want, "fmspc", got->pck.fmspc, sizeof(got->pck.fmspc));
    expect_bytes(want, "cpusvn", got->pck.cpusvn, sizeof(got->pck.cpusvn));
    expect_bytes(want, "device_id", got->device_id, sizeof(got->device_id));
    assert_int_equal(json_object_get_int(vectors_member(want, "pcesvn")), got->pck.pcesvn);
}

static void published_quotes_get_their_verdicts(void **state)
{
    size_t rows = 0, valid = 0, named = 0;

    FOR_EACH_ROW(row, *state)
    {
        struct json_object *want = vectors_member(row, "expected");
        const char *name = vectors_text(row, "name");
        struct dp_collateral *collateral;
        struct dp_dcap_result got;
        struct input in = {.collateral = NULL};

        prepare(&in, row);
        assert_int_equal(open_collateral(&collateral, &in), DP_OK);
        if ((dp_dcap_verify(&got, in.quote.data, in.quote.len, collateral,
                            json_object_get_int64(vectors_member(row, "time"))) == DP_OK) !=
            vectors_bool(want, "valid"))
            fail_msg("%s: %s %s", name, dp_dcap_failure_name(got.fault.failure), got.text);
        rows++;
        if (vectors_bool(want, "valid")) {
            expect_valid(want, &got, name);
            valid++;
        } else if (strcmp(vectors_text(want, "failure"), dp_dcap_failure_name(got.fault.failure)) ==
                   0) {
            named++;
        } else {
            print_message("%s: %s, listed as %s\n", name, dp_dcap_failure_name(got.fault.failure),
                          vectors_text(want, "failure"));
        }
        dp_collateral_free(collateral);
        release(&in);
    }
    assert_int_equal(rows, 170);
    assert_int_equal(valid + named, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_quotes_get_their_verdicts),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
