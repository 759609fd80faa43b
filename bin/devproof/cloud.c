/* cloud.c - the API of a cloud that runs CVMs. */
#include "devproof/cloud.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"
#include "net/http.h"

#define URL_VARIABLE "PHALA_CLOUD_API_PREFIX"
#define TOKEN_VARIABLE "PHALA_CLOUD_API_KEY"
#define URL_DEFAULT "https://cloud-api.phala.com/api/v1"
#define API_VERSION "2026-01-21"

#define ANSWER_MAX (4 * 1024 * 1024) /* a CVM of a list has some 2 KiB */
#define LIST_MAX 4096
#define URL_MAX 1024
#define WITHIN_MS 30000

/* --- the token --- */

/* The first line, without the space around it, of characters that a header may have. */
static bool trim_token(char *token)
{
    const size_t from = strspn(token, " \t"), len = strcspn(token + from, " \t\r\n");

    memmove(token, token + from, len);
    OPENSSL_cleanse(token + len, CLOUD_TOKEN_SIZE - len);
    for (size_t i = 0; i < len; i++) {
        if (token[i] < '!' || token[i] > '~')
            return false;
    }
    return len > 0;
}

static bool take_variable(char *token)
{
    char *value = getenv(TOKEN_VARIABLE);
    const size_t len = value != NULL ? strlen(value) : 0;
    const bool fits = len > 0 && len < CLOUD_TOKEN_SIZE;

    if (fits)
        memcpy(token, value, len);
    if (value != NULL)
        OPENSSL_cleanse(value, len);
    unsetenv(TOKEN_VARIABLE);
    return fits;
}

/* Not by a stream, whose buffer nobody wipes. */
static int read_token(const struct client *client, char *token, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat info;
    ssize_t len = -1;
    bool is_own = false;

    memset(token, 0, CLOUD_TOKEN_SIZE);
    if (fd >= 0) {
        is_own = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) == 0;
        if (is_own)
            len = read(fd, token, CLOUD_TOKEN_SIZE - 1);
        close(fd);
    }
    if (fd >= 0 && !is_own)
        return client_fail(client, EXIT_USAGE, "%s must be a file that nobody else may read.",
                           path);
    return len >= 0 ? EXIT_SUCCESS : client_fail(client, EXIT_USAGE, "%s cannot be read.", path);
}

int cloud_open(struct cloud *cloud, const struct client *client, const char *url,
               const char *token_file)
{
    bool has_token;
    int code = EXIT_SUCCESS;

    *cloud = (struct cloud){.client = client, .url = url != NULL ? url : getenv(URL_VARIABLE)};
    if (cloud->url == NULL || cloud->url[0] == '\0')
        cloud->url = URL_DEFAULT;
    has_token = take_variable(cloud->token);
    if (token_file != NULL)
        code = read_token(client, cloud->token, token_file);
    if (code != EXIT_SUCCESS)
        return code;
    if (!dp_http_is_private(cloud->url))
        return client_fail(client, EXIT_USAGE,
                           "--cloud: https://, as the token would be read on its way.");
    if (token_file == NULL && !has_token)
        return client_fail(client, EXIT_USAGE,
                           "name the cloud's token by --token-file FILE or " TOKEN_VARIABLE ".");
    return trim_token(cloud->token)
               ? EXIT_SUCCESS
               : client_fail(client, EXIT_USAGE, "what should be the cloud's token is none.");
}

void cloud_close(struct cloud *cloud)
{
    OPENSSL_cleanse(cloud->token, sizeof(cloud->token));
}

/* --- calls --- */

