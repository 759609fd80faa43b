/* test_dcap_parts.c - the parts of a verification that no whole quote shows. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "attest/collateral.h"
#include "attest/dcap_chain.h"
#include "attest/pck.h"
#include "attest/pcs.h"
#include "attest/qe_identity.h"
#include "attest/quote.h"
#include "attest/tcb_info.h"
#include "attest/td_policy.h"

#define SLICE(text) ((struct dp_slice){text, strlen(text)})

/* --- attributes --- */

static void of_all_attributes_three_may_be_set(void **state)
{
    struct dp_td_report report = {.tee_tcb_svn = {0}};
    struct dp_quote quote = {.version = 4, .td = &report};

    (void)state;
    for (int bit = 0; bit < 64; bit++) {
        memset(report.td_attributes, 0, sizeof(report.td_attributes));
        report.td_attributes[3] = 0x10; /* SEPT_VE_DISABLE */
        report.td_attributes[bit / 8] |= (uint8_t)(1 << bit % 8);
        if ((dp_td_policy_fault(&quote) == NULL) != (bit == 28 || bit == 30 || bit == 31))
            fail_msg("bit %d", bit);
    }
    memset(report.td_attributes, 0, sizeof(report.td_attributes));
    assert_non_null(dp_td_policy_fault(&quote));
}

static void any_byte_of_a_service_td_is_refused(void **state)
{
    struct dp_td_report report = {.td_attributes = {0, 0, 0, 0x10}};
    struct dp_td_report_15 more = {.tee_tcb_svn2 = {0xff}};
    struct dp_quote quote = {.version = 5, .td = &report, .td15 = &more};

    (void)state;
    assert_null(dp_td_policy_fault(&quote));
    for (size_t i = 0; i < sizeof(more.mr_service_td); i++) {
        more.mr_service_td[i] = 1;
        assert_non_null(dp_td_policy_fault(&quote));
        more.mr_service_td[i] = 0;
    }
}

/* --- statuses --- */

static struct json_object *ids(int from, int count)
{
    struct json_object *list = json_object_new_array();

    for (int i = 0; i < count; i++) {
        char id[16];

        snprintf(id, sizeof(id), "ID-%d", from + i);
        json_object_array_add(list, json_object_new_string(id));
    }
    return list;
}

static void verdicts_merge_to_the_worse_without_repeats(void **state)
{
    struct json_object *few = ids(0, 3), *more = ids(2, 3), *many = ids(10, DP_ADVISORIES_MAX);
    struct json_object *too_many = ids(0, DP_ADVISORIES_MAX + 1);
    struct dp_tcb_verdict a, b;

    (void)state;
    assert_true(dp_tcb_verdict_set(&a, DP_TCB_CONFIGURATION_NEEDED, few));
    assert_true(dp_tcb_verdict_set(&b, DP_TCB_SW_HARDENING_NEEDED, more));
    assert_true(dp_tcb_verdict_merge(&a, &b));
    assert_int_equal(a.status, DP_TCB_CONFIGURATION_NEEDED);
    assert_int_equal(a.len, 5);
    assert_string_equal(a.advisories[4].data, "ID-4");
    assert_true(dp_tcb_verdict_merge(&b, &a));
    assert_int_equal(b.status, DP_TCB_CONFIGURATION_NEEDED);
    assert_true(dp_tcb_verdict_set(&b, DP_TCB_UP_TO_DATE, many));
    assert_false(dp_tcb_verdict_merge(&b, &a));
    assert_false(dp_tcb_verdict_set(&b, DP_TCB_UP_TO_DATE, too_many));
    json_object_put(few);
    json_object_put(more);
    json_object_put(many);
    json_object_put(too_many);
}

/* --- TCB info that is not what it should be --- */

#define INFO(levels)                                                                               \
    "{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2026-01-01T00:00:00Z\","                        \
    "\"nextUpdate\":\"2026-02-01T00:00:00Z\",\"fmspc\":\"aabbccddeeff\",\"tcbLevels\":" levels "}"
