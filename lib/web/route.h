/* route.h - which handler a request belongs to. */
#ifndef DP_WEB_ROUTE_H
#define DP_WEB_ROUTE_H

#include "web/web.h"

/**
 * Find the route of a path and method.
 *
 * Out: out      the route; where only the method is wrong, one with the same path
 *      user_id  what stands for {userId}, or ""
 *      allow    at DP_EMETHOD the methods that there are, as Allow lists them
 * Returns: DP_OK, DP_ENOTFOUND, DP_EMETHOD, DP_EUSERID ({userId} is none; *out is set)
 */
DP_MUST_CHECK
enum dp_err dp_route_find(const struct dp_route **out, char user_id[static DP_USER_ID_SIZE],
                          char *allow, size_t allow_size, const struct dp_program *program,
                          const char *method, const char *path);

#endif
