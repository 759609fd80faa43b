/* test_keycache.c - kept keys: bounded, found while their time lasts, wiped when it is over. */
#include "helper.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "dstack/keycache.h"

/* A key whose every byte is n, in a slot of its own. */
static struct dp_guest_key key_of(uint8_t n)
{
    struct dp_guest_key key = {.key = dp_secret_take()};

    assert_non_null(key.key);
    memset((void *)key.key, n, DP_SECP_KEY_LEN);
    memset(key.public_key, n, sizeof(key.public_key));
    memset(key.app_signature, n, sizeof(key.app_signature));
    memset(key.kms_signature, n, sizeof(key.kms_signature));
    return key;
}

static void keep(struct dp_key_cache *cache, const char *path, uint8_t n)
{
    struct dp_guest_key key = key_of(n);

    dp_key_cache_keep(cache, &key, path);
    dp_guest_key_free(&key);
}

/* What a path's key was made of, or 0 where none is kept. */
static uint8_t look_up(struct dp_key_cache *cache, const char *path)
{
    struct dp_guest_key key, want;
    uint8_t n = 0;

    if (dp_key_cache_find(cache, &key, path)) {
        n = *(const uint8_t *)key.key;
        want = key_of(n);
        assert_memory_equal(key.key, want.key, DP_SECP_KEY_LEN);
        assert_memory_equal(key.public_key, want.public_key, sizeof(key.public_key));
        assert_memory_equal(key.kms_signature, want.kms_signature, sizeof(key.kms_signature));
        dp_guest_key_free(&want);
    } else {
        assert_null(key.key);
    }
    dp_guest_key_free(&key);
    return n;
}

static void path_of(char out[static 16], unsigned i)
{
    snprintf(out, 16, "n/user%u", i);
}

static int start(void **state)
{
    (void)state;
    return dp_secret_init() == DP_OK ? 0 : -1;
}

static void a_kept_key_is_found_under_its_path_alone(void **state)
{
    struct dp_key_cache *cache;

    (void)state;
    assert_int_equal(dp_key_cache_open(&cache, 60), DP_OK);
    keep(cache, "n/alice", 1);
    keep(cache, "n/bob", 2);
    assert_int_equal(look_up(cache, "n/alice"), 1);
    assert_int_equal(look_up(cache, "n/bob"), 2);
    assert_int_equal(look_up(cache, "n/alic"), 0);
    assert_int_equal(look_up(cache, "n/alice2"), 0);
    assert_int_equal(look_up(cache, "m/alice"), 0);
    keep(cache, "n/alice", 3);
    assert_int_equal(look_up(cache, "n/alice"), 3);
    assert_int_equal(dp_key_cache_count(cache), 2);
    dp_key_cache_close(cache);
    dp_key_cache_close(NULL);
}

static void the_least_lately_used_makes_room(void **state)
{
    struct dp_key_cache *cache;
    char path[16];

    (void)state;
    assert_int_equal(dp_key_cache_open(&cache, 60), DP_OK);
    for (unsigned i = 0; i < DP_KEY_CACHE_MAX; i++) {
        path_of(path, i);
        keep(cache, path, (uint8_t)(i + 1));
        usleep(2);
    }
    assert_int_equal(look_up(cache, "n/user0"), 1);
    keep(cache, "n/new", 200);
    assert_int_equal(dp_key_cache_count(cache), DP_KEY_CACHE_MAX);
    assert_int_equal(look_up(cache, "n/new"), 200);
    assert_int_equal(look_up(cache, "n/user0"), 1);
    assert_int_equal(look_up(cache, "n/user1"), 0);
    assert_int_equal(look_up(cache, "n/user2"), 3);
    dp_key_cache_close(cache);
}

/* The slot that the cache has taken: the next that is taken once it is closed. */
static void keys_are_wiped_when_their_time_is_over(void **state)
{
    const uint8_t zero[DP_SECP_KEY_LEN] = {0};
    struct dp_key_cache *cache;
    uint8_t *slot = dp_secret_take();

    (void)state;
    dp_secret_return(slot);
    assert_int_equal(dp_key_cache_open(&cache, 1), DP_OK);
    keep(cache, "n/alice", 7);
    assert_int_equal(slot[0], 7);
    dp_key_cache_expire(cache);
    assert_int_equal(dp_key_cache_count(cache), 1);
    usleep(600000);
    assert_int_equal(look_up(cache, "n/alice"), 7);
    usleep(500000);
    assert_int_equal(dp_key_cache_count(cache), 1);
    dp_key_cache_expire(cache);
    assert_int_equal(dp_key_cache_count(cache), 0);
    assert_memory_equal(slot, zero, sizeof(zero));
    assert_int_equal(look_up(cache, "n/alice"), 0);
    keep(cache, "n/bob", 8);
    assert_int_equal(slot[0], 8);
    dp_key_cache_close(cache);
    assert_memory_equal(slot, zero, sizeof(zero));
}

static void without_a_vacant_slot_nothing_is_found(void **state)
{
    void *slots[DP_SECRET_SLOTS];
    struct dp_key_cache *cache, *other;
    size_t count = 0;

    (void)state;
    assert_int_equal(dp_key_cache_open(&cache, 60), DP_OK);
    keep(cache, "n/alice", 1);
    while ((slots[count] = dp_secret_take()) != NULL)
        count++;
    assert_int_equal(look_up(cache, "n/alice"), 0);
    assert_int_equal(dp_key_cache_open(&other, 60), DP_ENOMEM);
    assert_null(other);
    while (count > 0)
        dp_secret_return(slots[--count]);
    assert_int_equal(look_up(cache, "n/alice"), 1);
    dp_key_cache_close(cache);
}

struct shared {
    struct dp_key_cache *cache;
    atomic_uint faults;
};

/* Each thread has paths of its own, more in all than there are places. */
static void keep_and_find(size_t index, void *arg)
{
    struct shared *shared = arg;
    char path[16];

    path_of(path, (unsigned)index);
    for (unsigned i = 0; i < 300; i++) {
        struct dp_guest_key key = {.key = dp_secret_take()};

        if (key.key == NULL)
            continue;
        memset((void *)key.key, (int)index + 1, DP_SECP_KEY_LEN);
        dp_key_cache_keep(shared->cache, &key, path);
        dp_guest_key_free(&key);
        if (dp_key_cache_find(shared->cache, &key, path) &&
            *(const uint8_t *)key.key != (uint8_t)(index + 1))
            atomic_fetch_add(&shared->faults, 1);
        dp_guest_key_free(&key);
    }
}

static void no_thread_finds_the_key_of_another_path(void **state)
{
    struct shared shared = {.faults = 0};

    (void)state;
    assert_int_equal(dp_key_cache_open(&shared.cache, 60), DP_OK);
    on_threads(80, keep_and_find, &shared);
    assert_int_equal(atomic_load(&shared.faults), 0);
    dp_key_cache_close(shared.cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kept_key_is_found_under_its_path_alone),
        cmocka_unit_test(the_least_lately_used_makes_room),
        cmocka_unit_test(keys_are_wiped_when_their_time_is_over),
        cmocka_unit_test(without_a_vacant_slot_nothing_is_found),
        cmocka_unit_test(no_thread_finds_the_key_of_another_path),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
