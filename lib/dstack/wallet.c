/* wallet.c - a user's key, once the guest agent keeps users apart. Holds keys in locked memory. */
#include "dstack/wallet.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/keccak.h"
#include "dstack/keycache.h"
#include "dstack/keyuse.h"

enum trust { UNKNOWN, PASSED, FAILED };

struct dp_wallet {
    struct dp_guest *guest;
    const char *key_namespace;
    struct dp_pub_memo *memo;   /* of the keys that were signed with */
    struct dp_key_cache *cache; /* or NULL: no key is kept */
    atomic_int trust;           /* what the agent's self-test said */
    pthread_mutex_t lock;       /* guards what follows */
    uint8_t known_kms_signature[DP_SECP_SIG_LEN];
    uint8_t known_app_id[DP_APP_ID_LEN];
};

enum dp_err dp_wallet_self_test(void)
{
    static const uint8_t key[DP_SECP_KEY_LEN] = {[DP_SECP_KEY_LEN - 1] = 1};
    /* First bytes of the x coordinate of the generator (SEC 2, 2.4.1), the key's own point. */
    static const uint8_t generator[] = {0x04, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac};
    uint8_t pub[DP_SECP_PUB_LEN], recovered[DP_SECP_PUB_LEN], digest[DP_KECCAK_LEN];
    uint8_t bytes[DP_SECP_SIG_LEN];
    struct dp_secp_sig sig;

    dp_keccak256(digest, "devproof", 8);
    if (dp_secp_public(pub, key) != DP_OK || memcmp(pub, generator, sizeof(generator)) != 0 ||
        dp_secp_sign(bytes, key, digest) != DP_OK ||
        dp_secp_parse_sig(&sig, bytes, sizeof(bytes)) != DP_OK ||
        !dp_secp_verify(&sig, digest, pub) ||
        dp_secp_recover(recovered, &sig, sig.recid, digest) != DP_OK ||
        memcmp(recovered, pub, sizeof(pub)) != 0)
        return DP_ESELFTEST;
    digest[0] ^= 1;
    return dp_secp_verify(&sig, digest, pub) ? DP_ESELFTEST : DP_OK;
}

enum dp_err dp_wallet_open(struct dp_wallet **out, struct dp_guest *guest,
                           const char *key_namespace)
{
    struct dp_wallet *wallet = calloc(1, sizeof(*wallet));
    enum dp_err err = wallet != NULL ? dp_pub_memo_open(&wallet->memo) : DP_ENOMEM;

    *out = NULL;
    if (err != DP_OK) {
        free(wallet);
        return err;
    }
    wallet->guest = guest;
    wallet->key_namespace = key_namespace;
    pthread_mutex_init(&wallet->lock, NULL);
    *out = wallet;
    return DP_OK;
}

void dp_wallet_close(struct dp_wallet *wallet)
{
    if (wallet == NULL)
        return;
    dp_key_cache_close(wallet->cache);
    dp_pub_memo_close(wallet->memo);
    pthread_mutex_destroy(&wallet->lock);
    free(wallet);
}

/* Returns: DP_OK, DP_EINVAL (too long) */
static enum dp_err write_path(char path[static DP_KEY_PATH_SIZE], const char *key_namespace,
                              const char *user_id)
{
    int len = snprintf(path, DP_KEY_PATH_SIZE, "%s/%s", key_namespace, user_id);

    return len < 0 || len >= DP_KEY_PATH_SIZE ? DP_EINVAL : DP_OK;
}

static enum dp_err derive(struct dp_wallet *wallet, struct dp_guest_key *key,
                          const char *key_namespace, const char *user_id)
{
    char path[DP_KEY_PATH_SIZE];
    enum dp_err err = write_path(path, key_namespace, user_id);

    memset(key, 0, sizeof(*key));
    return err == DP_OK ? dp_guest_get_key(wallet->guest, key, path, DP_PURPOSE) : err;
}

/* The same for signing, from the cache where there is one. */
static enum dp_err find_or_derive(struct dp_wallet *wallet, struct dp_guest_key *key,
                                  const char *key_namespace, const char *user_id)
{
    char path[DP_KEY_PATH_SIZE];
    enum dp_err err = write_path(path, key_namespace, user_id);

    if (err != DP_OK)
        return err;
    if (wallet->cache != NULL && dp_key_cache_find(wallet->cache, key, path))
        return DP_OK;
    err = dp_guest_get_key_again(wallet->guest, key, path, DP_PURPOSE, wallet->memo);
    if (err == DP_OK && wallet->cache != NULL)
        dp_key_cache_keep(wallet->cache, key, path);
    return err;
}

/*
 * The public half of a key, which is enough to tell keys apart. The key itself goes back at once:
 * locked memory is for one key a thread, and at a start all threads may be here.
 */
static enum dp_err derive_public(struct dp_wallet *wallet, struct dp_guest_key *public,
                                 const char *key_namespace, const char *user_id)
{
    struct dp_guest_key key;
    enum dp_err err = derive(wallet, &key, key_namespace, user_id);

    *public = key;
    public->key = NULL;
    dp_guest_key_free(&key);
    return err;
}

