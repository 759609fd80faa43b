/* audit_hardware.c - devproof audit: what the hardware measured, and whether it is genuine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/collateral.h"
#include "attest/dcap.h"
#include "attest/eventlog.h"
#include "attest/quote.h"
#include "attest/td_policy.h"
#include "base/hex.h"
#include "devproof/audit.h"
#include "dstack/app_compose.h"
#include "dstack/compose_hash.h"

#define HEX_MAX 64 /* bytes that are shown */

void audit_add_hex(struct dp_claims *claims, struct dp_claim claim, const uint8_t *found,
                   size_t len)
{
    char text[2 * HEX_MAX + 1];

    dp_hex_encode(text, found, len);
    claim.found = text;
    dp_claims_add(claims, &claim);
}

void audit_add_unchecked(struct dp_claims *claims, const char *id, const char *title,
                         const char *note)
{
    const struct dp_claim claim = {
        .id = id, .title = title, .note = note, .verdict = DP_VERDICT_UNCHECKED, .required = true};

    dp_claims_add(claims, &claim);
}

/* --- the quote --- */

static const char signature_title[] =
    "The hardware is genuine Intel TDX, and signed what it measured";
static const char status_title[] = "The platform has every security update of its vendor";
static const char production_title[] = "The machine's memory is its own: no debug mode";

static void claim_signature(struct dp_claims *claims, const struct hardware *hardware,
                            const struct dp_dcap_result *result)
{
    bool valid = result->fault.failure == DP_DCAP_VALID;
    char note[AUDIT_NOTE_SIZE];
    const struct dp_claim claim = {
        .id = "quote.signature",
        .title = signature_title,
        .expected = "a chain of signatures from the root to the quote",
        .found = valid ? "valid" : dp_dcap_failure_name(result->fault.failure),
        .source = hardware->own_root ? "a root that was named for this audit, not Intel's"
                                     : "Intel SGX Root CA, and collateral it signed",
        .note = valid ? NULL : note,
        .verdict = valid ? DP_VERDICT_PASS : DP_VERDICT_FAIL,
        .required = true,
    };

    snprintf(note, sizeof(note), "%s", result->text);
    dp_claims_add(claims, &claim);
}

/* The status, and the advisories that are open at it. */
static void status_text(struct dp_buf *out, const struct dp_tcb_verdict *verdict)
{
    dp_buf_add_text(out, dp_tcb_status_name(verdict->status));
    for (size_t i = 0; i < verdict->len; i++) {
        dp_buf_add_text(out, i == 0 ? ": " : ", ");
        dp_buf_add(out, verdict->advisories[i].data, verdict->advisories[i].len);
    }
}

static void claim_status(struct dp_claims *claims, const struct dp_dcap_result *result)
{
    struct dp_buf found = DP_BUF_INIT(DP_REPORT_MAX);
    bool current = result->verdict.status == DP_TCB_UP_TO_DATE;
    struct dp_claim claim = {
        .id = "quote.status",
        .title = status_title,
        .expected = dp_tcb_status_name(DP_TCB_UP_TO_DATE),
        .source = "Intel's TCB info and QE identity of that time",
        .note = current ? NULL : "whoever knows the open holes may reach into the machine",
        .verdict = current ? DP_VERDICT_PASS : DP_VERDICT_FAIL,
        .required = true,
    };

    if (result->fault.failure != DP_DCAP_VALID) {
        audit_add_unchecked(claims, claim.id, claim.title,
                            "a quote that does not hold has no status");
        return;
    }
    status_text(&found, &result->verdict);
    if (found.err != DP_OK)
        abort();
    claim.found = found.data;
    dp_claims_add(claims, &claim);
    dp_buf_free(&found);
}

static void claim_genuine(struct dp_claims *claims, const struct hardware *hardware)
{
    struct dp_detail detail = {"", ""};
    struct dp_dcap_result result;
    struct dp_collateral *collateral;
    enum dp_err err;

    if (hardware->collateral.data == NULL) {
        audit_add_unchecked(claims, "quote.signature", signature_title,
                            "there is no collateral: name a PCCS or a file of it");
        audit_add_unchecked(claims, "quote.status", status_title, "there is no collateral");
        return;
    }
    err = dp_collateral_read(&collateral, hardware->collateral, hardware->root, &detail);
    if (err != DP_OK) {
        audit_add_unchecked(claims, "quote.signature", signature_title,
                            detail.text[0] != '\0' ? detail.text : dp_err_text(err));
        audit_add_unchecked(claims, "quote.status", status_title, "the collateral cannot be read");
        return;
    }
    /* What it says is in the result. */
    (void)!dp_dcap_verify(&result, (const uint8_t *)hardware->quote.data, hardware->quote.len,
                          collateral, hardware->at);
    claim_signature(claims, hardware, &result);
    claim_status(claims, &result);
    dp_collateral_free(collateral);
}

