/* fault.c - what may be wrong on purpose, so that whoever verifies can be tried. */
#include "fault.h"

#include <stddef.h>
#include <string.h>

bool sim_fault_find(enum sim_fault *out, const char *name)
{
    static const struct {
        const char *name;
        enum sim_fault fault;
    } faults[] = {
        {"quote-signature", SIM_FAULT_QUOTE_SIGNATURE},
        {"qe-report", SIM_FAULT_QE_REPORT},
        {"root", SIM_FAULT_ROOT},
        {"revoked", SIM_FAULT_REVOKED},
        {"expired", SIM_FAULT_EXPIRED},
        {"report-data", SIM_FAULT_REPORT_DATA},
        {"event-log", SIM_FAULT_EVENT_LOG},
        {"tls-key", SIM_FAULT_TLS_KEY},
        {"no-quote", SIM_FAULT_NO_QUOTE},
    };

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (strcmp(faults[i].name, name) == 0) {
            *out = faults[i].fault;
            return true;
        }
    }
    return false;
}
