/* test_sim_tlskey.c - what dstack-sim certifies: the chain, its extensions, and what is refused. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "attest/ratls.h"
#include "base/json.h"
#include "sim/methods.h"
#include "sim/params.h"

#define ARC "1.3.6.1.4.1.62397.1."
#define APP_ID "\x5b\xb4\xff\x9a\x38\x37\x35\x7f\x19\xdc\x17\x64\x07\xa5\x70\x9c\x62\xeb\x6c\x56"

static int load(void **state)
{
    static const char *const names[] = {"appkeys.json", "app-compose.json", "sys-config.json",
                                        "attestation.bin"};
    static struct sim sim;
    char paths[4][512];
    struct dp_detail detail;

    assert_non_null(getenv("DP_VECTORS"));
    for (size_t i = 0; i < 4; i++)
        snprintf(paths[i], sizeof(paths[i]), "%s/simulator/gen2/%s", getenv("DP_VECTORS"),
                 names[i]);
    assert_int_equal(dp_secp_init(), DP_OK);
    assert_int_equal(sim_keys_init(), DP_OK);
    assert_int_equal(sim_open(&sim,
                              &(struct sim_setup){.keys = paths[0],
                                                  .app_compose = paths[1],
                                                  .sys_config = paths[2],
                                                  .attestation = paths[3]},
                              &detail),
                     DP_OK);
    *state = &sim;
    return 0;
}

static int unload(void **state)
{
    sim_close(*state);
    sim_keys_free();
    return 0;
}

/* Out: answer  JSON, or NULL and the detail of the refusal */
static enum dp_err ask(const struct sim *sim, struct json_object **answer, const char *request,
                       struct dp_detail *detail)
{
    struct dp_buf out = DP_BUF_INIT(1 << 20);
    struct json_object *params;
    enum dp_err err;

    *answer = NULL;
    *detail = (struct dp_detail){"", ""};
    if (request[0] == '{')
        assert_int_equal(dp_json_parse(&params, request, strlen(request), NULL), DP_OK);
    else
        assert_int_equal(sim_params_of_query(&params, request, NULL), DP_OK);
    err = sim_get_tls_key(sim, &out, params, detail);
    if (err == DP_OK)
        assert_int_equal(dp_json_parse(answer, out.data, out.len, NULL), DP_OK);
    json_object_put(params);
    dp_buf_free(&out);
    return err;
}

struct issued {
    EVP_PKEY *key;
    X509 *leaf, *ca;
};

static X509 *read_cert(struct json_object *chain, size_t index)
{
    const char *pem = json_object_get_string(json_object_array_get_idx(chain, index));
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    assert_non_null(cert);
    BIO_free(bio);
    return cert;
}

static struct issued issue(const struct sim *sim, const char *request)
{
    struct json_object *answer, *chain;
    struct dp_detail detail;
    struct issued out;
    const char *pem;
    BIO *bio;

