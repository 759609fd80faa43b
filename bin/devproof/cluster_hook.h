/* cluster_hook.h - a program that is run whenever a file has changed, one at a time. */
#ifndef DEVPROOF_CLUSTER_HOOK_H
#define DEVPROOF_CLUSTER_HOOK_H

#include <stdbool.h>

/*
 * It gets the file's path as its last argument and in DSTACK_PEERS_FILE. What changes while it runs
 * is one more run after it. One that fails or takes longer than a minute is run again, a second
 * later, then ever later up to half a minute; so it must only bring about what the file says.
 */
struct cluster_hook;

/* In: program  a path, run without a shell; both borrowed. NULL: no memory, or no thread */
struct cluster_hook *cluster_hook_start(const char *program, const char *path);

/* The file has changed. Takes NULL. */
void cluster_hook_wake(struct cluster_hook *hook);

/* End it, and the program with it. Takes NULL. */
void cluster_hook_stop(struct cluster_hook *hook);

#endif
