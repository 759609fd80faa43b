/* fuzz_eventlog.c - a log that is read replays, and its facts lie in it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "attest/config_id.h"
#include "attest/event_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t all[DP_RTMR_COUNT][DP_RTMR_LEN], until[DP_RTMR_COUNT][DP_RTMR_LEN];
    uint8_t id[DP_CONFIG_ID_LEN] = {2};
    struct dp_event_facts facts;
    struct dp_eventlog log;

    if (dp_eventlog_read(&log, (const char *)data, size, NULL) != DP_OK) {
        if (log.events != NULL || log.len != 0)
            abort();
        return 0;
    }
    dp_eventlog_replay(all, &log, NULL);
    dp_eventlog_replay(until, &log, "boot-mr-done");
    /* Only RTMR3 stops early. */
    if (memcmp(all, until, 3 * DP_RTMR_LEN) != 0)
        abort();
    if (dp_event_facts(&facts, &log, NULL) == DP_OK) {
        if (facts.ready && log.len == 0)
            abort();
        (void)dp_event_facts_fault(&facts);
        if (dp_config_id_judge(id, &facts) == DP_CONFIG_AGREES)
            abort();
    }
    dp_eventlog_free(&log);
    return 0;
}
