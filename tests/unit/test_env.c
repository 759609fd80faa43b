/* test_env.c - environment files, what is sealed of them, and whose key it is sealed to, against
 * keys.json. */
#include "helper.h"
#include "vectors.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "dstack/env.h"
#include "ethereum/address.h"

static struct temp temp;
static struct json_object *doc;

static int start(void **state)
{
    (void)state;
    assert_int_equal(dp_secp_init(), DP_OK);
    temp_make(&temp);
    doc = vectors_load("keys.json");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    json_object_put(doc);
    temp_remove(&temp);
    return 0;
}

/* --- whose key --- */

struct row {
    struct dp_env_key key;
    uint8_t app_id[DP_APP_ID_LEN], root[DP_ADDRESS_LEN];
    uint64_t now;
};

static struct row read_row(struct json_object *row, bool is_dated)
{
    struct row out = {.key.is_dated = is_dated};

    out.now = json_object_get_uint64(vectors_member(row, "env_timestamp"));
    out.key.signed_at = out.now;
    vectors_fixed(out.key.key, DP_ENV_KEY_LEN, row, "env_public_key");
    vectors_fixed(out.key.signature, DP_SECP_SIG_LEN, row,
                  is_dated ? "env_signature_v1" : "env_signature_legacy");
    vectors_fixed(out.app_id, DP_APP_ID_LEN, row, "app_id");
    assert_int_equal(dp_address_parse(out.root, vectors_text(row, "kms_root_address")), DP_OK);
    return out;
}

static bool is_roots(const struct row *row)
{
    uint8_t signer[DP_SECP_PUB_LEN], address[DP_ADDRESS_LEN];

    if (dp_env_key_root(signer, &row->key, row->app_id, row->now) != DP_OK)
        return false;
    dp_address_of_public(address, signer);
    return memcmp(address, row->root, DP_ADDRESS_LEN) == 0;
}

static void the_root_is_found_of_both_forms(void **state)
{
    (void)state;
    FOR_EACH_ROW(each, vectors_rows(doc, "kms"))
    {
        for (int is_dated = 0; is_dated <= 1; is_dated++) {
            struct row row = read_row(each, is_dated != 0);

            assert_true(is_roots(&row));
        }
    }
}

/* One bit of what is signed, or of the signature, is enough. */
static void what_was_changed_is_not_the_roots(void **state)
{
    struct row row = read_row(json_object_array_get_idx(vectors_rows(doc, "kms"), 0), true);
    uint8_t *const bytes[] = {&row.key.key[0],        &row.key.key[31],
                              &row.app_id[19],        &row.key.signature[0],
                              &row.key.signature[40], &row.key.signature[64]};

    (void)state;
    for (size_t i = 0; i < COUNT(bytes); i++) {
        *bytes[i] ^= 1;
        assert_false(is_roots(&row));
        *bytes[i] ^= 1;
    }
    row.key.is_dated = false;
    assert_false(is_roots(&row));
    row.key.is_dated = true;
    row.key.signed_at++;
    row.now++;
    assert_false(is_roots(&row));
}

static const struct {
    int64_t later; /* of now than of the signature */
    bool is_taken;
} ages[] = {{0, true}, {300, true}, {301, false}, {-60, true}, {-61, false}, {-1700000000, false}};

static void a_date_is_of_now_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ages); i++) {
        struct row row = read_row(json_object_array_get_idx(vectors_rows(doc, "kms"), 0), true);

        row.now = (uint64_t)((int64_t)row.now + ages[i].later);
        assert_int_equal(is_roots(&row), ages[i].is_taken);
    }
}

/* --- files --- */

static enum dp_err open_text(struct dp_env **env, const char *text, size_t len,
                             struct dp_detail *detail)
{
    char path[TEMP_SIZE];
    FILE *file;

    temp_path(path, &temp, "env");
    unlink(path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
    return dp_env_open(env, path, detail);
}

/* RFC 7748 and AES-GCM by OpenSSL alone. Returns: the plaintext's length, or -1 */
static int open_sealed(uint8_t *out, const uint8_t *in, size_t len, const uint8_t *private_key)
{
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, 32);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, in, 32);
    EVP_PKEY_CTX *agreement = EVP_PKEY_CTX_new(own, NULL);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    uint8_t shared[32], tag[16];
    size_t shared_len = sizeof(shared);
    int plain_len = 0, end = 0, ok;

    assert_int_equal(EVP_PKEY_derive_init(agreement), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(agreement, peer), 1);
    assert_int_equal(EVP_PKEY_derive(agreement, shared, &shared_len), 1);
    memcpy(tag, in + len - 16, 16);
    assert_int_equal(EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, shared, in + 32), 1);
    assert_int_equal(EVP_DecryptUpdate(cipher, out, &plain_len, in + 44, (int)(len - 60)), 1);
    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, 16, tag);
    ok = EVP_DecryptFinal_ex(cipher, out + plain_len, &end);
    EVP_CIPHER_CTX_free(cipher);
    EVP_PKEY_CTX_free(agreement);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    return ok == 1 ? plain_len + end : -1;
}

