/* confine.c - from a program's needs to its sandbox. */
#include "web/confine.h"

#include "base/log.h"
#include "base/sandbox.h"

enum dp_err dp_confine(const struct dp_service *service, unsigned needs, struct dp_detail *detail)
{
    struct dp_sandbox sandbox = {.connect = (needs & DP_NEED_GUEST) != 0};
    struct dp_detail missing = {"", ""};

    if (service->tls_public[0] != '\0')
        sandbox.files[sandbox.file_count++] = service->tls_public;
    if (service->cluster[0] != '\0')
        sandbox.files[sandbox.file_count++] = service->cluster;
    if (service->store != NULL)
        dp_store_reach(service->store, &sandbox);
    if (dp_sandbox_enter(&sandbox, &missing) == DP_OK)
        return DP_OK;
    if (service->config.require_sandbox)
        return dp_fail(detail, DP_ESANDBOX, "REQUIRE_SANDBOX",
                       "%s, and REQUIRE_SANDBOX=true forbids to run without.", missing.text);
    dp_log(DP_LOG_WARN, "sandbox", "%s; running without that.", missing.text);
    return DP_OK;
}
