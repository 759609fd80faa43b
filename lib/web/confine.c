/* confine.c - from a program's needs to its sandbox. */
#include "web/confine.h"

#include <string.h>

#include "base/log.h"
#include "base/sandbox.h"

enum dp_err dp_confine(const struct dp_config *config, unsigned needs, struct dp_detail *detail)
{
    static const char scheme[] = "sqlite:";
    struct dp_sandbox sandbox = {.connect = (needs & DP_NEED_GUEST) != 0};
    struct dp_detail missing = {"", ""};

    if ((needs & (DP_NEED_STORE_READ | DP_NEED_STORE_WRITE)) != 0 &&
        strncmp(config->database_url, scheme, sizeof(scheme) - 1) == 0)
        sandbox.database = config->database_url + sizeof(scheme) - 1;
    if (dp_sandbox_enter(&sandbox, &missing) == DP_OK)
        return DP_OK;
    if (config->require_sandbox)
        return dp_fail(detail, DP_ESANDBOX, "REQUIRE_SANDBOX",
                       "%s, and REQUIRE_SANDBOX=true forbids to run without.", missing.text);
    dp_log(DP_LOG_WARN, "sandbox", "%s; running without that.", missing.text);
    return DP_OK;
}
