/* test_tls_key.c - keys for HTTPS: what is taken for one, where it is written, and where not. */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/secret.h"
#include "crypto/cert.h"
#include "dstack/keyuse.h"
#include "dstack/tls_key.h"

/* Made for this test. N stands for a line end: in JSON the escape, else the character. */
#define KEY                                                                                        \
    "-----BEGIN PRIVATE KEY-----" N                                                                \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpdTayEADu6sU+Z++" N                           \
    "QVl5SFzJly3S/UUVt7BC1WDN1hehRANCAARDG5+ppnbqltlsFr5Cmx4z16rRDpHS" N                           \
    "6YcL6fzBlqnyF2k856PZbJzoCmWULGlmh4hNCme8sSC38YvgXfF43pEy" N "-----END PRIVATE KEY-----" N

#define CERT                                                                                       \
    "-----BEGIN CERTIFICATE-----" N                                                                \
    "MIIBoDCCAUegAwIBAgIUcV9GOmxnS/5bXnL1J7WabP4OeLUwCgYIKoZIzj0EAwIw" N                           \
    "FjEUMBIGA1UEAwwLd2FsbGV0LnRlc3QwIBcNMjYxMTI1MDcyODU5WhgPMjEyNjEx" N                           \
    "MDEwNzI4NTlaMBYxFDASBgNVBAMMC3dhbGxldC50ZXN0MFkwEwYHKoZIzj0CAQYI" N                           \
    "KoZIzj0DAQcDQgAEQxufqaZ26pbZbBa+QpseM9eq0Q6R0umHC+n8wZap8hdpPOej" N                           \
    "2Wyc6ApllCxpZoeITQpnvLEgt/GL4F3xeN6RMqNxMG8wHQYDVR0OBBYEFD927h+8" N                           \
    "wc152npBZaOZhs6/w2TwMB8GA1UdIwQYMBaAFD927h+8wc152npBZaOZhs6/w2Tw" N                           \
    "MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4ILd2FsbGV0LnRlc3SHBAoBAgMw" N                           \
    "CgYIKoZIzj0EAwIDRwAwRAIgMXAbCX/anRAZKmQuyNMHtzy8ys5ROOUnzeHSpA3W" N                           \
    "uiACIA9QK254rmeGVMrIL8LeC6rG49tKfGGjnhWwQjAl+qUy" N "-----END CERTIFICATE-----" N

#define OTHER_CERT                                                                                 \
    "-----BEGIN CERTIFICATE-----" N                                                                \
    "MIIBoTCCAUegAwIBAgIUSAJgjWyGFiyGgfmbXrY0EzwYehMwCgYIKoZIzj0EAwIw" N                           \
    "FjEUMBIGA1UEAwwLd2FsbGV0LnRlc3QwIBcNMjYxMTI1MDcyODU5WhgPMjEyNjEx" N                           \
    "MDEwNzI4NTlaMBYxFDASBgNVBAMMC3dhbGxldC50ZXN0MFkwEwYHKoZIzj0CAQYI" N                           \
    "KoZIzj0DAQcDQgAE0xwqPXLwpQa/M5UVnGfV0u+9IdESUaufuEt65F5oHoX6T3xB" N                           \
    "QDejBNiD4043w26J6RjN8yaTvWODrBpCk7PP/KNxMG8wHQYDVR0OBBYEFJSQx7xU" N                           \
    "qSrfZxftnbf+920s+5dyMB8GA1UdIwQYMBaAFJSQx7xUqSrfZxftnbf+920s+5dy" N                           \
    "MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4ILd2FsbGV0LnRlc3SHBAoBAgMw" N                           \
    "CgYIKoZIzj0EAwIDSAAwRQIgeIVSn1kxQsexiTd9NaB3ABF+M/09/wZZ2XAKiFNC" N                           \
    "IrQCIQD1xZDQShVeIjxNJ0Re2ACzI2AnU7f1XE22YImdd/aqZw==" N "-----END CERTIFICATE-----" N

