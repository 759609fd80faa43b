/* report_hash.c - the hashes by which Tappd makes report data. */
#include "report_hash.h"

#include <stdbool.h>
#include <string.h>

#include <nettle/sha3.h>
#include <openssl/evp.h>

#define INPUT_MAX ((size_t)11 << 20) /* as a request's body, and the prefix */
#define STATE_LEN 200

static const struct algorithm {
    const char *name, *openssl; /* openssl: NULL for Keccak with its original padding */
    size_t len;
} algorithms[] = {
    {"sha256", "SHA256", 32},     {"sha384", "SHA384", 48},     {"sha512", "SHA512", 64},
    {"sha3-256", "SHA3-256", 32}, {"sha3-384", "SHA3-384", 48}, {"sha3-512", "SHA3-512", 64},
    {"keccak256", NULL, 32},      {"keccak384", NULL, 48},      {"keccak512", NULL, 64},
};

static const struct algorithm *find(struct dp_slice name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (strlen(algorithms[i].name) == name.len &&
            memcmp(algorithms[i].name, name.data, name.len) == 0)
            return &algorithms[i];
    return NULL;
}

/* Words are little-endian, whatever the machine is. */
static void absorb(struct sha3_state *state, const uint8_t *block, size_t rate)
{
    for (size_t i = 0; i < rate; i++)
        state->a[i / 8] ^= (uint64_t)block[i] << (8 * (i % 8));
    sha3_permute(state);
}

static void keccak(uint8_t *out, size_t out_len, const char *data, size_t len)
{
    size_t rate = STATE_LEN - 2 * out_len;
    struct sha3_state state = {{0}};
    uint8_t last[STATE_LEN] = {0};

    for (; len >= rate; data += rate, len -= rate)
        absorb(&state, (const uint8_t *)data, rate);
    memcpy(last, data, len);
    last[len] ^= 0x01;
    last[rate - 1] ^= 0x80;
    absorb(&state, last, rate);
    for (size_t i = 0; i < out_len; i++)
        out[i] = (uint8_t)(state.a[i / 8] >> (8 * (i % 8)));
}

static bool sum(uint8_t *out, const struct algorithm *by, const struct dp_buf *in)
{
    if (by->openssl == NULL) {
        keccak(out, by->len, in->data, in->len);
        return true;
    }
    return EVP_Q_digest(NULL, by->openssl, NULL, in->data, in->len, out, NULL) == 1;
}

enum dp_err sim_report_hash(uint8_t out[static DP_BLOB_REPORT_DATA_LEN], struct dp_slice algorithm,
                            struct dp_slice prefix, struct dp_slice data, struct dp_detail *detail)
{
    const struct algorithm *by = find(algorithm);
    struct dp_buf in = DP_BUF_INIT(INPUT_MAX);
    enum dp_err err;

    memset(out, 0, DP_BLOB_REPORT_DATA_LEN);
    if (by == NULL)
        return dp_fail(detail, DP_EINVAL, "hash_algorithm", "Unsupported hash algorithm");
    dp_buf_add(&in, prefix.data, prefix.len);
    dp_buf_add_text(&in, ":");
    dp_buf_add(&in, data.data, data.len);
    err = in.err;
    if (err == DP_OK && !sum(out, by, &in))
        err = DP_ECRYPTO;
    dp_buf_free(&in);
    return err;
}
