/* audit_live.c - devproof audit: was the quote made for this audit, and for the key of this
 * connection? */
#include <string.h>

#include "attest/live.h"
#include "attest/quote.h"
#include "base/hex.h"
#include "crypto/cert.h"
#include "devproof/audit.h"

static const char fresh_title[] = "The evidence was made for this audit, not recorded before";
static const char bound_title[] = "The connection ends in the hardware: nobody reads along";

/* What is known of keys, each as SHA-256 of its SubjectPublicKeyInfo. */
struct keys {
    uint8_t seen[DP_LIVE_KEY_LEN], told[DP_LIVE_KEY_LEN];
    bool has_seen; /* the connection was TLS */
};

static void read_seen(struct keys *keys, const struct evidence *evidence)
{
    const struct dp_buf *pem = &evidence->files[EVIDENCE_PEER];
    struct dp_cert_chain *chain;
    struct dp_cert_facts facts;

    if (pem->len == 0 ||
        dp_cert_read(&chain, (struct dp_slice){pem->data, pem->len}, NULL) != DP_OK)
        return;
    dp_cert_facts(&facts, chain);
    memcpy(keys->seen, facts.spki, sizeof(keys->seen));
    keys->has_seen = true;
    dp_cert_free(chain);
}

/* All zero where the service says that it is served without TLS. */
static void read_told(struct keys *keys, const struct evidence *evidence)
{
    struct json_object *tls = json_object_object_get(evidence->answer, "tls");

    if (!json_object_is_type(tls, json_type_object) ||
        dp_hex_decode_exact(keys->told, sizeof(keys->told), client_text(tls, "spki_sha256")) !=
            DP_OK)
        memset(keys->told, 0, sizeof(keys->told));
}

/* Does the quote commit to the nonce and this key? */
static bool commits(const struct dp_quote *quote, const struct evidence *evidence,
                    const uint8_t key[static DP_LIVE_KEY_LEN])
{
    uint8_t expected[DP_REPORT_DATA_LEN];

    dp_live_report_data(expected, evidence->nonce, key);
    return memcmp(quote->td->report_data, expected, sizeof(expected)) == 0;
}

static void claim_fresh(struct dp_claims *claims, const struct dp_quote *quote, bool fresh)
{
    const struct dp_claim claim = {
        .id = "quote.fresh",
        .title = fresh_title,
        .expected = "report data over the nonce of this audit",
        .found = "report data over the nonce of this audit",
        .source = "32 random bytes, made by this program",
        .note = fresh ? NULL : "the quote does not commit to the nonce",
        .verdict = fresh ? DP_VERDICT_PASS : DP_VERDICT_FAIL,
        .required = true,
    };

    /* It is another one each time: two audits in which all is the same shall not differ by it. */
    if (fresh)
        dp_claims_add(claims, &claim);
    else
        audit_add_hex(claims, claim, quote->td->report_data, sizeof(quote->td->report_data));
}

static void claim_bound(struct dp_claims *claims, const struct keys *keys, bool bound)
{
    struct dp_claim claim = {
        .id = "tls.bound",
        .title = bound_title,
        .expected = "report data over the key of the connection",
        .source = "the certificate that the connection was made with",
        .note = "the quote is for another key than that of the connection: somebody is in between",
        .verdict = DP_VERDICT_FAIL,
        .required = true,
    };

    if (!keys->has_seen) {
        claim.note = "the connection was not TLS: anybody on the way reads it";
        dp_claims_add(claims, &claim);
        return;
    }
    if (bound) {
        claim.note = NULL;
        claim.verdict = DP_VERDICT_PASS;
    }
    audit_add_hex(claims, claim, keys->seen, sizeof(keys->seen));
}

void audit_live(struct dp_claims *claims, const struct evidence *evidence)
{
    struct dp_detail detail = {"", ""};
    struct dp_quote quote;
    struct keys keys = {.has_seen = false};
    bool bound;

    if (dp_quote_parse(&quote, (const uint8_t *)evidence->quote.data, evidence->quote.len,
                       &detail) != DP_OK ||
        quote.td == NULL) {
        audit_add_unchecked(claims, "quote.fresh", fresh_title, "there is no quote of a TD");
        audit_add_unchecked(claims, "tls.bound", bound_title, "there is no quote of a TD");
        return;
    }
    read_seen(&keys, evidence);
    read_told(&keys, evidence);
    bound = keys.has_seen && commits(&quote, evidence, keys.seen);
    claim_fresh(claims, &quote, bound || commits(&quote, evidence, keys.told));
    claim_bound(claims, &keys, bound);
}
