/* findings.h - what a check of a compose file or an app-compose.json holds against it. */
#ifndef DP_DSTACK_FINDINGS_H
#define DP_DSTACK_FINDINGS_H

#include <stdint.h>

#include "base/tree.h"

#define DP_FINDINGS_MAX 200 /* what comes after is left out */

enum dp_risk {
    DP_RISK_UNFIXED = 1, /* the hash does not fix what runs */
    DP_RISK_SECRET = 2,  /* a secret stands in a file that everybody may read */
    DP_RISK_HOST = 4,    /* a container reaches the machine around it */
    DP_RISK_DEBUG = 8,   /* a door for debugging, or test keys */
    DP_RISK_LOOSE = 16,  /* right, but looser than production has to be */
};
#define DP_RISK_ALL 31

struct dp_finding {
    enum dp_risk risk;
    uint32_t line;   /* of the compose file; 0 where it is a field of the JSON around it */
    char where[160]; /* such as services.web.image */
    char text[400];  /* one sentence */
};

/* All zero is an empty list. */
struct dp_findings {
    struct dp_finding *list;
    size_t len, cap;
    enum dp_err err; /* DP_ENOMEM sticks */
};

void dp_findings_add(struct dp_findings *findings, enum dp_risk risk, uint32_t line,
                     const char *where, const char *fmt, ...) DP_PRINTF(5, 6);

/* The same for a node of a tree: its line, and its names joined by points. */
void dp_findings_node(struct dp_findings *findings, enum dp_risk risk, const struct dp_tree *tree,
                      uint32_t node, const char *fmt, ...) DP_PRINTF(5, 6);

/* Take out what is of none of these risks (a sum of enum dp_risk). */
void dp_findings_keep(struct dp_findings *findings, unsigned risks);

/* "unfixed", "secret", "host", "debug", "loose" */
const char *dp_risk_name(enum dp_risk risk);

void dp_findings_free(struct dp_findings *findings);

#endif
