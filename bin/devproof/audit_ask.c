/* audit_ask.c - devproof audit: ask a service for its evidence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/audit.h"
#include "devproof/command.h"
#include "net/http.h"

#define WITHIN_MS 40000 /* an agent makes quotes one at a time, and may take seconds */
#define URL_MAX 2048
#define PEER_MAX (256u << 10) /* bytes of certificates, as PEM */

/* What is asked, and when, with a nonce that nobody can have seen. */
static int write_audit(const struct client *client, struct evidence *evidence, const char *url)
{
    char at[DP_CLOCK_TEXT_SIZE], nonce[2 * EVIDENCE_NONCE_LEN + 1];
    struct json_object *audit = json_object_new_object();

    if (audit == NULL || RAND_bytes(evidence->nonce, EVIDENCE_NONCE_LEN) != 1) {
        json_object_put(audit);
        return client_fail(client, EXIT_FAILURE, "there is no randomness.");
    }
    dp_clock_format(at, dp_clock_unix_ms());
    dp_hex_encode(nonce, evidence->nonce, EVIDENCE_NONCE_LEN);
    dp_json_add_text(audit, "format", EVIDENCE_FORMAT);
    dp_json_add_text(audit, "url", url);
    dp_json_add_text(audit, "at", at);
    dp_json_add_text(audit, "nonce", nonce);
    dp_json_write(&evidence->files[EVIDENCE_AUDIT], audit);
    json_object_put(audit);
    return -1;
}

/* GET a path of the service into a file. */
static int get(const struct client *client, struct dp_buf *out, struct dp_buf *certificates,
               const struct dp_buf *url)
{
    struct dp_http_request request = {
        .method = "GET",
        .url = url->data,
        .within_ms = WITHIN_MS,
        .certificates = certificates,
    };
    struct dp_detail detail = {"", ""};
    long status;
    enum dp_err err = url->err == DP_OK ? dp_http_send(&request, &status, out, &detail) : url->err;

    if (err != DP_OK)
        return client_fail(client, EXIT_FAILURE, "%s: %s", url->data != NULL ? url->data : "",
                           detail.text[0] != '\0' ? detail.text : dp_err_text(err));
    if (status != 200)
        return client_fail(client, EXIT_FAILURE, "%s answers with HTTP status %ld.", url->data,
                           status);
    return -1;
}

static int ask_attestation(const struct client *client, struct evidence *evidence, const char *url)
{
    struct dp_buf path = DP_BUF_INIT(URL_MAX);
    char nonce[2 * EVIDENCE_NONCE_LEN + 1];
    int code;

    dp_hex_encode(nonce, evidence->nonce, EVIDENCE_NONCE_LEN);
    dp_buf_addf(&path, "%s/api/attestation?nonce=%s", url, nonce);
    code =
        get(client, &evidence->files[EVIDENCE_ATTESTATION], &evidence->files[EVIDENCE_PEER], &path);
    dp_buf_free(&path);
    return code;
}

/* It is another connection, which has to end where the one of the quote does. */
static bool is_same_peer(const struct evidence *evidence, const struct dp_buf *certificates)
{
    const struct dp_buf *peer = &evidence->files[EVIDENCE_PEER];

    return certificates->len == peer->len &&
           (peer->len == 0 || memcmp(certificates->data, peer->data, peer->len) == 0);
}

static int ask_keys(const struct client *client, struct evidence *evidence, const char *url,
                    const char *user)
{
    struct dp_buf path = DP_BUF_INIT(URL_MAX), certificates = DP_BUF_INIT(PEER_MAX);
    int code;

    dp_buf_addf(&path, "%s/api/users/me/keys?userId=", url);
    client_encode(&path, user);
    code = get(client, &evidence->files[EVIDENCE_KEYS], &certificates, &path);
    if (code < 0 && !is_same_peer(evidence, &certificates))
        code = client_fail(client, EXIT_FAILURE,
                           "%s shows another certificate than a moment ago: it was renewed, or "
                           "somebody is in between. Ask again.",
                           url);
    dp_buf_free(&certificates);
    dp_buf_free(&path);
    return code;
}

int evidence_ask(const struct client *client, struct evidence *evidence, const char *named,
                 const char *user)
{
    char url[URL_MAX];
    size_t len = strlen(named);
    int code;

    while (len > 0 && named[len - 1] == '/')
        len--;
    if (len >= sizeof(url))
        return client_fail(client, EXIT_USAGE, "a URL has at most %d bytes.", URL_MAX - 1);
    snprintf(url, sizeof(url), "%.*s", (int)len, named);
    code = write_audit(client, evidence, url);

    if (code < 0)
        code = ask_attestation(client, evidence, url);
    if (code < 0 && user != NULL)
        code = ask_keys(client, evidence, url, user);
    return code < 0 ? evidence_parse(client, evidence) : code;
}
