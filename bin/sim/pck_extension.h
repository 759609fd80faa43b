/* pck_extension.h - what a PCK certificate says of its platform. */
#ifndef DP_SIM_PCK_EXTENSION_H
#define DP_SIM_PCK_EXTENSION_H

#define SIM_PPID_LEN 16 /* of the platform's id, all zero as the rest */

/* Intel's extension (1.2.840.113741.1.13.1) of a platform whose numbers are all zero. To be freed
 * by X509_EXTENSION_free; NULL where OpenSSL fails. Source: Intel, "SGX PCK Certificate and CRL
 * Profile Specification". */
struct X509_extension_st *sim_pck_extension(void);

#endif
