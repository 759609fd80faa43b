/* cluster_join_cloud.c - devproof cluster join: what the cloud says and is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"
#include "devproof/cluster_join.h"
#include "devproof/command.h"

#define WAIT_S 600
#define INTERVAL_S 2
#define INSTANCE_TYPE "tdx.small"

/* --- which CVM --- */

/* One that was made may be another than was prepared, and one that is there of other code. */
static int check_code(const struct join *join)
{
    return !join->cvm.has_compose_hash ||
                   memcmp(join->cvm.compose_hash, join->compose_hash, DP_COMPOSE_HASH_LEN) == 0
               ? EXIT_SUCCESS
               : client_fail(&join->cluster->client, EXIT_FAILURE,
                             "CVM %s is of other code; join brings up that of the file.",
                             join->cvm.id);
}

/* One that the seat names. */
static int choose_named(struct join *join, const struct cloud_cvm *list, size_t count)
{
    char instance[JOIN_HEX_SIZE(DP_ADDRESS_LEN)];

    for (size_t i = 0; i < count; i++) {
        if (list[i].has_instance_id &&
            memcmp(list[i].instance_id, join->instance, DP_ADDRESS_LEN) == 0) {
            join->cvm = list[i];
            join->has_cvm = true;
            return check_code(join);
        }
    }
    dp_hex_encode(instance, join->instance, DP_ADDRESS_LEN);
    return client_fail(&join->cluster->client, EXIT_FAILURE,
                       "the seat of %s names instance %s, which the cloud does not have: name "
                       "another wallet, or revoke that seat.",
                       join->wallet, instance);
}

/* One of the same code that no seat names: what a run before this one has left. */
static int choose_free(struct join *join, const struct cloud_cvm *list, size_t count)
{
    bool is_free;
    int code = EXIT_SUCCESS;

    for (size_t i = 0; code == EXIT_SUCCESS && !join->has_cvm && i < count; i++) {
        const struct cloud_cvm *cvm = &list[i];

        if (!cvm->has_compose_hash ||
            memcmp(cvm->compose_hash, join->compose_hash, DP_COMPOSE_HASH_LEN) != 0)
            continue;
        is_free = true;
        if (cvm->has_instance_id)
            code = join_is_free(join, &is_free, cvm->instance_id);
        join->has_cvm = code == EXIT_SUCCESS && is_free;
        join->cvm = *cvm;
    }
    return code;
}

int join_find_cvm(struct join *join)
{
    struct cloud_cvm *list;
    size_t count;
    int code = cloud_list(&join->cloud, &list, &count, join->app);

    if (code == EXIT_SUCCESS)
        code =
            join->names_instance ? choose_named(join, list, count) : choose_free(join, list, count);
    if (code == EXIT_SUCCESS && join->has_cvm)
        join_say(join, "going on with CVM %s.", join->cvm.id);
    join->is_first = count == 0;
    free(list);
    return code;
}

/* --- making one --- */

/* What the cloud says that it prepared must be what was given, or the contract would be asked to
 * allow other code. Out: kms */
static int provision(struct join *join, char kms[static CLOUD_KMS_SIZE])
{
    const char *type = join->cluster->given[OPTION_INSTANCE_TYPE];
    const struct cloud_order order = {
        .name = join->name,
        .instance_type = type != NULL ? type : INSTANCE_TYPE,
        .kms = join->cluster->given[OPTION_KMS],
        .compose = {join->compose.data, join->compose.len},
    };
    char own[JOIN_HEX_SIZE(DP_COMPOSE_HASH_LEN)], theirs[JOIN_HEX_SIZE(DP_COMPOSE_HASH_LEN)];
    uint8_t hash[DP_COMPOSE_HASH_LEN];
    int code;

    join_say(join, "preparing a CVM named %s.", join->name);
    code = cloud_provision(&join->cloud, hash, kms, &order);
    if (code != EXIT_SUCCESS || memcmp(hash, join->compose_hash, sizeof(hash)) == 0)
        return code;
    dp_hex_encode(own, join->compose_hash, sizeof(hash));
    dp_hex_encode(theirs, hash, sizeof(hash));
    return client_fail(&join->cluster->client, EXIT_FAILURE,
                       "the cloud would run other code: compose hash %s, and that of the file is "
                       "%s.",
                       theirs, own);
}

/* Without the right signature the key may be the cloud's own, and nothing is sealed. */
static int check_key(struct join *join, const struct dp_env_key *key)
{
    uint8_t root[DP_ADDRESS_LEN], signer[DP_SECP_PUB_LEN], address[DP_ADDRESS_LEN] = {0};
    enum dp_err err;
    int code = join_root(join, root);

    if (code != EXIT_SUCCESS)
        return code;
    err = dp_env_key_root(signer, key, join->app_id, (uint64_t)time(NULL));
    if (err == DP_ETIMEOUT)
        return client_fail(&join->cluster->client, EXIT_FAILURE,
                           "the signature of the KMS's key is not of now.");
    if (err == DP_OK)
        dp_address_of_public(address, signer);
    return err == DP_OK && memcmp(address, root, DP_ADDRESS_LEN) == 0
               ? EXIT_SUCCESS
               : client_fail(&join->cluster->client, EXIT_FAILURE,
                             "the key for the variables is not signed by the KMS root: nothing was "
                             "sent.");
}