/* Seal what a file says and open it again with the recipient's key. Out: out  a text */
static void seal_and_open(char *out, size_t size, const char *text, size_t len)
{
    struct json_object *row = vectors_member(doc, "env_encryption");
    struct dp_buf sealed = DP_BUF_INIT(DP_ENV_SEALED_MAX);
    uint8_t public_key[32], private_key[32];
    struct dp_env *env;
    int plain_len;

    vectors_fixed(public_key, 32, row, "recipient_public_key");
    vectors_fixed(private_key, 32, row, "recipient_private_key");
    assert_int_equal(open_text(&env, text, len, NULL), DP_OK);
    assert_int_equal(dp_env_seal(env, &sealed, public_key), DP_OK);
    dp_env_close(env);
    assert_true(sealed.len < size);
    plain_len = open_sealed((uint8_t *)out, (uint8_t *)sealed.data, sealed.len, private_key);
    assert_true(plain_len > 0);
    out[plain_len] = '\0';
    /* Any bit of it is vouched for. */
    sealed.data[sealed.len / 2] ^= 1;
    assert_int_equal(
        open_sealed((uint8_t[4096]){0}, (uint8_t *)sealed.data, sealed.len, private_key), -1);
    dp_buf_free(&sealed);
}

/* The test's own way of opening is right: it opens what another implementation sealed. */
static void the_published_one_opens(void **state)
{
    struct json_object *row = vectors_member(doc, "env_encryption");
    struct bytes sealed = vectors_hex(row, "output"), plain = vectors_utf8(row, "plaintext");
    uint8_t private_key[32], out[1024];

    (void)state;
    vectors_fixed(private_key, 32, row, "recipient_private_key");
    assert_int_equal(open_sealed(out, sealed.data, sealed.len, private_key), plain.len);
    assert_memory_equal(out, plain.data, plain.len);
    bytes_free(plain);
    bytes_free(sealed);
}

static const struct {
    const char *text, *json;
} files[] = {
    {"", "[]"},
    {"# nothing\n\n  \n", "[]"},
    {"A=1", "[{\"key\":\"A\",\"value\":\"1\"}]"},
    {"FOO=bar\nUNI=größe\n", "[{\"key\":\"FOO\",\"value\":\"bar\"},"
                             "{\"key\":\"UNI\",\"value\":\"größe\"}]"},
    {" export A = 1 2 \r\nB=",
     "[{\"key\":\"A\",\"value\":\"1 2\"},{\"key\":\"B\",\"value\":\"\"}]"},
    {"A=\" x \"\nB='\"'\nC=a'b\nD=#x=y", "[{\"key\":\"A\",\"value\":\" x \"},"
                                         "{\"key\":\"B\",\"value\":\"\\\"\"},"
                                         "{\"key\":\"C\",\"value\":\"a'b\"},"
                                         "{\"key\":\"D\",\"value\":\"#x=y\"}]"},
    {"A=\\n\nB='\\'\nC=\x01\x1f\tz", "[{\"key\":\"A\",\"value\":\"\\\\n\"},"
                                     "{\"key\":\"B\",\"value\":\"\\\\\"},"
                                     "{\"key\":\"C\",\"value\":\"\\u0001\\u001f\\u0009z\"}]"},
};

static void what_a_file_says_is_sealed(void **state)
{
    char got[4096], want[4096];

    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        seal_and_open(got, sizeof(got), files[i].text, strlen(files[i].text));
        snprintf(want, sizeof(want), "{\"env\":%s}", files[i].json);
        assert_string_equal(got, want);
    }
}