#define LOCKED_KEY                                                                                 \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----" N                                                      \
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj3A7rMPbzRpAICCAAw" N                           \
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEK0aXFD7BSJ75W45otkqyJwEgZA7" N                           \
    "zF8DPYdYddYRWpBlWbfGeebBKNEGm35mMPp063w0wxDsJprzaoCo/6lMSIpthz5b" N                           \
    "pmryjv5QpREsHreXzw5XAuswclZxB4atezwl8+kypD+993YRtc4KD2z7+bOwnnYn" N                           \
    "KQrc8KUs+EB1znLoZLZNXQm6e5/S4p7pu4TCe023PYw1wpubGnGK+41+BUD5ubI=" N                           \
    "-----END ENCRYPTED PRIVATE KEY-----" N

#define N "\\n"
static const char key_json[] = KEY, cert_json[] = CERT, other_json[] = OTHER_CERT;
#undef N
#define N "\n"
static const char key_pem[] = KEY, cert_pem[] = CERT, locked_pem[] = LOCKED_KEY;

/* In the text of a row: K the key, C its certificate, O another key's. */
static const struct {
    const char *name, *text;
    int status;
    enum dp_err want;
} answers[] = {
    {"good", "{\"key\":\"K\",\"certificate_chain\":[\"C\"]}", 200, DP_OK},
    {"spaces", "{ \"key\" : \"K\" , \"certificate_chain\" : [ \"C\" ] }", 200, DP_OK},
    {"chain first", "{\"certificate_chain\":[\"C\"],\"key\":\"K\"}", 200, DP_OK},
    {"a CA behind it", "{\"key\":\"K\",\"certificate_chain\":[\"C\",\"O\"]}", 200, DP_OK},
    {"other members", "{\"a\":[{}],\"key\":\"K\",\"certificate_chain\":[\"C\"],\"b\":null}", 200,
     DP_OK},

    {"another key's certificate", "{\"key\":\"K\",\"certificate_chain\":[\"O\"]}", 200, DP_EGUEST},
    {"the wrong one first", "{\"key\":\"K\",\"certificate_chain\":[\"O\",\"C\"]}", 200, DP_EGUEST},
    {"no chain", "{\"key\":\"K\"}", 200, DP_EGUEST},
    {"an empty chain", "{\"key\":\"K\",\"certificate_chain\":[]}", 200, DP_EGUEST},
    {"a chain that is a text", "{\"key\":\"K\",\"certificate_chain\":\"C\"}", 200, DP_EGUEST},
    {"a chain of numbers", "{\"key\":\"K\",\"certificate_chain\":[1]}", 200, DP_EGUEST},
    {"a key in the chain", "{\"key\":\"K\",\"certificate_chain\":[\"C\",\"K\"]}", 200, DP_EGUEST},
    {"no certificate", "{\"key\":\"K\",\"certificate_chain\":[\"x\"]}", 200, DP_EGUEST},
    {"a broken certificate",
     "{\"key\":\"K\",\"certificate_chain\":[\"-----BEGIN CERTIFICATE-----\\nMIIB\\n\"]}", 200,
     DP_EGUEST},
    {"a NUL in the chain", "{\"key\":\"K\",\"certificate_chain\":[\"C\\u0000\"]}", 200, DP_EGUEST},
    {"no key", "{\"certificate_chain\":[\"C\"]}", 200, DP_EGUEST},
    {"an empty key", "{\"key\":\"\",\"certificate_chain\":[\"C\"]}", 200, DP_EGUEST},
    {"null", "{\"key\":null,\"certificate_chain\":[\"C\"]}", 200, DP_EGUEST},
    {"a certificate as key", "{\"key\":\"C\",\"certificate_chain\":[\"C\"]}", 200, DP_EGUEST},
    {"hex as key", "{\"key\":\"00112233\",\"certificate_chain\":[\"C\"]}", 200, DP_EGUEST},
    {"a key with an escape", "{\"key\":\"K\\u000a\",\"certificate_chain\":[\"C\"]}", 200,
     DP_EGUEST},
    {"twice", "{\"key\":\"K\",\"key\":\"K\",\"certificate_chain\":[\"C\"]}", 200, DP_EGUEST},
    {"twice, once escaped", "{\"key\":\"K\",\"k\\u0065y\":\"K\",\"certificate_chain\":[\"C\"]}",
     200, DP_EGUEST},
    {"nested", "{\"a\":{\"key\":\"K\"},\"certificate_chain\":[\"C\"]}", 200, DP_EGUEST},
    {"nested, and the real escaped",
     "{\"a\":{\"key\":\"K\"},\"\\u006bey\":\"K\",\"certificate_chain\":[\"C\"]}", 200, DP_EGUEST},
    {"cut in the key", "{\"key\":\"-----BEGIN", 200, DP_EGUEST},
    {"cut behind the key", "{\"key\":\"K\"", 200, DP_EGUEST},
    {"trailing bytes", "{\"key\":\"K\",\"certificate_chain\":[\"C\"]}x", 200, DP_EGUEST},
    {"nothing", "", 200, DP_EGUEST},
    {"status 400", "{\"key\":\"K\",\"certificate_chain\":[\"C\"]}", 400, DP_EGUEST},
};

