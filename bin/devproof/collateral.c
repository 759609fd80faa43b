/* collateral.c - where devproof quote and audit have collateral from: a file, a cache, a PCCS. */
#include "devproof/collateral.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/pcs.h"
#include "base/file.h"
#include "devproof/command.h"

bool collateral_is_named(const struct collateral_source *source)
{
    return (source->file != NULL) != (source->cache != NULL || source->pccs != NULL);
}

bool collateral_is_stale(const struct collateral_source *source, enum dp_dcap_failure failure)
{
    return source->pccs != NULL && (failure == DP_DCAP_TCB_INFO_DATE ||
                                    failure == DP_DCAP_QE_IDENTITY_DATE || failure == DP_DCAP_CRL);
}

/* Complains where it cannot, which spoils no verdict. */
static void keep(const struct client *client, const char *path, const struct dp_buf *text)
{
    if (dp_file_replace(path, (struct dp_slice){text->data, text->len}, 0600) != DP_OK)
        client_fail(client, EXIT_FAILURE, "%s cannot be written: %s.", path, strerror(errno));
}

static int fetch(const struct client *client, struct dp_buf *out,
                 const struct collateral_source *source, const struct dp_pcs_platform *platform,
                 struct dp_slice root, const char *path, struct dp_detail *detail)
{
    if (dp_pcs_fetch(out, source->pccs, platform, root, detail) != DP_OK)
        return EXIT_FAILURE;
    if (path[0] != '\0')
        keep(client, path, out);
    return -1;
}

int collateral_get(const struct client *client, struct dp_buf *out,
                   const struct collateral_source *source, struct dp_slice quote,
                   struct dp_slice root, bool anew, struct dp_detail *detail)
{
    struct dp_pcs_platform platform;
    char name[DP_PCS_NAME_SIZE], path[PATH_MAX] = "";

    if (source->file != NULL)
        return client_read_file(client, out, source->file) ? -1 : EXIT_USAGE;
    if (dp_pcs_platform_of(&platform, (const uint8_t *)quote.data, quote.len, detail) != DP_OK)
        return EXIT_FAILURE;
    dp_pcs_cache_name(name, &platform);
    if (source->cache != NULL &&
        snprintf(path, sizeof(path), "%s/%s", source->cache, name) >= (int)sizeof(path))
        return client_fail(client, EXIT_USAGE, "the name of the cache is too long.");
    if (anew || path[0] == '\0' || (source->pccs != NULL && access(path, R_OK) != 0))
        return fetch(client, out, source, &platform, root, path, detail);
    return client_read_file(client, out, path) ? -1 : EXIT_USAGE;
}
