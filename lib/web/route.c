/* route.c - which handler a request belongs to. */
#include "web/route.h"

#include <stdio.h>
#include <string.h>

#include "store/names.h"

/* Up to 18 digits, so that an int64_t holds it. */
static bool is_id(const char *text)
{
    size_t len = strspn(text, "0123456789");

    return len >= 1 && len <= 18 && text[0] != '0' && text[len] == '\0';
}

/* The same, but for a {id} that the pattern may end with. */
static bool same_end(const char *pattern, const char *path)
{
    const char *id = strstr(pattern, "{id}");
    size_t before = id != NULL ? (size_t)(id - pattern) : 0;

    if (id == NULL)
        return strcmp(pattern, path) == 0;
    return strncmp(pattern, path, before) == 0 && is_id(path + before);
}

/* Does the path have the pattern's form? *user and *len are what stands for {userId}. */
static bool matches(const char *pattern, const char *path, const char **user, size_t *len)
{
    static const char variable[] = "{userId}";
    const char *at = strstr(pattern, variable);
    size_t before = at != NULL ? (size_t)(at - pattern) : 0;

    *user = "";
    *len = 0;
    if (at == NULL)
        return same_end(pattern, path);
    if (strncmp(pattern, path, before) != 0)
        return false;
    *user = path + before;
    *len = strcspn(*user, "/");
    return same_end(at + sizeof(variable) - 1, *user + *len);
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
