/* fuzz_dcap.c - what comes beside a quote, by the first byte: each of its parts, or all of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "attest/dcap.h"
#include "attest/dcap_chain.h"
#include "attest/pcs.h"
#include "attest/qe_identity.h"
#include "attest/tcb_info.h"
#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void certs(struct dp_slice in)
{
    static const struct dp_dcap_known none;
    struct dp_dcap_certs certs;
    struct dp_dcap_path path;
    struct dp_pck pck;

    if (dp_dcap_certs_read(&certs, in, &none) == DP_OK) {
        /* The last is the root: so that some path is found. */
        if (dp_dcap_path_find(&path, &certs, certs.certs[certs.len - 1]) == NULL &&
            (path.len < 2 || path.certs[path.len - 1] != certs.certs[certs.len - 1]))
            abort();
        (void)!dp_pck_read(&pck, certs.certs[0]);
    }
    dp_dcap_certs_free(&certs);
}

static void signed_texts(struct dp_slice in)
{
    struct dp_qe_identity identity;
    struct dp_tcb_info info;

    if (dp_tcb_info_read(&info, in) == DP_OK) {
        static const uint8_t svn[DP_TCB_COMPONENTS];
        struct dp_td_report td = {.tee_tcb_svn = {3, 1}};
        struct dp_tcb_verdict verdict = {.len = 0};

        (void)dp_tcb_info_match(&verdict, &info, svn, 1, &td);
        (void)dp_tdx_module_check(&verdict, &info, &td);
        if (verdict.len > DP_ADVISORIES_MAX)
            abort();
    }
    dp_tcb_info_free(&info);
    if (dp_qe_identity_read(&identity, in) == DP_OK) {
        struct dp_sgx_report report = {.isv_svn = {1}};
        struct dp_tcb_verdict verdict;

        (void)dp_qe_identity_check(&verdict, &identity, &report);
    }
    dp_qe_identity_free(&identity);
}

static void all(struct dp_slice in)
{
    struct dp_collateral *collateral;
    struct dp_dcap_result result;

    if (dp_collateral_read(&collateral, in, dp_intel_root(), NULL) != DP_OK)
        return;
    if (dp_dcap_verify(&result, (const uint8_t *)in.data, in.len, collateral, 1751328000) == DP_OK)
        abort();
    dp_collateral_free(collateral);
}

static void answer(const char *text, size_t len)
{
    struct dp_slice cut, in = {text, len};
    int64_t ms;

    if (dp_pcs_cut(&cut, in, "tcbInfo") == DP_OK &&
        (cut.data < text || cut.data + cut.len > text + len || cut.len < 2))
        abort();
    if (dp_clock_parse_any(&ms, text) == DP_OK && (ms < -86400000 || ms > 253402387200000))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;
    struct dp_slice in;
    struct dp_dcap_crl crl;

    if (size == 0)
        return 0;
    text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    in = (struct dp_slice){text, size - 1};
    switch (data[0] % 5) {
    case 0:
        certs(in);
        break;
    case 1:
        signed_texts(in);
        break;
    case 2:
        all(in);
        break;
    case 3:
        answer(text, in.len);
        break;
    default:
        (void)!dp_dcap_crl_read(&crl, (const uint8_t *)text, in.len);
        dp_dcap_crl_free(&crl);
    }
    free(text);
    return 0;
}
