/* getquote.c - GetQuote and Attest {report_data}: a quote over up to 64 bytes of the caller's. */
#include "methods.h"

#include <string.h>

#include "attest.h"
#include "base/json.h"
#include "log_json.h"
#include "params.h"

/* Padded with zeros on the right. */
static enum dp_err read_report_data(uint8_t out[static DP_BLOB_REPORT_DATA_LEN],
                                    struct json_object *params, struct dp_detail *detail)
{
    struct dp_buf given = DP_BUF_INIT(SIM_FILE_MAX);
    enum dp_err err = sim_params_bytes(&given, params, "report_data", detail);

    memset(out, 0, DP_BLOB_REPORT_DATA_LEN);
    if (err == DP_OK && given.len > DP_BLOB_REPORT_DATA_LEN)
        err = dp_fail(detail, DP_ETOOBIG, "report_data", "Report data is too long");
    if (err == DP_OK && given.len > 0)
        memcpy(out, given.data, given.len);
    dp_buf_free(&given);
    return err;
}

static void write_quote(struct dp_buf *out, const struct sim *sim, const struct dp_buf *quote,
                        const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN])
{
    struct json_object *answer = json_object_new_object();

    sim_add_hex(answer, "quote", (struct dp_slice){quote->data, quote->len});
    sim_add_log(answer, &sim->blob);
    sim_add_hex(answer, "report_data",
                (struct dp_slice){(const char *)report_data, DP_BLOB_REPORT_DATA_LEN});
    dp_json_add_text(answer, "vm_config", sim->vm_config.data);
    dp_json_write(out, answer);
    json_object_put(answer);
}

static void write_attestation(struct dp_buf *out, const struct sim *sim, const struct dp_buf *quote,
                              const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN])
{
    struct json_object *answer = json_object_new_object();
    struct dp_buf blob = DP_BUF_INIT(2 * SIM_FILE_MAX);

    sim_attest_write(&blob, &sim->blob, (struct dp_slice){quote->data, quote->len}, report_data,
                     false);
    sim_add_hex(answer, "attestation", (struct dp_slice){blob.data, blob.len});
    dp_json_write(out, answer);
    if (blob.err != DP_OK)
        out->err = blob.err;
    dp_buf_free(&blob);
    json_object_put(answer);
}

typedef void write_fn(struct dp_buf *out, const struct sim *sim, const struct dp_buf *quote,
                      const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN]);

static enum dp_err answer(const struct sim *sim, struct dp_buf *out,
                          const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN],
                          write_fn *write, struct dp_detail *detail)
{
    struct dp_buf quote = DP_BUF_INIT(SIM_FILE_MAX);
    enum dp_err err = sim_quote_write(&quote, &sim->quoting, sim->blob.quote, report_data, detail);

    if (err == DP_OK) {
        write(out, sim, &quote, report_data);
        err = out->err;
    }
    dp_buf_free(&quote);
    return err;
}

enum dp_err sim_quote_answer(const struct sim *sim, struct dp_buf *out,
                             const uint8_t report_data[static DP_BLOB_REPORT_DATA_LEN],
                             struct dp_detail *detail)
{
    return answer(sim, out, report_data, write_quote, detail);
}

enum dp_err sim_get_quote(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                          struct dp_detail *detail)
{
    uint8_t report_data[DP_BLOB_REPORT_DATA_LEN];
    enum dp_err err = read_report_data(report_data, params, detail);

    return err == DP_OK ? sim_quote_answer(sim, out, report_data, detail) : err;
}

enum dp_err sim_attest(const struct sim *sim, struct dp_buf *out, struct json_object *params,
                       struct dp_detail *detail)
{
    uint8_t report_data[DP_BLOB_REPORT_DATA_LEN];
    enum dp_err err = read_report_data(report_data, params, detail);

    return err == DP_OK ? answer(sim, out, report_data, write_attestation, detail) : err;
}
