/* fuzz_compose.c - any bytes as an app-compose.json: its canonical form is canonical, and the
 * check, the difference to itself and a build from it end without a fault. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_tree.h"
#include "dstack/app_compose.h"
#include "dstack/compose_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void no_change(const struct dp_compose_change *change, void *arg)
{
    (void)change;
    (void)arg;
    abort();
}

static void same_as_itself(const char *text, size_t size)
{
    struct dp_tree from, to;
    size_t count = 0;

    if (dp_json_tree_parse(&from, text, size, NULL) != DP_OK)
        return;
    if (dp_json_tree_parse(&to, text, size, NULL) != DP_OK ||
        dp_compose_diff(&count, &from, &to, no_change, NULL) != DP_OK || count != 0)
        abort();
    dp_tree_free(&to);
    dp_tree_free(&from);
}

/* In canonical form it is a JSON object, which has itself as its canonical form. */
static void canonical_stays(const char *text, size_t size, bool normalize)
{
    struct dp_buf once = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    struct dp_buf twice = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);

    if (dp_compose_canonical(&once, text, size, normalize, NULL) == DP_OK &&
        once.len <= DP_COMPOSE_MAX) {
        if (dp_compose_canonical(&twice, once.data, once.len, normalize, NULL) != DP_OK ||
            once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
            abort();
    }
    dp_buf_free(&once);
    dp_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const struct dp_slice field = {text, size};
    struct dp_app_compose options = {.compose_file = {"name: a", 7}, .template_json = field};
    struct dp_findings findings = {.list = NULL};
    struct dp_buf made = DP_BUF_INIT(DP_COMPOSE_CANONICAL_MAX);
    struct dp_detail detail = {"", ""};

    canonical_stays(text, size, false);
    canonical_stays(text, size, true);
    same_as_itself(text, size);
    if (dp_app_compose_check(&findings, text, size, &detail) != DP_OK && detail.text[0] == '\0')
        abort();
    dp_findings_free(&findings);
    if (dp_app_compose_build(&made, &options, &detail) == DP_OK)
        canonical_stays(made.data, made.len, false);
    dp_buf_free(&made);
    return 0;
}
