/* rpc.c - calls to an Ethereum node. */
#include "ethereum/rpc.h"

#include <inttypes.h>

#include "base/json.h"
#include "net/http.h"

#define REQUEST_MAX (4 * 1024 * 1024)

static void write_request(struct dp_buf *out, uint64_t id, const char *method,
                          struct json_object *params)
{
    dp_buf_addf(out, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":", id,
                method);
    dp_json_write(out, params);
    dp_buf_add_text(out, "}");
}

static enum dp_err send_request(const struct dp_rpc *rpc, struct dp_buf *answer, const char *json,
                                struct dp_detail *detail)
{
    const struct dp_http_request request = {
        .method = "POST", .url = rpc->url, .json = json, .within_ms = rpc->within_ms};
    long status;
    enum dp_err err = dp_http_send(&request, &status, answer, detail);

    /* Some nodes send the reason of a refusal with a status of 4xx. */
    if (err == DP_OK && status != 200 && (answer->len == 0 || answer->data[0] != '{'))
        err = dp_fail(detail, DP_EIO, NULL, "the node answers with HTTP status %ld.", status);
    return err;
}

/* From the node, or from what it once said. */
static enum dp_err get_answer(const struct dp_rpc *rpc, struct dp_buf *answer, const char *json,
                              struct dp_detail *detail)
{
    struct dp_detail own = {"", ""};
    enum dp_err err;

    if (detail == NULL)
        detail = &own;
    if (rpc->tape != NULL && rpc->tape->plays)
        return dp_tape_play(rpc->tape, answer, json, detail);
    err = send_request(rpc, answer, json, detail);
    if (rpc->tape != NULL)
        dp_tape_record(rpc->tape, json, err, answer, detail);
    return err;
}

enum dp_err dp_rpc_call(struct dp_rpc *rpc, struct json_object **result,
                        struct dp_rpc_refusal *refusal, const char *method,
                        struct json_object *params, struct dp_detail *detail)
{
    struct dp_buf request = DP_BUF_INIT(REQUEST_MAX), answer = DP_BUF_INIT(rpc->answer_max);
    enum dp_err err;

    *result = NULL;
    if (refusal != NULL)
        *refusal = (struct dp_rpc_refusal){.revert = DP_BUF_INIT(DP_RPC_REVERT_MAX)};
    write_request(&request, ++rpc->last_id, method, params);
    json_object_put(params);
    err = request.err;
    if (err == DP_OK)
        err = get_answer(rpc, &answer, request.data, detail);
    if (err == DP_OK)
        err = dp_rpc_read_answer(result, refusal, answer.len > 0 ? answer.data : "", answer.len,
                                 rpc->last_id, detail);
    dp_buf_free(&request);
    dp_buf_free(&answer);
    return err;
}
