/* env.c - the environment of an app, read and sealed. May hold a secret, in locked memory only. */
#include "dstack/env.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/hex.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "dstack/compose_words.h"

#define MAP_SIZE (((DP_ENV_FILE_MAX + 1 + DP_ENV_JSON_MAX + 4095) / 4096) * 4096)

struct dp_env {
    char *text; /* the map: the file, of which names and values are parts, NUL after each */
    char *json; /* in the map behind it */
    size_t json_len;
    const char *names[DP_ENV_COUNT_MAX], *values[DP_ENV_COUNT_MAX];
    size_t count;
};

size_t dp_env_count(const struct dp_env *env)
{
    return env->count;
}

const char *dp_env_name(const struct dp_env *env, size_t i)
{
    return env->names[i];
}

void dp_env_close(struct dp_env *env)
{
    if (env == NULL)
        return;
    dp_secret_unmap(env->text, MAP_SIZE);
    free(env);
}

/* --- the file --- */

/* Returns: bytes read, or -1 where reading fails */
static ssize_t read_all(int fd, char *out, size_t cap)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got > 0 && len < cap) {
        got = read(fd, out + len, cap - len);
        len += got > 0 ? (size_t)got : 0;
    }
    return got < 0 ? -1 : (ssize_t)len;
}

/* One byte more than there may be tells a file that is too long. */
static enum dp_err read_file(struct dp_env *env, size_t *len, const char *path,
                             struct dp_detail *detail)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;
    ssize_t got = -1;
    bool is_file = false;

    if (fd >= 0) {
        is_file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
        if (is_file)
            got = read_all(fd, env->text, DP_ENV_FILE_MAX + 1);
        close(fd);
    }
    if (fd >= 0 && !is_file)
        return dp_fail(detail, DP_ECONFIG, NULL, "%s is no regular file.", path);
    if (got < 0)
        return dp_fail(detail, DP_EIO, NULL, "%s cannot be read.", path);
    if (got > DP_ENV_FILE_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "%s is over %d bytes.", path, DP_ENV_FILE_MAX);
    *len = (size_t)got;
    return DP_OK;
}

/* --- its lines --- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the space off both ends; a NUL is put behind. */
static char *trim(char *from, char *to)
{
    while (from < to && is_space(*from))
        from++;
    while (to > from && is_space(to[-1]))
        to--;
    *to = '\0';
    return from;
}

/* Returns: NULL, or what is wrong; static */
static const char *unquote(char **value)
{
    size_t len = strlen(*value);
    const char quote = **value;

    if (quote != '"' && quote != '\'')
        return NULL;
    if (len < 2 || (*value)[len - 1] != quote)
        return "a quote that is not closed.";
    if (quote == '"' && strchr(*value, '\\') != NULL)
        return "a backslash in double quotes: say it in single ones, where it stands for itself.";
    (*value)[len - 1] = '\0';
    (*value)++;
    return NULL;
}

/* Takes the line apart in place. Returns: NULL, or what is wrong; static */
static const char *read_line(struct dp_env *env, char *from, char *to)
{
    static const char export[] = "export ";
    char *name = trim(from, to), *equals, *value;
    const char *fault;

    if (*name == '\0' || *name == '#')
        return NULL;
    if (strncmp(name, export, sizeof(export) - 1) == 0)
        name += sizeof(export) - 1;
    equals = strchr(name, '=');
    if (equals == NULL)
        return "no NAME=VALUE.";
    value = trim(equals + 1, equals + 1 + strlen(equals + 1));
    name = trim(name, equals);
    fault = unquote(&value);
    if (fault == NULL && !dp_words_is_variable((struct dp_slice){name, strlen(name)}))
        fault = "a name is made of letters, digits and _, no digit first.";
    if (fault != NULL)
        return fault;
    if (env->count == DP_ENV_COUNT_MAX)
        return "too many variables.";
    env->names[env->count] = name;
    env->values[env->count++] = value;
    return NULL;
}

/* Names are no secret, and few. */
static bool was_named(const struct dp_env *env)
{
    const char *newest = env->names[env->count - 1];

    for (size_t i = 0; i + 1 < env->count; i++) {
        if (strcmp(env->names[i], newest) == 0)
            return true;
    }
    return false;
}

static enum dp_err read_lines(struct dp_env *env, size_t len, const char *path,
                              struct dp_detail *detail)
{
    char *at = env->text, *const end = env->text + len;
    unsigned number = 1;

    if (memchr(at, '\0', len) != NULL || !dp_utf8_is(at, len))
        return dp_fail(detail, DP_EFORMAT, NULL, "%s is not UTF-8 text.", path);
    for (; at < end; number++) {
        char *newline = memchr(at, '\n', (size_t)(end - at)), *to = newline != NULL ? newline : end;
        const size_t before = env->count;
        const char *fault = read_line(env, at, to);

        if (fault != NULL)
            return dp_fail(detail, before == DP_ENV_COUNT_MAX ? DP_ETOOBIG : DP_EFORMAT, NULL,
                           "%s, line %u: %s", path, number, fault);
        if (env->count > before && was_named(env))
            return dp_fail(detail, DP_EDUPLICATE, NULL, "%s, line %u: %s is named a second time.",
                           path, number, env->names[env->count - 1]);
        at = to + 1;
    }
    return DP_OK;
}

/* --- as JSON --- */

static void put(struct dp_env *env, const char *text)
{
    const size_t len = strlen(text);

    memcpy(env->json + env->json_len, text, len);
    env->json_len += len;
}

