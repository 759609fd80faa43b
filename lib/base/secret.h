/* secret.h - memory for secrets: locked, left out of core dumps, wiped. May hold a secret. */
#ifndef DP_BASE_SECRET_H
#define DP_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DP_SECRET_SLOT_SIZE 4096 /* bytes of one slot */
#define DP_SECRET_SLOTS 128      /* slots of a process, 512 KiB in all */

/**
 * Lock the slots' memory. Call once, before any thread.
 *
 * Returns: DP_OK, DP_ENOMEM (no memory, or RLIMIT_MEMLOCK is under 512 KiB)
 */
DP_MUST_CHECK
enum dp_err dp_secret_init(void);

/* A slot of DP_SECRET_SLOT_SIZE zero bytes, or NULL where all are in use. */
void *dp_secret_take(void);

/* Wipe a slot and give it back. Takes NULL. */
void dp_secret_return(void *slot);

#endif
