/* cluster_join.c - devproof cluster join: a node of the cloud, from its code to its place among the
 * peers. */
#include "devproof/cluster_join.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"

void join_say(const struct join *join, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    client_fail(&join->cluster->client, 0, "%s", text);
}

/* --- what is given --- */

static int read_compose(struct join *join, const char *path)
{
    const struct client *client = &join->cluster->client;
    struct dp_buf text = DP_BUF_INIT(DP_COMPOSE_MAX);
    struct dp_detail detail = {"", ""};
    enum dp_err err = DP_OK;

    if (!client_read_file(client, &text, path)) {
        dp_buf_free(&text);
        return EXIT_USAGE;
    }
    /* Strictly first: of a member given twice the one that counts is for the reader to guess. */
    err = dp_json_parse(&join->app_compose, text.data != NULL ? text.data : "", text.len, &detail);
    if (err == DP_OK)
        err = dp_compose_canonical(&join->compose, text.data, text.len, false, &detail);
    if (err == DP_OK)
        err = dp_compose_hash(join->compose_hash, join->compose.data, join->compose.len);
    dp_buf_free(&text);
    if (err != DP_OK)
        cluster_failed(join->cluster, err, &detail);
    if (err == DP_OK && client_text(join->app_compose, "docker_compose_file")[0] == '\0')
        return client_fail(client, EXIT_USAGE,
                           "%s is no app-compose.json: devproof compose build makes one.", path);
    return err == DP_OK ? EXIT_SUCCESS : EXIT_USAGE;
}

static int read_name(struct join *join)
{
    const char *given = join->cluster->given[OPTION_NAME];

    join->name = given != NULL ? given : client_text(join->app_compose, "name");
    return join->name[0] != '\0'
               ? EXIT_SUCCESS
               : client_fail(&join->cluster->client, EXIT_USAGE,
                             "name it by --name: the app-compose.json has no name.");
}

static bool is_allowed(struct json_object *allowed, const char *name)
{
    for (size_t i = 0; i < dp_json_count(allowed); i++) {
        struct json_object *each = json_object_array_get_idx(allowed, i);

        if (json_object_is_type(each, json_type_string) &&
            strcmp(json_object_get_string(each), name) == 0)
            return true;
    }
    return false;
}

/* The guest drops a variable that the code does not allow, and says so to nobody. */
static int read_env(struct join *join)
{
    const char *path = join->cluster->given[OPTION_ENV_FILE];
    struct json_object *allowed = NULL;
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    if (path == NULL)
        return EXIT_SUCCESS;
    err = dp_env_open(&join->env, path, &detail);
    if (err != DP_OK) {
        cluster_failed(join->cluster, err, &detail);
        return EXIT_USAGE;
    }
    json_object_object_get_ex(join->app_compose, "allowed_envs", &allowed);
    if (!json_object_is_type(allowed, json_type_array))
        allowed = NULL;
    for (size_t i = 0; i < dp_env_count(join->env); i++) {
        if (!is_allowed(allowed, dp_env_name(join->env, i)))
            return client_fail(&join->cluster->client, EXIT_USAGE,
                               "%s: %s is not among allowed_envs of the app-compose.json, so the "
                               "node would not have it.",
                               path, dp_env_name(join->env, i));
    }
    return EXIT_SUCCESS;
}

static int read_app(struct join *join)
{
    const char *text = join->cluster->given[OPTION_APP];

    memcpy(join->app_id, join->cluster->contract, DP_ADDRESS_LEN);
    if (text != NULL && dp_address_parse(join->app_id, text) != DP_OK)
        return client_fail(&join->cluster->client, EXIT_USAGE, "--app: 0x and 40 hex digits.");
    dp_hex_encode(join->app, join->app_id, DP_ADDRESS_LEN);
    return EXIT_SUCCESS;
}

static int read_all(struct join *join, const char *path)
{
    const struct cluster *cluster = join->cluster;
    int code = cluster_check_address(cluster, "--to", cluster->given[OPTION_TO]);

    join->wallet = cluster->given[OPTION_TO];
    if (code == EXIT_SUCCESS)
        code = read_app(join);
    if (code == EXIT_SUCCESS)
        code = read_compose(join, path);
    if (code == EXIT_SUCCESS)
        code = read_name(join);
    if (code == EXIT_SUCCESS)
        code = read_env(join);
    return code == EXIT_SUCCESS
               ? cloud_open(&join->cloud, &cluster->client, cluster->given[OPTION_CLOUD],
                            cluster->given[OPTION_TOKEN_FILE])
               : code;
}

/* --- the way --- */

static int print_done(const struct join *join, const struct dstack_p2p_peer *peer)
{
    struct json_object *json = json_object_new_object();
    char hash[JOIN_HEX_SIZE(DP_COMPOSE_HASH_LEN)];

    if (json == NULL)
        abort();
    dp_hex_encode(hash, join->compose_hash, sizeof(join->compose_hash));
    dp_json_add_int(json, "tokenId", (int64_t)peer->token_id);
    dp_json_add_text(json, "instanceId", peer->instance_id);
    dp_json_add_text(json, "appId", join->app);
    dp_json_add_text(json, "composeHash", hash);
    dp_json_add_text(json, "cvm", join->cvm.id);
    dp_json_add_bool(json, "created", join->is_created);
    dp_json_add_bool(json, "minted", join->is_minted);
    dp_json_add_text(json, "endpoint", peer->endpoint);
    dp_json_add_int(json, "leaseUntil", (int64_t)peer->lease_until);
    client_print(&join->cluster->client, json);
    return EXIT_SUCCESS;
}

/* The code is allowed before anything is made of it, and the node seated before it runs. */
static int bring_up(struct join *join)
{
    struct dstack_p2p_peer peer;
    int code = join_look_at_seat(join);

    if (code == EXIT_SUCCESS)
        code = join_find_cvm(join);
    if (code == EXIT_SUCCESS)
        code = join->has_cvm ? join_authorize(join) : join_create_cvm(join);
    if (code == EXIT_SUCCESS && !join->names_instance)
        code = join_pause(join);
    if (code == EXIT_SUCCESS && !join->names_instance)
        code = join_seat(join);
    if (code == EXIT_SUCCESS)
        code = join_resume(join);
    if (code == EXIT_SUCCESS)
        code = cluster_await(join->cluster, join->cvm.instance_id, &peer);
    return code == EXIT_SUCCESS ? print_done(join, &peer) : code;
}

int cluster_join(struct cluster *cluster, int argc, char **argv)
{
    struct join join = {.cluster = cluster, .compose = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX)};
    int code = read_all(&join, argv[0]);

    (void)argc;
    if (code == EXIT_SUCCESS)
        code = cluster_open_account(cluster);
    if (code == EXIT_SUCCESS)
        code = bring_up(&join);
    cloud_close(&join.cloud);
    dp_env_close(join.env);
    dp_buf_free(&join.compose);
    json_object_put(join.app_compose);
    return code;
}