static void claim_production(struct dp_claims *claims, const struct dp_quote *quote)
{
    const char *fault =
        quote->td == NULL ? "it is no TD that made this quote" : dp_td_policy_fault(quote);
    const struct dp_claim claim = {
        .id = "quote.production",
        .title = production_title,
        .expected = "attributes of a production TD",
        .found = fault == NULL ? "attributes of a production TD" : "other attributes",
        .source = "Intel TDX module specification, ATTRIBUTES",
        .note = fault,
        .verdict = fault == NULL ? DP_VERDICT_PASS : DP_VERDICT_FAIL,
        .required = true,
    };

    dp_claims_add(claims, &claim);
}

/* --- the event log --- */

static const char log_title[] = "The event log is what the hardware measured while it started";
static const char measured_title[] = "The app's definition is the one that the hardware measured";
static const char closed_title[] = "The app's definition leaves its operator no way to other code";

/* Why the log does not fit the quote, in note; false where it does. */
static bool log_fault(char note[static AUDIT_NOTE_SIZE], const struct dp_eventlog *log,
                      const struct dp_event_facts *facts, const struct dp_td_report *td)
{
    uint8_t rtmr[DP_RTMR_COUNT][DP_RTMR_LEN];
    const char *fault = dp_event_facts_fault(facts);

    dp_eventlog_replay(rtmr, log, NULL);
    for (int i = 0; i < DP_RTMR_COUNT; i++) {
        if (memcmp(rtmr[i], td->rtmr[i], DP_RTMR_LEN) != 0) {
            snprintf(note, AUDIT_NOTE_SIZE, "RTMR%d of the quote is not what the log replays to",
                     i);
            return true;
        }
    }
    if (fault != NULL)
        snprintf(note, AUDIT_NOTE_SIZE, "%s", fault);
    return fault != NULL;
}

static void claim_log(struct dp_claims *claims, const struct dp_quote *quote, const char *fault)
{
    struct dp_claim claim = {
        .id = "log.replays",
        .title = log_title,
        .expected = "RTMR0 to RTMR3 of the quote",
        .source = "the quote",
        .note = fault,
        .verdict = fault == NULL ? DP_VERDICT_PASS : DP_VERDICT_FAIL,
        .required = true,
    };

    if (quote->td != NULL)
        audit_add_hex(claims, claim, quote->td->rtmr[DP_RTMR_RUNTIME], DP_RTMR_LEN);
    else
        dp_claims_add(claims, &claim);
}

static void learn(struct facts *facts, const struct dp_event_facts *events)
{
    memcpy(facts->app_id, events->app_id.data, sizeof(facts->app_id));
    memcpy(facts->compose_hash, events->compose_hash.data, sizeof(facts->compose_hash));
    if (events->key_provider.data == NULL ||
        dp_key_provider_read(&facts->key_provider, events->key_provider) != DP_OK)
        facts->key_provider = (struct dp_key_provider){0};
    facts->known = true;
}

bool audit_learn(struct facts *facts, char note[static AUDIT_NOTE_SIZE],
                 const struct hardware *hardware)
{
    struct dp_eventlog log = {0};
    struct dp_event_facts events;
    struct dp_detail detail = {"", ""};
    struct dp_quote quote;
    enum dp_err err =
        dp_quote_parse(&quote, (const uint8_t *)hardware->quote.data, hardware->quote.len, &detail);

    *facts = (struct facts){0};
    if (err == DP_OK && quote.td == NULL)
        err = dp_fail(&detail, DP_EFORMAT, NULL, "it is no TD that made this quote");
    if (err == DP_OK)
        err = dp_eventlog_read(&log, hardware->event_log.data, hardware->event_log.len, &detail);
    if (err == DP_OK)
        err = dp_event_facts(&events, &log, &detail);
    if (err != DP_OK)
        snprintf(note, AUDIT_NOTE_SIZE, "%s",
                 detail.text[0] != '\0' ? detail.text : dp_err_text(err));
    else if (!log_fault(note, &log, &events, quote.td))
        learn(facts, &events);
    dp_eventlog_free(&log);
    return facts->known;
}

