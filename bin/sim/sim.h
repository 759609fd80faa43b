/* sim.h - what the simulator knows once it has read its files. May hold a secret. */
#ifndef DP_SIM_SIM_H
#define DP_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "appauth.h"
#include "attest/blob.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/memo.h"
#include "ca.h"
#include "collateral.h"
#include "keys.h"
#include "quote.h"

#define SIM_FILE_MAX ((size_t)10 << 20) /* bytes of any file, and of a request's body */

#define SIM_VOUCHED_MAX 16384 /* signatures that are remembered: 1.3 MB */

/* What to answer from. */
struct sim_setup {
    /* Files that are read. */
    const char *keys, *app_compose, *sys_config, *attestation;

    /* Files that are written, for those who verify: the test root (PEM) and the collateral. NULL:
     * they are not. */
    const char *root, *collateral;

    const char *pki; /* file of the test root, see sim_pki_share; NULL: a new one */

    const struct sim_tcb *tcb; /* NULL: up to date */
    enum sim_fault fault;
    bool measure;               /* app_compose into RTMR3; else the stored log names what it will */
    bool debug;                 /* a debug TD */
    const uint8_t *instance_id; /* SIM_INSTANCE_ID_LEN bytes; NULL: that of the attestation */

    /* DP_ADDRESS_LEN bytes: the contract that is asked before a key is used, and the URL of the
     * node that is asked for it. NULL, both: none is. */
    const uint8_t *app_auth;
    const char *rpc;
};

/* Read only but for the memo and the answers of the contract, and used by any number of threads,
 * once it is open. */
struct sim {
    uint8_t app_key[SIM_KEY_LEN];
    char kms_signature[2 * DP_SECP_SIG_LEN + 1]; /* hex; empty for an app without a KMS */
    struct sim_ca ca;
    struct dp_memo *vouched;   /* the app key's signatures of GetKey's answers */
    struct dp_buf info;        /* the answer to Info: it never changes */
    struct dp_buf public_info; /* the same for anybody: to Worker.Info */
    struct dp_buf attestation; /* the file that blob points into */
    struct dp_blob blob;
    struct dp_buf vm_config; /* text of the system configuration */
    struct sim_pki pki;
    struct dp_buf pck_chain;
    struct sim_quoting quoting;  /* of the former two */
    struct sim_appauth *appauth; /* NULL: keys are used without asking */
};

/**
 * Read the files, make the test root, and write the files that hang on it.
 *
 * Out: out     to be closed by sim_close, also after an error
 *      detail  names the file at fault
 * Returns: DP_OK, DP_EIO, DP_EFORMAT, DP_ETOOBIG, DP_ECRYPTO, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_open(struct sim *out, const struct sim_setup *given, struct dp_detail *detail);
void sim_close(struct sim *sim);

#endif
