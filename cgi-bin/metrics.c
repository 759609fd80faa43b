/* metrics.c - GET /metrics: what all workers counted, for loopback and the admin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "web/auth.h"

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcmp(address, "unix:") == 0;
}

/* What alerts watch is there before it first happens. */
static void declare_failures(void)
{
    for (int err = DP_OK + 1; err < DP_ERR_COUNT; err++) {
        char labels[64];

        snprintf(labels, sizeof(labels), "code=\"%s\"", dp_problem_code((enum dp_err)err));
        if (dp_problem_status((enum dp_err)err) >= 500)
            dp_metrics_declare(DP_METRIC_HTTP_FAILURE_TOTAL, labels);
    }
}

static enum dp_err metrics(struct dp_exchange *x)
{
    if (!is_loopback(dp_request_param(x, "REMOTE_ADDR"))) {
        enum dp_err err = dp_auth_require_admin(x);

        if (err != DP_OK)
            return err;
    }
    declare_failures();
    dp_metrics_write(&x->body);
    x->status = 200;
    x->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return x->body.err;
}

static const struct dp_route routes[] = {
    {"GET", "/metrics", metrics},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_STORE_READ,
        .threads = 4,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
