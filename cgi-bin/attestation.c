/* attestation.c - GET /api/attestation?nonce=HEX: evidence of what runs here, over this nonce and
 * the TLS key that it is served with. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/live.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "crypto/cert.h"
#include "dstack/guest_quote.h"
#include "web/web.h"

#define CHAIN_MAX (128 * 1024)

/* What of HTTPS goes into the answer; all zero where there is none. */
struct served {
    uint8_t key[DP_LIVE_KEY_LEN];
    struct dp_buf chain; /* PEM */
};

static enum dp_err read_nonce(struct dp_exchange *x, uint8_t out[static DP_LIVE_NONCE_LEN])
{
    char hex[2 * DP_LIVE_NONCE_LEN + 1];
    enum dp_err err = dp_request_query(x, "nonce", hex, sizeof(hex), NULL);

    if (err == DP_OK && dp_hex_decode_exact(out, DP_LIVE_NONCE_LEN, hex) != DP_OK)
        err = DP_EPARAM;
    if (err == DP_EPARAM)
        return dp_fail(&x->detail, err, "nonce", "nonce must be %d hex digits, new each time.",
                       2 * DP_LIVE_NONCE_LEN);
    return err;
}

static enum dp_err take_chain(struct served *out, const struct dp_buf *file)
{
    struct dp_cert_chain *chain = NULL;
    struct dp_cert_facts facts;
    enum dp_err err = dp_cert_read(&chain, (struct dp_slice){file->data, file->len}, NULL);

    if (err == DP_OK) {
        dp_cert_facts(&facts, chain);
        memcpy(out->key, facts.spki, sizeof(out->key));
        dp_cert_write(&out->chain, chain);
        err = out->chain.err;
    }
    dp_cert_free(chain);
    return err;
}

/* The file that `devproof tls renew` writes, read anew each time, since a renewal replaces it. */
static enum dp_err read_served(struct served *out, const struct dp_service *service)
{
    struct dp_buf file = DP_BUF_INIT(CHAIN_MAX);
    char path[PATH_MAX + 16];
    enum dp_err err;

    if (service->tls_public[0] == '\0')
        return DP_OK;
    snprintf(path, sizeof(path), "%s/chain.pem", service->tls_public);
    err = dp_file_read(&file, path);
    if (err == DP_OK)
        err = take_chain(out, &file);
    dp_buf_free(&file);
    return err;
}

static void add_hex(struct json_object *object, const char *name, const uint8_t *bytes, size_t len)
{
    char hex[2 * DP_REPORT_DATA_LEN + 1];

    dp_hex_encode(hex, bytes, len);
    dp_json_add_text(object, name, hex);
}

static void add_served(struct json_object *answer, const struct served *served)
{
    struct json_object *tls = NULL;

    if (served->chain.len > 0) {
        tls = json_object_new_object();
        add_hex(tls, "spki_sha256", served->key, sizeof(served->key));
        dp_json_add_text(tls, "certificate_chain", served->chain.data);
    }
    dp_json_add(answer, "tls", tls);
}

/* A text of another answer, "" where it is not there. */
static void copy_text(struct json_object *to, struct json_object *from, const char *name)
{
    struct dp_slice text = {"", 0};

    if (from == NULL || dp_json_optional_string(&text, from, name, NULL) != DP_OK ||
        text.data == NULL)
        text = (struct dp_slice){"", 0};
    dp_json_add(to, name, json_object_new_string_len(text.data, (int)text.len));
}

static enum dp_err reply(struct dp_exchange *x, const uint8_t nonce[static DP_LIVE_NONCE_LEN],
                         const uint8_t report_data[static DP_REPORT_DATA_LEN],
                         const struct served *served)
{
    struct json_object *quote = NULL, *info = NULL, *tcb = NULL, *answer;
    enum dp_err err = dp_guest_quote(x->service->guest, &quote, report_data);

    if (err == DP_OK)
        err = dp_guest_info(x->service->guest, &info);
    if (err == DP_OK) {
        json_object_object_get_ex(info, "tcb_info", &tcb);
        answer = json_object_new_object();
        add_hex(answer, "nonce", nonce, DP_LIVE_NONCE_LEN);
        add_hex(answer, "report_data", report_data, DP_REPORT_DATA_LEN);
        add_served(answer, served);
        copy_text(answer, quote, "quote");
        copy_text(answer, quote, "event_log");
        copy_text(answer, quote, "vm_config");
        copy_text(answer, json_object_is_type(tcb, json_type_object) ? tcb : NULL, "app_compose");
        err = dp_reply_json(x, 200, answer);
    }
    json_object_put(info);
    json_object_put(quote);
    return err;
}

static enum dp_err attestation(struct dp_exchange *x)
{
    uint8_t nonce[DP_LIVE_NONCE_LEN], report_data[DP_REPORT_DATA_LEN];
    struct served served = {.chain = DP_BUF_INIT(CHAIN_MAX)};
    enum dp_err err = read_nonce(x, nonce);

    if (err == DP_OK)
        err = read_served(&served, x->service);
    if (err == DP_OK) {
        dp_live_report_data(report_data, nonce, served.key);
        err = reply(x, nonce, report_data, &served);
    }
    dp_buf_free(&served.chain);
    return err;
}

static const struct dp_route routes[] = {
    {"GET", "/api/attestation", attestation},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_GUEST | DP_NEED_QUOTE,
        .threads = 4,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
