/* cluster_verify.c - devproof cluster verify: is each peer, at its endpoint, the one it should be?
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "cluster/peer_verify.h"
#include "devproof/cluster.h"
#include "devproof/collateral_store.h"
#include "devproof/command.h"
#include "devproof/reference.h"

#define READ_S 60    /* the list */
#define CONNECT_S 10 /* a peer */
#define HELPERS 15   /* threads beside the own one */

struct verdict {
    const char *word;           /* of the command line, that names no peer; else NULL */
    const struct dp_peer *peer; /* else NULL */
    enum dp_err err;
    struct dp_detail detail;
    enum dp_tcb_status status; /* and the next: where err is DP_OK */
    uint8_t compose_hash[DP_RATLS_COMPOSE_HASH_LEN];
};

struct verification {
    struct cluster *cluster;
    struct dp_peers peers;
    struct collateral_store store;
    struct json_object *os; /* NULL: no image was named */
    const char *kms_id;     /* NULL: no KMS was named */
    unsigned within_ms;
    struct verdict *list;
    size_t count, tunnels; /* peers that are reached by one */
    atomic_size_t next;    /* of list: nobody has taken it yet */
};

/* --- one peer --- */

static enum dp_err check_named(const struct verification *v, const struct dp_ratls *ratls,
                               struct dp_detail *detail)
{
    const char *fault = v->os != NULL ? reference_os_fault(v->os, ratls->dcap.quote.td) : NULL;

    if (fault != NULL)
        return dp_fail(detail, DP_EINVAL, "os", "%s.", fault);
    if (v->kms_id != NULL && !reference_is_kms(&ratls->key_provider, v->kms_id))
        return dp_fail(detail, DP_EINVAL, "kms",
                       "The quote names another KMS than the one of --kms-id.");
    return DP_OK;
}

static void judge(struct verification *v, struct verdict *verdict)
{
    struct dp_ratls ratls;

    if (verdict->peer == NULL)
        return;
    verdict->err = dp_peer_verify(&ratls, verdict->peer, v->within_ms, collateral_store_give,
                                  &v->store, &verdict->detail);
    if (verdict->err == DP_OK)
        verdict->err = check_named(v, &ratls, &verdict->detail);
    verdict->status = ratls.dcap.verdict.status;
    memcpy(verdict->compose_hash, ratls.compose_hash, sizeof(verdict->compose_hash));
    dp_ratls_free(&ratls);
}

static void *work(void *arg)
{
    struct verification *v = arg;
    size_t at;

    while ((at = atomic_fetch_add(&v->next, 1)) < v->count)
        judge(v, &v->list[at]);
    return NULL;
}

static void judge_all(struct verification *v)
{
    pthread_t helpers[HELPERS];
    size_t count = 0;

    while (count < HELPERS && count + 1 < v->count &&
           pthread_create(&helpers[count], NULL, work, v) == 0)
        count++;
    work(v);
    for (size_t i = 0; i < count; i++)
        pthread_join(helpers[i], NULL);
}

/* --- which --- */

static void add(struct verification *v, const struct dp_peer *peer, const char *word)
{
    struct verdict *list = reallocarray(v->list, v->count + 1, sizeof(*list));

    if (list == NULL)
        abort();
    v->list = list;
    list[v->count] = (struct verdict){.peer = peer, .word = word};
    if (peer == NULL)
        list[v->count].err = dp_fail(&list[v->count].detail, DP_ENOTFOUND, "list",
                                     "No peer of the cluster has this endpoint or instance id.");
    v->count++;
}

static bool is_named(const struct dp_peer *peer, const char *word)
{
    uint8_t id[DP_ADDRESS_LEN];

    return dp_hex_decode_exact(id, sizeof(id), word) == DP_OK
               ? memcmp(peer->instance_id, id, sizeof(id)) == 0
               : strcmp(peer->endpoint, word) == 0;
}

/* Those that the word names, or all behind a gateway where it is NULL. Returns: how many */
static size_t choose(struct verification *v, const char *word)
{
    size_t before = v->count;

    for (size_t i = 0; i < v->peers.count; i++) {
        const struct dp_peer *peer = &v->peers.list[i];

        if (!dp_peer_is_active(peer, v->peers.agreed.block.time))
            continue;
        if (word == NULL && peer->network != DP_PEER_TLS_GATEWAY)
            v->tunnels++;
        else if (word == NULL || is_named(peer, word))
            add(v, peer, NULL);
    }
    return v->count - before;
}

static void choose_all(struct verification *v, char **words, int count)
{
    if (count == 0)
        choose(v, NULL);
    for (int i = 0; i < count; i++) {
        if (choose(v, words[i]) == 0)
            add(v, NULL, words[i]);
    }
}

/* --- printing --- */

static void add_peer_json(struct json_object *json, const struct dp_peer *peer)
{
    char id[2 * DP_ADDRESS_LEN + 1];

    dp_json_add_int(json, "tokenId", (int64_t)peer->token_id);
    dp_hex_encode(id, peer->instance_id, DP_ADDRESS_LEN);
    dp_json_add_text(json, "instanceId", id);
    dp_hex_encode(id, peer->app_id, DP_ADDRESS_LEN);
    dp_json_add_text(json, "appId", id);
    dp_json_add_text(json, "endpoint", peer->endpoint);
}

static struct json_object *verdict_json(const struct verdict *verdict)
{
    struct json_object *json = json_object_new_object();
    char hash[2 * DP_RATLS_COMPOSE_HASH_LEN + 1];
    const bool ok = verdict->err == DP_OK;

