/* cluster_trust.c - what makes a peer's quote genuine. */
#include "devproof/cluster_trust.h"

#include <stdlib.h>
#include <unistd.h>

#include "attest/dcap.h"
#include "base/clock.h"
#include "devproof/collateral.h"
#include "devproof/command.h"

/* One way to verify: a root, and where collateral under it comes from. */
struct way {
    const char *root; /* a file; NULL: Intel's */
    struct collateral_source source;
};

static size_t count_ways(const struct cluster *cluster)
{
    return cluster->collaterals.count > 0 ? cluster->collaterals.count : 1;
}

static struct way way_of(const struct cluster *cluster, size_t index)
{
    struct way way = {
        .source = {.cache = cluster->given[OPTION_CACHE], .pccs = cluster->given[OPTION_PCCS]}};

    if (cluster->collaterals.count > 0)
        way.source.file = cluster->collaterals.list[index];
    if (cluster->roots.count > 0)
        way.root = cluster->roots.list[index];
    return way;
}

/* --- at the start --- */

static int check_file(const struct cluster *cluster, const char *path)
{
    return path == NULL || access(path, R_OK) == 0
               ? EXIT_SUCCESS
               : client_fail(&cluster->client, EXIT_USAGE, "%s cannot be read.", path);
}

int cluster_trust_check(const struct cluster *cluster)
{
    const struct way first = way_of(cluster, 0);
    int code = EXIT_SUCCESS;

    if (!collateral_is_named(&first.source))
        return client_fail(&cluster->client, EXIT_USAGE,
                           "peers prove themselves by quotes: name what Intel says of their "
                           "platforms by --collateral, or by --pccs and --cache or one of them.");
    if (cluster->roots.count > 0 && cluster->roots.count != count_ways(cluster))
        return client_fail(&cluster->client, EXIT_USAGE,
                           "name one --root for each --collateral, or none.");
    for (size_t i = 0; i < count_ways(cluster) && code == EXIT_SUCCESS; i++) {
        const struct way way = way_of(cluster, i);

        code = check_file(cluster, way.root);
        if (code == EXIT_SUCCESS)
            code = check_file(cluster, way.source.file);
    }
    return code;
}

/* --- for a quote --- */

struct files {
    struct dp_buf root, collateral;
};

/* In: anew  as collateral_get takes it */
static enum dp_err read_collateral(const struct cluster *cluster, struct dp_collateral **out,
                                   struct files *files, const struct way *way,
                                   struct dp_slice quote, bool anew, struct dp_detail *detail)
{
    struct dp_slice root = dp_intel_root();

    if (way->root != NULL) {
        if (!client_read_file(&cluster->client, &files->root, way->root))
            return dp_fail(detail, DP_EIO, "root", "cannot be read.");
        root = (struct dp_slice){files->root.data, files->root.len};
    }
    if (collateral_get(&cluster->client, &files->collateral, &way->source, quote, root, anew,
                       detail) != -1)
        return DP_EIO;
    return dp_collateral_read(out, (struct dp_slice){files->collateral.data, files->collateral.len},
                              root, detail);
}

/* Out: fault  why the quote does not hold by it, where it was to be had */
static enum dp_err try_way(const struct cluster *cluster, struct dp_collateral **out,
                           const struct way *way, struct dp_slice quote, bool anew,
                           enum dp_dcap_failure *fault, struct dp_detail *detail)
{
    struct files files = {DP_BUF_INIT(DP_ROOT_MAX), DP_BUF_INIT(DP_COLLATERAL_MAX)};
    struct dp_dcap_result result;
    enum dp_err err = read_collateral(cluster, out, &files, way, quote, anew, detail);

    if (err == DP_OK) {
        /* What it says is in the result. */
        (void)!dp_dcap_verify(&result, (const uint8_t *)quote.data, quote.len, *out,
                              dp_clock_unix_ms() / 1000);
        *fault = result.fault.failure;
    }
    dp_buf_free(&files.root);
    dp_buf_free(&files.collateral);
    return err;
}

enum dp_err cluster_trust_collateral(const struct cluster *cluster, struct dp_collateral **out,
                                     struct dp_slice quote, struct dp_detail *detail)
{
    enum dp_dcap_failure fault = DP_DCAP_VALID;
    enum dp_err err = DP_EIO;

    *out = NULL;
    for (size_t i = 0; i < count_ways(cluster); i++) {
        const struct way way = way_of(cluster, i);

        dp_collateral_free(*out);
        *out = NULL;
        err = try_way(cluster, out, &way, quote, false, &fault, detail);
        if (err == DP_OK && collateral_is_stale(&way.source, fault)) {
            dp_collateral_free(*out);
            *out = NULL;
            err = try_way(cluster, out, &way, quote, true, &fault, detail);
        }
        if (err == DP_OK && fault == DP_DCAP_VALID)
            break;
    }
    return err == DP_OK ? DP_OK : DP_EIO;
}
