/* getkey.c - GetKey {path, purpose, algorithm}: a derived key and its chain. Holds a secret. */
#include "methods.h"

#include <string.h>

#include <openssl/crypto.h>

#include "crypto/keccak.h"
#include "params.h"

struct request {
    struct dp_slice path, purpose;
    enum sim_algorithm algorithm;
};

/* secp256k1 is the default; the prehashed form is a way to sign, not a kind of key. */
static enum dp_err read_algorithm(enum sim_algorithm *out, struct json_object *params,
                                  struct dp_detail *detail)
{
    struct dp_slice name;
    enum dp_err err = sim_params_text(&name, params, "algorithm", detail);

    *out = SIM_SECP256K1;
    if (err == DP_OK && name.len > 0)
        err = sim_algorithm_parse(out, name, detail);
    if (err == DP_OK && *out == SIM_SECP256K1_PREHASHED)
        err = dp_fail(detail, DP_EINVAL, "algorithm", "Unsupported algorithm");
    return err;
}

static enum dp_err read_request(struct request *out, struct json_object *params,
                                struct dp_detail *detail)
{
    enum dp_err err = sim_params_text(&out->path, params, "path", detail);

    if (err == DP_OK)
        err = sim_params_text(&out->purpose, params, "purpose", detail);
    if (err == DP_OK)
        err = read_algorithm(&out->algorithm, params, detail);
    return err;
}

/* Of all that the app key's signature depends on, with nothing that could shift between the parts.
 */
static void make_tag(uint8_t tag[static DP_MEMO_TAG_LEN], const struct request *request)
{
    const uint64_t head[] = {request->algorithm, request->path.len};
    uint8_t hash[DP_KECCAK_LEN];
    struct dp_keccak k;

    dp_keccak_init(&k);
    dp_keccak_add(&k, head, sizeof(head));
    dp_keccak_add(&k, request->path.data, request->path.len);
    dp_keccak_add(&k, request->purpose.data, request->purpose.len);
    dp_keccak_final(&k, hash);
    memcpy(tag, hash, DP_MEMO_TAG_LEN);
}

/* A wallet asks for the same keys again and again, and to vouch for one costs twenty times what
 * deriving it does. The public key, which the answer leaves out, is then left out too. */
static enum dp_err derive(struct sim_key *out, const struct sim *sim, const struct request *request,
                          struct dp_detail *detail)
{
    uint8_t tag[DP_MEMO_TAG_LEN];
    enum dp_err err;

    make_tag(tag, request);
    if (dp_memo_find(sim->vouched, out->app_signature, tag))
        return sim_hkdf(out->secret, sizeof(out->secret), sim->app_key, SIM_KEY_LEN, request->path);
    err = sim_key_derive(out, sim->app_key, request->algorithm, request->path, request->purpose,
                         detail);
    if (err == DP_OK)
        dp_memo_keep(sim->vouched, tag, out->app_signature);
    return err;
}

enum dp_err sim_get_key(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                        struct dp_detail *detail)
{
    struct request request;
    struct sim_key key = {0};
    enum dp_err err = read_request(&request, params, detail);

    if (err != DP_OK)
        return err;
    err = derive(&key, sim, &request, detail);
    if (err == DP_OK)
        sim_key_write(out, &key, sim->kms_signature, "key", "signature_chain");
    OPENSSL_cleanse(&key, sizeof(key));
    return err == DP_OK ? out->err : err;
}