/* --- the app's definition --- */

static void claim_measured(struct dp_claims *claims, const struct hardware *hardware,
                           const struct facts *facts)
{
    uint8_t hash[DP_EVENT_HASH_LEN];
    char expected[2 * DP_EVENT_HASH_LEN + 1];
    bool same;

    if (!facts->known) {
        audit_add_unchecked(claims, "compose.measured", measured_title,
                            "there is no event log that fits the quote");
        return;
    }
    if (dp_compose_hash(hash, hardware->app_compose.data, hardware->app_compose.len) != DP_OK) {
        audit_add_unchecked(claims, "compose.measured", measured_title,
                            "the definition is too long");
        return;
    }
    dp_hex_encode(expected, facts->compose_hash, sizeof(facts->compose_hash));
    same = memcmp(hash, facts->compose_hash, sizeof(hash)) == 0;
    audit_add_hex(claims,
                  (struct dp_claim){
                      .id = "compose.measured",
                      .title = measured_title,
                      .expected = expected,
                      .source = "compose-hash in the event log",
                      .note = same ? NULL : "another definition runs than the one that is shown",
                      .verdict = same ? DP_VERDICT_PASS : DP_VERDICT_FAIL,
                      .required = true,
                  },
                  hash, sizeof(hash));
}

/* "services.web.image: sentence", all in one text. */
static void findings_text(struct dp_buf *out, const struct dp_findings *findings)
{
    for (size_t i = 0; i < findings->len; i++)
        dp_buf_addf(out, "%s%s: %s", i == 0 ? "" : " ", findings->list[i].where,
                    findings->list[i].text);
}

static void claim_closed(struct dp_claims *claims, const struct hardware *hardware)
{
    struct dp_findings findings = {0};
    struct dp_detail detail = {"", ""};
    struct dp_buf found = DP_BUF_INIT(DP_REPORT_MAX);
    struct dp_claim claim = {
        .id = "compose.closed",
        .title = closed_title,
        .expected =
            "images by digest; no image, address or script that the operator sets; no debug",
        .source = "the rules of devproof compose check",
        .note = "what is open can change without another compose hash, or lets somebody in",
        .verdict = DP_VERDICT_FAIL,
        .required = true,
    };
    enum dp_err err = dp_app_compose_check(&findings, hardware->app_compose.data,
                                           hardware->app_compose.len, &detail);

    dp_findings_keep(&findings, DP_RISK_ALL & ~DP_RISK_LOOSE);
    findings_text(&found, &findings);
    if (err != DP_OK || findings.err != DP_OK || found.err != DP_OK) {
        claim.note = detail.text[0] != '\0' ? detail.text : "the definition cannot be read";
    } else if (findings.len == 0) {
        claim.found = "nothing open";
        claim.note = NULL;
        claim.verdict = DP_VERDICT_PASS;
    } else {
        claim.found = found.data;
    }
    dp_claims_add(claims, &claim);
    dp_buf_free(&found);
    dp_findings_free(&findings);
}

void audit_hardware(struct dp_claims *claims, const struct hardware *hardware, struct facts *facts)
{
    struct dp_detail detail = {"", ""};
    char note[AUDIT_NOTE_SIZE];
    struct dp_quote quote;

    *facts = (struct facts){0};
    claim_genuine(claims, hardware);
    if (dp_quote_parse(&quote, (const uint8_t *)hardware->quote.data, hardware->quote.len,
                       &detail) != DP_OK) {
        audit_add_unchecked(claims, "quote.production", production_title, detail.text);
        audit_add_unchecked(claims, "log.replays", log_title, detail.text);
    } else {
        claim_production(claims, &quote);
        if (hardware->event_log.data != NULL)
            claim_log(claims, &quote, audit_learn(facts, note, hardware) ? NULL : note);
        else
            audit_add_unchecked(claims, "log.replays", log_title, "there is no event log");
    }
    if (hardware->app_compose.data == NULL) {
        audit_add_unchecked(claims, "compose.measured", measured_title,
                            "the definition is not shown");
        audit_add_unchecked(claims, "compose.closed", closed_title, "the definition is not shown");
    } else {
        claim_measured(claims, hardware, facts);
        claim_closed(claims, hardware);
    }
}
