/* tunnel_routes.c - does the net of the tunnels get in the way of what the machine has? */
#include "cluster/tunnel_routes.h"

#include <string.h>

#include "base/json.h"
#include "base/run.h"

#define ROUTES_MAX (4 * 1024 * 1024)
#define IP_MS 5000

static const char *text_of(struct json_object *route, const char *name)
{
    struct dp_slice text;

    return dp_json_string(&text, route, name, NULL) == DP_OK ? text.data : "";
}

static enum dp_err judge(const struct dp_tunnel_net *net, const char *interface,
                         struct json_object *route, struct dp_detail *detail)
{
    const char *to = text_of(route, "dst"), *device = text_of(route, "dev");

    if (strcmp(device, interface) == 0 || !dp_tunnel_overlaps(net, to))
        return DP_OK;
    return dp_fail(detail, DP_ECONFLICT, "range",
                   "the range of the tunnels meets %.60s, which this machine has%s%.20s: set "
                   "another range, the same on all nodes.",
                   to, device[0] != '\0' ? " on " : "", device);
}

static enum dp_err judge_all(const struct dp_tunnel_net *net, const char *interface,
                             struct json_object *routes, struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    if (!json_object_is_type(routes, json_type_array))
        return DP_EFORMAT;
    for (size_t i = 0; err == DP_OK && i < json_object_array_length(routes); i++)
        err = judge(net, interface, json_object_array_get_idx(routes, i), detail);
    return err;
}

enum dp_err dp_tunnel_routes_judge(const struct dp_tunnel_net *net, const char *interface,
                                   struct dp_slice json, struct dp_detail *detail)
{
    struct dp_buf object = DP_BUF_INIT(ROUTES_MAX + 64);
    struct json_object *parsed = NULL;
    enum dp_err err;

    dp_buf_add_text(&object, "{\"routes\":");
    dp_buf_add(&object, json.len > 0 ? json.data : "[]", json.len > 0 ? json.len : 2);
    dp_buf_add_text(&object, "}");
    err = object.err;
    if (err == DP_OK)
        err = dp_json_parse(&parsed, object.data, object.len, NULL);
    if (err == DP_OK)
        err = judge_all(net, interface, json_object_object_get(parsed, "routes"), detail);
    if (err != DP_OK && err != DP_ECONFLICT)
        err = dp_fail(detail, DP_EFORMAT, "ip", "ip says something else than routes.");
    json_object_put(parsed);
    dp_buf_free(&object);
    return err;
}

static enum dp_err check_family(const struct dp_tunnel_net *net, const char *interface,
                                const char *family, struct dp_detail *detail)
{
    const char *const argv[] = {"ip", "-json", family, "route", "show", "table", "all", NULL};
    struct dp_buf out = DP_BUF_INIT(ROUTES_MAX);
    enum dp_err err =
        dp_run(&(struct dp_run){.argv = argv, .out = &out, .within_ms = IP_MS}, detail);

    if (err == DP_OK)
        err = dp_tunnel_routes_judge(net, interface, (struct dp_slice){out.data, out.len}, detail);
    dp_buf_free(&out);
    return err;
}

enum dp_err dp_tunnel_routes_check(const struct dp_tunnel_net *net, const char *interface,
                                   struct dp_detail *detail)
{
    const enum dp_err err = check_family(net, interface, "-4", detail);

    return err == DP_OK ? check_family(net, interface, "-6", detail) : err;
}
