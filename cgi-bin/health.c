/* health.c - GET /api/health: is the service ready? GET /api/health/live: is this process alive? */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "web/web.h"

#define CACHE_US 1000000 /* a stranger's requests cost at most one check a second */

struct checks {
    bool database, dstack;
};

/* An agent that mixes users up is worth a line, once: it looks like any other failure from outside.
 */
static bool check_guest(struct dp_wallet *wallet)
{
    static bool told;
    enum dp_err err = dp_wallet_check(wallet);

    if (err == DP_ESELFTEST && !told) {
        dp_log(DP_LOG_ERROR, "self_test",
               "the guest agent does not keep users apart; serving nothing");
        told = true;
    }
    return err == DP_OK;
}

/* Both series, so that the first failure already is a rate. */
static bool count(bool ok, const char *labels_ok, const char *labels_failing)
{
    dp_metrics_declare(DP_METRIC_HEALTH_CHECK_TOTAL, ok ? labels_failing : labels_ok);
    dp_metrics_count(DP_METRIC_HEALTH_CHECK_TOTAL, ok ? labels_ok : labels_failing);
    return ok;
}

static struct checks check_cached(const struct dp_service *service)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct checks cached;
    static int64_t checked_us;
    struct checks checks;

    pthread_mutex_lock(&lock);
    if (checked_us == 0 || dp_clock_mono_us() - checked_us > CACHE_US) {
        cached.database =
            count(dp_store_ping(service->store) == DP_OK, "check=\"database\",result=\"ok\"",
                  "check=\"database\",result=\"failing\"");
        cached.dstack = count(check_guest(service->wallet), "check=\"dstack\",result=\"ok\"",
                              "check=\"dstack\",result=\"failing\"");
        checked_us = dp_clock_mono_us();
    }
    checks = cached;
    pthread_mutex_unlock(&lock);
    return checks;
}

static const char *word(bool ok)
{
    return ok ? "ok" : "failing";
}

static enum dp_err ready(struct dp_exchange *x)
{
    struct checks checks = check_cached(x->service);
    bool ok = checks.database && checks.dstack;
    struct json_object *answer = json_object_new_object(), *parts = json_object_new_object();

    if (answer == NULL || parts == NULL) {
        json_object_put(answer);
        json_object_put(parts);
        return DP_ENOMEM;
    }
    dp_json_add_text(answer, "status", ok ? "ok" : "unavailable");
    dp_json_add_text(parts, "database", word(checks.database));
    dp_json_add_text(parts, "dstack", word(checks.dstack));
    dp_json_add(answer, "checks", parts);
    if (!ok)
        dp_reply_header(x, "Retry-After", "2");
    return dp_reply_json(x, ok ? 200 : 503, answer);
}

static enum dp_err live(struct dp_exchange *x)
{
    struct json_object *answer = json_object_new_object();

    if (answer == NULL)
        return DP_ENOMEM;
    dp_json_add_text(answer, "status", "ok");
    return dp_reply_json(x, 200, answer);
}

static const struct dp_route routes[] = {
    {"GET", "/api/health", ready},
    {"GET", "/api/health/live", live},
};

int main(void)
{
    static const struct dp_program program = {
        .needs = DP_NEED_GUEST | DP_NEED_STORE_READ,
        .threads = 8,
        .routes = routes,
        .route_count = sizeof(routes) / sizeof(routes[0]),
    };

    return dp_web_main(&program);
}
