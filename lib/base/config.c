/* config.c - the service's settings, read once from the environment. May hold a secret. */
#include "base/config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ADMIN_TOKEN_MIN 16
#define ADMIN_TOKEN_MAX 256
#define KEY_CACHE_MAX 3600

static const char *const schemes[] = {
    [DP_SCHEME_RAW] = "raw",
    [DP_SCHEME_EIP191] = "eip191",
    [DP_SCHEME_EIP712] = "eip712",
};

enum dp_err dp_scheme_parse(enum dp_scheme *out, const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strlen(schemes[i]) == len && memcmp(schemes[i], name, len) == 0) {
            *out = (enum dp_scheme)i;
            return DP_OK;
        }
    }
    return DP_ESCHEME;
}

const char *dp_scheme_name(enum dp_scheme scheme)
{
    return schemes[scheme];
}

static const char *get(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : fallback;
}

/* One of two words; the first is the default. */
static enum dp_err choice(bool *second, const char *name, const char *first_word,
                          const char *second_word, struct dp_detail *detail)
{
    const char *value = get(name, first_word);

    *second = strcmp(value, second_word) == 0;
    if (*second || strcmp(value, first_word) == 0)
        return DP_OK;
    return dp_fail(detail, DP_ECONFIG, name, "%s must be %s or %s, not \"%.40s\".", name,
                   first_word, second_word, value);
}

static enum dp_err number(unsigned *out, const char *name, unsigned max, struct dp_detail *detail)
{
    const char *value = get(name, "0");
    size_t len = strlen(value);
    unsigned long n = len <= 9 ? strtoul(value, NULL, 10) : ULONG_MAX;

    if (strspn(value, "0123456789") != len || n > max)
        return dp_fail(detail, DP_ECONFIG, name, "%s must be a whole number from 0 to %u.", name,
                       max);
    *out = (unsigned)n;
    return DP_OK;
}

/* Lower-case words joined by single slashes, so that a path of ours reads in one way only. */
static bool is_namespace(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len < DP_NAMESPACE_SIZE && text[0] != '/' && text[len - 1] != '/' &&
           strstr(text, "//") == NULL &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-/") == len;
}

static enum dp_err check_texts(const struct dp_config *config, struct dp_detail *detail)
{
    if (!is_namespace(config->key_namespace))
        return dp_fail(detail, DP_ECONFIG, "KEY_NAMESPACE",
                       "KEY_NAMESPACE must be lower-case letters, digits and '-' in words joined "
                       "by '/', shorter than %d characters.",
                       DP_NAMESPACE_SIZE);
    if (config->admin_token != NULL && (strlen(config->admin_token) < ADMIN_TOKEN_MIN ||
                                        strlen(config->admin_token) > ADMIN_TOKEN_MAX))
        return dp_fail(detail, DP_ECONFIG, "ADMIN_TOKEN",
                       "ADMIN_TOKEN must have %d to %d characters.", ADMIN_TOKEN_MIN,
                       ADMIN_TOKEN_MAX);
    return DP_OK;
}

enum dp_err dp_config_load(struct dp_config *config, struct dp_detail *detail)
{
    const char *level = get("LOG_LEVEL", "info"), *scheme = get("SIGN_SCHEME", "raw");
    enum dp_err err;

    *config = (struct dp_config){
        .database_url = get("DATABASE_URL", "sqlite:devproof.db"),
        .key_namespace = get("KEY_NAMESPACE", "wallet/ethereum"),
        .admin_token = get("ADMIN_TOKEN", NULL),
        .metrics_file = get("METRICS_FILE", NULL),
        .run_dir = get("RUN_DIR", NULL),
        .data_dir = get("DATA_DIR", NULL),
        .guest_socket = get("DSTACK_SIMULATOR_ENDPOINT", NULL),
    };
    if (dp_log_parse_level(&config->log_level, level) != DP_OK)
        return dp_fail(detail, DP_ECONFIG, "LOG_LEVEL",
                       "LOG_LEVEL must be debug, info, warn or error, not \"%.40s\".", level);
    if (dp_scheme_parse(&config->sign_scheme, scheme, strlen(scheme)) != DP_OK)
        return dp_fail(detail, DP_ECONFIG, "SIGN_SCHEME",
                       "SIGN_SCHEME must be raw, eip191 or eip712, not \"%.40s\".", scheme);
    err = choice(&config->auth_open, "AUTH", "token", "open", detail);
    if (err == DP_OK)
        err = choice(&config->expose_info, "EXPOSE_INFO", "false", "true", detail);
    if (err == DP_OK)
        err = choice(&config->require_sandbox, "REQUIRE_SANDBOX", "false", "true", detail);
    if (err == DP_OK)
        err = number(&config->key_cache_seconds, "KEY_CACHE_SECONDS", KEY_CACHE_MAX, detail);
    return err == DP_OK ? check_texts(config, detail) : err;
}