    if (ask(sim, &answer, request, &detail) != DP_OK)
        fail_msg("%s: %s", request, detail.text);
    pem = vectors_text(answer, "key");
    assert_int_equal(strncmp(pem, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
    bio = BIO_new_mem_buf(pem, -1);
    out.key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    chain = vectors_member(answer, "certificate_chain");
    assert_int_equal(json_object_array_length(chain), 2);
    out.leaf = read_cert(chain, 0);
    out.ca = read_cert(chain, 1);
    json_object_put(answer);
    return out;
}

static void forget(struct issued *issued)
{
    EVP_PKEY_free(issued->key);
    X509_free(issued->leaf);
    X509_free(issued->ca);
}

/* X509_V_OK, or why the chain does not hold for this purpose. */
static int verify(const struct issued *issued, int purpose)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int error;

    X509_STORE_add_cert(store, issued->ca);
    X509_STORE_CTX_init(ctx, store, issued->leaf, NULL);
    X509_STORE_CTX_set_purpose(ctx, purpose);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
    X509_verify_cert(ctx);
    error = X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return error;
}

/* What an extension of dstack's holds inside its OCTET STRING; data is NULL where it is missing. */
static struct bytes own(X509 *cert, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = X509_get_ext_by_OBJ(cert, object, -1);
    struct bytes out = {NULL, 0};

    ASN1_OBJECT_free(object);
    if (at >= 0) {
        X509_EXTENSION *extension = X509_get_ext(cert, at);
        const ASN1_OCTET_STRING *outer = X509_EXTENSION_get_data(extension);
        const unsigned char *der = ASN1_STRING_get0_data(outer);
        ASN1_OCTET_STRING *inner = d2i_ASN1_OCTET_STRING(NULL, &der, ASN1_STRING_length(outer));

        assert_false(X509_EXTENSION_get_critical(extension));
        assert_non_null(inner);
        assert_ptr_equal(der, ASN1_STRING_get0_data(outer) + ASN1_STRING_length(outer));
        out.len = (size_t)ASN1_STRING_length(inner);
        out.data = malloc(out.len + 1);
        assert_non_null(out.data);
        memcpy(out.data, ASN1_STRING_get0_data(inner), out.len);
        ASN1_OCTET_STRING_free(inner);
    }
    return out;
}

static int64_t seconds(const ASN1_TIME *time)
{
    struct tm tm;

    assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
    return timegm(&tm);
}

static void the_chain_verifies_and_the_key_is_the_leafs(void **state)
{
    struct issued got = issue(*state, "{\"subject\":\"w\",\"usage_server_auth\":true}");

    assert_int_equal(EVP_PKEY_get_bits(got.key), 256);
    assert_int_equal(X509_check_private_key(got.leaf, got.key), 1);
    assert_int_equal(verify(&got, X509_PURPOSE_SSL_SERVER), X509_V_OK);
    assert_int_equal(verify(&got, X509_PURPOSE_SSL_CLIENT), X509_V_ERR_INVALID_PURPOSE);
    forget(&got);
}

static void another_key_does_not_verify(void **state)
{
    struct issued got = issue(*state, "{}"), other = issue(*state, "{}");

    assert_int_equal(EVP_PKEY_eq(got.key, other.key), 0);
    assert_int_equal(X509_check_private_key(got.leaf, other.key), 0);
    assert_int_not_equal(
        ASN1_INTEGER_cmp(X509_get0_serialNumber(got.leaf), X509_get0_serialNumber(other.leaf)), 0);
    forget(&got);
    forget(&other);
}

static const struct {
    const char *name, *request;
    uint32_t usage; /* XKU bits; UINT32_MAX: no extended key usage */
} usages[] = {
    {"none", "{}", UINT32_MAX},
    {"false", "{\"usage_server_auth\":false,\"usage_client_auth\":false}", UINT32_MAX},
    {"server", "{\"usage_server_auth\":true}", XKU_SSL_SERVER},
    {"client", "{\"usage_client_auth\":true}", XKU_SSL_CLIENT},
    {"both", "{\"usage_server_auth\":true,\"usage_client_auth\":true}",
     XKU_SSL_SERVER | XKU_SSL_CLIENT},
    {"by a query", "usage_server_auth=true&usage_client_auth=false", XKU_SSL_SERVER},
};

static void usages_are_those_asked_for(void **state)
{
    for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
        struct issued got = issue(*state, usages[i].request);

        print_message("%s\n", usages[i].name);
        assert_int_equal(X509_get_extended_key_usage(got.leaf), usages[i].usage);
        assert_int_equal(X509_get_key_usage(got.leaf), KU_DIGITAL_SIGNATURE);
        assert_int_equal(X509_check_ca(got.leaf), 0);
        forget(&got);
    }
}

