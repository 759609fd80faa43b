/* claims.h - a report: what is claimed of a service, what was expected and found, and the verdicts.
 */
#ifndef DP_VERDICT_CLAIMS_H
#define DP_VERDICT_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

#define DP_REPORT_FORMAT "devproof-report/1"
#define DP_REPORT_MAX (4u << 20) /* bytes of a report as JSON */

enum dp_verdict { DP_VERDICT_PASS, DP_VERDICT_FAIL, DP_VERDICT_UNCHECKED };

struct dp_claim {
    const char *id;    /* "quote.signature": for rules and for comparing; never changes its sense */
    const char *title; /* what is claimed, as a sentence for people */
    const char *expected; /* may be NULL, as found and source may */
    const char *found;
    const char *source; /* where what was expected came from */
    const char *note;   /* why it fails or was not checked; NULL only where it passes */
    enum dp_verdict verdict;
    bool required; /* unless it passes, the whole report fails */
};

/* A report of one service at one time. Running out of memory while one is made ends the process. */
struct dp_claims;

/* A report without claims, to be freed. url: what was audited. at_ms: for what time, Unix ms. */
struct dp_claims *dp_claims_new(const char *url, int64_t at_ms);
void dp_claims_free(struct dp_claims *claims);

/* Add a claim, copied. Two of one id are a fault of the caller. */
void dp_claims_add(struct dp_claims *claims, const struct dp_claim *claim);

/* Add something that somebody can still do, though all claims hold: who, what, and its limit. */
void dp_claims_add_power(struct dp_claims *claims, const char *who, const char *what,
                         const char *limit);

/* Show all that the contract on the chain has, as devproof appauth show --json prints it; taken
 * over, and NULL where it is not known. It is not judged, and not compared. */
void dp_claims_attach_appauth(struct dp_claims *claims, struct json_object *appauth);

/* "pass", "fail", "not checked" */
const char *dp_verdict_text(enum dp_verdict verdict);

/* DP_VERDICT_UNCHECKED for a claim that is not in the report. */
enum dp_verdict dp_claims_verdict(const struct dp_claims *claims, const char *id);

/* Is there a required claim, and do all required ones pass? */
bool dp_claims_hold(const struct dp_claims *claims);

/**
 * The report as a JSON object, borrowed:
 *
 *     format, url, at (RFC 3339), holds,
 *     claims  [{id, title, required, verdict, expected, found, source, note}], null for NULL
 *     powers  [{who, what, limit}]
 *     stage   as in stages.h, once it was judged
 *     appauth what the contract on the chain has, or null
 */
struct json_object *dp_claims_json(const struct dp_claims *claims);

/**
 * Read a report back, to show or compare it. Whether its verdicts are right is not looked at, but
 * `holds` and the stage are taken from its claims, not from what it says.
 *
 * Out: out  to be freed; NULL unless DP_OK
 * Returns: DP_OK
 *          DP_EJSON, DP_EDUPLICATE   as dp_json_parse
 *          DP_EFORMAT                not a report, or one of another format; detail says what
 *          DP_ETOOBIG                more than DP_REPORT_MAX bytes
 */
DP_MUST_CHECK
enum dp_err dp_claims_read(struct dp_claims **out, const char *text, size_t len,
                           struct dp_detail *detail);

#endif
