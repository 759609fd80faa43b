/* proxy.h - stands between the store and PostgreSQL, and cuts the line where the test wants it. */
#ifndef TESTS_UNIT_PROXY_H
#define TESTS_UNIT_PROXY_H

#include "database.h"

enum proxy_mode {
    PROXY_PASS,
    PROXY_CUT_BEFORE,       /* the next COMMIT does not reach the server */
    PROXY_CUT_AFTER,        /* the next COMMIT is carried out, and its answer lost */
    PROXY_CUT_AND_STAY_OUT, /* the same, and nobody is let in again */
    PROXY_HOLD,             /* nothing goes through any more, and nothing is closed */
};

struct proxy;

/* Listen in a folder as PostgreSQL does. */
struct proxy *proxy_start(const char *dir);
void proxy_set(struct proxy *proxy, enum proxy_mode mode);
unsigned proxy_cuts(const struct proxy *proxy);
void proxy_stop(struct proxy *proxy);

#endif