static bool same_key(const struct dp_guest_key *a, const struct dp_guest_key *b)
{
    return memcmp(a->public_key, b->public_key, DP_SECP_PUB_LEN) == 0;
}

/* The KMS signature names the app key; two keys of one app have the same one. */
static bool same_app(const struct dp_guest_key *a, const struct dp_guest_key *b)
{
    return memcmp(a->kms_signature, b->kms_signature, DP_SECP_SIG_LEN) == 0;
}

/* Returns: DP_OK, DP_ESELFTEST, or what the agent's failure was */
static enum dp_err test_agent(struct dp_wallet *wallet)
{
    struct dp_guest_key a = {0}, b = {0}, c = {0};
    enum dp_err err = derive_public(wallet, &a, wallet->key_namespace, DP_SELF_TEST_USER_1);

    if (err == DP_OK)
        err = derive_public(wallet, &b, wallet->key_namespace, DP_SELF_TEST_USER_2);
    if (err == DP_OK)
        err = derive_public(wallet, &c, DP_SELF_TEST_NAMESPACE, DP_SELF_TEST_USER_1);
    if (err == DP_OK && (same_key(&a, &b) || same_key(&a, &c) || same_key(&b, &c) ||
                         !same_app(&a, &b) || !same_app(&a, &c)))
        err = DP_ESELFTEST;
    return err;
}

/* Threads that come at the same time may all run the test; one that fails counts for all. */
static enum dp_err trust_agent(struct dp_wallet *wallet)
{
    int trust = atomic_load(&wallet->trust), untested = UNKNOWN;

    if (trust == UNKNOWN) {
        enum dp_err err = test_agent(wallet);

        if (err == DP_ESELFTEST)
            atomic_store(&wallet->trust, FAILED);
        else if (err != DP_OK)
            return err;
        atomic_compare_exchange_strong(&wallet->trust, &untested, PASSED);
        trust = atomic_load(&wallet->trust);
    }
    return trust == PASSED ? DP_OK : DP_ESELFTEST;
}

/* The product's own paths have a "!": what a database says is not to reach those. */
static enum dp_err may_derive(struct dp_wallet *wallet, const char *key_namespace)
{
    return strchr(key_namespace, '!') != NULL ? DP_EINVAL : trust_agent(wallet);
}

enum dp_err dp_wallet_key(struct dp_wallet *wallet, struct dp_guest_key *key,
                          const char *key_namespace, const char *user_id)
{
    enum dp_err err = may_derive(wallet, key_namespace);

    memset(key, 0, sizeof(*key));
    return err == DP_OK ? find_or_derive(wallet, key, key_namespace, user_id) : err;
}

enum dp_err dp_wallet_public(struct dp_wallet *wallet, struct dp_guest_key *key,
                             const char *key_namespace, const char *user_id)
{
    enum dp_err err = may_derive(wallet, key_namespace);

    memset(key, 0, sizeof(*key));
    return err == DP_OK ? derive_public(wallet, key, key_namespace, user_id) : err;
}

enum dp_err dp_wallet_app_id(struct dp_wallet *wallet, uint8_t out[static DP_APP_ID_LEN],
                             const struct dp_guest_key *key)
{
    bool known;
    enum dp_err err;

    pthread_mutex_lock(&wallet->lock);
    known = memcmp(wallet->known_kms_signature, key->kms_signature, DP_SECP_SIG_LEN) == 0;
    if (known)
        memcpy(out, wallet->known_app_id, DP_APP_ID_LEN);
    pthread_mutex_unlock(&wallet->lock);
    if (known)
        return DP_OK;

    /* Without the lock: an agent that hangs would else hold up one thread after the other. */
    err = dp_guest_app_id(wallet->guest, out);
    if (err != DP_OK)
        return err;
    pthread_mutex_lock(&wallet->lock);
    memcpy(wallet->known_kms_signature, key->kms_signature, DP_SECP_SIG_LEN);
    memcpy(wallet->known_app_id, out, DP_APP_ID_LEN);
    pthread_mutex_unlock(&wallet->lock);
    return DP_OK;
}

enum dp_err dp_wallet_sign(const struct dp_guest_key *key, uint8_t sig[static DP_SECP_SIG_LEN],
                           const uint8_t digest[static 32])
{
    return dp_secp_sign(sig, (const uint8_t *)key->key, digest);
}

enum dp_err dp_wallet_keep_keys(struct dp_wallet *wallet, unsigned seconds)
{
    return dp_key_cache_open(&wallet->cache, seconds);
}

void dp_wallet_expire_keys(struct dp_wallet *wallet)
{
    if (wallet != NULL && wallet->cache != NULL)
        dp_key_cache_expire(wallet->cache);
}

/* Never from the cache: it is the agent that is asked about. */
enum dp_err dp_wallet_check(struct dp_wallet *wallet)
{
    struct dp_guest_key key;

    return dp_wallet_public(wallet, &key, wallet->key_namespace, DP_SELF_TEST_USER_1);
}