#define LEVEL(svn, status)                                                                         \
    "[{\"tcb\":{\"sgxtcbcomponents\":[{\"svn\":" svn "}],\"pcesvn\":1},\"tcbStatus\":" status "}]"

static const struct {
    const char *text;
    enum dp_err err;
} infos[] = {
    {INFO("[]"), DP_OK},
    {INFO(LEVEL("255", "\"Revoked\"")), DP_OK},
    {INFO(LEVEL("256", "\"Revoked\"")), DP_EFORMAT},
    {INFO(LEVEL("-1", "\"Revoked\"")), DP_EFORMAT},
    {INFO(LEVEL("1.0", "\"Revoked\"")), DP_EFORMAT},
    {INFO(LEVEL("1", "\"Fine\"")), DP_EFORMAT},
    {INFO(LEVEL("1", "\"UpToDate\\u0000\"")), DP_EFORMAT},
    {INFO(LEVEL("1", "0")), DP_EFORMAT},
    {INFO("{}"), DP_EFORMAT},
    {INFO("[0]"), DP_EFORMAT},
    {"{}", DP_EFORMAT},
    {"[]", DP_EFORMAT},
    {"", DP_EFORMAT},
};

static void tcb_info_of_another_form_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
        struct dp_tcb_info info;

        if (dp_tcb_info_read(&info, SLICE(infos[i].text)) != infos[i].err)
            fail_msg("%s", infos[i].text);
        dp_tcb_info_free(&info);
    }
}

/* --- certificates --- */

static struct json_object *keys;

static const char *pem(const char *name)
{
    return vectors_text(vectors_member(keys, "certificates"), name);
}

static int load(void **state)
{
    (void)state;
    keys = vectors_load("quotes/test-root/keys.json");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_object_put(keys);
    return 0;
}

static enum dp_err read_certs(struct dp_dcap_certs *out, const char *first, const char *second,
                              const char *third)
{
    static const struct dp_dcap_known none;
    struct dp_buf text = DP_BUF_INIT(1 << 20);
    enum dp_err err;

    dp_buf_addf(&text, "%s%s%s", first, second, third);
    err = dp_dcap_certs_read(out, (struct dp_slice){text.data, text.len}, &none);
    dp_buf_free(&text);
    return err;
}

static void certificates_are_found_in_pem(void **state)
{
    char broken[4096], blocks[16 * 4096] = "";
    struct dp_dcap_certs certs;

    (void)state;
    assert_int_equal(read_certs(&certs, "text ", pem("pck"), pem("pck-ca")), DP_OK);
    assert_int_equal(certs.len, 2);
    dp_dcap_certs_free(&certs);
    assert_int_equal(read_certs(&certs, pem("pck"), "", ""), DP_EFORMAT);
    dp_dcap_certs_free(&certs);
    assert_int_equal(read_certs(&certs, "", "", ""), DP_EFORMAT);
    dp_dcap_certs_free(&certs);
    /* Another character ends a block; it is left out. One that decodes to no certificate is not. */
    snprintf(broken, sizeof(broken), "%s", pem("root"));
    broken[100] = '!';
    assert_int_equal(read_certs(&certs, pem("pck"), broken, pem("pck-ca")), DP_OK);
    assert_int_equal(certs.len, 2);
    dp_dcap_certs_free(&certs);
    broken[100] = broken[101] = 'A';
    broken[30] = 'A';
    assert_int_equal(read_certs(&certs, pem("pck"), pem("pck-ca"), broken), DP_EFORMAT);
    dp_dcap_certs_free(&certs);
    /* Padding may lack, but ends it where it stands. */
    snprintf(broken, sizeof(broken), "%s", pem("tcb-signing"));
    assert_non_null(strstr(broken, "=\n-----END"));
    *strstr(broken, "=\n-----END") = '\n';
    assert_int_equal(read_certs(&certs, broken, pem("root"), ""), DP_OK);
    assert_int_equal(certs.len, 2);
    dp_dcap_certs_free(&certs);
    assert_non_null(strstr(broken, "AA"));
    *strstr(broken, "AA") = '=';
    assert_int_equal(read_certs(&certs, broken, pem("root"), ""), DP_EFORMAT);
    dp_dcap_certs_free(&certs);
    for (int i = 0; i <= DP_DCAP_CERTS_MAX; i++)
        snprintf(blocks + strlen(blocks), sizeof(blocks) - strlen(blocks), "%s", pem("pck"));
    assert_int_equal(read_certs(&certs, blocks, "", ""), DP_EFORMAT);
    dp_dcap_certs_free(&certs);
}

