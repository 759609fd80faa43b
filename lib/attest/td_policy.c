/* td_policy.c - what a TD must not be, whoever signed its quote. */
#include "attest/td_policy.h"

#include <string.h>

/* Source: Intel, "TDX Module Base Architecture", TD attributes. */
#define ATTRIBUTE_DEBUG 0x1U
#define ATTRIBUTES_UNTRUSTED 0xffU /* the whole group: none may be set */
#define ATTRIBUTE_SEPT_VE_DISABLE (1U << 28)
#define ATTRIBUTE_PKS (1U << 30)
#define ATTRIBUTE_KL (1U << 31)
#define ATTRIBUTE_PERFMON (1ULL << 63)

#define SGX_ATTRIBUTE_DEBUG 2 /* of the first byte */

static const char *judge_attributes(uint64_t attributes)
{
    const uint64_t known =
        ATTRIBUTE_SEPT_VE_DISABLE | ATTRIBUTE_PKS | ATTRIBUTE_KL | ATTRIBUTE_PERFMON;

    if ((attributes & ATTRIBUTE_DEBUG) != 0)
        return "The TD is in debug mode: its host can read it.";
    if ((attributes & ATTRIBUTES_UNTRUSTED) != 0)
        return "The TD has an attribute that makes it untrusted.";
    if ((attributes & ATTRIBUTE_PERFMON) != 0)
        return "The TD has performance monitoring on, which tells its host too much.";
    if ((attributes & ~known) != 0)
        return "The TD has an attribute that is reserved.";
    if ((attributes & ATTRIBUTE_SEPT_VE_DISABLE) == 0)
        return "The TD has not SEPT_VE_DISABLE: its host can take pages away unseen.";
    return NULL;
}

const char *dp_td_policy_fault(const struct dp_quote *quote)
{
    static const uint8_t none[sizeof(quote->td15->mr_service_td)];

    if (quote->sgx != NULL)
        return (quote->sgx->attributes[0] & SGX_ATTRIBUTE_DEBUG) != 0
                   ? "The enclave is in debug mode: its host can read it."
                   : NULL;
    if (quote->td15 != NULL && memcmp(quote->td15->mr_service_td, none, sizeof(none)) != 0)
        return "The TD has a service TD, which may move it elsewhere.";
    return judge_attributes(dp_le64(quote->td->td_attributes));
}