/* RFC 8259, 7: what must be escaped, and no more. */
static void put_string(struct dp_env *env, const char *text)
{
    put(env, "\"");
    for (; *text != '\0'; text++) {
        const uint8_t c = (uint8_t)*text;
        char escaped[] = {'\\', (char)c, '\0', '\0', '\0', '\0', '\0'};
        char plain[] = {(char)c, '\0'};

        if (c < 0x20) {
            memcpy(escaped, "\\u00", 4);
            dp_hex_encode(escaped + 4, &c, 1);
        }
        put(env, c < 0x20 || c == '"' || c == '\\' ? escaped : plain);
    }
    put(env, "\"");
}

static void write_json(void *arg)
{
    struct dp_env *env = arg;

    put(env, "{\"env\":[");
    for (size_t i = 0; i < env->count; i++) {
        put(env, i > 0 ? ",{\"key\":" : "{\"key\":");
        put_string(env, env->names[i]);
        put(env, ",\"value\":");
        put_string(env, env->values[i]);
        put(env, "}");
    }
    put(env, "]}");
}

enum dp_err dp_env_open(struct dp_env **out, const char *path, struct dp_detail *detail)
{
    struct dp_env *env = calloc(1, sizeof(*env));
    size_t len = 0;
    enum dp_err err = env != NULL ? dp_secret_init() : DP_ENOMEM;

    *out = NULL;
    if (err == DP_OK) {
        env->text = dp_secret_map(MAP_SIZE);
        err = env->text != NULL ? DP_OK : DP_ENOMEM;
    }
    if (err == DP_ENOMEM)
        dp_fail(detail, err, NULL, "no memory that can be locked: raise ulimit -l.");
    if (err == DP_OK)
        err = read_file(env, &len, path, detail);
    if (err == DP_OK)
        err = read_lines(env, len, path, detail);
    if (err != DP_OK) {
        dp_env_close(env);
        return err;
    }
    env->json = env->text + DP_ENV_FILE_MAX + 1;
    dp_secret_call(write_json, env);
    *out = env;
    return DP_OK;
}

/* --- sealing --- */

struct sealing {
    const char *json;
    size_t len;
    const uint8_t *key; /* of the KMS */
    uint8_t *shared;    /* a slot: the X25519 secret */
    uint8_t *out;
    bool ok;
};

static bool agree(struct sealing *s, EVP_PKEY *ephemeral, EVP_PKEY *recipient)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ephemeral, NULL);
    size_t len = DP_ENV_KEY_LEN;
    /* OpenSSL refuses a key of low order, whose secret would be zero. */
    const bool ok = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
                    EVP_PKEY_derive_set_peer(context, recipient) == 1 &&
                    EVP_PKEY_derive(context, s->shared, &len) == 1 && len == DP_ENV_KEY_LEN;

    EVP_PKEY_CTX_free(context);
    return ok;
}

static bool encrypt(const struct sealing *s)
{
    const uint8_t *nonce = s->out + DP_ENV_KEY_LEN;
    uint8_t *at = s->out + DP_ENV_KEY_LEN + DP_ENV_NONCE_LEN;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int len = 0, end = 0;
    const bool ok =
        cipher != NULL &&
        EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, s->shared, nonce) == 1 &&
        EVP_EncryptUpdate(cipher, at, &len, (const uint8_t *)s->json, (int)s->len) == 1 &&
        EVP_EncryptFinal_ex(cipher, at + len, &end) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, DP_ENV_TAG_LEN, at + s->len) == 1;

    EVP_CIPHER_CTX_free(cipher);
    return ok;
}

/* What OpenSSL holds of it for this moment it wipes. */
static void seal(void *arg)
{
    struct sealing *s = arg;
    EVP_PKEY *ephemeral = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    EVP_PKEY *recipient =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, s->key, DP_ENV_KEY_LEN);
    size_t len = DP_ENV_KEY_LEN;

    s->ok = ephemeral != NULL && recipient != NULL &&
            EVP_PKEY_get_raw_public_key(ephemeral, s->out, &len) == 1 &&
            RAND_bytes(s->out + DP_ENV_KEY_LEN, DP_ENV_NONCE_LEN) == 1 &&
            agree(s, ephemeral, recipient) && encrypt(s);
    EVP_PKEY_free(recipient);
    EVP_PKEY_free(ephemeral);
}

/* What OpenSSL loads when first used takes more stack than the locked one has: so nothing is
 * sealed first, where it is. */
static bool warm_up(const struct sealing *s)
{
    uint8_t out[DP_ENV_KEY_LEN + DP_ENV_NONCE_LEN + DP_ENV_TAG_LEN];
    struct sealing nothing = {.json = "", .key = s->key, .shared = s->shared, .out = out};

    seal(&nothing);
    return nothing.ok;
}

enum dp_err dp_env_seal(const struct dp_env *env, struct dp_buf *out,
                        const uint8_t key[static DP_ENV_KEY_LEN])
{
    const size_t len = DP_ENV_KEY_LEN + DP_ENV_NONCE_LEN + env->json_len + DP_ENV_TAG_LEN;
    struct sealing s = {.json = env->json, .len = env->json_len, .key = key};

    s.out = (uint8_t *)dp_buf_room(out, len);
    if (s.out == NULL)
        return out->err;
    s.shared = dp_secret_take();
    if (s.shared == NULL)
        return DP_ENOMEM;
    if (warm_up(&s))
        dp_secret_call(seal, &s);
    dp_secret_return(s.shared);
    if (!s.ok)
        return DP_ECRYPTO;
    dp_buf_grew(out, len);
    return DP_OK;
}
