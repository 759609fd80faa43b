/* secret.c - memory for secrets: locked, left out of core dumps, wiped. May hold a secret. */
#include "base/secret.h"

#include <assert.h>
#include <pthread.h>
#include <sys/mman.h>

#include <openssl/crypto.h>

#define POOL_SIZE ((size_t)DP_SECRET_SLOTS * DP_SECRET_SLOT_SIZE)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *pool;
static uint8_t *vacant[DP_SECRET_SLOTS];
static size_t vacant_count;

enum dp_err dp_secret_init(void)
{
    if (pool != NULL)
        return DP_OK;
    pool = mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pool == MAP_FAILED) {
        pool = NULL;
        return DP_ENOMEM;
    }
    /* On fault: a slot that is never used never costs memory. */
    if (mlock2(pool, POOL_SIZE, MLOCK_ONFAULT) != 0 ||
        madvise(pool, POOL_SIZE, MADV_DONTDUMP) != 0 ||
        madvise(pool, POOL_SIZE, MADV_WIPEONFORK) != 0) {
        munmap(pool, POOL_SIZE);
        pool = NULL;
        return DP_ENOMEM;
    }
    /* The last one in is the first one out, so that few pages are touched. */
    for (size_t i = DP_SECRET_SLOTS; i > 0; i--)
        vacant[vacant_count++] = pool + (i - 1) * DP_SECRET_SLOT_SIZE;
    return DP_OK;
}

void *dp_secret_take(void)
{
    uint8_t *slot = NULL;

    pthread_mutex_lock(&lock);
    if (vacant_count > 0)
        slot = vacant[--vacant_count];
    pthread_mutex_unlock(&lock);
    return slot;
}

void dp_secret_return(void *slot)
{
    if (slot == NULL)
        return;
    assert((uint8_t *)slot >= pool && (uint8_t *)slot < pool + POOL_SIZE &&
           (size_t)((uint8_t *)slot - pool) % DP_SECRET_SLOT_SIZE == 0);
    OPENSSL_cleanse(slot, DP_SECRET_SLOT_SIZE);
    pthread_mutex_lock(&lock);
    assert(vacant_count < DP_SECRET_SLOTS); /* else one was given back twice */
    vacant[vacant_count++] = slot;
    pthread_mutex_unlock(&lock);
}
