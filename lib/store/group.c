/* group.c - writes that come at the same time share one commit. */
#include "store/group.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>

/* A write that waits; it lives on its caller's stack. Each is woken by itself: one condition for
 * all would wake as many threads as wait, only for them to queue up for the lock. */
struct waiting {
    dp_group_write_fn *write;
    void *arg;
    enum dp_err result;
    sem_t wake; /* done, or chosen to commit */
    bool chosen;
    struct waiting *next;
};

struct dp_group {
    const struct dp_group_ops *ops;
    void *db;
    pthread_mutex_t lock; /* guards what follows */
    struct waiting *first, **last;
    bool committing; /* somebody is, or is chosen to */
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
    return DP_OK;
}

void dp_group_close(struct dp_group *group)
{
    if (group == NULL)
        return;
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

static enum dp_err try_batch(struct dp_group *group, struct waiting *batch)
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

static enum dp_err run_batch(struct dp_group *group, struct waiting *batch)
{
    enum dp_group_outcome outcome = DP_GROUP_AGAIN;
    enum dp_err err = DP_ESTORE;

    for (unsigned before = 0; err != DP_OK && outcome == DP_GROUP_AGAIN; before++) {
        err = try_batch(group, batch);
        if (err != DP_OK)
            outcome = group->ops->outcome != NULL ? group->ops->outcome(group->db, before)
                                                  : DP_GROUP_FAILED;
    }
    return outcome == DP_GROUP_STORED ? DP_OK : err;
}

/* All that waits, of which self is one. */
static struct waiting *take_batch(struct dp_group *group)
{
    struct waiting *batch;

    pthread_mutex_lock(&group->lock);
    batch = group->first;
    group->first = NULL;
    group->last = &group->first;
    pthread_mutex_unlock(&group->lock);
    return batch;
}

/* Whoever came meanwhile is next; if nobody did, the next to come is. */
static void choose_next(struct dp_group *group)
{
    pthread_mutex_lock(&group->lock);
    group->committing = group->first != NULL;
    if (group->committing) {
        group->first->chosen = true;
        sem_post(&group->first->wake);
    }
    pthread_mutex_unlock(&group->lock);
}

static void commit_all(struct dp_group *group, const struct waiting *self)
{
    struct waiting *batch = take_batch(group);
    enum dp_err err = run_batch(group, batch);

    choose_next(group);
    while (batch != NULL) {
        struct waiting *next = batch->next; /* once it is awake, its owner may return */

        /* Nothing of the batch is stored, so neither is what made a write say that it exists. */
        if (err != DP_OK)
            batch->result = err;
        if (batch != self)
            sem_post(&batch->wake);
        batch = next;
    }
}

static void wait_turn(struct waiting *self)
{
    while (sem_wait(&self->wake) != 0)
        ; /* a signal; the program's end waits for us */
}

enum dp_err dp_group_write(struct dp_group *group, dp_group_write_fn *write, void *arg)
{
    struct waiting self = {.write = write, .arg = arg};
    bool commits;

    sem_init(&self.wake, 0, 0);
    pthread_mutex_lock(&group->lock);
    /* The queue forgets self before this call returns. */
    /* cppcheck-suppress autoVariables */
    *group->last = &self;
    /* cppcheck-suppress autoVariables */
    group->last = &self.next;
    commits = !group->committing;
    group->committing = true;
    pthread_mutex_unlock(&group->lock);
    if (!commits) {
        wait_turn(&self);
        commits = self.chosen;
    }
    if (commits)
        commit_all(group, &self);
    sem_destroy(&self.wake);
    return self.result;
}
