/* newcomers.c - since which block each peer has been seen, so that additions can wait. */
#include "cluster/newcomers.h"

#include <stdlib.h>
#include <string.h>

bool dp_peer_is_same(const struct dp_peer *a, const struct dp_peer *b)
{
    return a->token_id == b->token_id && a->network == b->network &&
           memcmp(a->app_id, b->app_id, sizeof(a->app_id)) == 0 &&
           memcmp(a->instance_id, b->instance_id, sizeof(a->instance_id)) == 0 &&
           memcmp(a->wireguard_key, b->wireguard_key, sizeof(a->wireguard_key)) == 0 &&
           strcmp(a->endpoint, b->endpoint) == 0;
}

static uint64_t since(const struct dp_newcomers *newcomers, const struct dp_peer *peer,
                      uint64_t block)
{
    for (size_t i = 0; i < newcomers->count; i++) {
        if (dp_peer_is_same(&newcomers->list[i].peer, peer))
            return newcomers->list[i].since;
    }
    return newcomers->started ? block : 0;
}

enum dp_err dp_newcomers_note(struct dp_newcomers *newcomers, const struct dp_peers *peers)
{
    const struct dp_header *block = &peers->agreed.block;
    struct dp_seen *list = calloc(peers->count + 1, sizeof(*list));
    size_t count = 0;

    if (list == NULL)
        return DP_ENOMEM;
    for (size_t i = 0; i < peers->count; i++) {
        const struct dp_peer *peer = &peers->list[i];

        if (dp_peer_is_active(peer, block->time))
            list[count++] = (struct dp_seen){*peer, since(newcomers, peer, block->number)};
    }
    free(newcomers->list);
    *newcomers = (struct dp_newcomers){list, count, true};
    return DP_OK;
}

bool dp_seen_is_settled(const struct dp_seen *seen, uint64_t block, unsigned after)
{
    return seen->since == 0 || block - seen->since >= after;
}

void dp_newcomers_free(struct dp_newcomers *newcomers)
{
    free(newcomers->list);
    *newcomers = (struct dp_newcomers){.list = NULL};
}
