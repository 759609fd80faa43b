/* getkey.c - GetKey {path, purpose, algorithm}: a derived key and its chain. Holds a secret. */
#include "methods.h"

#include <openssl/crypto.h>

#include "base/hex.h"
#include "params.h"

/* {"key":"","signature_chain":["",""]} with a key and two signatures in hex. */
#define ANSWER_MAX 512

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

static void write_answer(struct dp_buf *out, const struct sim_key *key, const char *kms_signature)
{
    char hex[2 * SIM_KEY_LEN + 1], app_signature[2 * DP_SECP_SIG_LEN + 1];

    dp_hex_encode(hex, key->secret, sizeof(key->secret));
    dp_hex_encode(app_signature, key->app_signature, sizeof(key->app_signature));
    /* All the room at once: growing would leave a copy of the key behind. */
    dp_buf_room(out, ANSWER_MAX);
    dp_buf_addf(out, "{\"key\":\"%s\",\"signature_chain\":[\"%s\",\"%s\"]}", hex, app_signature,
                kms_signature);
    OPENSSL_cleanse(hex, sizeof(hex));
}

enum dp_err sim_get_key(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                        struct dp_detail *detail)
{
    struct request request;
    struct sim_key key;
    enum dp_err err = read_request(&request, params, detail);

    if (err != DP_OK)
        return err;
    err = sim_key_derive(&key, sim->app_key, request.algorithm, request.path, request.purpose,
                         detail);
    if (err == DP_OK)
        write_answer(out, &key, sim->kms_signature);
    OPENSSL_cleanse(&key, sizeof(key));
    return err == DP_OK ? out->err : err;
}
