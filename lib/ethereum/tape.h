/* tape.h - what a node was asked and what it said, kept so that the same can be judged again. */
#ifndef DP_ETHEREUM_TAPE_H
#define DP_ETHEREUM_TAPE_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"

/* Of one node. Zeros are a tape that records nothing yet and plays nothing. */
struct dp_tape {
    struct json_object *calls; /* [{request, answer or failure}] as texts, in their order; owned */
    size_t at;                 /* the next one to be played */
    bool plays;                /* else it records */
};

/* A tape that records. Running out of memory ends the process. */
struct dp_tape dp_tape_new(void);

/**
 * A tape that plays.
 *
 * In: calls  what another tape has recorded; referenced, not copied
 * Returns: DP_OK, DP_EFORMAT (it is not of that form); the tape is empty then
 */
DP_MUST_CHECK
enum dp_err dp_tape_open(struct dp_tape *out, struct json_object *calls);

void dp_tape_free(struct dp_tape *tape);

/* Keep a call: err is how it went, answer what came if DP_OK, and detail what was wrong if not. */
void dp_tape_record(struct dp_tape *tape, const char *request, enum dp_err err,
                    const struct dp_buf *answer, const struct dp_detail *detail);

/**
 * What was said to the next call, which must be this very one.
 *
 * Out: answer  added to
 * Returns: DP_OK, DP_EIO (the call failed then, or this one was not made), DP_ETOOBIG
 */
DP_MUST_CHECK
enum dp_err dp_tape_play(struct dp_tape *tape, struct dp_buf *answer, const char *request,
                         struct dp_detail *detail);

#endif
