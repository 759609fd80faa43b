/* claims.c - a report: what is claimed of a service, what was expected and found, and the verdicts.
 */
#include "verdict/claims.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define CLAIMS_MAX 1000

struct dp_claims {
    struct json_object *root, *claims, *powers; /* the last two borrowed from root */
};

static const char *const words[] = {
    [DP_VERDICT_PASS] = "pass", [DP_VERDICT_FAIL] = "fail", [DP_VERDICT_UNCHECKED] = "not checked"};

const char *dp_verdict_text(enum dp_verdict verdict)
{
    return words[verdict];
}

static struct json_object *some(struct json_object *made)
{
    if (made == NULL)
        abort();
    return made;
}

static void push(struct json_object *array, struct json_object *item)
{
    if (json_object_array_add(array, item) != 0)
        abort();
}

/* A text that may be NULL. */
static void add_text(struct json_object *object, const char *name, const char *text)
{
    if (text == NULL)
        dp_json_add(object, name, NULL);
    else
        dp_json_add_text(object, name, text);
}

static void say_whether_it_holds(struct dp_claims *claims)
{
    dp_json_add_bool(claims->root, "holds", dp_claims_hold(claims));
}

void dp_claims_attach_appauth(struct dp_claims *claims, struct json_object *appauth)
{
    dp_json_add(claims->root, "appauth", appauth);
}

struct dp_claims *dp_claims_new(const char *url, int64_t at_ms)
{
    struct dp_claims *claims = calloc(1, sizeof(*claims));
    char at[DP_CLOCK_TEXT_SIZE];

    if (claims == NULL)
        abort();
    dp_clock_format(at, at_ms);
    claims->root = some(json_object_new_object());
    claims->claims = some(json_object_new_array());
    claims->powers = some(json_object_new_array());
    dp_json_add_text(claims->root, "format", DP_REPORT_FORMAT);
    dp_json_add_text(claims->root, "url", url);
    dp_json_add_text(claims->root, "at", at);
    say_whether_it_holds(claims);
    dp_json_add(claims->root, "claims", claims->claims);
    dp_json_add(claims->root, "powers", claims->powers);
    dp_claims_attach_appauth(claims, NULL);
    return claims;
}

void dp_claims_free(struct dp_claims *claims)
{
    if (claims == NULL)
        return;
    json_object_put(claims->root);
    free(claims);
}

static struct json_object *find(const struct dp_claims *claims, const char *id)
{
    for (size_t i = 0; i < dp_json_count(claims->claims); i++) {
        struct json_object *claim = json_object_array_get_idx(claims->claims, i);

        if (strcmp(json_object_get_string(json_object_object_get(claim, "id")), id) == 0)
            return claim;
    }
    return NULL;
}

void dp_claims_add(struct dp_claims *claims, const struct dp_claim *claim)
{
    struct json_object *row = some(json_object_new_object());

    assert(find(claims, claim->id) == NULL);
    assert(claim->verdict == DP_VERDICT_PASS || claim->note != NULL);
    dp_json_add_text(row, "id", claim->id);
    dp_json_add_text(row, "title", claim->title);
    dp_json_add_bool(row, "required", claim->required);
    dp_json_add_text(row, "verdict", words[claim->verdict]);
    add_text(row, "expected", claim->expected);
    add_text(row, "found", claim->found);
    add_text(row, "source", claim->source);
    add_text(row, "note", claim->note);
    push(claims->claims, row);
    say_whether_it_holds(claims);
}

void dp_claims_add_power(struct dp_claims *claims, const char *who, const char *what,
                         const char *limit)
{
    struct json_object *row = some(json_object_new_object());

    dp_json_add_text(row, "who", who);
    dp_json_add_text(row, "what", what);
    dp_json_add_text(row, "limit", limit);
    push(claims->powers, row);
}

static bool verdict_of(enum dp_verdict *out, const char *text)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = (enum dp_verdict)i;
            return true;
        }
    }
    return false;
}

static enum dp_verdict row_verdict(struct json_object *row)
{
    enum dp_verdict verdict = DP_VERDICT_UNCHECKED;
    bool known =
        verdict_of(&verdict, json_object_get_string(json_object_object_get(row, "verdict")));

    assert(known);
    (void)known;
    return verdict;
}

enum dp_verdict dp_claims_verdict(const struct dp_claims *claims, const char *id)
{
    struct json_object *row = find(claims, id);

    return row == NULL ? DP_VERDICT_UNCHECKED : row_verdict(row);
}

bool dp_claims_hold(const struct dp_claims *claims)
{
    size_t required = 0;

    for (size_t i = 0; i < dp_json_count(claims->claims); i++) {
        struct json_object *row = json_object_array_get_idx(claims->claims, i);

        if (!json_object_get_boolean(json_object_object_get(row, "required")))
            continue;
        if (row_verdict(row) != DP_VERDICT_PASS)
            return false;
        required++;
    }
    return required > 0;
}

struct json_object *dp_claims_json(const struct dp_claims *claims)
{
    return claims->root;
}

/* --- reading one back --- */

/* A text without NUL bytes, or NULL where there may be none. */
static enum dp_err read_text(const char **out, struct json_object *object, const char *name,
                             bool optional, struct dp_detail *detail)
{
    struct dp_slice text;
    enum dp_err err = dp_json_optional_string(&text, object, name, detail);

    *out = text.data;
    if (err != DP_OK)
        return DP_EFORMAT;
    if (text.data == NULL)
        return optional ? DP_OK : dp_fail(detail, DP_EFORMAT, name, "The report lacks a %s.", name);
    if (strlen(text.data) != text.len)
        return dp_fail(detail, DP_EFORMAT, name, "%s has a NUL byte in it.", name);
    return DP_OK;
}

