/* test_ratls.c - published certificates with an attestation, and which of them holds. */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

#include "attest/blob_pack.h"
#include "attest/ratls.h"

static int load(void **state)
{
    *state = vectors_load("attestation.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

/* What the vectors call an outcome. */
static const struct {
    const char *expected;
    enum dp_err err;
    const char *field;
} outcomes[] = {
    {"ok", DP_OK, ""},
    {"no attestation", DP_EMISSING, "attestation"},
    {"refused", DP_EFORMAT, "attestation"},
    {"report data differs", DP_EINVAL, "report_data"},
    {"RTMR3 differs", DP_EINVAL, "rtmr3"},
    {"quote refused", DP_EINVAL, "quote"},
};

static struct dp_collateral *collateral_of(const char *name)
{
    struct bytes json = vectors_file(name), root = vectors_file("quotes/test-root/root.der");
    struct dp_collateral *out;

    assert_int_equal(dp_collateral_read(&out, (struct dp_slice){(const char *)json.data, json.len},
                                        (struct dp_slice){(const char *)root.data, root.len}, NULL),
                     DP_OK);
    bytes_free(root);
    bytes_free(json);
    return out;
}

static X509 *certificate_of(struct json_object *row)
{
    struct bytes der = vectors_hex(row, "certificate");
    const unsigned char *at = der.data;
    X509 *out = d2i_X509(NULL, &at, (long)der.len);

    assert_non_null(out);
    bytes_free(der);
    return out;
}

static void check_row(struct json_object *row)
{
    const char *name = vectors_text(row, "name"), *expected = vectors_text(row, "expected");
    struct dp_collateral *collateral = collateral_of(vectors_text(row, "collateral"));
    X509 *cert = certificate_of(row);
    struct dp_detail detail = {"", ""};
    struct dp_ratls got;
    enum dp_err err = dp_ratls_verify(&got, cert, collateral,
                                      json_object_get_int64(vectors_member(row, "time")), &detail);
    size_t i = 0;

    while (i < sizeof(outcomes) / sizeof(outcomes[0]) &&
           strcmp(outcomes[i].expected, expected) != 0)
        i++;
    assert_true(i < sizeof(outcomes) / sizeof(outcomes[0]));
    if (err != outcomes[i].err || strcmp(detail.field, outcomes[i].field) != 0)
        fail_msg("%s: %s: %s", name, dp_err_text(err), detail.text);
    if (err == DP_OK && json_object_object_get_ex(row, "app_id", NULL)) {
        struct bytes app_id = vectors_hex(row, "app_id");

        assert_int_equal(app_id.len, sizeof(got.app_id));
        assert_memory_equal(got.app_id, app_id.data, app_id.len);
        bytes_free(app_id);
    }
    dp_ratls_free(&got);
    X509_free(cert);
    dp_collateral_free(collateral);
}

static void published_certificates_get_their_verdict(void **state)
{
    struct json_object *rows = vectors_member(*state, "ratls");

    assert_true(json_object_array_length(rows) >= 20);
    for (size_t i = 0; i < json_object_array_length(rows); i++)
        check_row(json_object_array_get_idx(rows, i));
}

static void report_data_are_over_the_whole_key(void **state)
{
    struct json_object *rows = vectors_member(*state, "ratls");

    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        struct bytes want = vectors_hex(row, "expected_report_data");
        X509 *cert = certificate_of(row);
        uint8_t got[DP_BLOB_REPORT_DATA_LEN];

        assert_int_equal(dp_ratls_report_data(got, X509_get0_pubkey(cert)), DP_OK);
        assert_int_equal(want.len, sizeof(got));
        assert_memory_equal(got, want.data, sizeof(got));
        X509_free(cert);
        bytes_free(want);
    }
}

/* Every blob of the vectors, and each of its truncations. */
static void blobs_of_both_forms_read_as_they_should(void **state)
{
    struct json_object *rows = vectors_member(*state, "blobs");

    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);
        struct bytes blob = vectors_hex(row, "blob");
        bool valid = json_object_get_boolean(vectors_member(row, "valid"));

        for (size_t cut = 0; cut <= blob.len; cut += cut + 300 < blob.len ? 7 : 1) {
            size_t len = blob.len - cut;
            uint8_t *copy = malloc(len + 1);
            struct dp_blob got;
            enum dp_err err;

            assert_non_null(copy);
            memcpy(copy, blob.data, len);
            err = len > 0 && copy[0] == 0 ? dp_blob_parse(&got, copy, len)
                                          : dp_blob_parse_pack(&got, copy, len);
            if ((err == DP_OK) != (valid && cut == 0) && cut == 0)
                fail_msg("%s: %s", vectors_text(row, "name"), dp_err_text(err));
            if (cut > 0 && valid)
                assert_int_equal(err, DP_EFORMAT);
            if (cut == 0 && valid) {
                struct bytes quote = vectors_hex(row, "quote");

                assert_int_equal(got.quote.len, quote.len);
                assert_memory_equal(got.quote.data, quote.data, quote.len);
                bytes_free(quote);
            }
            dp_blob_free(&got);
            free(copy);
        }
        bytes_free(blob);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_certificates_get_their_verdict),
        cmocka_unit_test(blobs_of_both_forms_read_as_they_should),
        cmocka_unit_test(report_data_are_over_the_whole_key),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