#define DERIVED "c4c2c5d4f8f1e2a1b0937f6e5d4c3b2a19087766554433221100ffeeddccbbaa"
#define S64 "2222222222222222222222222222222222222222222222222222222222222222"

static void expand(char *out, size_t size, const char *text)
{
    size_t len = 0;

    for (const char *at = text; *at != '\0'; at++) {
        bool inside = at > text && at[-1] == '"' && at[1] != '\0' && strchr("\"\\", at[1]) != NULL;
        const char *piece = !inside      ? NULL
                            : *at == 'K' ? key_json
                            : *at == 'C' ? cert_json
                            : *at == 'O' ? other_json
                                         : NULL;

        len += (size_t)(piece != NULL ? snprintf(out + len, size - len, "%s", piece)
                                      : snprintf(out + len, size - len, "%c", *at));
    }
}

/* In the mode of a row its answer; GetKey knows the one path. */
static void say(struct agent_answer *out, const char *method, const char *path, int mode)
{
    out->status = 404;
    if (strcmp(method, "GetTlsKey") == 0) {
        out->status = answers[mode].status;
        expand(out->text, sizeof(out->text), answers[mode].text);
    }
    if (strcmp(method, "GetKey") == 0 && strcmp(path, DP_TLS_PATH) == 0) {
        out->status = 200;
        snprintf(out->text, sizeof(out->text),
                 "{\"key\":\"" DERIVED "\",\"signature_chain\":[\"" S64 S64 "00\",\"" S64 S64
                 "01\"]}");
    }
}

struct fixture {
    struct agent *agent;
    struct dp_guest *guest;
    struct temp disk;
    char memory[64];
};

static int start(void **state)
{
    static struct fixture f = {.memory = "/dev/shm/dp-test-XXXXXX"};

    f.agent = agent_start(say);
    assert_int_equal(dp_secp_init(), DP_OK);
    assert_int_equal(dp_guest_open_within(&f.guest, agent_socket(f.agent), 5000), DP_OK);
    temp_make(&f.disk);
    assert_non_null(mkdtemp(f.memory));
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;

    dp_guest_close(f->guest);
    agent_stop(f->agent);
    temp_remove(&f->disk);
    rmdir(f->memory);
    return 0;
}

static const char *const names[] = {"wallet.test", "10.1.2.3"};
static const struct dp_tls_ask ask = {names, 2, 1700000000, 1900000000};

