/* collateral_store.h - collateral for many quotes: asked for once for all of a kind of platform. */
#ifndef DEVPROOF_COLLATERAL_STORE_H
#define DEVPROOF_COLLATERAL_STORE_H

#include <pthread.h>

#include "attest/collateral.h"
#include "devproof/cluster.h"
#include "devproof/collateral.h"

struct kept;

struct collateral_store {
    const struct client *client;
    struct collateral_source source;
    struct dp_buf root_file;
    struct dp_slice root;
    pthread_mutex_t lock; /* of what follows */
    struct kept *list;    /* count of them; what comes later counts before what came earlier */
    size_t count;
};

/* By --collateral, --cache, --pccs and --root. Out: store  to be closed, also after an error.
 * Returns: an exit code, after complaining */
int collateral_store_open(struct collateral_store *store, const struct cluster *cluster);

/* A dp_peer_collateral; arg is the store. What it gives stays until the store is closed. */
enum dp_err collateral_store_give(const struct dp_collateral **out, struct dp_slice quote,
                                  bool anew, void *arg, struct dp_detail *detail);

/* Takes one that is all zero, too. */
void collateral_store_close(struct collateral_store *store);

#endif
