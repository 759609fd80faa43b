/* tdx_module.c - the TDX module that measured a TD: is it one of Intel's, and how current? */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "attest/tcb_info.h"

/* The low bytes of tee_tcb_svn are the module's own: its security version, and its major version,
 * by which it has its identity. */
static const struct dp_tdx_module *find(const struct dp_tcb_info *info, uint8_t version)
{
    char id[8];

    if (version == 0 || info->identities_len == 0)
        return info->has_module ? &info->module : NULL;
    snprintf(id, sizeof(id), "TDX_%02x", version);
    for (size_t i = 0; i < info->identities_len; i++) {
        if (strcasecmp(info->identities[i].id, id) == 0)
            return &info->identities[i];
    }
    return NULL;
}

/* Equal under the mask, and nothing set outside of it. */
static bool attributes_fit(const struct dp_tdx_module *module, const uint8_t *attributes)
{
    for (size_t i = 0; i < sizeof(module->mask); i++) {
        uint8_t mask = module->mask[i];

        if ((attributes[i] & mask) != (module->attributes[i] & mask) ||
            (attributes[i] & (uint8_t)~mask) != 0)
            return false;
    }
    return true;
}

struct dp_dcap_fault dp_tdx_module_check(struct dp_tcb_verdict *into,
                                         const struct dp_tcb_info *info,
                                         const struct dp_td_report *td)
{
    const struct dp_tdx_module *module = find(info, td->tee_tcb_svn[1]);
    const struct dp_isv_level *level;
    struct dp_tcb_verdict verdict;

    if (!info->has_module || module == NULL)
        return DP_DCAP_FAULT(DP_DCAP_TDX_MODULE, "The TCB info does not know this TDX module.");
    if (memcmp(module->mrsigner, td->mr_signer_seam, sizeof(module->mrsigner)) != 0)
        return DP_DCAP_FAULT(DP_DCAP_TDX_MODULE, "The TDX module is not signed by Intel.");
    if (!attributes_fit(module, td->seam_attributes))
        return DP_DCAP_FAULT(DP_DCAP_TDX_MODULE, "The TDX module has attributes it must not have.");
    if (module == &info->module)
        return DP_DCAP_NO_FAULT;
    level = dp_isv_levels_find(&module->levels, td->tee_tcb_svn[0]);
    if (level == NULL)
        return DP_DCAP_FAULT(DP_DCAP_TDX_MODULE, "The TDX module is below every TCB level.");
    if (!dp_tcb_verdict_set(&verdict, level->status, level->advisories) ||
        !dp_tcb_verdict_merge(into, &verdict))
        return DP_DCAP_FAULT(DP_DCAP_TDX_MODULE, "The TDX module has too many advisories.");
    return DP_DCAP_NO_FAULT;
}