static X509 *root_of(const char *name)
{
    struct dp_dcap_certs certs;
    X509 *root;

    assert_int_equal(read_certs(&certs, pem(name), pem(name), ""), DP_OK);
    root = certs.certs[0];
    assert_int_equal(X509_up_ref(root), 1);
    dp_dcap_certs_free(&certs);
    return root;
}

static const struct {
    const char *first, *second, *third; /* "": none */
    bool leads;                         /* to the root */
} paths[] = {
    {"pck", "pck-ca", "root", true},
    {"pck", "root", "pck-ca", true},
    {"pck", "pck-ca", "pck-ca", false},
    {"tcb-signing", "root", "", true},
    {"pck", "root", "", false},
    {"pck-ca", "root", "", false},
    {"root", "root", "", false},
    {"pck", "pck-ca", "tcb-signing", false},
    {"pck", "pck-ca", "other-root", false},
    {"tcb-signing", "pck-ca", "", false},
    {"tcb-signing", "other-root", "", false},
};

static void only_whole_chains_lead_to_the_root(void **state)
{
    X509 *root = root_of("root"), *other = root_of("other-root");

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *third = paths[i].third[0] != '\0' ? pem(paths[i].third) : "";
        struct dp_dcap_certs certs;
        struct dp_dcap_path path;

        assert_int_equal(read_certs(&certs, pem(paths[i].first), pem(paths[i].second), third),
                         DP_OK);
        if ((dp_dcap_path_find(&path, &certs, root) == NULL) != paths[i].leads)
            fail_msg("%s %s %s", paths[i].first, paths[i].second, paths[i].third);
        /* It has the same name, and another key. */
        assert_non_null(dp_dcap_path_find(&path, &certs, other));
        dp_dcap_certs_free(&certs);
    }
    X509_free(root);
    X509_free(other);
}

static void a_certificate_counts_in_its_last_second(void **state)
{
    const int64_t from = 1704067200, until = 2335219200; /* 2024-01-01 to 2044-01-01 */
    X509 *root = root_of("root");
    struct dp_dcap_certs certs;
    struct dp_dcap_path path;
    const struct {
        int64_t now;
        enum dp_dcap_failure want; /* there is no CRL, which is what comes next */
    } times[] = {{from - 1, DP_DCAP_PCK_CHAIN},
                 {from, DP_DCAP_CRL},
                 {until, DP_DCAP_CRL},
                 {until + 1, DP_DCAP_PCK_CHAIN}};

    (void)state;
    assert_int_equal(read_certs(&certs, pem("pck"), pem("pck-ca"), ""), DP_OK);
    assert_null(dp_dcap_path_find(&path, &certs, root));
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        assert_int_equal(
            dp_dcap_path_check(&path, NULL, 0, times[i].now, DP_DCAP_PCK_CHAIN).failure,
            times[i].want);
    dp_dcap_certs_free(&certs);
    X509_free(root);
}

/* --- certificates and CRLs that nobody publishes --- */

static EVP_PKEY *key_of(const char *name)
{
    struct json_object *row = vectors_member(vectors_member(keys, "keys"), name);
    struct bytes scalar = vectors_hex(row, "scalar"), point = vectors_hex(row, "public_key");
    BIGNUM *number = BN_bin2bn(scalar.data, (int)scalar.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params;

    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len);
    params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(number);
    bytes_free(scalar);
    bytes_free(point);
    return key;
}

