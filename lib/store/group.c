/* group.c - writes that come at the same time share one commit. */
#include "store/group.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/* A write that waits; it lives on its caller's stack. */
struct waiting {
    dp_group_write_fn *write;
    void *arg;
    enum dp_err result;
    bool done;
    struct waiting *next;
};

struct dp_group {
    const struct dp_group_ops *ops;
    void *db;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct waiting *first, **last;
    bool committing;
};

enum dp_err dp_group_open(struct dp_group **out, const struct dp_group_ops *ops, void *db)
{
    struct dp_group *group = calloc(1, sizeof(*group));

    *out = group;
    if (group == NULL)
        return DP_ENOMEM;
    group->ops = ops;
    group->db = db;
    group->last = &group->first;
    pthread_mutex_init(&group->lock, NULL);
    pthread_cond_init(&group->changed, NULL);
    return DP_OK;
}

void dp_group_close(struct dp_group *group)
{
    if (group == NULL)
        return;
    pthread_cond_destroy(&group->changed);
    pthread_mutex_destroy(&group->lock);
    free(group);
}

/* Run one write; DP_ESTORE from the database itself ends the whole batch. */
static enum dp_err run_one(struct dp_group *group, struct waiting *w)
{
    enum dp_err err = group->ops->save(group->db);

    if (err != DP_OK)
        return err;
    w->result = w->write(group->db, w->arg);
    return w->result == DP_OK ? DP_OK : group->ops->undo(group->db);
}

static enum dp_err run_batch(struct dp_group *group, struct waiting *batch)
{
    enum dp_err err = group->ops->begin(group->db);

    for (struct waiting *w = batch; w != NULL && err == DP_OK; w = w->next)
        err = run_one(group, w);
    if (err == DP_OK)
        err = group->ops->commit(group->db);
    if (err != DP_OK)
        group->ops->rollback(group->db);
    return err;
}

/* Called and returns with the lock held. */
static void commit_all(struct dp_group *group)
{
    struct waiting *batch = group->first;
    enum dp_err err;

    group->first = NULL;
    group->last = &group->first;
    group->committing = true;
    pthread_mutex_unlock(&group->lock);
    err = run_batch(group, batch);
    pthread_mutex_lock(&group->lock);
    group->committing = false;
    while (batch != NULL) {
        struct waiting *next = batch->next; /* once done is set, its owner may return */

        /* Nothing of the batch is stored, so neither is what made a write say that it exists. */
        if (err != DP_OK)
            batch->result = err;
        batch->done = true;
        batch = next;
    }
    pthread_cond_broadcast(&group->changed);
}

enum dp_err dp_group_write(struct dp_group *group, dp_group_write_fn *write, void *arg)
{
    struct waiting self = {.write = write, .arg = arg};

    pthread_mutex_lock(&group->lock);
    /* The queue forgets self before this call returns. */
    /* cppcheck-suppress autoVariables */
    *group->last = &self;
    /* cppcheck-suppress autoVariables */
    group->last = &self.next;
    while (!self.done) {
        if (group->committing)
            pthread_cond_wait(&group->changed, &group->lock);
        else
            commit_all(group);
    }
    pthread_mutex_unlock(&group->lock);
    return self.result;
}
