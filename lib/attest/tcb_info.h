/* tcb_info.h - Intel's TCB info: which versions of a platform are how current. */
#ifndef DP_ATTEST_TCB_INFO_H
#define DP_ATTEST_TCB_INFO_H

#include <stdint.h>

#include "attest/dcap_failure.h"
#include "attest/quote.h"
#include "attest/signed_json.h"

/* Source: Intel, "PCS API v4", TCB info version 3. */
#define DP_TCB_COMPONENTS 16

struct dp_tcb_level {
    /* The first 16 of each list, and how long it is in truth. */
    uint8_t sgx[DP_TCB_COMPONENTS], tdx[DP_TCB_COMPONENTS];
    size_t sgx_len, tdx_len;
    uint32_t pcesvn;
    enum dp_tcb_status status;
    struct json_object *advisories;
    size_t index; /* where it stood */
};

struct dp_tdx_module {
    char id[16]; /* such as "TDX_03"; empty for tdxModule */
    uint8_t mrsigner[48], attributes[8], mask[8];
    struct dp_isv_levels levels; /* none for tdxModule */
};

struct dp_tcb_info {
    struct json_object *json;
    char id[16]; /* "SGX" or "TDX" */
    uint32_t version;
    int64_t issued, next_update; /* Unix milliseconds */
    uint8_t fmspc[6];
    struct dp_tcb_level *levels; /* highest first */
    size_t levels_len;
    struct dp_tdx_module module; /* where has_module */
    bool has_module;
    struct dp_tdx_module *identities;
    size_t identities_len;
};

/* Read it. Out: out  to be freed by dp_tcb_info_free, whatever is returned. Returns: DP_OK,
 * DP_EFORMAT, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_tcb_info_read(struct dp_tcb_info *out, struct dp_slice text);
void dp_tcb_info_free(struct dp_tcb_info *info);

/**
 * The level of a platform: the highest whose versions it has.
 *
 * Out: out  status and advisories
 * In:  td   its TD report; NULL for SGX
 * Returns: no fault, or DP_DCAP_TCB_LEVEL
 */
struct dp_dcap_fault dp_tcb_info_match(struct dp_tcb_verdict *out, const struct dp_tcb_info *info,
                                       const uint8_t cpusvn[static DP_TCB_COMPONENTS],
                                       uint32_t pcesvn, const struct dp_td_report *td);

/**
 * Is the TDX module one of Intel's? Its status joins that of the platform.
 *
 * Returns: no fault, or DP_DCAP_TDX_MODULE
 */
struct dp_dcap_fault dp_tdx_module_check(struct dp_tcb_verdict *into,
                                         const struct dp_tcb_info *info,
                                         const struct dp_td_report *td);

#endif
