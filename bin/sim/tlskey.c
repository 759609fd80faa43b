/* tlskey.c - GetTlsKey {subject, alt_names, usage_*, not_*, with_app_info}: a new key and its
 * certificate. Tappd.DeriveKey: one of a derived key. Holds a secret. */
#include "methods.h"

#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "attest.h"
#include "attest/ratls.h"
#include "p256.h"
#include "params.h"

#define SUBJECT_MAX 1024
#define NAMES_MAX 100
#define NAME_MAX_LEN 253 /* of a host name (RFC 1035) */
#define PEM_MAX (64 * 1024)
#define ATTESTATION_MAX (2 * SIM_FILE_MAX)
#define LEAF_MAX (6 * SIM_FILE_MAX)
#define NOT_BEFORE_DEFAULT 157766400 /* 1975-01-01 */
#define TIME_MAX 253402300799 /* the end of the year 9999, and of what a certificate can say */
#define VALID_DEFAULT ((int64_t)3650 * 24 * 3600)

struct request {
    struct sim_leaf leaf;
    bool ra_tls, with_app_info;
    struct json_object *list; /* holds the names */
    struct dp_slice names[NAMES_MAX];
};

/* --- what is asked --- */

static bool is_printable(struct dp_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return text.len > 0 && text.len <= NAME_MAX_LEN;
}

static enum dp_err read_names(struct request *out, struct json_object *params,
                              struct dp_detail *detail)
{
    enum dp_err err = sim_params_list(&out->list, params, "alt_names", NAMES_MAX, detail);

    if (err != DP_OK)
        return err;
    out->leaf.names = out->names;
    out->leaf.name_count = json_object_array_length(out->list);
    for (size_t i = 0; i < out->leaf.name_count; i++) {
        struct json_object *name = json_object_array_get_idx(out->list, i);

        out->names[i] = (struct dp_slice){json_object_get_string(name),
                                          (size_t)json_object_get_string_len(name)};
        if (!is_printable(out->names[i]))
            return dp_fail(detail, DP_EINVAL, "alt_names",
                           "alt_names[%zu] is neither a host name nor an IP address", i);
    }
    return DP_OK;
}

static enum dp_err read_subject(struct request *out, struct json_object *params,
                                struct dp_detail *detail)
{
    enum dp_err err = sim_params_text(&out->leaf.subject, params, "subject", detail);

    if (err == DP_OK && out->leaf.subject.len > SUBJECT_MAX)
        err =
            dp_fail(detail, DP_ETOOBIG, "subject", "subject is longer than %d bytes", SUBJECT_MAX);
    return err;
}

static enum dp_err read_usages(struct request *out, struct json_object *params,
                               struct dp_detail *detail)
{
    enum dp_err err = sim_params_bool(&out->ra_tls, params, "usage_ra_tls", detail);

    if (err == DP_OK)
        err = sim_params_bool(&out->leaf.server_auth, params, "usage_server_auth", detail);
    if (err == DP_OK)
        err = sim_params_bool(&out->leaf.client_auth, params, "usage_client_auth", detail);
    if (err == DP_OK)
        err = sim_params_bool(&out->with_app_info, params, "with_app_info", detail);
    return err;
}

static enum dp_err read_times(struct request *out, struct json_object *params,
                              struct dp_detail *detail)
{
    struct sim_leaf *leaf = &out->leaf;
    enum dp_err err;

    leaf->not_before = NOT_BEFORE_DEFAULT;
    leaf->not_after = time(NULL) + VALID_DEFAULT;
    err = sim_params_seconds(&leaf->not_before, params, "not_before", detail);
    if (err == DP_OK)
        err = sim_params_seconds(&leaf->not_after, params, "not_after", detail);
    if (err == DP_OK && leaf->not_before >= leaf->not_after)
        err = dp_fail(detail, DP_EINVAL, "not_before", "not_before must be before not_after");
    if (err == DP_OK && leaf->not_after > TIME_MAX)
        err = dp_fail(detail, DP_ETOOBIG, "not_after", "not_after is beyond the year 9999");
    return err;
}

static enum dp_err read_request(struct request *out, struct json_object *params,
                                struct dp_detail *detail)
{
    enum dp_err err = read_subject(out, params, detail);

    if (err == DP_OK)
        err = read_names(out, params, detail);
    if (err == DP_OK)
        err = read_usages(out, params, detail);
    if (err == DP_OK)
        err = read_times(out, params, detail);
    return err;
}

/* --- the answer --- */

static enum dp_err attest(struct dp_buf *out, const struct sim *sim, EVP_PKEY *key,
                          struct dp_detail *detail)
{
    struct dp_buf quote = DP_BUF_INIT(SIM_FILE_MAX);
    uint8_t report_data[DP_BLOB_REPORT_DATA_LEN];
    enum dp_err err = dp_ratls_report_data(
        report_data, sim->quoting.fault == SIM_FAULT_TLS_KEY ? sim->ca.key : key);

    if (err == DP_OK)
        err = sim_quote_write(&quote, &sim->quoting, sim->blob.quote, report_data, detail);
    if (err == DP_OK) {
        sim_attest_write(out, &sim->blob, (struct dp_slice){quote.data, quote.len}, report_data,
                         true);
        err = out->err;
    }
    dp_buf_free(&quote);
    return err;
}