static void what_is_a_key_and_its_chain(void **state)
{
    static const uint8_t zero[DP_SECRET_SLOT_SIZE];
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT(answers); i++) {
        struct dp_buf chain = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
        struct dp_tls_key key;
        const uint8_t *slot;
        enum dp_err err;

        agent_set_mode(f->agent, (int)i);
        err = dp_guest_get_tls_key(f->guest, &key, &chain, &ask);
        if (err != answers[i].want)
            fail_msg("%s: %s", answers[i].name, dp_err_text(err));
        slot = (const uint8_t *)key.pem;
        assert_non_null(slot);
        if (err == DP_OK)
            assert_string_equal((const char *)slot, key_pem);
        dp_tls_key_free(&key);
        assert_memory_equal(slot, zero, sizeof(zero));
        dp_tls_key_free(&key);
        dp_buf_free(&chain);
    }
}

static void the_chain_is_what_the_agent_gave(void **state)
{
    struct fixture *f = *state;
    struct dp_buf chain = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
    struct dp_tls_key key;

    agent_set_mode(f->agent, 0);
    assert_int_equal(dp_guest_get_tls_key(f->guest, &key, &chain, &ask), DP_OK);
    assert_string_equal(chain.data, cert_pem);
    assert_int_equal(key.spki_len, 91);
    dp_tls_key_free(&key);
    dp_buf_free(&chain);
}

static void an_absent_agent_is_an_error(void **state)
{
    struct dp_buf chain = DP_BUF_INIT(DP_TLS_CHAIN_MAX);
    struct dp_guest *guest;
    struct dp_tls_key key;

    (void)state;
    assert_int_equal(dp_guest_open(&guest, "/nonexistent/dstack.sock"), DP_OK);
    assert_int_equal(dp_guest_get_tls_key(guest, &key, &chain, &ask), DP_EGUEST);
    dp_tls_key_free(&key);
    assert_int_equal(dp_tls_key_derive(guest, &key), DP_EGUEST);
    dp_tls_key_free(&key);
    dp_buf_free(&chain);
    dp_guest_close(guest);
}

static void the_derived_key_has_these_32_bytes(void **state)
{
    struct fixture *f = *state;
    struct dp_tls_key first, second;
    BIGNUM *scalar = NULL, *want = NULL;
    EVP_PKEY *pkey;
    BIO *bio;

    assert_int_equal(dp_tls_key_derive(f->guest, &first), DP_OK);
    assert_int_equal(dp_tls_key_derive(f->guest, &second), DP_OK);
    assert_int_equal(first.spki_len, 91);
    assert_memory_equal(first.spki, second.spki, 91);
    bio = BIO_new_mem_buf((const char *)first.pem, -1);
    pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(pkey);
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, "priv", &scalar), 1);
    BN_hex2bn(&want, DERIVED);
    assert_int_equal(BN_cmp(scalar, want), 0);
    BN_free(scalar);
    BN_free(want);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    dp_tls_key_free(&first);
    dp_tls_key_free(&second);
}

static void the_signing_request_is_signed_by_the_key_for_the_names(void **state)
{
    struct fixture *f = *state;
    struct dp_buf pem = DP_BUF_INIT(8192);
    struct dp_tls_key key;
    STACK_OF(X509_EXTENSION) * extensions;
    GENERAL_NAMES *got;
    uint8_t spki[128], *at = spki;
    X509_REQ *req;
    BIO *bio;

    assert_int_equal(dp_tls_key_derive(f->guest, &key), DP_OK);
    assert_int_equal(dp_tls_key_csr(&key, &pem, names, 2), DP_OK);
    bio = BIO_new_mem_buf(pem.data, -1);
    req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    assert_non_null(req);
    assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
    assert_int_equal(i2d_PUBKEY(X509_REQ_get0_pubkey(req), &at), 91);
    assert_memory_equal(spki, key.spki, 91);
    extensions = X509_REQ_get_extensions(req);
    got = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(got), 2);
    assert_int_equal(sk_GENERAL_NAME_value(got, 0)->type, GEN_DNS);
    assert_int_equal(sk_GENERAL_NAME_value(got, 1)->type, GEN_IPADD);
    GENERAL_NAMES_free(got);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(req);
    BIO_free(bio);
    dp_buf_free(&pem);
    dp_tls_key_free(&key);
}

