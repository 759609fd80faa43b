/* contracts_artifact.c - what forge makes of a contract, and what a constructor is given. */
#include <errno.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"
#include "devproof/contracts.h"

#define ARTIFACT_MAX (32 * 1024 * 1024)
#define FORGE "node_modules/.bin/forge"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$"

/* --- forge --- */

/* Its standard output goes to our standard error, where progress belongs. */
static bool run_in(const char *folder, char *const argv[])
{
    posix_spawn_file_actions_t actions;
    int status = -1;
    pid_t pid;
    bool ok;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    ok = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    if (!ok)
        return false;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int artifact_build(const struct contracts *contracts, const char *into)
{
    char forge[PATH_MAX], out[PATH_MAX], cache[PATH_MAX];
    char *argv[] = {FORGE, "build", "src", NULL, NULL, NULL, NULL, NULL};

    snprintf(forge, sizeof(forge), "%s/" FORGE, contracts->folder);
    if (access(forge, X_OK) != 0)
        return client_fail(&contracts->client, EXIT_USAGE,
                           "there is no %s: name the folder by --contracts, and say npm ci in it.",
                           forge);
    if (into != NULL) {
        snprintf(out, sizeof(out), "%s/out", into);
        snprintf(cache, sizeof(cache), "%s/cache", into);
        argv[3] = "--out";
        argv[4] = out;
        argv[5] = "--cache-path";
        argv[6] = cache;
    }
    return run_in(contracts->folder, argv)
               ? EXIT_SUCCESS
               : client_fail(&contracts->client, EXIT_FAILURE, "the contracts cannot be built.");
}

/* --- artifacts --- */

static bool is_name(const char *name)
{
    return name[0] != '\0' && strlen(name) <= 128 && strspn(name, NAME_LETTERS) == strlen(name);
}

/* The one file of that name. */
static int find(const struct contracts *contracts, char path[static PATH_MAX], const char *out,
                const char *name)
{
    char pattern[PATH_MAX];
    glob_t found;
    size_t count;

    if (!is_name(name))
        return client_fail(&contracts->client, EXIT_USAGE, "%.64s is no name of a contract.", name);
    snprintf(pattern, sizeof(pattern), "%s/*.sol/%s.json", out, name);
    count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    if (count == 1)
        snprintf(path, PATH_MAX, "%s", found.gl_pathv[0]);
    globfree(&found);
    if (count == 1)
        return EXIT_SUCCESS;
    return client_fail(&contracts->client, EXIT_USAGE,
                       count == 0 ? "there is no contract %s in %s."
                                  : "there are several contracts %s in %s.",
                       name, out);
}

static struct json_object *member(struct json_object *object, const char *outer, const char *inner)
{
    return json_object_object_get(json_object_object_get(object, outer), inner);
}

/* The ABI's entry for the constructor, or NULL. */
static struct json_object *constructor_of(struct json_object *abi)
{
    for (size_t i = 0; i < json_object_array_length(abi); i++) {
        struct json_object *entry = json_object_array_get_idx(abi, i);

        if (strcmp(client_text(entry, "type"), "constructor") == 0)
            return entry;
    }
    return NULL;
}

static enum dp_err read_parameters(struct artifact *artifact, struct dp_detail *detail)
{
    struct json_object *abi = json_object_object_get(artifact->json, "abi");
    struct json_object *constructor;

    if (!json_object_is_type(abi, json_type_array))
        return dp_fail(detail, DP_EFORMAT, NULL, "it has no abi.");
    constructor = constructor_of(abi);
    if (constructor == NULL)
        return dp_abi_parse(&artifact->parameters, "", detail);
    return dp_abi_read(&artifact->parameters, json_object_object_get(constructor, "inputs"),
                       detail);
}

static enum dp_err read_code(struct artifact *artifact, struct dp_detail *detail)
{
    struct json_object *creation = member(artifact->json, "bytecode", "object");
    struct json_object *runtime = member(artifact->json, "deployedBytecode", "object");

    artifact->immutables = member(artifact->json, "deployedBytecode", "immutableReferences");
    if (dp_json_count(member(artifact->json, "bytecode", "linkReferences")) > 0)
        return dp_fail(detail, DP_EFORMAT, NULL, "it wants libraries linked, which is not done.");
    if (dp_rpc_data(&artifact->creation, creation) != DP_OK ||
        dp_rpc_data(&artifact->runtime, runtime) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, NULL, "it has no bytecode.");
    if (artifact->creation.len == 0)
        return dp_fail(detail, DP_EFORMAT, NULL, "it is abstract, or an interface.");
    return DP_OK;
}

int artifact_load(const struct contracts *contracts, struct artifact *artifact, const char *out,
                  const char *name)
{
    struct dp_buf text = DP_BUF_INIT(ARTIFACT_MAX);
    struct dp_detail detail = {"", ""};
    char path[PATH_MAX] = "";
    enum dp_err err;
    int code;

    *artifact = (struct artifact){
        .name = name, .creation = DP_BUF_INIT(CODE_MAX), .runtime = DP_BUF_INIT(CODE_MAX)};
    code = find(contracts, path, out, name);
    if (code != EXIT_SUCCESS)
        return code;
    if (!client_read_file(&contracts->client, &text, path)) {
        dp_buf_free(&text);
        return EXIT_FAILURE;
    }
    err = dp_json_parse(&artifact->json, text.len > 0 ? text.data : "", text.len, &detail);
    if (err == DP_OK)
        err = read_parameters(artifact, &detail);
    if (err == DP_OK)
        err = read_code(artifact, &detail);
    dp_buf_free(&text);
    return err == DP_OK ? EXIT_SUCCESS
                        : client_fail(&contracts->client, EXIT_FAILURE, "%s: %s", path,
                                      detail.text[0] != '\0' ? detail.text : dp_err_text(err));
}

void artifact_free(struct artifact *artifact)
{
    dp_abi_free(artifact->parameters);
    json_object_put(artifact->json);
    dp_buf_free(&artifact->creation);
    dp_buf_free(&artifact->runtime);
    *artifact = (struct artifact){.name = NULL};
}

/* --- arguments --- */

/* "uint256 amount, address to", for whoever has to write them. */
static void describe(struct dp_buf *out, const struct dp_abi *parameters)
{
    for (size_t i = 0; i < dp_abi_count(parameters); i++) {
        struct dp_slice name = dp_abi_name(parameters, i);

        dp_buf_add_text(out, i > 0 ? ", " : "");
        dp_abi_type(out, parameters, i);
        dp_buf_addf(out, " %.*s", (int)name.len, name.data);
    }
}

static int wrong_count(const struct contracts *contracts, const struct artifact *artifact,
                       int count)
{
    struct dp_buf text = DP_BUF_INIT(4096);

    describe(&text, artifact->parameters);
    client_fail(&contracts->client, EXIT_USAGE, "%s takes %zu arguments, not %d: %s",
                artifact->name, dp_abi_count(artifact->parameters), count,
                text.err == DP_OK && text.data != NULL ? text.data : "none");
    dp_buf_free(&text);
    return EXIT_USAGE;
}

/* A word as a JSON value; NULL where it is none. */
static struct json_object *json_of(const char *word)
{
    struct dp_buf text = DP_BUF_INIT(CODE_MAX);
    struct json_object *wrapped = NULL, *value = NULL;

    dp_buf_addf(&text, "{\"value\":%s}", word);
    if (text.err == DP_OK && dp_json_parse(&wrapped, text.data, text.len, NULL) == DP_OK &&
        dp_json_count(wrapped) == 1)
        value = json_object_get(json_object_object_get(wrapped, "value"));
    json_object_put(wrapped);
    dp_buf_free(&text);
    return value;
}

static struct json_object *value_of(const struct dp_abi *parameters, size_t index, const char *word)
{
    struct dp_buf type = DP_BUF_INIT(64);
    struct json_object *value = NULL;
    bool is_bool;

    if (!dp_abi_is_plain(parameters, index))
        return json_of(word);
    dp_abi_type(&type, parameters, index);
    is_bool = type.err == DP_OK && strcmp(type.data, "bool") == 0;
    dp_buf_free(&type);
    if (is_bool && (strcmp(word, "true") == 0 || strcmp(word, "false") == 0))
        value = json_object_new_boolean(word[0] == 't');
    else
        value = json_object_new_string(word);
    if (value == NULL)
        abort();
    return value;
}

struct json_object *artifact_values(const struct contracts *contracts,
                                    const struct artifact *artifact, char **words, int count)
{
    struct json_object *values = json_object_new_array();

    if (values == NULL)
        abort();
    if ((size_t)count != dp_abi_count(artifact->parameters)) {
        wrong_count(contracts, artifact, count);
        json_object_put(values);
        return NULL;
    }
    for (int i = 0; i < count; i++) {
        struct json_object *value = value_of(artifact->parameters, (size_t)i, words[i]);

        if (value == NULL) {
            client_fail(&contracts->client, EXIT_USAGE, "argument %d: JSON is due: %.60s", i + 1,
                        words[i]);
            json_object_put(values);
            return NULL;
        }
        if (json_object_array_add(values, value) != 0)
            abort();
    }
    return values;
}

int artifact_init_code(const struct contracts *contracts, const struct artifact *artifact,
                       struct dp_buf *out, struct json_object *values)
{
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    dp_buf_add(out, artifact->creation.data, artifact->creation.len);
    err = dp_abi_encode(artifact->parameters, out, values, &detail);
    if (err != DP_OK)
        return client_fail(&contracts->client, EXIT_USAGE, "%s: %s", artifact->name,
                           detail.text[0] != '\0' ? detail.text : dp_err_text(err));
    if (out->len > INIT_CODE_MAX)
        return client_fail(&contracts->client, EXIT_FAILURE,
                           "%s with its arguments has %zu bytes; a chain takes %d (EIP-3860).",
                           artifact->name, out->len, INIT_CODE_MAX);
    return EXIT_SUCCESS;
}

/* --- code --- */

/* Mark the bytes of one immutable in a map of the code. */
static void mark(uint8_t *map, size_t len, struct json_object *place)
{
    int64_t start = json_object_get_int64(json_object_object_get(place, "start"));
    int64_t count = json_object_get_int64(json_object_object_get(place, "length"));

    for (int64_t i = start; start >= 0 && i < start + count && (uint64_t)i < len; i++)
        map[i] = 1;
}

static uint8_t *map_immutables(const struct artifact *artifact)
{
    uint8_t *map = calloc(1, artifact->runtime.len + 1);

    if (map == NULL)
        abort();
    if (!json_object_is_type(artifact->immutables, json_type_object))
        return map;
    json_object_object_foreach(artifact->immutables, id, places)
    {
        (void)id;
        for (size_t i = 0;
             json_object_is_type(places, json_type_array) && i < dp_json_count(places); i++)
            mark(map, artifact->runtime.len, json_object_array_get_idx(places, i));
    }
    return map;
}

long artifact_difference(const struct artifact *artifact, const struct dp_buf *code)
{
    const struct dp_buf *own = &artifact->runtime;
    size_t shorter = code->len < own->len ? code->len : own->len, at = 0;
    uint8_t *map = map_immutables(artifact);

    while (at < shorter && (map[at] != 0 || code->data[at] == own->data[at]))
        at++;
    free(map);
    return at == shorter && code->len == own->len ? -1 : (long)at;
}

/* --- errors of contracts --- */

static void write_error(struct dp_buf *out, const char *name, struct json_object *values)
{
    dp_buf_add_text(out, name);
    dp_json_write(out, values);
    if (out->err != DP_OK)
        dp_buf_reset(out);
}

/* Is it this error? Then write it. */
static bool try_error(struct dp_buf *out, const char *name, const struct dp_abi *parameters,
                      const struct dp_buf *revert)
{
    uint8_t selector[DP_ABI_SELECTOR_LEN];
    struct json_object *values = NULL;
    bool is_it =
        revert->len >= sizeof(selector) && dp_abi_selector(selector, name, parameters) == DP_OK &&
        memcmp(selector, revert->data, sizeof(selector)) == 0 &&
        dp_abi_decode(parameters, &values, (const uint8_t *)revert->data + 4, revert->len - 4) ==
            DP_OK;

    if (is_it)
        write_error(out, name, values);
    json_object_put(values);
    return is_it;
}

static bool try_entry(struct dp_buf *out, struct json_object *entry, const struct dp_buf *revert)
{
    struct dp_abi *parameters = NULL;
    bool is_it = strcmp(client_text(entry, "type"), "error") == 0 &&
                 dp_abi_read(&parameters, json_object_object_get(entry, "inputs"), NULL) == DP_OK &&
                 try_error(out, client_text(entry, "name"), parameters, revert);

    dp_abi_free(parameters);
    return is_it;
}

static bool try_builtin(struct dp_buf *out, const char *name, const char *types,
                        const struct dp_buf *revert)
{
    struct dp_abi *parameters = NULL;
    bool is_it =
        dp_abi_parse(&parameters, types, NULL) == DP_OK && try_error(out, name, parameters, revert);

    dp_abi_free(parameters);
    return is_it;
}

void artifact_explain(const struct artifact *artifact, struct dp_buf *out,
                      const struct dp_buf *revert)
{
    struct json_object *abi = json_object_object_get(artifact->json, "abi");
    bool found =
        try_builtin(out, "Error", "string", revert) || try_builtin(out, "Panic", "uint256", revert);

    for (size_t i = 0; !found && i < json_object_array_length(abi); i++)
        found = try_entry(out, json_object_array_get_idx(abi, i), revert);
}