static int fail(const struct cloud *cloud, const char *path, const char *text)
{
    char line[512];

    if (cloud->quiet)
        return EXIT_FAILURE;
    snprintf(line, sizeof(line), "%s", text);
    /* A stranger's words shall not steer a terminal. */
    for (char *c = line; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    return client_fail(cloud->client, EXIT_FAILURE, "the cloud, %s: %s", path, line);
}

/* What it says of itself, where it says something. */
static const char *reason(struct json_object *answer)
{
    static const char *const names[] = {"detail", "message", "error"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *text = client_text(answer, names[i]);

        if (text[0] != '\0')
            return text;
    }
    return "";
}

static int refuse(const struct cloud *cloud, const char *path, long status,
                  struct json_object *answer)
{
    char line[400];

    if (status == 401 || status == 403)
        snprintf(line, sizeof(line), "it refuses the token (%ld). %.300s", status, reason(answer));
    else
        snprintf(line, sizeof(line), "it answers %ld. %.300s", status, reason(answer));
    return fail(cloud, path, line);
}

/* An array becomes the member "items" of an object, as the parser takes objects alone. */
static enum dp_err parse(struct json_object **out, const struct dp_buf *text)
{
    const char *from = text->data != NULL ? text->data : "";
    struct dp_buf wrapped = DP_BUF_INIT(ANSWER_MAX + 16);
    enum dp_err err;

    if (from[strspn(from, " \t\r\n")] != '[')
        return dp_json_parse(out, from, text->len, NULL);
    dp_buf_add_text(&wrapped, "{\"items\":");
    dp_buf_add(&wrapped, from, text->len);
    dp_buf_add_text(&wrapped, "}");
    err = wrapped.err != DP_OK ? wrapped.err : dp_json_parse(out, wrapped.data, wrapped.len, NULL);
    dp_buf_free(&wrapped);
    return err;
}

/* Out: answer  to be freed by json_object_put, in any case; NULL where missing_ok and it is a 404
 */
static int call(const struct cloud *cloud, struct json_object **answer, const char *method,
                const char *path, const char *body, bool missing_ok)
{
    struct dp_buf url = DP_BUF_INIT(URL_MAX), text = DP_BUF_INIT(ANSWER_MAX);
    const struct dp_http_field fields[] = {
        {"X-API-Key", cloud->token}, {"X-Phala-Version", API_VERSION}, {NULL, NULL}};
    struct dp_http_request request = {
        .method = method, .json = body, .fields = fields, .within_ms = WITHIN_MS};
    struct dp_detail detail = {"", ""};
    long status = 0;
    int code = EXIT_SUCCESS;

    *answer = NULL;
    dp_buf_addf(&url, "%s%s", cloud->url, path);
    request.url = url.data;
    if (url.err != DP_OK)
        code = fail(cloud, path, "its URL is too long.");
    else if (dp_http_send(&request, &status, &text, &detail) != DP_OK)
        code = fail(cloud, path, detail.text);
    else if (parse(answer, &text) != DP_OK && status / 100 == 2 && text.len > 0)
        code = fail(cloud, path, "what it answers is no JSON.");
    else if (status / 100 != 2 && !(status == 404 && missing_ok))
        code = refuse(cloud, path, status, *answer);
    if (code == EXIT_SUCCESS && status == 404) {
        json_object_put(*answer);
        *answer = NULL;
    }
    dp_buf_free(&text);
    dp_buf_free(&url);
    return code;
}

/* As texts that a later call puts into a path. */
static bool is_plain(const char *text)
{
    return text[0] != '\0' && text[0] != '.' &&
           text[strspn(
               text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

/* A member as a text, where it is a text or a number. Returns: false where it is none, too long, or
 * of characters that an id has not */
static bool read_plain(char *out, size_t size, struct json_object *object, const char *name)
{
    struct json_object *value = NULL;

    out[0] = '\0';
    if (!json_object_object_get_ex(object, name, &value) ||
        (!json_object_is_type(value, json_type_string) &&
         !json_object_is_type(value, json_type_int)))
        return false;
    if (snprintf(out, size, "%s", json_object_get_string(value)) < (int)size && is_plain(out))
        return true;
    out[0] = '\0';
    return false;
}

/* Hex with or without 0x, of exactly len bytes. */
static bool read_bytes(uint8_t *out, size_t len, struct json_object *object, const char *name)
{
    const char *text = client_text(object, name);

    return dp_hex_decode_exact(out, len, text) == DP_OK;
}

/* --- CVMs --- */

/* One that answers call by another number than lists do has a UUID in both. */
static bool read_cvm(struct cloud_cvm *cvm, struct json_object *json)
{
    *cvm = (struct cloud_cvm){.id = ""};
    if (!json_object_is_type(json, json_type_object) ||
        (!read_plain(cvm->id, sizeof(cvm->id), json, "vm_uuid") &&
         !read_plain(cvm->id, sizeof(cvm->id), json, "id")))
        return false;
    read_plain(cvm->status, sizeof(cvm->status), json, "status");
    cvm->has_compose_hash =
        read_bytes(cvm->compose_hash, sizeof(cvm->compose_hash), json, "compose_hash");
    cvm->has_instance_id =
        read_bytes(cvm->instance_id, sizeof(cvm->instance_id), json, "instance_id");
    return true;
}

int cloud_list(const struct cloud *cloud, struct cloud_cvm **list, size_t *count, const char *app)
{
    struct json_object *answer, *items = NULL;
    char path[64];
    int code;

    *list = NULL;
    *count = 0;
    snprintf(path, sizeof(path), "/apps/%s/cvms", app);
    code = call(cloud, &answer, "GET", path, NULL, true);
    if (code == EXIT_SUCCESS && answer != NULL &&
        (!json_object_object_get_ex(answer, "items", &items) ||
         !json_object_is_type(items, json_type_array) ||
         json_object_array_length(items) > LIST_MAX))
        code = fail(cloud, path, "what it answers is no list of CVMs.");
    if (code == EXIT_SUCCESS && items != NULL) {
        *list = calloc(json_object_array_length(items) + 1, sizeof(**list));
        if (*list == NULL)
            abort();
        for (size_t i = 0; i < json_object_array_length(items); i++)
            *count += read_cvm(&(*list)[*count], json_object_array_get_idx(items, i));
    }
    json_object_put(answer);
    return code;
}

int cloud_get(const struct cloud *cloud, struct cloud_cvm *cvm, const char *id)
{
    struct json_object *answer;
    char path[CLOUD_ID_SIZE + 16];
    int code;

    snprintf(path, sizeof(path), "/cvms/%s", id);
    code = call(cloud, &answer, "GET", path, NULL, false);
    if (code == EXIT_SUCCESS && !read_cvm(cvm, answer))
        code = fail(cloud, path, "what it answers is no CVM.");
    json_object_put(answer);
    return code;
}

int cloud_order_to(const struct cloud *cloud, const char *id, const char *verb)
{
    struct json_object *answer;
    char path[CLOUD_ID_SIZE + 24];
    int code;

    snprintf(path, sizeof(path), "/cvms/%s/%s", id, verb);
    code = call(cloud, &answer, "POST", path, "{}", false);
    json_object_put(answer);
    return code;
}

/* --- making one --- */

/* The compose is put in as it is: any other spelling of it might have another hash. json is freed.
 */
static int write_order(struct dp_buf *out, const struct cloud_order *order)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    dp_json_add_text(json, "name", order->name);
    dp_json_add_text(json, "instance_type", order->instance_type);
    if (order->kms != NULL)
        dp_json_add_text(json, "kms_id", order->kms);
    dp_json_write(out, json);
    json_object_put(json);
    if (out->err == DP_OK)
        out->len--;
    dp_buf_add_text(out, ",\"compose_file\":");
    dp_buf_add(out, order->compose.data, order->compose.len);
    dp_buf_add_text(out, "}");
    return out->err == DP_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* By whatever name it has one. */
static void read_kms(char kms[static CLOUD_KMS_SIZE], struct json_object *answer)
{
    struct json_object *info = NULL;

    if (read_plain(kms, CLOUD_KMS_SIZE, answer, "kms_id") ||
        !json_object_object_get_ex(answer, "kms_info", &info) ||
        !json_object_is_type(info, json_type_object))
        return;
    if (!read_plain(kms, CLOUD_KMS_SIZE, info, "slug"))
        read_plain(kms, CLOUD_KMS_SIZE, info, "id");
}

int cloud_provision(const struct cloud *cloud, uint8_t compose_hash[static DP_COMPOSE_HASH_LEN],
                    char kms[static CLOUD_KMS_SIZE], const struct cloud_order *order)
{
    static const char path[] = "/cvms/provision";
    struct dp_buf body = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX + 4096);
    struct json_object *answer = NULL;
    int code = write_order(&body, order);

    kms[0] = '\0';
    if (code != EXIT_SUCCESS)
        fail(cloud, path, "the order is too long.");
    else
        code = call(cloud, &answer, "POST", path, body.data, false);
    if (code == EXIT_SUCCESS &&
        !read_bytes(compose_hash, DP_COMPOSE_HASH_LEN, answer, "compose_hash"))
        code = fail(cloud, path, "it answers no compose hash.");
    if (code == EXIT_SUCCESS)
        read_kms(kms, answer);
    json_object_put(answer);
    dp_buf_free(&body);
    return code;
}

/* signature_v1 with its timestamp, where there is one, else the form of older releases. */
static bool read_key(struct dp_env_key *key, struct json_object *answer)
{
    struct json_object *timestamp = NULL;

    *key = (struct dp_env_key){.signed_at = 0};
    if (!read_bytes(key->key, sizeof(key->key), answer, "public_key"))
        return false;
    if (client_text(answer, "signature_v1")[0] == '\0')
        return read_bytes(key->signature, sizeof(key->signature), answer, "signature");
    key->is_dated = true;
    if (!json_object_object_get_ex(answer, "timestamp", &timestamp) ||
        !json_object_is_type(timestamp, json_type_int))
        return false;
    key->signed_at = json_object_get_uint64(timestamp);
    return read_bytes(key->signature, sizeof(key->signature), answer, "signature_v1");
}

int cloud_env_key(const struct cloud *cloud, struct dp_env_key *key, const char *kms,
                  const char *app)
{
    struct json_object *answer;
    char path[CLOUD_KMS_SIZE + 64];
    int code;

    snprintf(path, sizeof(path), "/kms/%s/pubkey/%s", kms, app);
    code = call(cloud, &answer, "GET", path, NULL, false);
    if (code == EXIT_SUCCESS && !read_key(key, answer))
        code = fail(cloud, path, "what it answers is no key that is signed.");
    json_object_put(answer);
    return code;
}

static struct json_object *making_json(const struct cloud_making *making)
{
    struct json_object *json = json_object_new_object();

    if (json == NULL)
        abort();
    dp_json_add_hex(json, "compose_hash", making->compose_hash, DP_COMPOSE_HASH_LEN);
    if (making->sealed != NULL)
        dp_json_add_hex(json, "encrypted_env", making->sealed->data, making->sealed->len);
    if (!making->is_first)
        return json;
    dp_json_add_text(json, "app_id", making->app);
    dp_json_add_text(json, "contract_address", making->app);
    dp_json_add_text(json, "deployer_address", making->deployer);
    if (making->kms[0] != '\0')
        dp_json_add_text(json, "kms_id", making->kms);
    dp_json_add(json, "env_keys", json_object_get(making->names));
    return json;
}

int cloud_create(const struct cloud *cloud, struct cloud_cvm *cvm,
                 const struct cloud_making *making)
{
    struct json_object *json = making_json(making), *answer;
    char path[64] = "/cvms";
    int code;

    if (!making->is_first)
        snprintf(path, sizeof(path), "/apps/%s/instances", making->app);
    code = call(cloud, &answer, "POST", path,
                json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN), false);
    if (code == EXIT_SUCCESS && !read_cvm(cvm, answer))
        code = fail(cloud, path, "what it answers is no CVM.");
    json_object_put(answer);
    json_object_put(json);
    return code;
}
