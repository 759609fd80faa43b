/* audit_print.c - devproof audit: reports, and what changed between two. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "devproof/audit.h"
#include "devproof/command.h"
#include "verdict/report_html.h"
#include "verdict/report_text.h"

/* Returns: an exit code */
static int write_page(const struct client *client, const struct dp_claims *claims, const char *path)
{
    struct dp_buf page = DP_BUF_INIT(4 * DP_REPORT_MAX);
    FILE *file;
    bool ok;

    dp_report_html(&page, claims);
    file = page.err == DP_OK ? fopen(path, "w") : NULL;
    ok = file != NULL && fwrite(page.data, 1, page.len, file) == page.len;
    if (file != NULL && fclose(file) != 0)
        ok = false;
    dp_buf_free(&page);
    return ok ? EXIT_SUCCESS : client_fail(client, EXIT_FAILURE, "%s cannot be written.", path);
}

static bool wants_colour(void)
{
    const char *no = getenv("NO_COLOR"); /* no-color.org */

    return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0');
}

int audit_print(const struct client *client, const struct dp_claims *claims, const char *html)
{
    struct dp_buf text = DP_BUF_INIT(4 * DP_REPORT_MAX);
    int code = html != NULL ? write_page(client, claims, html) : EXIT_SUCCESS;

    if (client->json) {
        client_print(client, json_object_get(dp_claims_json(claims)));
    } else {
        dp_report_text(&text, claims, wants_colour());
        fputs(text.data, stdout);
    }
    dp_buf_free(&text);
    if (code != EXIT_SUCCESS)
        return code;
    return dp_claims_hold(claims) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char *verdict_of(struct json_object *claim)
{
    return claim == NULL ? "not there" : client_text(claim, "verdict");
}

static void print_change(struct json_object *change)
{
    struct json_object *before = json_object_object_get(change, "before"),
                       *after = json_object_object_get(change, "after");
    const char *what = client_text(change, "what");

    if (strcmp(what, "claim") != 0) {
        printf("%s: %s -> %s\n", what, before == NULL ? "-" : json_object_get_string(before),
               after == NULL ? "-" : json_object_get_string(after));
        return;
    }
    printf("%s: %s -> %s\n", client_text(change, "id"), verdict_of(before), verdict_of(after));
    if (before != NULL && after != NULL &&
        strcmp(client_text(before, "found"), client_text(after, "found")) != 0)
        printf("    found %s\n    now   %s\n", client_text(before, "found"),
               client_text(after, "found"));
}

int audit_print_changes(const struct client *client, struct json_object *changes)
{
    size_t count = dp_json_count(changes);

    if (client->json) {
        client_print(client, changes);
        return count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    for (size_t i = 0; i < count; i++)
        print_change(json_object_array_get_idx(changes, i));
    if (count == 0)
        puts("Nothing changed.");
    json_object_put(changes);
    return count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
