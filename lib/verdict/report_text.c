/* report_text.c - a report for people at a terminal. */
#include "verdict/report_text.h"

#include <stdio.h>
#include <string.h>

#include "verdict/claims.h"

#define GREEN "\033[32m"
#define RED "\033[31m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

struct page {
    struct dp_buf *out;
    bool colour;
};

static const char *text_of(struct json_object *object, const char *name)
{
    return json_object_get_string(json_object_object_get(object, name));
}

/* C0, DEL, and C1, which is U+0080 to U+009F: 0xc2 and a byte below 0xa0. */
static void add_safe(struct dp_buf *out, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f) {
            dp_buf_add_text(out, "?");
        } else if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) {
            dp_buf_add_text(out, "?");
            at++;
        } else {
            dp_buf_add(out, at, 1);
        }
    }
}

static void add_styled(const struct page *page, const char *style, const char *text)
{
    if (page->colour)
        dp_buf_add_text(page->out, style);
    add_safe(page->out, text);
    if (page->colour)
        dp_buf_add_text(page->out, PLAIN);
}

static void add_verdict(const struct page *page, const char *verdict)
{
    const char *style = YELLOW, *mark = "-";

    if (strcmp(verdict, dp_verdict_text(DP_VERDICT_PASS)) == 0) {
        style = GREEN;
        mark = "\u2713";
    } else if (strcmp(verdict, dp_verdict_text(DP_VERDICT_FAIL)) == 0) {
        style = RED;
        mark = "\u2717";
    }
    if (page->colour)
        dp_buf_add_text(page->out, style);
    dp_buf_addf(page->out, "%s %-11s", mark, verdict);
    if (page->colour)
        dp_buf_add_text(page->out, PLAIN);
}

static void add_fact(const struct page *page, const char *name, const char *text)
{
    if (text == NULL)
        return;
    dp_buf_addf(page->out, "                %-9s ", name);
    add_safe(page->out, text);
    dp_buf_add_text(page->out, "\n");
}

static void add_claim(const struct page *page, struct json_object *claim)
{
    dp_buf_add_text(page->out, "  ");
    add_verdict(page, text_of(claim, "verdict"));
    dp_buf_add_text(page->out, " ");
    add_safe(page->out, text_of(claim, "title"));
    if (!json_object_get_boolean(json_object_object_get(claim, "required")))
        dp_buf_add_text(page->out, " (not required)");
    dp_buf_add_text(page->out, "\n");
    add_fact(page, "expected", text_of(claim, "expected"));
    add_fact(page, "found", text_of(claim, "found"));
    add_fact(page, "by", text_of(claim, "source"));
    add_fact(page, "because", text_of(claim, "note"));
}

static void add_heading(const struct page *page, const char *text)
{
    dp_buf_add_text(page->out, "\n");
    add_styled(page, BOLD, text);
    dp_buf_add_text(page->out, "\n");
}

static void add_powers(const struct page *page, struct json_object *powers)
{
    if (dp_json_count(powers) == 0)
        return;
    add_heading(page, "What can still be done, and by whom");
    for (size_t i = 0; i < dp_json_count(powers); i++) {
        struct json_object *power = json_object_array_get_idx(powers, i);

        dp_buf_add_text(page->out, "  ");
        add_safe(page->out, text_of(power, "who"));
        dp_buf_add_text(page->out, " can ");
        add_safe(page->out, text_of(power, "what"));
        dp_buf_add_text(page->out, "\n                but     ");
        add_safe(page->out, text_of(power, "limit"));
        dp_buf_add_text(page->out, "\n");
    }
}

/* The requirements of the next stage alone: those below are met, those above are far. */
static void add_stage(const struct page *page, struct json_object *stage)
{
    struct json_object *rows, *next;
    char heading[160];

    if (stage == NULL)
        return;
    rows = json_object_object_get(stage, "requirements");
    next = json_object_object_get(stage, "next");
    snprintf(heading, sizeof(heading), "Stage %s of ERC-733. %.100s", text_of(stage, "stage"),
             text_of(stage, "name"));
    add_heading(page, heading);
    if (next == NULL)
        return;
    dp_buf_addf(page->out, "  For stage %s:\n", json_object_get_string(next));
    for (size_t i = 0; i < dp_json_count(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (strcmp(text_of(row, "stage"), json_object_get_string(next)) != 0)
            continue;
        dp_buf_add_text(page->out, "  ");
        add_verdict(page, text_of(row, "verdict"));
        dp_buf_add_text(page->out, " ");
        add_safe(page->out, text_of(row, "text"));
        dp_buf_add_text(page->out, "\n");
        add_fact(page, "because", text_of(row, "note"));
    }
}

void dp_report_text(struct dp_buf *out, const struct dp_claims *claims, bool colour)
{
    struct json_object *report = dp_claims_json(claims),
                       *rows = json_object_object_get(report, "claims");
    const struct page page = {out, colour};

    add_styled(&page, BOLD, text_of(report, "url"));
    dp_buf_addf(out, " at %s\n\n", text_of(report, "at"));
    for (size_t i = 0; i < dp_json_count(rows); i++)
        add_claim(&page, json_object_array_get_idx(rows, i));
    add_stage(&page, json_object_object_get(report, "stage"));
    add_powers(&page, json_object_object_get(report, "powers"));
    dp_buf_add_text(out, "\n");
    if (dp_claims_hold(claims))
        add_styled(&page, GREEN, "Every required claim holds.");
    else
        add_styled(&page, RED, "Not every required claim holds.");
    dp_buf_add_text(out, "\n");
}
