/* collateral_store.c - collateral for many quotes: asked for once for all of a kind of platform. */
#include "devproof/collateral_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/pcs.h"
#include "devproof/command.h"

/* Collateral of one kind of platform, or why there is none. */
struct kept {
    char name[DP_PCS_NAME_SIZE];
    struct dp_collateral *collateral; /* NULL where err is not DP_OK */
    enum dp_err err;
    struct dp_detail detail;
    bool is_newest; /* the PCCS was asked although there was some */
};

static struct kept *find_kept(const struct collateral_store *store, const char *name)
{
    for (size_t i = store->count; i > 0; i--) {
        if (strcmp(store->list[i - 1].name, name) == 0)
            return &store->list[i - 1];
    }
    return NULL;
}

static struct kept *fetch(struct collateral_store *store, const char *name, struct dp_slice quote,
                          bool anew)
{
    struct dp_buf json = DP_BUF_INIT(DP_COLLATERAL_MAX);
    struct kept *list = reallocarray(store->list, store->count + 1, sizeof(*list)), *kept;

    if (list == NULL)
        abort();
    store->list = list;
    kept = &list[store->count++];
    *kept = (struct kept){.is_newest = anew};
    snprintf(kept->name, sizeof(kept->name), "%s", name);
    if (collateral_get(store->client, &json, &store->source, quote, store->root, anew,
                       &kept->detail) < 0)
        kept->err = dp_collateral_read(&kept->collateral, (struct dp_slice){json.data, json.len},
                                       store->root, &kept->detail);
    else
        kept->err = DP_EIO;
    dp_buf_free(&json);
    return kept;
}

/* A file holds for all. */
static enum dp_err name_of(char name[static DP_PCS_NAME_SIZE], const struct collateral_store *store,
                           struct dp_slice quote, struct dp_detail *detail)
{
    struct dp_pcs_platform platform;
    enum dp_err err;

    name[0] = '\0';
    if (store->source.file != NULL)
        return DP_OK;
    err = dp_pcs_platform_of(&platform, (const uint8_t *)quote.data, quote.len, detail);
    if (err == DP_OK)
        dp_pcs_cache_name(name, &platform);
    return err;
}

enum dp_err collateral_store_give(const struct dp_collateral **out, struct dp_slice quote,
                                  bool anew, void *arg, struct dp_detail *detail)
{
    struct collateral_store *store = arg;
    char name[DP_PCS_NAME_SIZE];
    enum dp_err err = name_of(name, store, quote, detail);
    struct kept *kept;

    if (err != DP_OK)
        return err;
    pthread_mutex_lock(&store->lock);
    kept = find_kept(store, name);
    if (kept == NULL || (anew && !kept->is_newest && store->source.pccs != NULL))
        kept = fetch(store, name, quote, anew);
    *out = kept->collateral;
    *detail = kept->detail;
    err = kept->err;
    pthread_mutex_unlock(&store->lock);
    return err;
}

int collateral_store_open(struct collateral_store *store, const struct cluster *cluster)
{
    const char *root = cluster->given[OPTION_ROOT];
    const struct kept *kept;

    *store = (struct collateral_store){.client = &cluster->client,
                                       .source = {.file = cluster->given[OPTION_COLLATERAL],
                                                  .cache = cluster->given[OPTION_CACHE],
                                                  .pccs = cluster->given[OPTION_PCCS]},
                                       .root_file = DP_BUF_INIT(DP_ROOT_MAX),
                                       .root = dp_intel_root(),
                                       .lock = PTHREAD_MUTEX_INITIALIZER};
    if (!collateral_is_named(&store->source))
        return client_fail(&cluster->client, EXIT_USAGE,
                           "name either --collateral, or --cache and --pccs or one of them.");
    if (cluster->roots.count > 1 || cluster->collaterals.count > 1)
        return client_fail(&cluster->client, EXIT_USAGE, "name --root and --collateral once.");
    if (root != NULL && !client_read_file(&cluster->client, &store->root_file, root))
        return EXIT_USAGE;
    if (root != NULL)
        store->root = (struct dp_slice){store->root_file.data, store->root_file.len};
    if (store->source.file == NULL)
        return EXIT_SUCCESS;
    kept = fetch(store, "", (struct dp_slice){"", 0}, false);
    if (kept->err == DP_OK)
        return EXIT_SUCCESS;
    cluster_failed(cluster, kept->err, &kept->detail);
    return EXIT_USAGE;
}

void collateral_store_close(struct collateral_store *store)
{
    for (size_t i = 0; i < store->count; i++)
        dp_collateral_free(store->list[i].collateral);
    free(store->list);
    dp_buf_free(&store->root_file);
}
