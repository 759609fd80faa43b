/* set_hash.c - one digest of a set of hashes, whatever their order. */
#include "crypto/set_hash.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <secp256k1.h>

#define WORD 32
#define COMPRESSED 33
#define EVEN_Y 0x02

/* The first of keccak-256(member || n) that is the x of a point gives it, with the even y. Every
 * other x is one, so 256 in a row that are none do not occur. */
static void point_of(secp256k1_pubkey *point, const uint8_t member[static DP_KECCAK_LEN])
{
    uint8_t seed[DP_KECCAK_LEN + 1], key[COMPRESSED] = {EVEN_Y};

    memcpy(seed, member, DP_KECCAK_LEN);
    seed[DP_KECCAK_LEN] = 0;
    do {
        dp_keccak256(key + 1, seed, sizeof(seed));
        seed[DP_KECCAK_LEN]++;
    } while (!secp256k1_ec_pubkey_parse(secp256k1_context_static, point, key, sizeof(key)));
}

/* x and y; both zero for the point at infinity, which only the sum of no points is likely to be. */
static void write_sum(uint8_t out[static 2 * WORD], const secp256k1_pubkey *const *points,
                      size_t count)
{
    uint8_t text[1 + 2 * WORD] = {0};
    size_t len = sizeof(text);
    secp256k1_pubkey sum;

    if (count > 0 && secp256k1_ec_pubkey_combine(secp256k1_context_static, &sum, points, count))
        secp256k1_ec_pubkey_serialize(secp256k1_context_static, text, &len, &sum,
                                      SECP256K1_EC_UNCOMPRESSED);
    memcpy(out, text + 1, 2 * WORD);
}

enum dp_err dp_set_hash(uint8_t out[static DP_KECCAK_LEN], const uint8_t (*members)[DP_KECCAK_LEN],
                        size_t count)
{
    secp256k1_pubkey *points = calloc(count + 1, sizeof(*points));
    const secp256k1_pubkey **list = calloc(count + 1, sizeof(void *));
    const uint64_t number = htobe64(count);
    uint8_t words[3 * WORD] = {0};
    enum dp_err err = DP_ENOMEM;

    if (points == NULL || list == NULL)
        goto out;
    for (size_t i = 0; i < count; i++) {
        point_of(&points[i], members[i]);
        list[i] = &points[i];
    }
    memcpy(words + WORD - sizeof(number), &number, sizeof(number));
    write_sum(words + WORD, list, count);
    dp_keccak256(out, words, sizeof(words));
    err = DP_OK;
out:
    free(list);
    free(points);
    return err;
}
