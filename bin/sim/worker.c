/* worker.c - Worker.Info and GetAttestationForAppKey {algorithm}: what the agent tells anybody.
 * Holds a secret: the key of path "vms", whose public key is attested. */
#include "methods.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "params.h"

#define BASE64_SIZE 45 /* of 33 bytes, and a NUL */

enum dp_err sim_worker_info(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                            struct dp_detail *detail)
{
    (void)params;
    (void)detail;
    dp_buf_add(out, sim->public_info.data, sim->public_info.len);
    return out->err;
}

/* URL-safe and without padding (RFC 4648, section 5). */
static void base64url(char out[static BASE64_SIZE], const struct sim_key *key)
{
    EVP_EncodeBlock((unsigned char *)out, key->public_key, (int)key->public_len);
    for (char *c = out; *c != '\0'; c++) {
        if (*c == '+')
            *c = '-';
        else if (*c == '/')
            *c = '_';
        else if (*c == '=')
            *c = '\0';
    }
}

/* What stands in the quote: a text that names the kind of key, then the key. */
static void make_report_data(uint8_t out[static DP_BLOB_REPORT_DATA_LEN], const struct sim_key *key,
                             enum sim_algorithm algorithm)
{
    const char *kind = algorithm == SIM_ED25519 ? "dip1::ed25519-pk:" : "dip1::secp256k1c-pk:";
    char text[BASE64_SIZE];

    base64url(text, key);
    memset(out, 0, DP_BLOB_REPORT_DATA_LEN);
    memcpy(out, kind, strlen(kind));
    memcpy(out + strlen(kind), text, strlen(text));
}

enum dp_err sim_attest_app_key(const struct sim *sim, struct dp_buf *out,
                               struct json_object *params, struct dp_detail *detail)
{
    uint8_t report_data[DP_BLOB_REPORT_DATA_LEN];
    enum sim_algorithm algorithm;
    struct sim_key key = {0};
    struct dp_slice name;
    enum dp_err err = sim_params_text(&name, params, "algorithm", detail);

    if (err == DP_OK)
        err = sim_algorithm_parse(&algorithm, name, detail);
    if (err == DP_OK)
        err = sim_key_derive(&key, sim->app_key, algorithm, SIM_SIGNING_PATH, SIM_SIGNING_PURPOSE,
                             detail);
    if (err == DP_OK) {
        make_report_data(report_data, &key, algorithm);
        err = sim_quote_answer(sim, out, report_data, detail);
    }
    OPENSSL_cleanse(&key, sizeof(key));
    return err;
}
