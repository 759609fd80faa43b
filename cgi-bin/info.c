/* info.c - GET /api/info: what the guest agent says of this CVM, where the operator shows it. */
#include <stdlib.h>

#include "base/json.h"
#include "web/web.h"

static enum dp_err info(struct dp_exchange *x)
{
    struct json_object *answer = NULL;
    enum dp_err err;

    if (!x->service->config.expose_info)
        return DP_ENOTFOUND;
    err = dp_guest_info(x->service->guest, &answer);
    return err == DP_OK ? dp_reply_json(x, 200, answer) : err;
}

static const struct dp_route routes[] = {
    {"GET", "/api/info", info},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_GUEST,
        .threads = 4,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