    if (json == NULL)
        abort();
    if (verdict->peer != NULL)
        add_peer_json(json, verdict->peer);
    else
        dp_json_add_text(json, "named", verdict->word);
    dp_hex_encode(hash, verdict->compose_hash, sizeof(verdict->compose_hash));
    dp_json_add_bool(json, "verified", ok);
    dp_json_add(json, "status",
                ok ? json_object_new_string(dp_tcb_status_name(verdict->status)) : NULL);
    dp_json_add(json, "composeHash", ok ? json_object_new_string(hash) : NULL);
    dp_json_add(json, "check", ok ? NULL : json_object_new_string(verdict->detail.field));
    dp_json_add(json, "detail", ok ? NULL : json_object_new_string(verdict->detail.text));
    return json;
}

/* What nobody named to compare with. */
static struct json_object *unchecked_json(const struct verification *v)
{
    struct json_object *list = json_object_new_array();

    if (list == NULL ||
        (v->os == NULL && json_object_array_add(list, json_object_new_string("os")) != 0) ||
        (v->kms_id == NULL && json_object_array_add(list, json_object_new_string("kms")) != 0))
        abort();
    return list;
}

static struct json_object *all_json(const struct verification *v, bool ok)
{
    const struct dp_agreed *agreed = &v->peers.agreed;
    struct json_object *json = json_object_new_object(), *list = json_object_new_array();
    char hash[DP_HEX0X_SIZE(DP_KECCAK_LEN)];

    if (json == NULL || list == NULL)
        abort();
    for (size_t i = 0; i < v->count; i++) {
        if (json_object_array_add(list, verdict_json(&v->list[i])) != 0)
            abort();
    }
    dp_hex0x_encode(hash, agreed->block.hash, sizeof(agreed->block.hash));
    dp_json_add(json, "block",
                cluster_block_json(agreed->block.number, hash, agreed->block.time, agreed->tag));
    dp_json_add_bool(json, "verified", ok);
    dp_json_add(json, "unchecked", unchecked_json(v));
    dp_json_add_int(json, "tunnels", (int64_t)v->tunnels);
    dp_json_add(json, "peers", list);
    return json;
}

static void print_verdict(const struct verdict *verdict)
{
    const struct dp_peer *peer = verdict->peer;
    char instance[2 * DP_ADDRESS_LEN + 1], why[sizeof(verdict->detail) + 2];

    if (verdict->err == DP_OK)
        snprintf(why, sizeof(why), "%s", dp_tcb_status_name(verdict->status));
    else
        dp_explain(why, sizeof(why), verdict->err, &verdict->detail);
    if (peer == NULL) {
        printf("%s  failed  %s\n", verdict->word, why);
        return;
    }
    dp_hex_encode(instance, peer->instance_id, DP_ADDRESS_LEN);
    printf("%5" PRIu64 "  %s  %s  %s  %s\n", peer->token_id, instance, peer->endpoint,
           verdict->err == DP_OK ? "ok" : "failed", why);
}

static void print_all(const struct verification *v)
{
    for (size_t i = 0; i < v->count; i++)
        print_verdict(&v->list[i]);
    if (v->tunnels > 0)
        printf("Not verified here: %zu reached by tunnels, which have proofs of their own.\n",
               v->tunnels);
    if (v->os == NULL || v->kms_id == NULL)
        printf("Not checked: %s%s%s, which nobody named to compare with.\n",
               v->os == NULL ? "the operating system (--os-reference)" : "",
               v->os == NULL && v->kms_id == NULL ? " and " : "",
               v->kms_id == NULL ? "the KMS (--kms-id)" : "");
}

/* Returns: an exit code */
static int report(const struct verification *v)
{
    bool ok = v->count > 0;

    for (size_t i = 0; i < v->count; i++)
        ok = ok && v->list[i].err == DP_OK;
    if (v->cluster->client.json)
        client_print(&v->cluster->client, all_json(v, ok));
    else
        print_all(v);
    if (v->count == 0)
        client_fail(&v->cluster->client, EXIT_FAILURE, "there is no peer behind a gateway.");
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- the action --- */

static int check_words(const struct cluster *cluster, char **words, int count)
{
    uint8_t id[DP_ADDRESS_LEN];

    for (int i = 0; i < count; i++) {
        if (strncmp(words[i], "https://", 8) != 0 &&
            dp_hex_decode_exact(id, sizeof(id), words[i]) != DP_OK)
            return client_fail(&cluster->client, EXIT_USAGE,
                               "%s is neither an https:// endpoint nor an instance id.", words[i]);
    }
    return EXIT_SUCCESS;
}

static int read_peers(struct verification *v)
{
    const unsigned given_s = v->cluster->timeout_s;
    struct dp_detail detail = {"", ""};
    enum dp_err err = cluster_read(v->cluster, &v->peers, given_s != 0 ? given_s : READ_S, &detail);

    v->within_ms = (given_s != 0 ? given_s : CONNECT_S) * 1000;
    return err == DP_OK ? EXIT_SUCCESS : cluster_failed(v->cluster, err, &detail);
}

int cluster_verify(struct cluster *cluster, int argc, char **argv)
{
    struct verification v = {.cluster = cluster, .kms_id = cluster->given[OPTION_KMS_ID]};
    int code = check_words(cluster, argv, argc);

    if (code == EXIT_SUCCESS)
        code = collateral_store_open(&v.store, cluster);
    if (code == EXIT_SUCCESS &&
        reference_read(&cluster->client, &v.os, cluster->given[OPTION_OS_REFERENCE]) >= 0)
        code = EXIT_USAGE;
    if (code == EXIT_SUCCESS)
        code = read_peers(&v);
    if (code == EXIT_SUCCESS) {
        choose_all(&v, argv, argc);
        judge_all(&v);
        code = report(&v);
    }
    free(v.list);
    dp_peers_free(&v.peers);
    json_object_put(v.os);
    collateral_store_close(&v.store);
    return code;
}