static enum dp_err read_claim(struct dp_claims *claims, struct json_object *row,
                              struct dp_detail *detail)
{
    struct dp_claim claim = {0};
    struct json_object *required = NULL;
    const char *verdict = NULL;
    enum dp_err err = read_text(&claim.id, row, "id", false, detail);

    if (err == DP_OK)
        err = read_text(&claim.title, row, "title", false, detail);
    if (err == DP_OK)
        err = read_text(&claim.expected, row, "expected", true, detail);
    if (err == DP_OK)
        err = read_text(&claim.found, row, "found", true, detail);
    if (err == DP_OK)
        err = read_text(&claim.source, row, "source", true, detail);
    if (err == DP_OK)
        err = read_text(&claim.note, row, "note", true, detail);
    if (err == DP_OK)
        err = read_text(&verdict, row, "verdict", false, detail);
    if (err != DP_OK)
        return err;
    if (!json_object_object_get_ex(row, "required", &required) ||
        !json_object_is_type(required, json_type_boolean))
        return dp_fail(detail, DP_EFORMAT, "required", "required must be true or false.");
    claim.required = json_object_get_boolean(required);
    if (!verdict_of(&claim.verdict, verdict))
        return dp_fail(detail, DP_EFORMAT, "verdict", "There is no verdict \"%.40s\".", verdict);
    if (claim.verdict != DP_VERDICT_PASS && claim.note == NULL)
        return dp_fail(detail, DP_EFORMAT, "note", "%.80s does not pass, and no note says why.",
                       claim.id);
    if (find(claims, claim.id) != NULL)
        return dp_fail(detail, DP_EFORMAT, "id", "%.80s is claimed twice.", claim.id);
    dp_claims_add(claims, &claim);
    return DP_OK;
}

static enum dp_err read_power(struct dp_claims *claims, struct json_object *row,
                              struct dp_detail *detail)
{
    const char *who, *what, *limit;
    enum dp_err err = read_text(&who, row, "who", false, detail);

    if (err == DP_OK)
        err = read_text(&what, row, "what", false, detail);
    if (err == DP_OK)
        err = read_text(&limit, row, "limit", false, detail);
    if (err == DP_OK)
        dp_claims_add_power(claims, who, what, limit);
    return err;
}

typedef enum dp_err read_row(struct dp_claims *claims, struct json_object *row,
                             struct dp_detail *detail);

static enum dp_err read_rows(struct dp_claims *claims, struct json_object *report, const char *name,
                             read_row *read, struct dp_detail *detail)
{
    struct json_object *rows = json_object_object_get(report, name);
    enum dp_err err = DP_OK;

    if (!json_object_is_type(rows, json_type_array) || dp_json_count(rows) > CLAIMS_MAX)
        return dp_fail(detail, DP_EFORMAT, name, "%s must be an array of up to %d objects.", name,
                       CLAIMS_MAX);
    for (size_t i = 0; err == DP_OK && i < dp_json_count(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (json_object_is_type(row, json_type_object))
            err = read(claims, row, detail);
        else
            err = dp_fail(detail, DP_EFORMAT, name, "%s holds what is no object.", name);
    }
    return err;
}

static enum dp_err read_appauth(struct dp_claims *claims, struct json_object *report,
                                struct dp_detail *detail)
{
    struct json_object *appauth = json_object_object_get(report, "appauth");

    if (appauth != NULL && !json_object_is_type(appauth, json_type_object))
        return dp_fail(detail, DP_EFORMAT, "appauth", "appauth must be an object or null.");
    dp_claims_attach_appauth(claims, json_object_get(appauth));
    return DP_OK;
}

static enum dp_err read_head(struct dp_claims **out, struct json_object *report,
                             struct dp_detail *detail)
{
    const char *format, *url, *at;
    int64_t at_ms;
    enum dp_err err = read_text(&format, report, "format", false, detail);

    if (err == DP_OK && strcmp(format, DP_REPORT_FORMAT) != 0)
        err = dp_fail(detail, DP_EFORMAT, "format", "This reads %s, not \"%.40s\".",
                      DP_REPORT_FORMAT, format);
    if (err == DP_OK)
        err = read_text(&url, report, "url", false, detail);
    if (err == DP_OK)
        err = read_text(&at, report, "at", false, detail);
    if (err == DP_OK && dp_clock_parse(&at_ms, at) != DP_OK)
        err =
            dp_fail(detail, DP_EFORMAT, "at", "at must be a time as in 2026-01-31T09:30:00.000Z.");
    if (err == DP_OK)
        *out = dp_claims_new(url, at_ms);
    return err;
}

enum dp_err dp_claims_read(struct dp_claims **out, const char *text, size_t len,
                           struct dp_detail *detail)
{
    struct dp_claims *claims = NULL;
    struct json_object *report = NULL;
    enum dp_err err;

    *out = NULL;
    if (len > DP_REPORT_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "A report has at most %u bytes.", DP_REPORT_MAX);
    err = dp_json_parse(&report, text, len, detail);
    if (err == DP_OK)
        err = read_head(&claims, report, detail);
    if (err == DP_OK)
        err = read_rows(claims, report, "claims", read_claim, detail);
    if (err == DP_OK)
        err = read_rows(claims, report, "powers", read_power, detail);
    if (err == DP_OK)
        err = read_appauth(claims, report, detail);
    json_object_put(report);
    if (err != DP_OK) {
        dp_claims_free(claims);
        return err;
    }
    *out = claims;
    return DP_OK;
}
