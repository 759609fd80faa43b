/* compose_words.c - what a name or a value in a compose file looks like: secret, URL, image. */
#include "dstack/compose_words.h"

#include <string.h>
#include <strings.h>

#include "base/tree.h"

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_space(char c)
{
    return strchr(" \t\r\n;\"'", c) != NULL; /* NUL and the quotes of a shell, too */
}

bool dp_words_is_variable(struct dp_slice name)
{
    if (name.len == 0 || (name.data[0] >= '0' && name.data[0] <= '9'))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_alnum(name.data[i]) && name.data[i] != '_')
            return false;
    }
    return true;
}

static bool same_word(struct dp_slice word, const char *text)
{
    return word.len == strlen(text) && strncasecmp(word.data, text, word.len) == 0;
}

static bool in_list(struct dp_slice word, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (same_word(word, *list))
            return true;
    }
    return false;
}

/* The next word of a name. Returns: false where there is none */
static bool next_word(struct dp_slice *word, struct dp_slice name, size_t *at)
{
    size_t from;

    while (*at < name.len && !is_alnum(name.data[*at]))
        (*at)++;
    from = *at;
    while (*at < name.len && is_alnum(name.data[*at]))
        (*at)++;
    *word = (struct dp_slice){name.data + from, *at - from};
    return word->len > 0;
}

bool dp_words_has(struct dp_slice name, const char *const *list)
{
    struct dp_slice word;
    size_t at = 0;

    while (next_word(&word, name, &at)) {
        if (in_list(word, list))
            return true;
    }
    return false;
}

bool dp_words_secret_name(struct dp_slice name)
{
    static const char *const anywhere[] = {"PASSWORD",   "PASSWD",      "PASSPHRASE", "SECRET",
                                           "MNEMONIC",   "APIKEY",      "PRIVKEY",    "PGPASSWORD",
                                           "CREDENTIAL", "CREDENTIALS", NULL};
    static const char *const at_end[] = {"TOKEN", "KEY", "PASS", "PWD", "SEED", NULL};
    static const char *const harmless_end[] = {"FILE", "PATH", "DIR", "NAME", NULL};
    static const char *const harmless_before[] = {"PUBLIC", "PUB", NULL};
    struct dp_slice word, last = {"", 0}, before = {"", 0};
    bool found = false;
    size_t at = 0;

    while (next_word(&word, name, &at)) {
        found = found || in_list(word, anywhere);
        before = last;
        last = word;
    }
    if (in_list(last, harmless_end) || in_list(before, harmless_before))
        return false;
    return found || in_list(last, at_end);
}

bool dp_words_contains(struct dp_slice text, const char *needle)
{
    size_t len = strlen(needle);

    for (size_t i = 0; i + len <= text.len; i++) {
        if (strncasecmp(text.data + i, needle, len) == 0)
            return true;
    }
    return false;
}

/* --- variables --- */

bool dp_words_next_variable(struct dp_slice *name, struct dp_slice text, size_t *at)
{
    while (*at + 1 < text.len) {
        size_t from = *at;

        if (text.data[from] != '$') {
            (*at)++;
            continue;
        }
        if (text.data[from + 1] == '$') {
            *at += 2;
            continue;
        }
        from += text.data[from + 1] == '{' ? 2 : 1;
        *at = from;
        while (*at < text.len && (is_alnum(text.data[*at]) || text.data[*at] == '_'))
            (*at)++;
        *name = (struct dp_slice){text.data + from, *at - from};
        return true;
    }
    return false;
}

bool dp_words_only_variable(struct dp_slice value)
{
    bool braces = value.len > 1 && value.data[1] == '{';
    struct dp_slice name;
    size_t at = 0;

    if (value.len == 0)
        return true;
    if (value.data[0] != '$' || !dp_words_next_variable(&name, value, &at) || name.len == 0)
        return false;
    if (!braces)
        return at == value.len;
    /* ${NAME?message} and ${NAME:-} put nothing in of their own; another default would. */
    if (at < value.len && value.data[at] == ':')
        at++;
    if (at < value.len && value.data[at] == '?')
        return memchr(value.data, '}', value.len) == value.data + value.len - 1;
    if (at < value.len && value.data[at] == '-')
        at++;
    return at + 1 == value.len && value.data[at] == '}' && value.data[at - 1] != ':';
}

