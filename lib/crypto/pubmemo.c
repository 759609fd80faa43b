/* pubmemo.c - the public keys of private keys that were seen before. May hold a secret. */
#include "crypto/pubmemo.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/memo.h"
#include "base/secret.h"
#include "crypto/keccak.h"

#define KEYS 16384
#define MAC_KEY_LEN 32

struct dp_pub_memo {
    struct dp_memo *memo;
    uint8_t *mac_key; /* a slot of locked memory */
};

enum dp_err dp_pub_memo_open(struct dp_pub_memo **out)
{
    struct dp_pub_memo *memo = calloc(1, sizeof(*memo));
    enum dp_err err = memo != NULL ? DP_OK : DP_ENOMEM;

    *out = NULL;
    if (err == DP_OK)
        err = dp_memo_open(&memo->memo, KEYS, DP_SECP_PUB_LEN);
    if (err == DP_OK) {
        memo->mac_key = dp_secret_take();
        if (memo->mac_key == NULL)
            err = DP_ENOMEM;
        else if (RAND_bytes(memo->mac_key, MAC_KEY_LEN) != 1)
            err = DP_ECRYPTO;
    }
    if (err == DP_OK)
        *out = memo;
    else
        dp_pub_memo_close(memo);
    return err;
}

void dp_pub_memo_close(struct dp_pub_memo *memo)
{
    if (memo == NULL)
        return;
    dp_secret_return(memo->mac_key);
    dp_memo_close(memo->memo);
    free(memo);
}

/* The hash leaves what it was given on its stack, hence inside dp_secret_call. */
struct tagging {
    const uint8_t *mac_key, *key;
    uint8_t tag[DP_MEMO_TAG_LEN];
};

static void make_tag(void *arg)
{
    struct tagging *t = arg;
    struct dp_keccak k;
    uint8_t mac[DP_KECCAK_LEN];

    dp_keccak_init(&k);
    dp_keccak_add(&k, t->mac_key, MAC_KEY_LEN);
    dp_keccak_add(&k, t->key, DP_SECP_KEY_LEN);
    dp_keccak_final(&k, mac);
    memcpy(t->tag, mac, sizeof(t->tag));
}

enum dp_err dp_pub_memo_public(struct dp_pub_memo *memo, uint8_t pub[static DP_SECP_PUB_LEN],
                               const uint8_t key[static DP_SECP_KEY_LEN])
{
    struct tagging tagging = {.mac_key = memo->mac_key, .key = key};
    enum dp_err err;

    dp_secret_call(make_tag, &tagging);
    if (dp_memo_find(memo->memo, pub, tagging.tag))
        return DP_OK;
    err = dp_secp_public(pub, key);
    if (err == DP_OK)
        dp_memo_keep(memo->memo, tagging.tag, pub);
    return err;
}