static void subject_and_names_are_those_asked_for(void **state)
{
    static const char *const requests[] = {
        "{\"subject\":\"Gr\\u00fc\\u00dfe\",\"alt_names\":[\"a.example\",\"*.b.example\","
        "\"10.1.2.3\",\"::1\"]}",
        "subject=Gr%C3%BC%C3%9Fe&alt_names[0]=a.example&alt_names[1]=*.b.example&"
        "alt_names[2]=10.1.2.3&alt_names[3]=%3A%3A1",
    };

    for (size_t i = 0; i < 2; i++) {
        struct issued got = issue(*state, requests[i]);
        GENERAL_NAMES *names = X509_get_ext_d2i(got.leaf, NID_subject_alt_name, NULL, NULL);
        char subject[64];

        X509_NAME_get_text_by_NID(X509_get_subject_name(got.leaf), NID_commonName, subject,
                                  sizeof(subject));
        assert_string_equal(subject, "Gr\xc3\xbc\xc3\x9f"
                                     "e");
        assert_int_equal(sk_GENERAL_NAME_num(names), 4);
        for (int n = 0; n < 4; n++)
            assert_int_equal(sk_GENERAL_NAME_value(names, n)->type, n < 2 ? GEN_DNS : GEN_IPADD);
        assert_int_equal(X509_check_host(got.leaf, "a.example", 0, 0, NULL), 1);
        assert_int_equal(X509_check_host(got.leaf, "x.b.example", 0, 0, NULL), 1);
        assert_int_equal(X509_check_host(got.leaf, "b.example", 0, 0, NULL), 0);
        assert_int_equal(X509_check_ip_asc(got.leaf, "10.1.2.3", 0), 1);
        assert_int_equal(X509_check_ip_asc(got.leaf, "::1", 0), 1);
        assert_int_equal(X509_check_ip_asc(got.leaf, "10.1.2.4", 0), 0);
        GENERAL_NAMES_free(names);
        forget(&got);
    }
}

static void times_are_those_asked_for_or_the_defaults(void **state)
{
    struct issued got = issue(*state, "{\"not_before\":1700000000,\"not_after\":1900000000}");
    int64_t now = time(NULL), end;

    assert_int_equal(seconds(X509_get0_notBefore(got.leaf)), 1700000000);
    assert_int_equal(seconds(X509_get0_notAfter(got.leaf)), 1900000000);
    forget(&got);
    got = issue(*state, "{\"not_before\":null,\"not_after\":null}");
    assert_int_equal(seconds(X509_get0_notBefore(got.leaf)), 157766400);
    end = seconds(X509_get0_notAfter(got.leaf));
    assert_in_range(end, now + 3650LL * 86400 - 10, now + 3650LL * 86400 + 10);
    forget(&got);
}

static bool has(X509 *cert, const char *oid)
{
    struct bytes extension = own(cert, oid);
    bool found = extension.data != NULL;

    bytes_free(extension);
    return found;
}

static void extensions_are_dstacks(void **state)
{
    struct issued got = issue(*state, "{}");
    struct bytes usage = own(got.leaf, ARC "4");

    assert_int_equal(usage.len, 10);
    assert_memory_equal(usage.data, "app:custom", 10);
    /* No KMS, no app id; and nothing that was not asked for. */
    assert_false(has(got.leaf, ARC "3"));
    assert_false(has(got.leaf, ARC "1"));
    assert_false(has(got.leaf, ARC "8"));
    assert_false(has(got.leaf, ARC "9"));
    bytes_free(usage);
    forget(&got);
}

static void replay(uint8_t out[static 48], const struct dp_blob *blob)
{
    memset(out, 0, 48);
    for (size_t i = 0; i < blob->runtime_count; i++) {
        const struct dp_blob_runtime *event = &blob->runtime[i];
        struct dp_buf text = DP_BUF_INIT(4096);
        uint8_t both[96];

        dp_buf_add(&text, "\1\0\0\10:", 5);
        dp_buf_add(&text, event->name.data, event->name.len);
        dp_buf_add(&text, ":", 1);
        dp_buf_add(&text, event->payload.data, event->payload.len);
        memcpy(both, out, 48);
        SHA384((const uint8_t *)text.data, text.len, both + 48);
        SHA384(both, sizeof(both), out);
        dp_buf_free(&text);
    }
}

static void check_stripped_log(const struct dp_blob *blob)
{
    size_t acpi = 0, app = 0;

    for (size_t i = 0; i < blob->event_count; i++) {
        const struct dp_blob_event *event = &blob->events[i];

        acpi += event->imr == 0;
        app += event->imr == 3;
        assert_int_equal(event->digest.len, event->imr == 3 ? 0 : 48);
    }
    assert_int_equal(acpi, 3);
    assert_int_equal(app, 9);
    assert_int_equal(blob->event_count, 12);
}

