/* findings.c - what a check of a compose file or an app-compose.json holds against it. */
#include "dstack/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64 /* of a place that is shown */

static struct dp_finding *room(struct dp_findings *findings)
{
    if (findings->len == DP_FINDINGS_MAX || findings->err != DP_OK)
        return NULL;
    if (findings->len == findings->cap) {
        size_t cap = findings->cap != 0 ? 2 * findings->cap : 8;
        struct dp_finding *list = realloc(findings->list, cap * sizeof(*list));

        if (list == NULL) {
            findings->err = DP_ENOMEM;
            return NULL;
        }
        findings->list = list;
        findings->cap = cap;
    }
    return &findings->list[findings->len++];
}

__attribute__((format(printf, 5, 0))) static void add(struct dp_findings *findings,
                                                      enum dp_risk risk, uint32_t line,
                                                      const char *where, const char *fmt,
                                                      va_list args)
{
    struct dp_finding *finding = room(findings);

    if (finding == NULL)
        return;
    finding->risk = risk;
    finding->line = line;
    snprintf(finding->where, sizeof(finding->where), "%s", where);
    vsnprintf(finding->text, sizeof(finding->text), fmt, args);
}

void dp_findings_add(struct dp_findings *findings, enum dp_risk risk, uint32_t line,
                     const char *where, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(findings, risk, line, where, fmt, args);
    va_end(args);
}

void dp_findings_node(struct dp_findings *findings, enum dp_risk risk, const struct dp_tree *tree,
                      uint32_t node, const char *fmt, ...)
{
    char where[160] = "";
    uint32_t path[DEPTH_MAX];
    size_t depth = 0, len = 0;
    va_list args;

    for (uint32_t i = node; i != DP_NODE_ROOT && depth < DEPTH_MAX; i = tree->nodes[i].parent) {
        if (tree->nodes[i].key.data != NULL)
            path[depth++] = i;
    }
    while (depth > 0 && len < sizeof(where)) {
        const char *name = tree->nodes[path[--depth]].key.data;

        len += (size_t)snprintf(where + len, sizeof(where) - len, "%s%s", len > 0 ? "." : "", name);
    }
    va_start(args, fmt);
    add(findings, risk, tree->nodes[node].line, where, fmt, args);
    va_end(args);
}

void dp_findings_keep(struct dp_findings *findings, unsigned risks)
{
    size_t kept = 0;

    for (size_t i = 0; i < findings->len; i++) {
        if ((findings->list[i].risk & risks) != 0)
            findings->list[kept++] = findings->list[i];
    }
    findings->len = kept;
}

const char *dp_risk_name(enum dp_risk risk)
{
    switch (risk) {
    case DP_RISK_UNFIXED:
        return "unfixed";
    case DP_RISK_SECRET:
        return "secret";
    case DP_RISK_HOST:
        return "host";
    case DP_RISK_DEBUG:
        return "debug";
    case DP_RISK_LOOSE:
        return "loose";
    }
    return "";
}

void dp_findings_free(struct dp_findings *findings)
{
    free(findings->list);
    *findings = (struct dp_findings){.list = NULL};
}
