/* tcb_status.c - how current a platform is, as Intel rates it. */
#include "attest/tcb_status.h"

#include "base/tree.h"

static const char *const names[] = {
    [DP_TCB_UP_TO_DATE] = "UpToDate",
    [DP_TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
    [DP_TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
    [DP_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
    [DP_TCB_OUT_OF_DATE] = "OutOfDate",
    [DP_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
    [DP_TCB_REVOKED] = "Revoked",
};

const char *dp_tcb_status_name(enum dp_tcb_status status)
{
    return names[status];
}

enum dp_err dp_tcb_status_read(enum dp_tcb_status *out, struct dp_slice name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (dp_slice_is(name, names[i])) {
            *out = (enum dp_tcb_status)i;
            return DP_OK;
        }
    }
    return DP_EFORMAT;
}

bool dp_tcb_verdict_set(struct dp_tcb_verdict *out, enum dp_tcb_status status,
                        struct json_object *advisories)
{
    size_t count = advisories != NULL ? json_object_array_length(advisories) : 0;

    out->status = status;
    out->len = 0;
    if (count > DP_ADVISORIES_MAX)
        return false;
    for (; out->len < count; out->len++) {
        struct json_object *id = json_object_array_get_idx(advisories, out->len);

        out->advisories[out->len] =
            (struct dp_slice){json_object_get_string(id), (size_t)json_object_get_string_len(id)};
    }
    return true;
}

static bool has(const struct dp_tcb_verdict *verdict, struct dp_slice id)
{
    for (size_t i = 0; i < verdict->len; i++) {
        if (dp_slice_compare(verdict->advisories[i], id) == 0)
            return true;
    }
    return false;
}

bool dp_tcb_verdict_merge(struct dp_tcb_verdict *into, const struct dp_tcb_verdict *other)
{
    if (other->status > into->status)
        into->status = other->status;
    for (size_t i = 0; i < other->len; i++) {
        if (has(into, other->advisories[i]))
            continue;
        if (into->len == DP_ADVISORIES_MAX)
            return false;
        into->advisories[into->len++] = other->advisories[i];
    }
    return true;
}
