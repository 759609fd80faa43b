/* test_account.c - which files and variables are taken for a private key. */
#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ethereum/account.h"

/* A published test key, and its address. */
#define KEY "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
#define ADDRESS "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

static int start(void **state)
{
    static struct temp temp;

    assert_int_equal(dp_secp_init(), DP_OK);
    temp_make(&temp);
    *state = &temp;
    return 0;
}

static int stop(void **state)
{
    temp_remove(*state);
    return 0;
}

static void write_key(char path[static TEMP_SIZE], const struct temp *temp, const char *text,
                      mode_t mode)
{
    FILE *file;

    temp_path(path, temp, "key");
    unlink(path);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_known(const struct dp_account *account)
{
    uint8_t want[DP_ADDRESS_LEN];

    assert_int_equal(dp_address_parse(want, ADDRESS), DP_OK);
    assert_memory_equal(account->address, want, sizeof(want));
}

static const char *const texts[] = {KEY, "0x" KEY, KEY "\n", "0x" KEY "\r\n"};

static const char *const bad_texts[] = {
    "", "\n", "0x", "key", KEY "0", KEY " ", KEY "\n\n", " " KEY, "0X" KEY, ORDER, ZERO,
    "-----BEGIN EC PRIVATE KEY-----\n",
    /* One digit short, and one that is none. */
    "c0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "gc0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"};

static void files_hold_keys(void **state)
{
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct dp_account account;
        char path[TEMP_SIZE];

        write_key(path, *state, texts[i], i % 2 == 0 ? 0600 : 0400);
        assert_int_equal(dp_account_open(&account, path, NULL), DP_OK);
        assert_known(&account);
        dp_account_close(&account);
        assert_null(account.key);
    }
}

static void other_texts_are_none_and_are_not_shown(void **state)
{
    for (size_t i = 0; i < COUNT(bad_texts); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_account account;
        char path[TEMP_SIZE];

        write_key(path, *state, bad_texts[i], 0600);
        if (dp_account_open(&account, path, &detail) != DP_EFORMAT)
            fail_msg("%s", bad_texts[i]);
        assert_null(account.key);
        assert_non_null(strstr(detail.text, "does not hold a private key"));
        assert_null(strstr(detail.text, "0974bec39a17"));
    }
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0620, 0602, 0611, 0644, 0777};

    for (size_t i = 0; i < COUNT(modes); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_account account;
        char path[TEMP_SIZE];

        write_key(path, *state, KEY, modes[i]);
        assert_int_equal(dp_account_open(&account, path, &detail), DP_ECONFIG);
        assert_null(account.key);
        assert_non_null(strstr(detail.text, "chmod 600"));
    }
}

static void what_is_no_file_is_refused(void **state)
{
    struct dp_account account;
    char path[TEMP_SIZE];

    temp_path(path, *state, "missing");
    assert_int_equal(dp_account_open(&account, path, NULL), DP_EIO);
    temp_path(path, *state, "");
    assert_int_equal(dp_account_open(&account, path, NULL), DP_ECONFIG);
    temp_path(path, *state, "pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(dp_account_open(&account, path, NULL), DP_ECONFIG);
    unlink(path);
}

static void a_variable_is_wiped_and_unset(void **state)
{
    static char variable[] = "DP_TEST_KEY=" KEY;
    struct dp_account account;

    (void)state;
    assert_int_equal(putenv(variable), 0); /* ours, so that it is seen after it was unset */
    assert_int_equal(dp_account_take(&account, "DP_TEST_KEY", NULL), DP_OK);
    assert_known(&account);
    assert_null(getenv("DP_TEST_KEY"));
    for (size_t i = strlen("DP_TEST_KEY="); i < sizeof(variable); i++)
        assert_int_equal(variable[i], 0);
    dp_account_close(&account);
}

static void a_variable_that_holds_no_key_is_refused(void **state)
{
    struct dp_detail detail = {"", ""};
    struct dp_account account;

    (void)state;
    unsetenv("DP_TEST_KEY");
    assert_int_equal(dp_account_take(&account, "DP_TEST_KEY", NULL), DP_EMISSING);
    assert_int_equal(setenv("DP_TEST_KEY", "", 1), 0);
    assert_int_equal(dp_account_take(&account, "DP_TEST_KEY", NULL), DP_EMISSING);
    assert_int_equal(setenv("DP_TEST_KEY", ORDER, 1), 0);
    assert_int_equal(dp_account_take(&account, "DP_TEST_KEY", &detail), DP_EFORMAT);
    assert_null(account.key);
    assert_string_equal(detail.field, "DP_TEST_KEY");
    assert_null(getenv("DP_TEST_KEY"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_hold_keys),
        cmocka_unit_test(other_texts_are_none_and_are_not_shown),
        cmocka_unit_test(a_file_that_others_may_read_is_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_variable_is_wiped_and_unset),
        cmocka_unit_test(a_variable_that_holds_no_key_is_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
