/* fault.h - what may be wrong on purpose, so that whoever verifies can be tried. */
#ifndef DP_SIM_FAULT_H
#define DP_SIM_FAULT_H

#include <stdbool.h>

enum sim_fault {
    SIM_FAULT_NONE,
    SIM_FAULT_QUOTE_SIGNATURE, /* a bit of the quote's signature is flipped */
    SIM_FAULT_QE_REPORT,       /* a bit of the signature over the QE report is flipped */
    SIM_FAULT_ROOT,            /* quotes hang on another root than the one written */
    SIM_FAULT_REVOKED,         /* the CRL names the platform's certificate */
    SIM_FAULT_EXPIRED,         /* the collateral's last day was yesterday */
    SIM_FAULT_REPORT_DATA,     /* quotes are over zeros, whatever is asked for */
    SIM_FAULT_EVENT_LOG,       /* the log names another compose hash than the register */
    SIM_FAULT_TLS_KEY,         /* certificates attest another key than their own */
    SIM_FAULT_NO_QUOTE,        /* no quote is to be had */
};

/* The fault of a name, such as "quote-signature". False: there is none. */
bool sim_fault_find(enum sim_fault *out, const char *name);

#endif
