/* witnesses.c - the nodes that are asked together, as options and settings name them. */
#include "ethereum/witnesses.h"

#include <string.h>

#include "base/clock.h"
#include "net/http.h"

enum dp_err dp_witnesses_add(struct dp_witnesses *set, const char *url, size_t answer_max,
                             struct dp_detail *detail)
{
    const size_t i = set->count;

    if (!dp_http_is_url(url))
        return dp_fail(detail, DP_ECONFIG, NULL, "a node is http:// or https://.");
    if (i == DP_WITNESSES_MAX)
        return dp_fail(detail, DP_ECONFIG, NULL, "%d at most.", DP_WITNESSES_MAX);
    for (size_t k = 0; k < i; k++) {
        if (strcmp(set->list[k].rpc.url, url) == 0)
            return dp_fail(detail, DP_ECONFIG, NULL, "%s twice, which proves no more.",
                           set->names[k]);
    }
    dp_node_url_show(set->names[i], url);
    set->list[i] = (struct dp_witness){
        .rpc = {.url = url, .within_ms = DP_WITNESSES_WITHIN_MS, .answer_max = answer_max},
        .name = set->names[i],
    };
    set->count++;
    return DP_OK;
}

enum dp_err dp_witnesses_add_list(struct dp_witnesses *set, char *text, size_t answer_max,
                                  struct dp_detail *detail)
{
    enum dp_err err = DP_OK;
    char *state = NULL;

    for (char *url = strtok_r(text, ", ", &state); url != NULL && err == DP_OK;
         url = strtok_r(NULL, ", ", &state))
        err = dp_witnesses_add(set, url, answer_max, detail);
    return err == DP_OK && set->count == 0 ? dp_fail(detail, DP_ECONFIG, NULL, "names no node.")
                                           : err;
}

void dp_witnesses_start(struct dp_witnesses *set, unsigned seconds)
{
    const int64_t deadline = dp_clock_mono_us() + (int64_t)seconds * 1000000;

    for (size_t i = 0; i < set->count; i++)
        set->list[i].deadline = deadline;
}
