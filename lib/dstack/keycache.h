/* keycache.h - a few derived keys, kept for a while in locked memory. Holds keys. */
/*
 * Off by default: the design keeps a key for one call only. Where an operator wants signatures
 * without asking the agent each time, keys stay here for KEY_CACHE_SECONDS, at most
 * DP_KEY_CACHE_MAX of them in one locked slot. A key is wiped when its time is over, when a newer
 * one takes its place, and when the cache is closed. Its time counts from when the agent gave it,
 * however often it is used: so long may a key outlive the agent's giving another.
 */
#ifndef DP_DSTACK_KEYCACHE_H
#define DP_DSTACK_KEYCACHE_H

#include <stdbool.h>

#include "base/err.h"
#include "dstack/guest.h"

#define DP_KEY_CACHE_MAX 64

struct dp_key_cache;

/* Keys live for so many seconds. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_key_cache_open(struct dp_key_cache **out, unsigned seconds);

/* Wipes all keys. No call may be under way. Takes NULL. */
void dp_key_cache_close(struct dp_key_cache *cache);

/**
 * Find the key of a path. Any thread may call at any time, as the calls below.
 *
 * Out: key  a copy in a slot of its own, to be freed by dp_guest_key_free; all zero where false
 */
bool dp_key_cache_find(struct dp_key_cache *cache, struct dp_guest_key *key, const char *path);

/* Keep a copy of a key; the one that was used least lately makes room. path is at most
 * DP_KEY_PATH_SIZE - 1 bytes, not empty. */
void dp_key_cache_keep(struct dp_key_cache *cache, const struct dp_guest_key *key,
                       const char *path);

/* Wipe the keys whose time is over. */
void dp_key_cache_expire(struct dp_key_cache *cache);

/* Keys that are kept, whether or not their time is over. */
unsigned dp_key_cache_count(struct dp_key_cache *cache);

#endif
