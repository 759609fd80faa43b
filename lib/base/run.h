/* run.h - run a program to its end. What it is given may hold a secret. */
#ifndef DP_BASE_RUN_H
#define DP_BASE_RUN_H

#include "base/buf.h"
#include "base/err.h"

#define DP_RUN_IN_MAX 4096 /* bytes of standard input: what a pipe takes at once */

struct dp_run {
    const char *const *argv; /* ends with NULL; argv[0] is looked for in PATH */
    struct dp_slice in;      /* its standard input */
    struct dp_buf *out;      /* where its standard output is added; NULL: nobody reads it */
    unsigned within_ms;      /* then it is killed */
};

/**
 * Run a program. No shell is between; of the environment it gets PATH, and English.
 *
 * Out: detail  field is argv[0], text its last words on standard error; may be NULL
 * Returns: DP_OK         it ended with 0
 *          DP_ENOTFOUND  there is no such program
 *          DP_EIO        it could not be started, or ended with something else than 0
 *          DP_ETIMEOUT   it was killed
 *          DP_ETOOBIG    it said more than out takes, or in is too long
 *          DP_ENOMEM
 * What goes in leaves no copy in this process. The caller must not wait for all children at once.
 */
DP_MUST_CHECK
enum dp_err dp_run(const struct dp_run *run, struct dp_detail *detail);

/* Put the last line of what a program said into a detail, without what does not print.
 * Returns: err, unchanged */
enum dp_err dp_run_last_words(struct dp_detail *detail, enum dp_err err, const char *name,
                              const struct dp_buf *said);

#endif
