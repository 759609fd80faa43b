/* tunnel_proof.c - what proves that a peer's TD holds the key of its tunnel. */
#include "cluster/tunnel_proof.h"

#include <string.h>

#include <openssl/sha.h>

#include "attest/td_evidence.h"
#include "base/json.h"

#define TAG "devproof-tunnel:"
#define TAG_LEN (sizeof(TAG) - 1)

#define CLAIM_LEN                                                                                  \
    (TAG_LEN + DP_TUNNEL_NONCE_LEN + DP_ADDRESS_LEN + 8 + DP_ADDRESS_LEN + 2 * DP_TUNNEL_KEY_LEN)

static uint8_t *put(uint8_t *at, const void *part, size_t len)
{
    memcpy(at, part, len);
    return at + len;
}

void dp_tunnel_report_data(uint8_t out[static DP_REPORT_DATA_LEN],
                           const struct dp_tunnel_claim *claim)
{
    uint8_t in[CLAIM_LEN], *at = in;

    _Static_assert(SHA512_DIGEST_LENGTH == DP_REPORT_DATA_LEN, "the hash fills it");
    at = put(at, TAG, TAG_LEN);
    at = put(at, claim->nonce, sizeof(claim->nonce));
    at = put(at, claim->contract, sizeof(claim->contract));
    for (size_t i = 0; i < 8; i++)
        *at++ = (uint8_t)(claim->chain_id >> (8 * (7 - i)));
    at = put(at, claim->instance_id, sizeof(claim->instance_id));
    at = put(at, claim->key, sizeof(claim->key));
    at = put(at, claim->asker, sizeof(claim->asker));
    SHA512(in, (size_t)(at - in), out);
}

/* --- reading --- */

enum dp_err dp_tunnel_proof_read(struct dp_tunnel_proof *out, struct dp_slice answer,
                                 struct dp_detail *detail)
{
    struct dp_slice hex;

    *out = (struct dp_tunnel_proof){.quote = DP_BUF_INIT(DP_QUOTE_MAX)};
    if (dp_json_parse(&out->object, answer.data != NULL ? answer.data : "", answer.len, NULL) !=
            DP_OK ||
        dp_json_string(&hex, out->object, "quote", NULL) != DP_OK ||
        dp_json_string(&out->event_log, out->object, "event_log", NULL) != DP_OK ||
        dp_quote_bytes(&out->quote, hex.data, hex.len) != DP_OK)
        return dp_fail(detail, DP_EFORMAT, "proof", "The peer answers no quote and event log.");
    return DP_OK;
}

void dp_tunnel_proof_free(struct dp_tunnel_proof *proof)
{
    json_object_put(proof->object);
    dp_buf_free(&proof->quote);
}

/* --- checking --- */

/* In: id  what the log says */
static enum dp_err check_id(struct dp_slice id, const uint8_t want[static DP_ADDRESS_LEN],
                            const char *name, struct dp_detail *detail)
{
    if (id.len == DP_ADDRESS_LEN && memcmp(id.data, want, DP_ADDRESS_LEN) == 0)
        return DP_OK;
    return dp_fail(detail, DP_EINVAL, name, "The quote is of another %s than the contract names.",
                   name);
}

static enum dp_err check_log(struct dp_tunnel_proven *out, const struct dp_eventlog *log,
                             const struct dp_td_report *td, const struct dp_tunnel_claim *claim,
                             const uint8_t app_id[static DP_ADDRESS_LEN], struct dp_detail *detail)
{
    struct dp_event_facts facts;
    enum dp_err err = dp_td_verify_events(&facts, log, td, detail);

    if (err == DP_OK)
        err = check_id(facts.app_id, app_id, "app_id", detail);
    if (err == DP_OK)
        err = check_id(facts.instance_id, claim->instance_id, "instance_id", detail);
    if (err == DP_OK)
        memcpy(out->compose_hash, facts.compose_hash.data, sizeof(out->compose_hash));
    return err;
}

static enum dp_err check_events(struct dp_tunnel_proven *out, const struct dp_tunnel_proof *proof,
                                const struct dp_td_report *td, const struct dp_tunnel_claim *claim,
                                const uint8_t app_id[static DP_ADDRESS_LEN],
                                struct dp_detail *detail)
{
    struct dp_eventlog log;
    enum dp_err err = dp_eventlog_read(&log, proof->event_log.data, proof->event_log.len, detail);

    if (err == DP_OK)
        err = check_log(out, &log, td, claim, app_id, detail);
    else if (err != DP_ENOMEM)
        err = DP_EFORMAT;
    dp_eventlog_free(&log);
    return err;
}

static enum dp_err check_claim(const struct dp_td_report *td, const struct dp_tunnel_claim *claim,
                               struct dp_detail *detail)
{
    uint8_t want[DP_REPORT_DATA_LEN];

    dp_tunnel_report_data(want, claim);
    return memcmp(td->report_data, want, sizeof(want)) == 0
               ? DP_OK
               : dp_fail(detail, DP_EINVAL, "report_data",
                         "The quote is not over this question and this key of a tunnel.");
}

enum dp_err dp_tunnel_proof_check(struct dp_tunnel_proven *out, const struct dp_tunnel_proof *proof,
                                  const struct dp_tunnel_claim *claim,
                                  const uint8_t app_id[static DP_ADDRESS_LEN],
                                  const struct dp_collateral *collateral, int64_t now,
                                  struct dp_detail *detail)
{
    struct dp_dcap_result dcap;
    enum dp_err err;

    memset(out, 0, sizeof(*out));
    err = dp_td_verify_quote(&dcap, (struct dp_slice){proof->quote.data, proof->quote.len},
                             collateral, now, detail);
    if (err == DP_OK)
        err = check_claim(dcap.quote.td, claim, detail);
    if (err == DP_OK)
        err = check_events(out, proof, dcap.quote.td, claim, app_id, detail);
    if (err == DP_OK)
        out->status = dcap.verdict.status;
    return err;
}
