/* keycache.c - a few derived keys, kept for a while in locked memory. Holds keys. */
#include "dstack/keycache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/secret.h"
#include "dstack/keyuse.h"

_Static_assert(DP_KEY_CACHE_MAX *DP_SECP_KEY_LEN <= DP_SECRET_SLOT_SIZE, "all keys fit one slot");

struct entry {
    char path[DP_KEY_PATH_SIZE]; /* "" where vacant */
    int64_t until_us, used_us;
    struct dp_guest_key public; /* but for key, which is NULL */
};

struct dp_key_cache {
    int64_t lifetime_us;
    pthread_mutex_t lock; /* guards what follows */
    uint8_t (*keys)[DP_SECP_KEY_LEN];
    struct entry entries[DP_KEY_CACHE_MAX];
};

enum dp_err dp_key_cache_open(struct dp_key_cache **out, unsigned seconds)
{
    struct dp_key_cache *cache = calloc(1, sizeof(*cache));

    *out = NULL;
    if (cache == NULL)
        return DP_ENOMEM;
    cache->keys = dp_secret_take();
    if (cache->keys == NULL) {
        free(cache);
        return DP_ENOMEM;
    }
    cache->lifetime_us = seconds * INT64_C(1000000);
    pthread_mutex_init(&cache->lock, NULL);
    *out = cache;
    return DP_OK;
}

void dp_key_cache_close(struct dp_key_cache *cache)
{
    if (cache == NULL)
        return;
    dp_secret_return(cache->keys);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static void wipe(struct dp_key_cache *cache, size_t i)
{
    OPENSSL_cleanse(cache->keys[i], DP_SECP_KEY_LEN);
    cache->entries[i] = (struct entry){0};
}

static void wipe_expired(struct dp_key_cache *cache, int64_t now)
{
    for (size_t i = 0; i < DP_KEY_CACHE_MAX; i++) {
        if (cache->entries[i].path[0] != '\0' && cache->entries[i].until_us <= now)
            wipe(cache, i);
    }
}

/* The path's entry, or one that is vacant, or the one that was used least lately. */
static size_t place_for(const struct dp_key_cache *cache, const char *path)
{
    size_t best = 0;

    for (size_t i = 0; i < DP_KEY_CACHE_MAX; i++) {
        if (strcmp(cache->entries[i].path, path) == 0)
            return i;
        if (cache->entries[i].used_us < cache->entries[best].used_us)
            best = i;
    }
    return best;
}

bool dp_key_cache_find(struct dp_key_cache *cache, struct dp_guest_key *key, const char *path)
{
    int64_t now = dp_clock_mono_us();
    uint8_t *slot = dp_secret_take();
    bool found = false;
    size_t i;

    memset(key, 0, sizeof(*key));
    if (slot == NULL)
        return false;
    pthread_mutex_lock(&cache->lock);
    wipe_expired(cache, now);
    i = place_for(cache, path);
    if (strcmp(cache->entries[i].path, path) == 0) {
        cache->entries[i].used_us = now;
        *key = cache->entries[i].public;
        memcpy(slot, cache->keys[i], DP_SECP_KEY_LEN);
        found = true;
    }
    pthread_mutex_unlock(&cache->lock);
    if (found)
        key->key = (const struct dp_key_bytes *)slot;
    else
        dp_secret_return(slot);
    return found;
}

void dp_key_cache_keep(struct dp_key_cache *cache, const struct dp_guest_key *key, const char *path)
{
    int64_t now = dp_clock_mono_us();
    size_t i, len = strlen(path);

    assert(len > 0 && len < DP_KEY_PATH_SIZE);
    pthread_mutex_lock(&cache->lock);
    i = place_for(cache, path);
    wipe(cache, i);
    memcpy(cache->keys[i], key->key, DP_SECP_KEY_LEN);
    memcpy(cache->entries[i].path, path, len);
    cache->entries[i].public = *key;
    cache->entries[i].public.key = NULL;
    cache->entries[i].until_us = now + cache->lifetime_us;
    cache->entries[i].used_us = now;
    pthread_mutex_unlock(&cache->lock);
}

void dp_key_cache_expire(struct dp_key_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    wipe_expired(cache, dp_clock_mono_us());
    pthread_mutex_unlock(&cache->lock);
}

unsigned dp_key_cache_count(struct dp_key_cache *cache)
{
    unsigned count = 0;

    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < DP_KEY_CACHE_MAX; i++)
        count += cache->entries[i].path[0] != '\0';
    pthread_mutex_unlock(&cache->lock);
    return count;
}
