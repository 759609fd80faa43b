/* dcap_failure.c - why a quote is not valid. */
#include "attest/dcap_failure.h"

const char *dp_dcap_failure_name(enum dp_dcap_failure failure)
{
#define NAME(name, text) [name] = text,
    static const char *const names[] = {DP_DCAP_FAILURES(NAME)};
#undef NAME

    return names[failure];
}
