/* sim.h - what the simulator knows once it has read its files. May hold a secret. */
#ifndef DP_SIM_SIM_H
#define DP_SIM_SIM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/memo.h"
#include "blob.h"
#include "ca.h"
#include "keys.h"

#define SIM_FILE_MAX ((size_t)10 << 20) /* bytes of any file, and of a request's body */

#define SIM_VOUCHED_MAX 16384 /* signatures that are remembered: 1.3 MB */

/* Where the files are. */
struct sim_files {
    const char *keys, *app_compose, *sys_config, *attestation;
};

/* Read only but for the memo, and used by any number of threads, once it is open. */
struct sim {
    uint8_t app_key[SIM_KEY_LEN];
    char kms_signature[2 * DP_SECP_SIG_LEN + 1]; /* hex; empty for an app without a KMS */
    struct sim_ca ca;
    struct dp_memo *vouched;   /* the app key's signatures of GetKey's answers */
    struct dp_buf info;        /* the answer to Info: it never changes */
    struct dp_buf attestation; /* the file that blob points into */
    struct sim_blob blob;
};

/**
 * Read the files.
 *
 * Out: out     to be closed by sim_close, also after an error
 *      detail  names the file at fault
 * Returns: DP_OK, DP_EIO, DP_EFORMAT, DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err sim_open(struct sim *out, const struct sim_files *files, struct dp_detail *detail);
void sim_close(struct sim *sim);

#endif
