/* report_html.c - a report as one HTML page that needs nothing else. */
#include "verdict/report_html.h"

#include <string.h>

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

static const char style[] =
    "<style>\n"
    ":root { color-scheme: light dark; --ground: #fff; --card: #f5f7f9; --text: #1a1d21; --soft: "
    "#4f5661; --line: #ccd2d9; --pass: #17632f; --fail: #a8221b; --unchecked: #6b4e00; }\n"
    "@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --card: #1d2226; --text: "
    "#e8eaed; --soft: #aab1ba; --line: #3a4149; --pass: #7ddc98; --fail: #ff9f96; --unchecked: "
    "#ffe08a; } }\n"
    "body { margin: 0 auto; max-width: 60rem; padding: 16px; background: var(--ground); color: "
    "var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }\n"
    "h1 { font-size: 1.75rem; line-height: 1.25; margin: 16px 0; }\n"
    "h2 { font-size: 1.25rem; margin: 32px 0 16px; }\n"
    "p { margin: 0 0 16px; }\n"
    "ol { list-style: none; margin: 0; padding: 0; }\n"
    "li { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 0 0 "
    "8px; padding: 8px 16px; }\n"
    "h3 { font-size: 1rem; margin: 0; display: flex; gap: 16px; }\n"
    ".verdict { flex: none; width: 8.5em; font-weight: 600; }\n"
    ".pass { color: var(--pass); } .fail { color: var(--fail); } .unchecked { color: "
    "var(--unchecked); }\n"
    "dl { display: grid; grid-template-columns: 8.5em 1fr; gap: 0 16px; margin: 8px 0 0; }\n"
    "dt { color: var(--soft); } dd { margin: 0; }\n"
    ".expected, .found { font-family: ui-monospace, monospace; }\n"
    "@media (max-width: 600px) { h3 { display: block; } dl { display: block; } dd { margin: 0 0 "
    "8px; } }\n"
    "</style>\n</head>\n<body>\n<main>\n";

static const char *text_of(struct json_object *object, const char *name)
{
    return json_object_get_string(json_object_object_get(object, name));
}

static void add_escaped(struct dp_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            dp_buf_add_text(out, "&amp;");
            break;
        case '<':
            dp_buf_add_text(out, "&lt;");
            break;
        case '>':
            dp_buf_add_text(out, "&gt;");
            break;
        default:
            dp_buf_add(out, text, 1);
        }
    }
}

static void add_element(struct dp_buf *out, const char *tag, const char *text)
{
    dp_buf_addf(out, "<%s>", tag);
    add_escaped(out, text);
    dp_buf_addf(out, "</%s>\n", tag);
}

static void add_verdict(struct dp_buf *out, const char *verdict)
{
    const char *kind = "unchecked", *mark = "\u2013";

    if (strcmp(verdict, dp_verdict_text(DP_VERDICT_PASS)) == 0) {
        kind = "pass";
        mark = "\u2713";
    } else if (strcmp(verdict, dp_verdict_text(DP_VERDICT_FAIL)) == 0) {
        kind = "fail";
        mark = "\u2717";
    }
    dp_buf_addf(out, "<span class=\"verdict %s\">%s %s</span> ", kind, mark, verdict);
}

/* The title line of a card. */
static void add_title(struct dp_buf *out, const char *verdict, const char *title, const char *after)
{
    dp_buf_add_text(out, "<h3>");
    add_verdict(out, verdict);
    dp_buf_add_text(out, "<span>");
    add_escaped(out, title);
    dp_buf_addf(out, "%s</span></h3>\n", after);
}

static void add_fact(struct dp_buf *out, const char *name, const char *kind, const char *text)
{
    if (text == NULL)
        return;
    dp_buf_addf(out, "<dt>%s</dt><dd class=\"%s\">", name, kind);
    add_escaped(out, text);
    dp_buf_add_text(out, "</dd>\n");
}

