/* problem.c - the one place that knows which HTTP status and code an error becomes (RFC 9457). */
#include "web/web.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

static const struct {
    int status;
    const char *code, *detail; /* detail: said where the call that failed said nothing */
} problems[DP_ERR_COUNT] = {
    [DP_EGUEST] = {503, "dstack_unavailable",
                   "The key service is not answering. Nothing was changed or signed. Try again in "
                   "a few seconds."},
    [DP_ESTORE] = {503, "database_unavailable",
                   "The database is not answering. Try again in a few seconds."},
    [DP_ESELFTEST] = {503, "self_test_failed",
                      "The key service does not keep users apart, so no key is used."},
    [DP_EKEYMISMATCH] = {500, "key_mismatch",
                         "The key service derives another key than the one on record. Nothing was "
                         "signed."},
    [DP_EJSON] = {400, "invalid_json", "The body is not one JSON object."},
    [DP_EDUPLICATE] = {400, "duplicate_field", "A field is given twice in one object."},
    [DP_EMISSING] = {400, "missing_field", "A field is missing."},
    [DP_ETYPE] = {400, "wrong_type", "A field has the wrong type."},
    [DP_ECONFLICT] = {400, "conflicting_fields", "Two fields contradict each other."},
    [DP_EEMAIL] = {400, "invalid_email", "email must look like name@example.com."},
    [DP_EUSERID] = {400, "invalid_user_id",
                    "A user id is 1 to 64 letters, digits, dots, underscores or hyphens, and "
                    "begins with a letter or digit."},
    [DP_EPARAM] = {400, "invalid_parameter", "A query parameter is not valid."},
    [DP_EHEX] = {400, "invalid_hex", "A field is not hex."},
    [DP_EPUBKEY] = {400, "invalid_public_key",
                    "pubKeyHex must be 33 or 65 bytes of hex that are a point on secp256k1."},
    [DP_EADDRESS] = {400, "invalid_address",
                     "address must be 0x and 40 hex digits, all in one case or with a right EIP-55 "
                     "checksum."},
    [DP_ESIGNATURE] = {400, "invalid_signature",
                       "signature must be hex of 64 bytes (r, s) or 65 (r, s, v), r and s between "
                       "1 and the group order, v one of 0, 1, 27, 28."},
    [DP_ESCHEME] = {400, "unsupported_scheme", "scheme must be raw, eip191 or eip712."},
    [DP_EMESSAGE] = {413, "message_too_large", "A message may have up to 49152 bytes."},
    [DP_ETXLIKE] = {422, "transaction_like_message",
                    "This message could be a transaction or another signing scheme's input, so "
                    "raw does not sign it."},
    [DP_ETYPEDDATA] = {400, "invalid_typed_data", "typedData is not typed data by EIP-712."},
    [DP_EBATCH] = {413, "batch_too_large", "A batch may have up to 1000 items."},
    [DP_EBODY] = {413, "body_too_large", "The body may have up to 65536 bytes."},
    [DP_EMEDIA] = {415, "unsupported_media_type", "The body must be application/json."},
    [DP_EUNAUTHORIZED] = {401, "unauthorized",
                          "This needs a valid token: send Authorization: Bearer, or sign in."},
    [DP_EFORBIDDEN] = {403, "forbidden", "This token does not allow that."},
    [DP_EORIGIN] = {403, "cross_origin",
                    "A change that the cookie authorizes must come from this site's own pages."},
    [DP_EUNKNOWNUSER] = {404, "unknown_user", "Nobody here has this user id."},
    [DP_EUSEREXISTS] = {409, "user_exists", "This user id is taken. Choose another."},
    [DP_EEMAILEXISTS] = {409, "email_exists", "This email address has signed up already."},
    [DP_ENAMESPACE] = {400, "invalid_namespace",
                       "namespace must be KEY_NAMESPACE and /v2 to /v999999."},
    [DP_ENAMESPACEUSED] = {409, "namespace_used",
                           "This user has or had a key in this namespace. Choose another."},
    [DP_ETOOMANYKEYS] = {409, "too_many_keys", "A user may have 1000 keys in all."},
    [DP_ETOKENNAME] = {400, "invalid_name",
                       "name must be 1 to 64 characters, none of them a control character."},
    [DP_ETOOMANYTOKENS] = {409, "too_many_tokens",
                           "A user may have 100 tokens. Revoke one that is no longer needed."},
    [DP_EADMINTOKENFIXED] = {409, "admin_token_fixed",
                             "The admin token is the setting ADMIN_TOKEN: change it there."},
    [DP_ENOCLUSTER] = {404, "no_cluster", "This service is in no cluster."},
    [DP_EPEERS] = {503, "peers_unreadable",
                   "The list of peers cannot be read. Who is in the cluster is not known; the "
                   "cluster itself is not touched by that."},
    [DP_ENOTFOUND] = {404, "not_found", "There is nothing at this path."},
    [DP_EMETHOD] = {405, "method_not_allowed", "The path exists, but not for this method."},
};

const char *dp_status_text(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

const char *dp_problem_code(enum dp_err err)
{
    return problems[err].code != NULL ? problems[err].code : "internal_error";
}

int dp_problem_status(enum dp_err err)
{
    return problems[err].code != NULL ? problems[err].status : 500;
}

static const char *detail_of(const struct dp_exchange *x, enum dp_err err)
{
    if (problems[err].code == NULL)
        return "Something failed here; the log says what, under this request id.";
    return x->detail.text[0] != '\0' ? x->detail.text : problems[err].detail;
}

void dp_problem_describe(const struct dp_exchange *x, enum dp_err err, struct json_object *object)
{
    dp_json_add_text(object, "detail", detail_of(x, err));
    dp_json_add_text(object, "code", dp_problem_code(err));
    if (x->detail.field[0] != '\0' && dp_problem_status(err) < 500)
        dp_json_add_text(object, "field", x->detail.field);
}

void dp_reply_problem(struct dp_exchange *x, enum dp_err err)
{
    struct json_object *problem = json_object_new_object();
    int status = dp_problem_status(err);

    /* Without the memory for words the status still says it, and no half-made answer goes out. */
    x->status = status;
    dp_buf_reset(&x->body);
    if (problem == NULL)
        return;
    dp_json_add_text(problem, "type", "about:blank");
    dp_json_add_text(problem, "title", dp_status_text(status));
    dp_json_add_int(problem, "status", status);
    dp_problem_describe(x, err, problem);
    dp_json_add_text(problem, "request_id", x->request_id);
    if (err == DP_EUNAUTHORIZED)
        dp_reply_header(x, "WWW-Authenticate", "Bearer realm=\"devproof\"");
    if (err == DP_EGUEST || err == DP_ESTORE)
        dp_reply_header(x, "Retry-After", "2");
    if (dp_reply_json(x, status, problem) == DP_OK)
        x->content_type = "application/problem+json";
}