/* --- values --- */

static bool has_long_hex(struct dp_slice text)
{
    static const char digest[] = "sha256:";
    const size_t prefix = sizeof(digest) - 1;
    size_t run = 0;

    for (size_t i = 0; i <= text.len; i++) {
        size_t from = i - run;

        if (i < text.len && is_hex(text.data[i])) {
            run++;
            continue;
        }
        if (run >= 64 && (from < prefix || memcmp(text.data + from - prefix, digest, prefix) != 0))
            return true;
        run = 0;
    }
    return false;
}

/* scheme://user:password@host, where the password is written out. */
static bool has_url_password(struct dp_slice text)
{
    for (size_t i = 0; i + 3 < text.len; i++) {
        size_t at = i + 3, colon = 0;

        if (memcmp(text.data + i, "://", 3) != 0)
            continue;
        while (at < text.len && !is_space(text.data[at]) && strchr("/?#@", text.data[at]) == NULL) {
            if (text.data[at] == ':' && colon == 0)
                colon = at + 1;
            at++;
        }
        if (at < text.len && text.data[at] == '@' && colon != 0 &&
            !dp_words_only_variable((struct dp_slice){text.data + colon, at - colon}))
            return true;
    }
    return false;
}

static bool has_known_token(struct dp_slice text)
{
    static const struct {
        const char *prefix;
        size_t len; /* of the shortest that is one */
    } issuers[] = {{"ghp_", 36},    {"gho_", 36},     {"github_pat_", 40}, {"glpat-", 20},
                   {"sk-ant-", 40}, {"sk_live_", 24}, {"rk_live_", 24},    {"xoxb-", 24},
                   {"xoxp-", 24},   {"AKIA", 20},     {"eyJhbGciOi", 40},  {"dckr_pat_", 24},
                   {"sk-proj-", 40}};

    for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++) {
        size_t prefix = strlen(issuers[i].prefix);

        for (size_t at = 0; at + issuers[i].len <= text.len; at++) {
            size_t run = at;

            if (memcmp(text.data + at, issuers[i].prefix, prefix) != 0)
                continue;
            while (run < text.len && (is_alnum(text.data[run]) || strchr("_-.", text.data[run])))
                run++;
            if (run - at >= issuers[i].len)
                return true;
        }
    }
    return false;
}

/* NAME=VALUE or --NAME=VALUE among the words of a command. */
static bool has_assignment(struct dp_slice text)
{
    size_t at = 0;

    while (at < text.len) {
        struct dp_slice word, name, value;
        const char *equals;

        while (at < text.len && is_space(text.data[at]))
            at++;
        word.data = text.data + at;
        while (at < text.len && !is_space(text.data[at]))
            at++;
        word.len = (size_t)(text.data + at - word.data);
        equals = memchr(word.data, '=', word.len);
        if (equals == NULL)
            continue;
        name = (struct dp_slice){word.data, (size_t)(equals - word.data)};
        value = (struct dp_slice){equals + 1, word.len - name.len - 1};
        if (dp_words_secret_name(name) && !dp_words_only_variable(value) && value.data[0] != '$')
            return true;
    }
    return false;
}

const char *dp_words_secret_value(struct dp_slice text)
{
    if (dp_words_contains(text, "-----BEGIN") && dp_words_contains(text, "PRIVATE KEY-----"))
        return "a private key";
    if (has_url_password(text))
        return "a URL with a password";
    if (has_known_token(text))
        return "an access token";
    if (has_long_hex(text))
        return "64 hex digits, as private keys have";
    if (has_assignment(text))
        return "a password, token or key";
    return NULL;
}

bool dp_words_is_ssh(struct dp_slice text)
{
    static const char *const words[] = {"ssh",      "sshd",           "openssh",
                                        "opensshd", "sshserver",      "sshkey",
                                        "dropbear", "authorizedkeys", NULL};

    return dp_words_has(text, words) || dp_words_contains(text, "authorized_keys");
}
