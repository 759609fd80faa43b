/* tappd.c - the agents of old: Tappd.DeriveK256Key, TdxQuote and RawQuote. May hold a secret. */
#include "methods.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "log_json.h"
#include "params.h"
#include "report_hash.h"

/* --- DeriveK256Key {path, purpose}: GetKey under other names --- */

enum dp_err sim_derive_k256_key(const struct sim *sim, struct dp_buf *out,
                                struct json_object *params, struct dp_detail *detail)
{
    struct dp_slice path, purpose;
    struct sim_key key = {0};
    enum dp_err err = sim_params_text(&path, params, "path", detail);

    if (err == DP_OK)
        err = sim_params_text(&purpose, params, "purpose", detail);
    if (err == DP_OK)
        err = sim_key_derive(&key, sim->app_key, SIM_SECP256K1, path, purpose, detail);
    if (err == DP_OK) {
        sim_key_write(out, &key, sim->kms_signature, "k256_key", "k256_signature_chain");
        err = out->err;
    }
    OPENSSL_cleanse(&key, sizeof(key));
    return err;
}

/* --- quotes --- */

struct quote_request {
    struct dp_buf data;
    struct dp_slice algorithm, prefix;
};

static enum dp_err raw_data(uint8_t out[static DP_BLOB_REPORT_DATA_LEN], const struct dp_buf *data,
                            struct dp_detail *detail)
{
    if (data->len != DP_BLOB_REPORT_DATA_LEN)
        return dp_fail(detail, DP_EINVAL, "report_data", "Raw report data must be %d bytes",
                       DP_BLOB_REPORT_DATA_LEN);
    memcpy(out, data->data, DP_BLOB_REPORT_DATA_LEN);
    return DP_OK;
}

static enum dp_err write_quote(const struct sim *sim, struct dp_buf *out,
                               const struct quote_request *request,
                               const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN],
                               struct dp_detail *detail)
{
    struct json_object *answer = json_object_new_object();
    struct dp_buf quote = DP_BUF_INIT(SIM_FILE_MAX);
    enum dp_err err = sim_quote_write(&quote, &sim->quoting, sim->blob.quote, report_data, detail);

    if (err == DP_OK) {
        sim_add_hex(answer, "quote", (struct dp_slice){quote.data, quote.len});
        sim_add_log(answer, &sim->blob);
        dp_json_add(
            answer, "hash_algorithm",
            json_object_new_string_len(request->algorithm.data, (int)request->algorithm.len));
        dp_json_add(answer, "prefix",
                    json_object_new_string_len(request->prefix.data, (int)request->prefix.len));
        dp_json_write(out, answer);
        err = out->err;
    }
    dp_buf_free(&quote);
    json_object_put(answer);
    return err;
}

static enum dp_err quote_of(const struct sim *sim, struct dp_buf *out,
                            struct quote_request *request, struct dp_detail *detail)
{
    static const struct dp_slice raw = {"raw", 3}, none = {"", 0};
    uint8_t report_data[DP_BLOB_REPORT_DATA_LEN];
    enum dp_err err;

    if (request->algorithm.len == raw.len &&
        memcmp(request->algorithm.data, raw.data, raw.len) == 0) {
        request->prefix = none;
        err = raw_data(report_data, &request->data, detail);
    } else {
        err = sim_report_hash(report_data, request->algorithm, request->prefix,
                              (struct dp_slice){request->data.data, request->data.len}, detail);
    }
    return err == DP_OK ? write_quote(sim, out, request, report_data, detail) : err;
}

enum dp_err sim_raw_quote(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                          struct dp_detail *detail)
{
    struct quote_request request = {
        .data = DP_BUF_INIT(SIM_FILE_MAX), .algorithm = {"raw", 3}, .prefix = {"", 0}};
    enum dp_err err = sim_params_bytes(&request.data, params, "report_data", detail);

    if (err == DP_OK)
        err = quote_of(sim, out, &request, detail);
    dp_buf_free(&request.data);
    return err;
}

enum dp_err sim_tdx_quote(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                          struct dp_detail *detail)
{
    struct quote_request request = {.data = DP_BUF_INIT(SIM_FILE_MAX)};
    enum dp_err err = sim_params_bytes(&request.data, params, "report_data", detail);

    if (err == DP_OK)
        err = sim_params_text(&request.algorithm, params, "hash_algorithm", detail);
    if (err == DP_OK)
        err = sim_params_text(&request.prefix, params, "prefix", detail);
    if (err == DP_OK && request.algorithm.len == 0)
        request.algorithm = (struct dp_slice){"sha512", 6};
    if (err == DP_OK && request.prefix.len == 0)
        request.prefix = (struct dp_slice){"app-data", 8};
    if (err == DP_OK)
        err = quote_of(sim, out, &request, detail);
    dp_buf_free(&request.data);
    return err;
}
