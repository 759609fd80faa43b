/* route.c - which handler a request belongs to. */
#include "web/route.h"

#include <stdio.h>
#include <string.h>

#include "store/names.h"

/* Does the path have the pattern's form? *user and *len are what stands for {userId}. */
static bool matches(const char *pattern, const char *path, const char **user, size_t *len)
{
    static const char variable[] = "{userId}";
    const char *at = strstr(pattern, variable);
    size_t before = at != NULL ? (size_t)(at - pattern) : 0;

    *user = "";
    *len = 0;
    if (at == NULL)
        return strcmp(pattern, path) == 0;
    if (strncmp(pattern, path, before) != 0)
        return false;
    *user = path + before;
    *len = strcspn(*user, "/");
    return strcmp(at + sizeof(variable) - 1, *user + *len) == 0;
}

static bool serves(const struct dp_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void add_method(char *allow, size_t size, const char *method)
{
    size_t len = strlen(allow);

    if (strstr(allow, method) != NULL)
        return;
    snprintf(allow + len, size - len, "%s%s%s", len > 0 ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

enum dp_err dp_route_find(const struct dp_route **out, char user_id[static DP_USER_ID_SIZE],
                          char *allow, size_t allow_size, const struct dp_program *program,
                          const char *method, const char *path)
{
    const char *user;
    size_t len;

    *out = NULL;
    user_id[0] = allow[0] = '\0';
    for (size_t i = 0; i < program->route_count; i++) {
        const struct dp_route *route = &program->routes[i];

        if (!matches(route->pattern, path, &user, &len))
            continue;
        *out = route;
        if (!serves(route, method)) {
            add_method(allow, allow_size, route->method);
            continue;
        }
        if (strstr(route->pattern, "{userId}") == NULL)
            return DP_OK;
        if (!dp_user_id_valid(user, len))
            return DP_EUSERID;
        memcpy(user_id, user, len);
        user_id[len] = '\0';
        return DP_OK;
    }
    return *out == NULL ? DP_ENOTFOUND : DP_EMETHOD;
}
