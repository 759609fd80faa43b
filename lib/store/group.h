/* group.h - writes that come at the same time share one commit. */
#ifndef DP_STORE_GROUP_H
#define DP_STORE_GROUP_H

#include "base/err.h"

/* One write; runs inside a transaction, and is undone alone where it fails. */
typedef enum dp_err dp_group_write_fn(void *db, void *arg);

/* What a database does for a group. Each returns DP_OK or DP_ESTORE. */
struct dp_group_ops {
    enum dp_err (*begin)(void *db);
    enum dp_err (*save)(void *db);   /* before each write */
    enum dp_err (*undo)(void *db);   /* take back the write since save */
    enum dp_err (*commit)(void *db); /* durable on return */
    void (*rollback)(void *db);
};

struct dp_group;

/* db is borrowed, and used by one thread at a time. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_group_open(struct dp_group **out, const struct dp_group_ops *ops, void *db);

/* No write may be under way. Takes NULL. */
void dp_group_close(struct dp_group *group);

/* A caller comes who may write, and goes: between the two, commits wait a moment for it. */
void dp_group_enter(struct dp_group *group);
void dp_group_leave(struct dp_group *group);

/**
 * Run a write and return once it is committed, or has failed. Whoever finds nobody committing does
 * it for all who wait, so a commit's cost is shared as soon as there is more than one. It begins
 * when half of those who entered are there, or after a millisecond.
 *
 * Returns: what the write returned, or DP_ESTORE where the commit failed: nothing is written then
 */
DP_MUST_CHECK
enum dp_err dp_group_write(struct dp_group *group, dp_group_write_fn *write, void *arg);

#endif