/* As PEM, what a certificate of the test root would have signed. */
static char *issue(const char *issuer, const EVP_MD *hash)
{
    X509 *from = root_of(issuer), *cert = X509_new();
    EVP_PKEY *key = key_of(issuer), *own = key_of("attestation");
    BIO *bio = BIO_new(BIO_s_mem());
    char *text, *out;
    long len;

    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)"stranger", -1, -1, 0);
    assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(from)), 1);
    assert_int_equal(X509_set1_notBefore(cert, X509_get0_notBefore(from)), 1);
    assert_int_equal(X509_set1_notAfter(cert, X509_get0_notAfter(from)), 1);
    assert_int_equal(X509_set_pubkey(cert, own), 1);
    assert_true(X509_sign(cert, key, hash) > 0);
    assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
    len = BIO_get_mem_data(bio, &text);
    out = strndup(text, (size_t)len);
    BIO_free(bio);
    EVP_PKEY_free(key);
    EVP_PKEY_free(own);
    X509_free(cert);
    X509_free(from);
    return out;
}

static const struct {
    const char *issuer, *second; /* of the chain */
    bool sha384, leads;
} issued[] = {
    {"pck-ca", "pck-ca", false, true},
    {"root", "root", false, true},
    {"pck-ca", "pck-ca", true, false},            /* another hash than Intel's */
    {"tcb-signing", "tcb-signing", false, false}, /* no CA */
    {"pck", "pck", false, false},
};

static void only_a_ca_may_have_signed(void **state)
{
    X509 *root = root_of("root");

    (void)state;
    for (size_t i = 0; i < sizeof(issued) / sizeof(issued[0]); i++) {
        char *leaf = issue(issued[i].issuer, issued[i].sha384 ? EVP_sha384() : EVP_sha256());
        bool under_pck = strcmp(issued[i].issuer, "pck") == 0;
        struct dp_dcap_certs certs;
        struct dp_dcap_path path;

        assert_int_equal(
            read_certs(&certs, leaf, pem(issued[i].second), under_pck ? pem("pck-ca") : ""), DP_OK);
        if ((dp_dcap_path_find(&path, &certs, root) == NULL) != issued[i].leads)
            fail_msg("%s", issued[i].issuer);
        dp_dcap_certs_free(&certs);
        free(leaf);
    }
    X509_free(root);
}

static void a_platform_is_named_once(void **state)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
    X509 *pck = root_of("pck");
    struct dp_pck read;

    (void)state;
    assert_int_equal(dp_pck_read(&read, pck), DP_OK);
    assert_int_equal(read.pcesvn, 11);
    assert_int_equal(X509_add_ext(pck, X509_get_ext(pck, X509_get_ext_by_OBJ(pck, oid, -1)), -1),
                     1);
    assert_int_equal(dp_pck_read(&read, pck), DP_EFORMAT);
    assert_int_equal(read.pcesvn, 0);
    ASN1_OBJECT_free(oid);
    X509_free(pck);
}

/* Such as one that says that the CRL is for some certificates alone. */
static void a_crl_with_a_critical_extension_is_refused(void **state)
{
    struct json_object *collateral = vectors_load("quotes/test-root/c00.json");
    struct bytes der = vectors_hex(collateral, "pck_crl");
    const unsigned char *p = der.data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);
    unsigned char *changed = NULL;
    X509_EXTENSION *extension;
    struct dp_dcap_crl read;
    int len;

    (void)state;
    assert_int_equal(dp_dcap_crl_read(&read, der.data, der.len), DP_OK);
    dp_dcap_crl_free(&read);
    assert_int_equal(dp_dcap_crl_read(&read, der.data, der.len - 1), DP_EFORMAT);
    dp_dcap_crl_free(&read);
    for (int critical = 0; critical <= 1; critical++) {
        extension = X509V3_EXT_conf_nid(NULL, NULL, NID_issuing_distribution_point,
                                        critical ? "critical,onlyCA:TRUE" : "onlyCA:TRUE");
        assert_non_null(extension);
        assert_int_equal(X509_CRL_add_ext(crl, extension, -1), 1);
        X509_EXTENSION_free(extension);
        assert_int_equal(X509_CRL_sort(crl), 1); /* or it keeps its old bytes */
        OPENSSL_free(changed);
        changed = NULL;
        len = i2d_X509_CRL(crl, &changed);
        assert_true(len > (int)der.len);
        assert_int_equal(dp_dcap_crl_read(&read, changed, (size_t)len),
                         critical ? DP_EFORMAT : DP_OK);
        dp_dcap_crl_free(&read);
    }
    OPENSSL_free(changed);
    X509_CRL_free(crl);
    bytes_free(der);
    json_object_put(collateral);
}