static void nothing_is_sealed_the_same_twice(void **state)
{
    struct dp_buf sealed[2] = {DP_BUF_INIT(DP_ENV_SEALED_MAX), DP_BUF_INIT(DP_ENV_SEALED_MAX)};
    uint8_t key[32];
    struct dp_env *env;

    (void)state;
    vectors_fixed(key, 32, vectors_member(doc, "env_encryption"), "recipient_public_key");
    assert_int_equal(open_text(&env, "A=1", 3, NULL), DP_OK);
    assert_int_equal(dp_env_count(env), 1);
    assert_string_equal(dp_env_name(env, 0), "A");
    for (int i = 0; i < 2; i++)
        assert_int_equal(dp_env_seal(env, &sealed[i], key), DP_OK);
    assert_memory_not_equal(sealed[0].data, sealed[1].data, 32);
    assert_memory_not_equal(sealed[0].data + 32, sealed[1].data + 32, 12);
    dp_env_close(env);
    dp_buf_free(&sealed[0]);
    dp_buf_free(&sealed[1]);
}

/* RFC 7748, 6.1: a secret of zeros must be found out; anybody knows it. */
static void a_key_of_low_order_is_refused(void **state)
{
    static const uint8_t keys[][32] = {{0}, {1}};
    struct dp_buf sealed = DP_BUF_INIT(DP_ENV_SEALED_MAX);
    struct dp_env *env;

    (void)state;
    assert_int_equal(open_text(&env, "A=1", 3, NULL), DP_OK);
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_int_equal(dp_env_seal(env, &sealed, keys[i]), DP_ECRYPTO);
    assert_int_equal(sealed.len, 0);
    dp_env_close(env);
    dp_buf_free(&sealed);
}

static const struct {
    const char *text;
    size_t len;
    enum dp_err want;
    const char *said;
} bad[] = {
    {"A", 1, DP_EFORMAT, "line 1: no NAME=VALUE"},
    {"A=1\n\n=hush", 10, DP_EFORMAT, "line 3: a name is made of"},
    {"1A=hush", 7, DP_EFORMAT, "line 1: a name is made of"},
    {"A B=hush", 8, DP_EFORMAT, "line 1: a name is made of"},
    {"A=\"hush", 7, DP_EFORMAT, "line 1: a quote that is not closed"},
    {"A='hush\nB=1'", 12, DP_EFORMAT, "line 1: a quote that is not closed"},
    {"A='", 3, DP_EFORMAT, "line 1: a quote that is not closed"},
    {"A=\"hu\\nsh\"", 10, DP_EFORMAT, "line 1: a backslash in double quotes"},
    {"A=hush\nA=hush", 13, DP_EDUPLICATE, "line 2: A is named a second time"},
    {"A=hu\0sh", 7, DP_EFORMAT, "not UTF-8"},
    {"A=hush\xff", 7, DP_EFORMAT, "not UTF-8"},
};

static void other_files_are_refused_without_a_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_env *env;

        if (open_text(&env, bad[i].text, bad[i].len, &detail) != bad[i].want || env != NULL ||
            strstr(detail.text, bad[i].said) == NULL || strstr(detail.text, "hu") != NULL)
            fail_msg("row %zu: %s", i, detail.text);
    }
}

static void the_limits_hold(void **state)
{
    static char text[DP_ENV_FILE_MAX + 2];
    struct dp_buf many = DP_BUF_INIT(DP_ENV_FILE_MAX);
    struct dp_env *env;

    (void)state;
    memset(text, '\x01', sizeof(text));
    memcpy(text, "A=", 2);
    assert_int_equal(open_text(&env, text, DP_ENV_FILE_MAX, NULL), DP_OK);
    dp_env_close(env);
    assert_int_equal(open_text(&env, text, DP_ENV_FILE_MAX + 1, NULL), DP_ETOOBIG);
    for (int i = 0; i < DP_ENV_COUNT_MAX; i++)
        dp_buf_addf(&many, "N%d=\n", i);
    assert_int_equal(open_text(&env, many.data, many.len, NULL), DP_OK);
    assert_int_equal(dp_env_count(env), DP_ENV_COUNT_MAX);
    dp_env_close(env);
    dp_buf_add_text(&many, "ONE=");
    assert_int_equal(open_text(&env, many.data, many.len, NULL), DP_ETOOBIG);
    dp_buf_free(&many);
    assert_int_equal(dp_env_open(&env, temp.dir, NULL), DP_ECONFIG);
    assert_int_equal(dp_env_open(&env, "/nonexistent", NULL), DP_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_is_found_of_both_forms),
        cmocka_unit_test(what_was_changed_is_not_the_roots),
        cmocka_unit_test(a_date_is_of_now_or_refused),
        cmocka_unit_test(the_published_one_opens),
        cmocka_unit_test(what_a_file_says_is_sealed),
        cmocka_unit_test(nothing_is_sealed_the_same_twice),
        cmocka_unit_test(a_key_of_low_order_is_refused),
        cmocka_unit_test(other_files_are_refused_without_a_value),
        cmocka_unit_test(the_limits_hold),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
