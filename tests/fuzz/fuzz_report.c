/* fuzz_report.c - a report that is read back is shown, judged and compared whatever it says. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/report_diff.h"
#include "verdict/report_html.h"
#include "verdict/report_text.h"
#include "verdict/stages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One rule, which any claim of that name meets. */
static const char rules[] =
    "{\"version\":\"1\",\"draft\":\"d\",\"name\":\"n\",\"stages\":[{\"stage\":1,\"name\":\"m\","
    "\"requirements\":[{\"id\":\"r\",\"text\":\"t\",\"source\":\"s\",\"claims\":[\"a\"]}]}]}";

static void judge(struct dp_claims *claims, const char *text, size_t len)
{
    struct dp_stages *stages;

    if (dp_stages_read(&stages, text, len, NULL) != DP_OK)
        return;
    dp_stages_judge(stages, claims);
    dp_stages_free(stages);
}

static void show(const struct dp_claims *claims)
{
    struct dp_buf text = DP_BUF_INIT(8 * DP_REPORT_MAX), page = DP_BUF_INIT(8 * DP_REPORT_MAX);

    dp_report_text(&text, claims, false);
    dp_report_html(&page, claims);
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ' && text.data[i] != '\n')
            abort();
    }
    if (page.len > 0 && memmem(page.data, page.len, "<script", 7) != NULL)
        abort();
    dp_buf_free(&text);
    dp_buf_free(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_claims *claims, *again;
    const char *text;
    size_t len;

    if (dp_claims_read(&claims, (const char *)data, size, NULL) != DP_OK)
        return 0;
    judge(claims, (const char *)data, size);
    judge(claims, rules, strlen(rules));
    show(claims);
    text = json_object_to_json_string_length(dp_claims_json(claims), JSON_C_TO_STRING_PLAIN, &len);
    if (dp_claims_read(&again, text, len, NULL) == DP_OK) {
        struct json_object *changes;

        judge(again, rules, strlen(rules));
        changes = dp_report_diff(claims, again);
        if (dp_json_count(changes) != 0)
            abort();
        json_object_put(changes);
        dp_claims_free(again);
    }
    dp_claims_free(claims);
    return 0;
}