static void the_attestation_is_bound_to_the_key(void **state)
{
    const struct sim *sim = *state;
    struct issued got = issue(sim, "{\"usage_ra_tls\":true}");
    struct bytes extension = own(got.leaf, ARC "8");
    uint8_t in[11 + 91] = "ratls-cert:", *at = in + 11, want[64], rtmr3[48];
    struct dp_blob blob;

    assert_int_equal(i2d_PUBKEY(got.key, &at), 91);
    SHA512(in, sizeof(in), want);
    assert_int_equal(dp_blob_parse(&blob, extension.data, extension.len), DP_OK);
    assert_memory_equal(blob.report_data, want, 64);
    assert_memory_equal(blob.quote.data + 568, want, 64);
    /* All else of the report stays as it is. */
    assert_memory_equal(blob.quote.data, sim->blob.quote.data, 568);
    replay(rtmr3, &blob);
    assert_memory_equal(blob.quote.data + 520, rtmr3, 48);
    assert_int_equal(blob.config.len, sim->blob.config.len);
    check_stripped_log(&blob);
    dp_blob_free(&blob);
    bytes_free(extension);
    forget(&got);
}

/* By the library's own verifier, with what the simulator would have written for it. */
static enum dp_err judge(const struct sim *sim, X509 *leaf, struct dp_detail *detail)
{
    struct dp_buf json = DP_BUF_INIT(SIM_FILE_MAX), root = DP_BUF_INIT(SIM_FILE_MAX);
    struct dp_collateral *collateral;
    int64_t now = time(NULL);
    struct dp_ratls proven;
    enum dp_err err;

    *detail = (struct dp_detail){"", ""};
    assert_int_equal(
        sim_collateral_write(&json, &sim->pki, sim_tcb_find("up-to-date"), SIM_FAULT_NONE, now),
        DP_OK);
    assert_int_equal(sim_pki_chain(&sim->pki, &root, SIM_ROOT), DP_OK);
    assert_int_equal(dp_collateral_read(&collateral, (struct dp_slice){json.data, json.len},
                                        (struct dp_slice){root.data, root.len}, NULL),
                     DP_OK);
    err = dp_ratls_verify(&proven, leaf, collateral, now, detail);
    if (err == DP_OK) {
        struct dp_buf quote = DP_BUF_INIT(DP_QUOTE_MAX);

        assert_memory_equal(proven.app_id, APP_ID, sizeof(proven.app_id));
        assert_true(proven.has_instance_id);
        assert_memory_equal(proven.instance_id, dp_blob_payload(&sim->blob, "instance-id").data,
                            sizeof(proven.instance_id));
        assert_string_equal(proven.key_provider.name, "kms");
        /* What collateral is got for is what is verified. */
        assert_int_equal(dp_ratls_quote(&quote, leaf, detail), DP_OK);
        assert_int_equal(quote.len, proven.quote.len);
        assert_memory_equal(quote.data, proven.quote.data, quote.len);
        dp_buf_free(&quote);
    } else if (err == DP_EMISSING) {
        struct dp_buf none = DP_BUF_INIT(DP_QUOTE_MAX);

        assert_int_equal(dp_ratls_quote(&none, leaf, NULL), DP_EMISSING);
        assert_null(none.data);
    }
    dp_ratls_free(&proven);
    dp_collateral_free(collateral);
    dp_buf_free(&root);
    dp_buf_free(&json);
    return err;
}

static void the_attestation_verifies_unless_it_is_of_another_key(void **state)
{
    struct sim *sim = *state;
    struct issued got = issue(sim, "{\"usage_ra_tls\":true}"), plain = issue(sim, "{}");
    struct dp_detail detail;

    assert_int_equal(judge(sim, got.leaf, &detail), DP_OK);
    assert_int_equal(judge(sim, plain.leaf, &detail), DP_EMISSING);
    forget(&got);
    sim->quoting.fault = SIM_FAULT_TLS_KEY;
    got = issue(sim, "{\"usage_ra_tls\":true}");
    sim->quoting.fault = SIM_FAULT_NONE;
    assert_int_equal(judge(sim, got.leaf, &detail), DP_EINVAL);
    assert_string_equal(detail.field, "report_data");
    forget(&got);
    forget(&plain);
}