static void add_claims(struct dp_buf *out, struct json_object *claims)
{
    dp_buf_add_text(out, "<h2>Claims</h2>\n<ol>\n");
    for (size_t i = 0; i < dp_json_count(claims); i++) {
        struct json_object *claim = json_object_array_get_idx(claims, i);
        bool required = json_object_get_boolean(json_object_object_get(claim, "required"));

        dp_buf_add_text(out, "<li>");
        add_title(out, text_of(claim, "verdict"), text_of(claim, "title"),
                  required ? "" : " (not required)");
        dp_buf_add_text(out, "<dl>\n");
        add_fact(out, "expected", "expected", text_of(claim, "expected"));
        add_fact(out, "found", "found", text_of(claim, "found"));
        add_fact(out, "by", "source", text_of(claim, "source"));
        add_fact(out, "because", "note", text_of(claim, "note"));
        dp_buf_add_text(out, "</dl></li>\n");
    }
    dp_buf_add_text(out, "</ol>\n");
}

static void add_requirements(struct dp_buf *out, struct json_object *rows, const char *next)
{
    dp_buf_addf(out, "<p>For stage %s:</p>\n<ol>\n", next);
    for (size_t i = 0; i < dp_json_count(rows); i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (strcmp(text_of(row, "stage"), next) != 0)
            continue;
        dp_buf_add_text(out, "<li>");
        add_title(out, text_of(row, "verdict"), text_of(row, "text"), "");
        dp_buf_add_text(out, "<dl>\n");
        add_fact(out, "rule", "source", text_of(row, "source"));
        add_fact(out, "because", "note", text_of(row, "note"));
        dp_buf_add_text(out, "</dl></li>\n");
    }
    dp_buf_add_text(out, "</ol>\n");
}

static void add_stage(struct dp_buf *out, struct json_object *stage)
{
    if (stage == NULL)
        return;
    dp_buf_addf(out, "<h2>Stage %s of ERC-733</h2>\n<p>", text_of(stage, "stage"));
    add_escaped(out, text_of(stage, "name"));
    dp_buf_add_text(out, ". Rules version ");
    add_escaped(out, text_of(stage, "rules"));
    dp_buf_add_text(out, ", after ");
    add_escaped(out, text_of(stage, "draft"));
    dp_buf_add_text(out, ".</p>\n");
    if (text_of(stage, "next") != NULL)
        add_requirements(out, json_object_object_get(stage, "requirements"),
                         text_of(stage, "next"));
}

static void add_powers(struct dp_buf *out, struct json_object *powers)
{
    if (dp_json_count(powers) == 0)
        return;
    dp_buf_add_text(out, "<h2>What can still be done, and by whom</h2>\n<ol>\n");
    for (size_t i = 0; i < dp_json_count(powers); i++) {
        struct json_object *power = json_object_array_get_idx(powers, i);

        dp_buf_add_text(out, "<li><h3>");
        add_escaped(out, text_of(power, "who"));
        dp_buf_add_text(out, "</h3>can ");
        add_escaped(out, text_of(power, "what"));
        dp_buf_add_text(out, "; ");
        add_escaped(out, text_of(power, "limit"));
        dp_buf_add_text(out, "</li>\n");
    }
    dp_buf_add_text(out, "</ol>\n");
}

void dp_report_html(struct dp_buf *out, const struct dp_claims *claims)
{
    struct json_object *report = dp_claims_json(claims);
    const char *verdict =
        dp_claims_hold(claims) ? "Every required claim holds" : "Not every required claim holds";

    dp_buf_add_text(out, head);
    dp_buf_add_text(out, "<title>");
    add_escaped(out, verdict);
    dp_buf_add_text(out, ": ");
    add_escaped(out, text_of(report, "url"));
    dp_buf_add_text(out, "</title>\n");
    dp_buf_add_text(out, style);
    add_element(out, "h1", verdict);
    dp_buf_add_text(out, "<p>");
    add_escaped(out, text_of(report, "url"));
    dp_buf_addf(out, ", at <time>%s</time></p>\n", text_of(report, "at"));
    add_stage(out, json_object_object_get(report, "stage"));
    add_claims(out, json_object_object_get(report, "claims"));
    add_powers(out, json_object_object_get(report, "powers"));
    dp_buf_add_text(out, "</main>\n</body>\n</html>\n");
}