/* --- the quoting enclave --- */

static void a_qe_in_debug_mode_is_none(void **state)
{
    struct dp_isv_level level = {.isvsvn = 0};
    struct dp_qe_identity identity = {.levels = {&level, 1}}; /* masks of zero: anything fits */
    struct dp_sgx_report report = {.attributes = {0}};
    struct dp_tcb_verdict verdict;

    (void)state;
    assert_int_equal(dp_qe_identity_check(&verdict, &identity, &report).failure, DP_DCAP_VALID);
    report.attributes[0] = 2;
    assert_int_equal(dp_qe_identity_check(&verdict, &identity, &report).failure,
                     DP_DCAP_QE_IDENTITY);
}

static void the_root_is_intels(void **state)
{
    struct bytes want = vectors_file("quotes/real/intel-root-ca.der");

    (void)state;
    assert_int_equal(dp_intel_root().len, want.len);
    assert_memory_equal(dp_intel_root().data, want.data, want.len);
    bytes_free(want);
}

/* --- what is signed, out of an answer --- */

static const struct {
    const char *text, *want; /* NULL: refused */
} cuts[] = {
    {"{\"a\":{}}", "{}"},
    {" {\n\"b\" : 1 , \"a\" : { \"x\" : [ 1 ] } , \"c\":[]}", "{ \"x\" : [ 1 ] }"},
    {"{\"b\":{\"a\":{\"no\":1}},\"a\":[\"}\\\"]\"]}", "[\"}\\\"]\"]"},
    {"{\"b\":\"\\\"a\\\":{}\",\"a\":{}}", "{}"},
    {"{\"b\":[1,\"]\"],\"c\":true,\"d\":-1.5e3,\"e\":null,\"a\":{}}", "{}"},
    {"{\"aa\":{}}", NULL},
    {"{\"a\":\"{}\"}", NULL},
    {"{\"a\":1}", NULL},
    {"{}", NULL},
    {"[{\"a\":{}}]", NULL},
    {"{\"a\":{}", NULL},
    {"{\"a\":{},\"a\":{}}", NULL},
    {"", NULL},
};

static void what_is_signed_is_cut_out_as_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct dp_slice got = {NULL, 0};
        bool cut = dp_pcs_cut(&got, SLICE(cuts[i].text), "a") == DP_OK;

        if (cut != (cuts[i].want != NULL) ||
            (cut &&
             (got.len != strlen(cuts[i].want) || memcmp(got.data, cuts[i].want, got.len) != 0)))
            fail_msg("%s: %.*s", cuts[i].text, (int)got.len, got.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_all_attributes_three_may_be_set),
        cmocka_unit_test(any_byte_of_a_service_td_is_refused),
        cmocka_unit_test(verdicts_merge_to_the_worse_without_repeats),
        cmocka_unit_test(tcb_info_of_another_form_is_refused),
        cmocka_unit_test(certificates_are_found_in_pem),
        cmocka_unit_test(only_whole_chains_lead_to_the_root),
        cmocka_unit_test(a_certificate_counts_in_its_last_second),
        cmocka_unit_test(only_a_ca_may_have_signed),
        cmocka_unit_test(a_platform_is_named_once),
        cmocka_unit_test(a_crl_with_a_critical_extension_is_refused),
        cmocka_unit_test(a_qe_in_debug_mode_is_none),
        cmocka_unit_test(the_root_is_intels),
        cmocka_unit_test(what_is_signed_is_cut_out_as_it_stands),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