static void assert_binary(const uint8_t **at, const uint8_t *want, size_t len)
{
    assert_int_equal((*at)[0], 0xc4);
    assert_int_equal((*at)[1], len);
    if (want != NULL)
        assert_memory_equal(*at + 2, want, len);
    *at += 2 + len;
}

static void the_app_info_is_that_of_info(void **state)
{
    const struct sim *sim = *state;
    struct issued got = issue(sim, "{\"with_app_info\":true}");
    struct bytes packed = own(got.leaf, ARC "9");
    struct json_object *doc = vectors_load("simulator/gen2/info.json");
    struct json_object *info = vectors_member(doc, "info");
    struct bytes compose = vectors_hex(info, "compose_hash");
    struct bytes instance = vectors_hex(info, "instance_id");
    struct bytes aggregated = vectors_hex(info, "mr_aggregated");
    struct bytes device = vectors_hex(info, "device_id");
    const char *provider = vectors_text(info, "key_provider_info");
    const uint8_t *at = packed.data;

    assert_non_null(at);
    if (at == NULL) /* clang's analyser does not know that an assertion ends the test */
        return;
    assert_int_equal(*at++, 0x99);
    assert_binary(&at, (const uint8_t *)APP_ID, 20);
    assert_binary(&at, compose.data, 32);
    assert_binary(&at, instance.data, 20);
    assert_binary(&at, device.data, 32);
    assert_binary(&at, NULL, 32); /* mr_system, which Info does not tell */
    assert_binary(&at, aggregated.data, 32);
    assert_binary(&at, NULL, 32);
    assert_binary(&at, (const uint8_t *)provider, strlen(provider));
    assert_int_equal(*at++, 0xc0);
    assert_ptr_equal(at, packed.data + packed.len);
    bytes_free(compose);
    bytes_free(instance);
    bytes_free(aggregated);
    bytes_free(device);
    json_object_put(doc);
    bytes_free(packed);
    forget(&got);
}

static const struct {
    const char *request, *says;
} refused[] = {
    {"{\"not_before\":5,\"not_after\":5}", "not_before must be before not_after"},
    {"{\"not_before\":6,\"not_after\":5}", "not_before must be before not_after"},
    {"{\"not_after\":253402300800}", "year 9999"},
    {"{\"not_after\":9223372036854775807}", "too large"},
    {"{\"not_after\":-1}", "whole number"},
    {"{\"not_after\":1.5}", "whole number"},
    {"{\"not_after\":\"1900000000\"}", "whole number"},
    {"not_after=1e9", "whole number"},
    {"not_after=", "whole number"},
    {"{\"subject\":null}", "must be a string"},
    {"{\"subject\":1}", "must be a string"},
    {"{\"alt_names\":null}", "list of strings"},
    {"{\"alt_names\":\"a\"}", "list of strings"},
    {"{\"alt_names\":[1]}", "list of strings"},
    {"alt_names=a", "list of strings"},
    {"{\"alt_names\":[\"\"]}", "neither a host name nor an IP address"},
    {"{\"alt_names\":[\"a b\"]}", "neither a host name nor an IP address"},
    {"{\"alt_names\":[\"a\",\"b\\u0000c\"]}", "alt_names[1]"},
    {"{\"alt_names\":[\"\\u00fc.example\"]}", "neither a host name nor an IP address"},
    {"{\"usage_ra_tls\":null}", "true or false"},
    {"{\"usage_server_auth\":\"true\"}", "true or false"},
    {"{\"usage_client_auth\":1}", "true or false"},
    {"with_app_info=yes", "true or false"},
};

static void bad_requests_are_refused(void **state)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct json_object *answer;
        struct dp_detail detail;

        assert_int_not_equal(ask(*state, &answer, refused[i].request, &detail), DP_OK);
        if (strstr(detail.text, refused[i].says) == NULL)
            fail_msg("%s: %s", refused[i].request, detail.text);
    }
}

