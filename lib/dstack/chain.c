/* chain.c - the digests of the two links, and who signed them. */
#include "dstack/chain.h"

#include <string.h>

#include "base/hex.h"
#include "crypto/keccak.h"

static const char kms_tag[] = "dstack-kms-issued:";

void dp_chain_app_digest(uint8_t out[static 32], const char *purpose,
                         const uint8_t derived[static DP_SECP_PUB_COMPRESSED_LEN])
{
    char hex[2 * DP_SECP_PUB_COMPRESSED_LEN + 1];
    struct dp_keccak k;

    dp_hex_encode(hex, derived, DP_SECP_PUB_COMPRESSED_LEN);
    dp_keccak_init(&k);
    dp_keccak_add(&k, purpose, strlen(purpose));
    dp_keccak_add(&k, ":", 1);
    dp_keccak_add(&k, hex, strlen(hex));
    dp_keccak_final(&k, out);
}

void dp_chain_kms_digest(uint8_t out[static 32], const uint8_t app_id[static DP_APP_ID_LEN],
                         const uint8_t app_pub[static DP_SECP_PUB_COMPRESSED_LEN])
{
    struct dp_keccak k;

    dp_keccak_init(&k);
    dp_keccak_add(&k, kms_tag, strlen(kms_tag));
    dp_keccak_add(&k, app_id, DP_APP_ID_LEN);
    dp_keccak_add(&k, app_pub, DP_SECP_PUB_COMPRESSED_LEN);
    dp_keccak_final(&k, out);
}

/* The low-s rule is kept here: plain recovery takes the twin of every signature too. */
enum dp_err dp_chain_signer(uint8_t signer[static DP_SECP_PUB_LEN],
                            const uint8_t in[static DP_SECP_SIG_LEN],
                            const uint8_t digest[static 32])
{
    struct dp_secp_sig sig;
    enum dp_err err = dp_secp_parse_sig(&sig, in, DP_SECP_SIG_LEN);

    if (err == DP_OK && !sig.low_s)
        err = DP_ESIGNATURE;
    if (err == DP_OK)
        err = dp_secp_recover(signer, &sig, sig.recid, digest);
    return err;
}

/*
 * The KMS link is the same for all users of an app, and recovering takes some 40 microseconds, so
 * each thread remembers the last one: equal inputs have an equal result.
 */
static enum dp_err recover_root(uint8_t root[static DP_SECP_PUB_LEN],
                                const uint8_t kms_sig[static DP_SECP_SIG_LEN],
                                const uint8_t digest[static 32])
{
    static _Thread_local struct {
        uint8_t kms_sig[DP_SECP_SIG_LEN], digest[32], root[DP_SECP_PUB_LEN];
    } last;
    enum dp_err err;

    if (memcmp(last.kms_sig, kms_sig, DP_SECP_SIG_LEN) != 0 ||
        memcmp(last.digest, digest, sizeof(last.digest)) != 0 || last.root[0] == 0) {
        last.root[0] = 0; /* of no public key: nothing is remembered */
        err = dp_chain_signer(root, kms_sig, digest);
        if (err != DP_OK)
            return err;
        memcpy(last.kms_sig, kms_sig, DP_SECP_SIG_LEN);
        memcpy(last.digest, digest, sizeof(last.digest));
        memcpy(last.root, root, DP_SECP_PUB_LEN);
    }
    memcpy(root, last.root, DP_SECP_PUB_LEN);
    return DP_OK;
}

enum dp_err dp_chain_recover(struct dp_chain *chain, const uint8_t derived[static DP_SECP_PUB_LEN],
                             const char *purpose, const uint8_t app_id[static DP_APP_ID_LEN],
                             const uint8_t app_sig[static DP_SECP_SIG_LEN],
                             const uint8_t kms_sig[static DP_SECP_SIG_LEN])
{
    uint8_t compressed[DP_SECP_PUB_COMPRESSED_LEN];
    uint8_t digest[32];
    enum dp_err err;

    memset(chain, 0, sizeof(*chain));
    dp_secp_compress(compressed, derived);
    dp_chain_app_digest(digest, purpose, compressed);
    err = dp_chain_signer(chain->app_pub, app_sig, digest);
    if (err == DP_OK) {
        dp_secp_compress(compressed, chain->app_pub);
        dp_chain_kms_digest(digest, app_id, compressed);
        err = recover_root(chain->root_pub, kms_sig, digest);
    }
    if (err != DP_OK)
        memset(chain, 0, sizeof(*chain));
    return err;
}