/* PEM inside JSON: its line ends are all that need escaping. */
static void add_pem(struct dp_buf *out, const char *pem, size_t len)
{
    dp_buf_add_text(out, "\"");
    while (len > 0) {
        const char *end = memchr(pem, '\n', len);
        size_t line = end != NULL ? (size_t)(end - pem) : len;

        dp_buf_add(out, pem, line);
        if (end != NULL)
            dp_buf_add_text(out, "\\n");
        line += end != NULL;
        pem += line;
        len -= line;
    }
    dp_buf_add_text(out, "\"");
}

static enum dp_err add_key(struct dp_buf *out, EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    long len = 0;

    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        len = BIO_get_mem_data(bio, &text);
        add_pem(out, text, (size_t)len);
        OPENSSL_cleanse(text, (size_t)len);
    }
    BIO_free(bio);
    return len > 0 ? out->err : DP_ECRYPTO;
}

static enum dp_err write_answer(const struct sim *sim, struct dp_buf *out, EVP_PKEY *key,
                                const struct dp_buf *leaf)
{
    struct dp_buf root = DP_BUF_INIT(PEM_MAX);
    enum dp_err err = sim_ca_write(&sim->ca, &root);

    if (err == DP_OK) {
        /* All the room at once: growing would leave a copy of the key behind. */
        dp_buf_room(out, 2 * (leaf->len + root.len) + 1024);
        dp_buf_add_text(out, "{\"key\":");
        err = add_key(out, key);
    }
    if (err == DP_OK) {
        dp_buf_add_text(out, ",\"certificate_chain\":[");
        add_pem(out, leaf->data, leaf->len);
        dp_buf_add_text(out, ",");
        add_pem(out, root.data, root.len);
        dp_buf_add_text(out, "]}");
        err = out->err;
    }
    dp_buf_free(&root);
    return err;
}

static enum dp_err certify(const struct sim *sim, struct dp_buf *out, EVP_PKEY *key,
                           struct request *request, struct dp_detail *detail)
{
    struct dp_buf attestation = DP_BUF_INIT(ATTESTATION_MAX), app_info = DP_BUF_INIT(PEM_MAX);
    struct dp_buf leaf = DP_BUF_INIT(LEAF_MAX);
    enum dp_err err = request->ra_tls ? attest(&attestation, sim, key, detail) : DP_OK;

    if (request->with_app_info)
        sim_app_info_write(&app_info, &sim->blob);
    if (err == DP_OK)
        err = app_info.err;
    request->leaf.attestation = (struct dp_slice){attestation.data, attestation.len};
    request->leaf.app_info = (struct dp_slice){app_info.data, app_info.len};
    if (err == DP_OK)
        err = sim_ca_issue(&sim->ca, &leaf, key, &request->leaf);
    if (err == DP_OK)
        err = write_answer(sim, out, key, &leaf);
    dp_buf_free(&leaf);
    dp_buf_free(&app_info);
    dp_buf_free(&attestation);
    return err;
}

/* Takes over the key; NULL where there was none to be made. */
static enum dp_err answer(const struct sim *sim, struct dp_buf *out, EVP_PKEY *key,
                          struct json_object *params, struct dp_detail *detail)
{
    struct request request = {.list = NULL};
    enum dp_err err = read_request(&request, params, detail);

    if (err == DP_OK && sim->ca.key == NULL)
        err = dp_fail(detail, DP_EINVAL, NULL,
                      "The app's key provider is a KMS, and this simulator asks none");
    if (err == DP_OK)
        err = key != NULL ? certify(sim, out, key, &request, detail) : DP_ECRYPTO;
    EVP_PKEY_free(key);
    json_object_put(request.list);
    return err;
}

enum dp_err sim_get_tls_key(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                            struct dp_detail *detail)
{
    return answer(sim, out, EVP_EC_gen("P-256"), params, detail);
}

/* The 32 bytes of GetKey for that path, as a P-256 key; with random_seed of no path's. */
static enum dp_err derive(EVP_PKEY **out, const struct sim *sim, struct json_object *params,
                          struct dp_detail *detail)
{
    uint8_t scalar[SIM_SCALAR_LEN];
    struct dp_slice path;
    bool random = false;
    enum dp_err err = sim_params_text(&path, params, "path", detail);

    *out = NULL;
    if (err == DP_OK)
        err = sim_params_bool(&random, params, "random_seed", detail);
    if (err == DP_OK && path.len > SIM_PATH_MAX)
        err = dp_fail(detail, DP_ETOOBIG, "path", "path is longer than %d bytes", SIM_PATH_MAX);
    if (err != DP_OK)
        return err;
    if (random) {
        *out = EVP_EC_gen("P-256");
        return *out != NULL ? DP_OK : DP_ECRYPTO;
    }
    err = sim_hkdf(scalar, sizeof(scalar), sim->app_key, SIM_KEY_LEN, path);
    if (err == DP_OK)
        err = sim_p256_key(out, scalar);
    OPENSSL_cleanse(scalar, sizeof(scalar));
    return err;
}

enum dp_err sim_derive_key(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                           struct dp_detail *detail)
{
    EVP_PKEY *key;
    enum dp_err err = derive(&key, sim, params, detail);

    return err == DP_OK ? answer(sim, out, key, params, detail) : err;
}