static void long_requests_are_refused(void **state)
{
    char request[4096];
    struct json_object *answer;
    struct dp_detail detail;
    int len = snprintf(request, sizeof(request), "subject=%01025d", 0);

    assert_int_equal(len, 1033);
    assert_int_equal(ask(*state, &answer, request, &detail), DP_ETOOBIG);
    snprintf(request, sizeof(request), "alt_names[0]=%0254d", 0);
    assert_int_equal(ask(*state, &answer, request, &detail), DP_EINVAL);
    len = 0;
    for (unsigned i = 0; i <= 100; i++)
        len += snprintf(request + len, sizeof(request) - (size_t)len, "alt_names[%u]=a&", i);
    assert_int_equal(ask(*state, &answer, request, &detail), DP_ETOOBIG);
}

static void without_a_ca_key_there_is_no_certificate(void **state)
{
    struct sim sim = *(const struct sim *)*state;
    struct json_object *answer;
    struct dp_detail detail;

    sim.ca.key = NULL;
    assert_int_equal(ask(&sim, &answer, "{}", &detail), DP_EINVAL);
    assert_non_null(strstr(detail.text, "KMS"));
}

static const struct {
    const char *keys, *says; /* NULL: it is read */
} key_files[] = {
    {"{\"ca_cert\":\"%s\",\"key_provider\":{\"Kms\":{}}}", NULL},
    {"{\"key_provider\":{\"Kms\":{}}}", "no certificate"},
    {"{\"ca_cert\":\"x\",\"key_provider\":{\"Kms\":{}}}", "no certificate"},
    {"{\"ca_cert\":\"%s\"}", "no key_provider"},
    {"{\"ca_cert\":\"%s\",\"key_provider\":{}}", "no key_provider"},
    {"{\"ca_cert\":\"%s\",\"key_provider\":{\"Kms\":{},\"None\":{}}}", "no key_provider"},
    {"{\"ca_cert\":\"%s\",\"key_provider\":{\"None\":{}}}", "has no key"},
    {"{\"ca_cert\":\"%s\",\"key_provider\":{\"Local\":1}}", "has no key"},
    {"{\"ca_cert\":\"%s\",\"key_provider\":{\"None\":{\"key\":\"x\"}}}", "not ca_cert's"},
};

static void key_files_without_a_ca_are_refused(void **state)
{
    struct json_object *file = vectors_load("simulator/gen2/appkeys.json");
    struct json_object *pem = vectors_member(file, "ca_cert");
    const char *escaped = json_object_to_json_string_ext(pem, JSON_C_TO_STRING_NOSLASHESCAPE);

    (void)state;
    for (size_t i = 0; i < sizeof(key_files) / sizeof(key_files[0]); i++) {
        struct json_object *keys;
        struct dp_detail detail = {"", ""};
        struct sim_ca ca;
        char text[4096];
        const char *mark = strstr(key_files[i].keys, "%s");
        int head = mark != NULL ? (int)(mark - key_files[i].keys) : 0;
        enum dp_err err;

        /* The certificate as it stands between its quotes. */
        snprintf(text, sizeof(text), "%.*s%.*s%s", head, key_files[i].keys,
                 mark != NULL ? (int)strlen(escaped) - 2 : 0, escaped + 1,
                 mark != NULL ? mark + 2 : key_files[i].keys);
        assert_int_equal(dp_json_parse(&keys, text, strlen(text), NULL), DP_OK);
        err = sim_ca_read(&ca, keys, "FILE", &detail);
        if ((err == DP_OK) != (key_files[i].says == NULL) ||
            (err != DP_OK && strstr(detail.text, key_files[i].says) == NULL))
            fail_msg("%s: %s", key_files[i].keys, detail.text);
        sim_ca_free(&ca);
        json_object_put(keys);
    }
    json_object_put(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_verifies_and_the_key_is_the_leafs),
        cmocka_unit_test(another_key_does_not_verify),
        cmocka_unit_test(usages_are_those_asked_for),
        cmocka_unit_test(subject_and_names_are_those_asked_for),
        cmocka_unit_test(times_are_those_asked_for_or_the_defaults),
        cmocka_unit_test(extensions_are_dstacks),
        cmocka_unit_test(the_attestation_is_bound_to_the_key),
        cmocka_unit_test(the_attestation_verifies_unless_it_is_of_another_key),
        cmocka_unit_test(the_app_info_is_that_of_info),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(long_requests_are_refused),
        cmocka_unit_test(without_a_ca_key_there_is_no_certificate),
        cmocka_unit_test(key_files_without_a_ca_are_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