static int seal(struct join *join, struct dp_buf *sealed, const char *kms)
{
    struct dp_env_key key;
    enum dp_err err;
    int code = kms[0] != '\0' ? cloud_env_key(&join->cloud, &key, kms, join->app)
                              : client_fail(&join->cluster->client, EXIT_FAILURE,
                                            "the cloud names no KMS: name it by --kms.");

    if (code == EXIT_SUCCESS)
        code = check_key(join, &key);
    if (code != EXIT_SUCCESS)
        return code;
    err = dp_env_seal(join->env, sealed, key.key);
    return err == DP_OK ? EXIT_SUCCESS : cluster_failed(join->cluster, err, NULL);
}

static struct json_object *names_of(const struct dp_env *env)
{
    const char *names[DP_ENV_COUNT_MAX];
    const size_t count = env != NULL ? dp_env_count(env) : 0;

    for (size_t i = 0; i < count; i++)
        names[i] = dp_env_name(env, i);
    return cluster_values(names, (int)count);
}

static int make(struct join *join, const char *kms, const struct dp_buf *sealed)
{
    char deployer[DP_ADDRESS_TEXT_SIZE];
    struct json_object *names = names_of(join->env);
    const struct cloud_making making = {
        .app = join->app,
        .deployer = deployer,
        .kms = kms,
        .compose_hash = join->compose_hash,
        .sealed = sealed,
        .names = names,
        .is_first = join->is_first,
    };
    int code;

    dp_address_format(deployer, join->cluster->account.address);
    join_say(join, "making the CVM.");
    code = cloud_create(&join->cloud, &join->cvm, &making);
    json_object_put(names);
    join->has_cvm = join->is_created = code == EXIT_SUCCESS;
    return code;
}

int join_create_cvm(struct join *join)
{
    const char *given = join->cluster->given[OPTION_KMS];
    struct dp_buf sealed = DP_BUF_INIT(DP_ENV_SEALED_MAX);
    char kms[CLOUD_KMS_SIZE];
    int code = provision(join, kms);

    if (code == EXIT_SUCCESS)
        code = join_authorize(join);
    if (code == EXIT_SUCCESS && join->env != NULL)
        code = seal(join, &sealed, given != NULL ? given : kms);
    if (code == EXIT_SUCCESS)
        code = make(join, given != NULL ? given : kms, join->env != NULL ? &sealed : NULL);
    dp_buf_free(&sealed);
    return code;
}

/* --- pausing and resuming --- */

static bool is_one_of(const char *status, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(status, *list) == 0)
            return true;
    }
    return false;
}

/* A CVM that the KMS gives no keys to ends by itself. */
static bool is_paused(const struct cloud_cvm *cvm)
{
    static const char *const list[] = {"stopped", "exited", NULL};

    return is_one_of(cvm->status, list);
}

static bool can_be_stopped(const struct cloud_cvm *cvm)
{
    static const char *const list[] = {"running", NULL};

    return cvm->has_instance_id && is_one_of(cvm->status, list);
}

/* One more look; what fails is looked at again. */
static bool look(struct join *join, bool *is_told)
{
    struct cloud_cvm now;

    if (cloud_get(&join->cloud, &now, join->cvm.id) != EXIT_SUCCESS)
        return false;
    memcpy(now.id, join->cvm.id, sizeof(now.id));
    join->cvm = now;
    if (!*is_told && can_be_stopped(&now))
        *is_told = cloud_order_to(&join->cloud, now.id, "stop") == EXIT_SUCCESS;
    return now.has_instance_id && is_paused(&now);
}

int join_pause(struct join *join)
{
    const unsigned within_s = join->cluster->timeout_s != 0 ? join->cluster->timeout_s : WAIT_S;
    const int64_t end = dp_clock_mono_us() + (int64_t)within_s * 1000000;
    unsigned interval = INTERVAL_S;
    bool is_told = false;
    int code = cluster_number(join->cluster, OPTION_INTERVAL, 1, 3600, &interval);

    if (code != EXIT_SUCCESS)
        return code;
    join_say(join, "pausing it, until it has a seat.");
    join->cloud.quiet = true;
    while (!look(join, &is_told)) {
        if (dp_clock_mono_us() + (int64_t)interval * 1000000 > end) {
            code = client_fail(&join->cluster->client, EXIT_FAILURE,
                               "CVM %s is %s after %u seconds, and %s instance id.", join->cvm.id,
                               join->cvm.status[0] != '\0' ? join->cvm.status : "of no known state",
                               within_s, join->cvm.has_instance_id ? "has its" : "has no");
            break;
        }
        nanosleep(&(struct timespec){interval, 0}, NULL);
    }
    join->cloud.quiet = false;
    return code == EXIT_SUCCESS ? check_code(join) : code;
}

int join_resume(struct join *join)
{
    if (!is_paused(&join->cvm))
        return EXIT_SUCCESS;
    join_say(join, "starting it.");
    return cloud_order_to(&join->cloud, join->cvm.id, "start");
}
