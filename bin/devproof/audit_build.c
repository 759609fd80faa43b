/* audit_build.c - devproof audit: are image and operating system those that somebody built from
 * sources? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/quote.h"
#include "base/json.h"
#include "devproof/audit.h"
#include "devproof/reference.h"

#define DIGEST "sha256:"
#define DIGEST_LEN (sizeof(DIGEST) - 1 + 64) /* with 64 hex digits */
#define TEXT_MAX (64u << 10)

static const char image_title[] = "The image that runs is what its sources build";
static const char os_title[] = "The operating system under it is a published one";

/* --- the image --- */

/* The compose file in the app's definition; data is NULL where there is none. The document has to
 * live as long. */
static struct dp_slice compose_file(struct json_object **document, const struct hardware *hardware)
{
    struct dp_slice text = {NULL, 0};

    if (hardware->app_compose.data == NULL ||
        dp_json_parse(document, hardware->app_compose.data, hardware->app_compose.len, NULL) !=
            DP_OK ||
        dp_json_optional_string(&text, *document, "docker_compose_file", NULL) != DP_OK)
        text = (struct dp_slice){NULL, 0};
    return text;
}

/* All digests in a text, one after the other. Returns: is each of them this one, and is there one?
 */
static bool only_digest(struct dp_buf *found, struct dp_slice text, const char *digest)
{
    const char *at = text.data;
    bool only = true;

    while ((at = memmem(at, (size_t)(text.data + text.len - at), DIGEST, sizeof(DIGEST) - 1)) !=
               NULL &&
           (size_t)(text.data + text.len - at) >= DIGEST_LEN) {
        dp_buf_addf(found, "%s%.*s", found->len > 0 ? ", " : "", (int)DIGEST_LEN, at);
        only = only && strlen(digest) == DIGEST_LEN && memcmp(at, digest, DIGEST_LEN) == 0;
        at += DIGEST_LEN;
    }
    return only && found->len > 0 && found->err == DP_OK;
}

static void claim_image(struct dp_claims *claims, const struct hardware *hardware,
                        const char *digest)
{
    struct json_object *document = NULL;
    struct dp_slice text = compose_file(&document, hardware);
    struct dp_buf found = DP_BUF_INIT(TEXT_MAX);
    struct dp_claim claim = {
        .id = "image.rebuilt",
        .title = image_title,
        .expected = digest,
        .source = "the digest that was named: that of one's own build of the sources",
        .note = "another image runs, or more than one",
        .verdict = DP_VERDICT_FAIL,
        .required = true,
    };

    if (digest == NULL) {
        audit_add_unchecked(claims, claim.id, claim.title,
                            "no digest was named: devproof rebuild --check prints it");
    } else if (text.data == NULL) {
        audit_add_unchecked(claims, claim.id, claim.title, "the definition is not shown");
    } else {
        if (only_digest(&found, text, digest)) {
            claim.note = NULL;
            claim.verdict = DP_VERDICT_PASS;
        }
        claim.found = found.len > 0 ? found.data : "no image by digest";
        dp_claims_add(claims, &claim);
    }
    dp_buf_free(&found);
    json_object_put(document);
}

/* --- the operating system --- */

static void claim_os(struct dp_claims *claims, const struct hardware *hardware,
                     struct json_object *reference)
{
    struct dp_detail detail = {"", ""};
    struct dp_quote quote;
    const char *fault;
    struct dp_claim claim = {
        .id = "os.published",
        .title = os_title,
        .expected = "mrtd and rtmr0 to rtmr2 of the reference",
        .source = "the reference file that was named",
        .required = true,
    };

    if (reference == NULL) {
        audit_add_unchecked(claims, claim.id, claim.title,
                            "no reference of the OS image was named");
        return;
    }
    if (dp_quote_parse(&quote, (const uint8_t *)hardware->quote.data, hardware->quote.len,
                       &detail) != DP_OK ||
        quote.td == NULL) {
        audit_add_unchecked(claims, claim.id, claim.title, "there is no quote of a TD");
        return;
    }
    fault = reference_os_fault(reference, quote.td);
    claim.note = fault;
    claim.verdict = fault == NULL ? DP_VERDICT_PASS : DP_VERDICT_FAIL;
    audit_add_hex(claims, claim, quote.td->mr_td, DP_RTMR_LEN);
}

void audit_build(struct dp_claims *claims, const struct hardware *hardware, const char *digest,
                 struct json_object *os_reference)
{
    claim_image(claims, hardware, digest);
    claim_os(claims, hardware, os_reference);
}
