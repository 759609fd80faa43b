/* keccak.c - the sponge; nettle has the permutation, but only the padding of SHA-3. */
#include "crypto/keccak.h"

#include <endian.h>
#include <string.h>

#include <openssl/crypto.h>

#define WORD sizeof(uint64_t)

/* The state is 64-bit words in host order; the input counts as little-endian words at any
 * alignment. */
static uint64_t load_word(const uint8_t *in)
{
    uint64_t word;

    memcpy(&word, in, WORD);
    return le64toh(word);
}

static void add_byte(struct dp_keccak *k, unsigned at, uint8_t byte)
{
    k->state.a[at / WORD] ^= (uint64_t)byte << (8 * (at % WORD));
}

/* Add len bytes, at most what is left of the block: by words where the place allows it. */
static void absorb(struct dp_keccak *k, const uint8_t *in, size_t len)
{
    size_t i = 0;

    while (i < len) {
        if (k->used % WORD == 0 && len - i >= WORD) {
            k->state.a[k->used / WORD] ^= load_word(in + i);
            k->used += WORD;
            i += WORD;
        } else {
            add_byte(k, k->used, in[i]);
            k->used++;
            i++;
        }
    }
}

void dp_keccak_init(struct dp_keccak *k)
{
    memset(k, 0, sizeof(*k));
}

void dp_keccak_add(struct dp_keccak *k, const void *data, size_t len)
{
    const uint8_t *in = data;

    while (len > 0) {
        size_t left = DP_KECCAK_BLOCK - k->used;
        size_t n = len < left ? len : left;

        absorb(k, in, n);
        in += n;
        len -= n;
        if (k->used == DP_KECCAK_BLOCK) {
            sha3_permute(&k->state);
            k->used = 0;
        }
    }
}

void dp_keccak_final(struct dp_keccak *k, uint8_t out[static DP_KECCAK_LEN])
{
    add_byte(k, k->used, 0x01);
    add_byte(k, DP_KECCAK_BLOCK - 1, 0x80);
    sha3_permute(&k->state);
    for (size_t i = 0; i < DP_KECCAK_LEN / WORD; i++) {
        uint64_t word = htole64(k->state.a[i]);

        memcpy(out + i * WORD, &word, WORD);
    }
    OPENSSL_cleanse(k, sizeof(*k));
}

void dp_keccak256(uint8_t out[static DP_KECCAK_LEN], const void *data, size_t len)
{
    struct dp_keccak k;

    dp_keccak_init(&k);
    dp_keccak_add(&k, data, len);
    dp_keccak_final(&k, out);
}
