/* test_config.c - settings: their defaults, and that each bad value is refused by its name. */
#include "helper.h"

#include <stdlib.h>
#include <string.h>

#include "base/config.h"

static const char *const variables[] = {
    "DATABASE_URL",
    "KEY_NAMESPACE",
    "ADMIN_TOKEN",
    "METRICS_FILE",
    "RUN_DIR",
    "LOG_LEVEL",
    "DATA_DIR",
    "DSTACK_SIMULATOR_ENDPOINT",
    "AUTH",
    "EXPOSE_INFO",
    "SIGN_SCHEME",
    "REQUIRE_SANDBOX",
    "KEY_CACHE_SECONDS",
};

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(variables); i++)
        unsetenv(variables[i]);
    return 0;
}

static void assert_defaults(void)
{
    struct dp_config config;

    assert_int_equal(dp_config_load(&config, NULL), DP_OK);
    assert_string_equal(config.database_url, "sqlite:devproof.db");
    assert_string_equal(config.key_namespace, "wallet/ethereum");
    assert_null(config.admin_token);
    assert_null(config.metrics_file);
    assert_null(config.run_dir);
    assert_null(config.data_dir);
    assert_null(config.guest_socket);
    assert_int_equal(config.log_level, DP_LOG_INFO);
    assert_false(config.auth_open);
    assert_false(config.expose_info);
    assert_false(config.require_sandbox);
    assert_int_equal(config.key_cache_seconds, 0);
}

static void an_empty_variable_is_one_not_set(void **state)
{
    (void)state;
    assert_defaults();
    for (size_t i = 0; i < COUNT(variables); i++)
        setenv(variables[i], "", 1);
    assert_defaults();
}

static void every_setting_is_read(void **state)
{
    struct dp_config config;

    (void)state;
    setenv("DATABASE_URL", "sqlite:/x", 1);
    setenv("KEY_NAMESPACE", "wallet/ethereum/v2", 1);
    setenv("ADMIN_TOKEN", "0123456789abcdef", 1);
    setenv("METRICS_FILE", "/m", 1);
    setenv("DATA_DIR", "/d", 1);
    setenv("DSTACK_SIMULATOR_ENDPOINT", "/s", 1);
    setenv("LOG_LEVEL", "warn", 1);
    setenv("AUTH", "open", 1);
    setenv("EXPOSE_INFO", "true", 1);
    setenv("REQUIRE_SANDBOX", "true", 1);
    setenv("KEY_CACHE_SECONDS", "3600", 1);
    setenv("SIGN_SCHEME", "raw", 1);
    assert_int_equal(dp_config_load(&config, NULL), DP_OK);
    assert_string_equal(config.database_url, "sqlite:/x");
    assert_string_equal(config.key_namespace, "wallet/ethereum/v2");
    assert_string_equal(config.admin_token, "0123456789abcdef");
    assert_string_equal(config.metrics_file, "/m");
    assert_string_equal(config.data_dir, "/d");
    assert_string_equal(config.guest_socket, "/s");
    assert_int_equal(config.log_level, DP_LOG_WARN);
    assert_true(config.auth_open);
    assert_true(config.expose_info);
    assert_true(config.require_sandbox);
    assert_int_equal(config.key_cache_seconds, 3600);
}

#define NAMESPACE_63 "a23456789012345678901234567890123456789012345678901234567890123"
#define TOKEN_256                                                                                  \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *name, *value;
    bool good;
} cases[] = {
    {"LOG_LEVEL", "debug", true},
    {"LOG_LEVEL", "error", true},
    {"LOG_LEVEL", "INFO", false},
    {"LOG_LEVEL", "warning", false},
    {"LOG_LEVEL", "1", false},
    {"LOG_LEVEL", " info", false},
    {"AUTH", "token", true},
    {"AUTH", "none", false},
    {"AUTH", "Open", false},
    {"AUTH", "open ", false},
    {"AUTH", "opentoken", false},
    {"EXPOSE_INFO", "false", true},
    {"EXPOSE_INFO", "1", false},
    {"EXPOSE_INFO", "yes", false},
    {"EXPOSE_INFO", "TRUE", false},
    {"SIGN_SCHEME", "eip191", true},
    {"SIGN_SCHEME", "eip712", true},
    {"SIGN_SCHEME", "eip1910", false},
    {"REQUIRE_SANDBOX", "true", true},
    {"REQUIRE_SANDBOX", "1", false},
    {"KEY_CACHE_SECONDS", "0", true},
    {"KEY_CACHE_SECONDS", "60", true},
    {"KEY_CACHE_SECONDS", "3601", false},
    {"KEY_CACHE_SECONDS", "-1", false},
    {"KEY_CACHE_SECONDS", "+1", false},
    {"KEY_CACHE_SECONDS", " 1", false},
    {"KEY_CACHE_SECONDS", "1s", false},
    {"KEY_CACHE_SECONDS", "18446744073709551617", false},
    {"SIGN_SCHEME", "RAW", false},
    {"KEY_NAMESPACE", "a", true},
    {"KEY_NAMESPACE", NAMESPACE_63, true},
    {"KEY_NAMESPACE", NAMESPACE_63 "4", false},
    {"KEY_NAMESPACE", "/wallet", false},
    {"KEY_NAMESPACE", "wallet/", false},
    {"KEY_NAMESPACE", "/", false},
    {"KEY_NAMESPACE", "wallet//ethereum", false},
    {"KEY_NAMESPACE", "Wallet", false},
    {"KEY_NAMESPACE", "wallet ethereum", false},
    {"KEY_NAMESPACE", "wallet.ethereum", false},
    {"KEY_NAMESPACE", "wallet/../x", false},
    {"KEY_NAMESPACE", "wallet!", false},
    {"KEY_NAMESPACE", "wallet\n", false},
    {"KEY_NAMESPACE", "w\xc3\xa4llet", false},
    {"ADMIN_TOKEN", "0123456789abcde", false},
    {"ADMIN_TOKEN", TOKEN_256, true},
    {"ADMIN_TOKEN", TOKEN_256 "0", false},
};

static void a_bad_value_is_refused_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_config config;
        enum dp_err err;

        setenv(cases[i].name, cases[i].value, 1);
        err = dp_config_load(&config, &detail);
        unsetenv(cases[i].name);
        if (err != (cases[i].good ? DP_OK : DP_ECONFIG))
            fail_msg("%s=%s: %s", cases[i].name, cases[i].value, dp_err_text(err));
        if (!cases[i].good && (strcmp(detail.field, cases[i].name) != 0 ||
                               strstr(detail.text, cases[i].name) == NULL))
            fail_msg("%s=%s: \"%s\"", cases[i].name, cases[i].value, detail.text);
        /* A start that fails is logged; a secret is not. */
        if (strcmp(cases[i].name, "ADMIN_TOKEN") == 0)
            assert_null(strstr(detail.text, "0123456789"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_variable_is_one_not_set, clear),
        cmocka_unit_test_setup(every_setting_is_read, clear),
        cmocka_unit_test_setup(a_bad_value_is_refused_by_its_name, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
