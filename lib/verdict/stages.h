/* stages.h - which stage of ERC-733 the claims of a report reach, and why not the next. */
#ifndef DP_VERDICT_STAGES_H
#define DP_VERDICT_STAGES_H

#include <stddef.h>

#include "base/err.h"
#include "verdict/claims.h"

#define DP_STAGES_MAX (256u << 10) /* bytes of a rule file */

/* The rules that come with this program: schema/erc733.json. */
extern const char *const dp_stages_erc733[];
extern const size_t dp_stages_erc733_count; /* 1 */

/*
 * Rules, read from JSON:
 *
 *     version, draft    of the rules, and of the text they are made from
 *     name              of stage 0, which asks for nothing
 *     stages            [{stage, name, requirements: [{id, text, source, claims, note}]}], from 1
 * on
 *
 * A requirement is met when every claim of it passes, and fails when one fails. Else, and where it
 * names no claim, it is not checked, and `note` says why.
 */
struct dp_stages;

/**
 * Out: out     to be freed by dp_stages_free; NULL unless DP_OK
 *      detail  what is wrong with the rules
 * Returns: DP_OK, DP_EJSON, DP_EDUPLICATE, DP_EFORMAT, DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_stages_read(struct dp_stages **out, const char *text, size_t len,
                           struct dp_detail *detail);
void dp_stages_free(struct dp_stages *stages);

/**
 * Judge, and put it into the report as `stage`:
 *
 *     rules, draft     version and draft of the rules
 *     stage, name      the highest stage all of whose requirements, and those below, are met
 *     next             the stage after it, or null; its unmet requirements are why it is not
 * reached requirements     [{stage, id, text, source, claims, verdict, note}]
 *
 * Returns the stage. What was judged before is replaced.
 */
int dp_stages_judge(const struct dp_stages *stages, struct dp_claims *claims);

#endif