static void write_file(char path[static TEMP_SIZE], const struct fixture *f, const char *text)
{
    FILE *file;

    temp_path(path, &f->disk, "key");
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_key_file_is_one_private_key_without_a_password(void **state)
{
    static char large[2 * DP_SECRET_SLOT_SIZE];
    const struct {
        const char *text;
        enum dp_err want;
    } files[] = {
        {key_pem, DP_OK}, {cert_pem, DP_EFORMAT}, {locked_pem, DP_EFORMAT},
        {"", DP_EFORMAT}, {"hello", DP_EFORMAT},  {large, DP_ETOOBIG},
    };
    struct fixture *f = *state;

    memset(large, '\n', sizeof(large) - 1);
    for (size_t i = 0; i < COUNT(files); i++) {
        struct dp_detail detail = {"", ""};
        char path[TEMP_SIZE];
        struct dp_tls_key key;

        write_file(path, f, files[i].text);
        assert_int_equal(dp_tls_key_read(&key, path, &detail), files[i].want);
        assert_true(files[i].want == DP_OK || strstr(detail.text, path) != NULL);
        dp_tls_key_free(&key);
        unlink(path);
        assert_int_equal(dp_tls_key_read(&key, path, &detail), DP_EIO);
        dp_tls_key_free(&key);
    }
}

static void get_good(struct fixture *f, struct dp_tls_key *key)
{
    struct dp_buf chain = DP_BUF_INIT(DP_TLS_CHAIN_MAX);

    agent_set_mode(f->agent, 0);
    assert_int_equal(dp_guest_get_tls_key(f->guest, key, &chain, &ask), DP_OK);
    dp_buf_free(&chain);
}

static void in_memory_the_file_is_written_for_its_owner_alone(void **state)
{
    struct fixture *f = *state;
    struct dp_detail detail;
    struct dp_tls_key key;
    char path[128], text[4096] = "";
    struct stat st;
    FILE *file;

    get_good(f, &key);
    snprintf(path, sizeof(path), "%s/server.pem", f->memory);
    for (int i = 0; i < 2; i++) { /* the second in the place of the first */
        assert_int_equal(dp_tls_key_store(&key, (struct dp_slice){"head\n", 5}, f->memory,
                                          "server.pem", &detail),
                         DP_OK);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(st.st_nlink, 1);
        file = fopen(path, "r");
        assert_non_null(file);
        assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
        fclose(file);
        assert_memory_equal(text, "head\n", 5);
        assert_string_equal(text + 5, key_pem);
    }
    unlink(path);
    dp_tls_key_free(&key);
}

/* Where tests run /tmp may be in memory, so the build's own folder is taken, and must be on a disk.
 */
static void on_a_disk_nothing_is_written(void **state)
{
    struct fixture *f = *state;
    struct dp_detail detail = {"", ""};
    char dir[] = "disk-XXXXXX", path[64];
    struct dp_tls_key key;

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/server.pem", dir);
    get_good(f, &key);
    assert_int_equal(
        dp_tls_key_store(&key, (struct dp_slice){"head\n", 5}, dir, "server.pem", &detail),
        DP_EINVAL);
    assert_non_null(strstr(detail.text, "is on a disk"));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(rmdir(dir), 0); /* it is empty */
    assert_int_equal(
        dp_tls_key_store(&key, (struct dp_slice){"", 0}, "/nonexistent", "server.pem", &detail),
        DP_EIO);
    dp_tls_key_free(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_a_key_and_its_chain),
        cmocka_unit_test(the_chain_is_what_the_agent_gave),
        cmocka_unit_test(an_absent_agent_is_an_error),
        cmocka_unit_test(the_derived_key_has_these_32_bytes),
        cmocka_unit_test(the_signing_request_is_signed_by_the_key_for_the_names),
        cmocka_unit_test(a_key_file_is_one_private_key_without_a_password),
        cmocka_unit_test(in_memory_the_file_is_written_for_its_owner_alone),
        cmocka_unit_test(on_a_disk_nothing_is_written),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
