/* group.h - writes that come at the same time share one commit. */
#ifndef DP_STORE_GROUP_H
#define DP_STORE_GROUP_H

#include "base/err.h"

/* One write; runs inside a transaction, and is undone alone where it fails. It may be run again, in
 * another transaction, from its beginning. */
typedef enum dp_err dp_group_write_fn(void *db, void *arg);

/* What became of a batch that failed. */
enum dp_group_outcome {
    DP_GROUP_FAILED, /* nothing of it is stored, or nobody can say */
    DP_GROUP_AGAIN,  /* nothing of it is stored; it may work when it is run again */
    DP_GROUP_STORED, /* all of it is stored: only the answer was lost */
};

/* What a database does for a group. Each returns DP_OK or DP_ESTORE. */
struct dp_group_ops {
    enum dp_err (*begin)(void *db);
    enum dp_err (*save)(void *db);   /* before each write */
    enum dp_err (*undo)(void *db);   /* take back the write since save */
    enum dp_err (*commit)(void *db); /* durable on return */
    void (*rollback)(void *db);
    /* Asked after rollback, how often it was asked for this batch before; may be NULL, which is
     * DP_GROUP_FAILED. */
    enum dp_group_outcome (*outcome)(void *db, unsigned before);
};

struct dp_group;

/* db is borrowed, and used by one thread at a time. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_group_open(struct dp_group **out, const struct dp_group_ops *ops, void *db);

/* No write may be under way. Takes NULL. */
void dp_group_close(struct dp_group *group);

/**
 * Run a write and return once it is committed, or has failed. Whoever finds nobody committing does
 * it for all who wait, so a commit's cost is shared as soon as there is more than one.
 *
 * Returns: what the write returned, or DP_ESTORE where the commit failed: nothing is written then,
 *          unless the connection to the database was lost in the commit and stayed lost
 */
DP_MUST_CHECK
enum dp_err dp_group_write(struct dp_group *group, dp_group_write_fn *write, void *arg);

#endif
