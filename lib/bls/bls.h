/* bls.h - aggregate BLS signatures over BLS12-381, as Ethereum's consensus has them: to verify. */
/*
 * draft-irtf-cfrg-bls-signature-05, ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_: public
 * keys are points of G1, signatures points of G2, both compressed as ZCash does. Who has the
 * private key of each key must be proven elsewhere (for validators: at their deposit).
 */
#ifndef DP_BLS_BLS_H
#define DP_BLS_BLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DP_BLS_PUBLIC_LEN 48
#define DP_BLS_SIG_LEN 96
#define DP_BLS_KEYS_MAX 2048

/* Public keys, decoded once for many signatures. */
struct dp_bls_keys;

/**
 * Decode and check public keys (KeyValidate, section 2.5). Takes some 0.1 ms a key.
 *
 * In:  keys    count of them, 1 to DP_BLS_KEYS_MAX; the same may be there more than once
 * Out: out     to be freed by dp_bls_keys_free; NULL unless DP_OK
 *      detail  the index of the bad one; may be NULL
 * Returns: DP_OK, DP_ENOMEM
 *          DP_EFORMAT  infinity, or what is no compressed point of the subgroup
 *          DP_EINVAL   no keys, or too many
 */
DP_MUST_CHECK
enum dp_err dp_bls_keys_open(struct dp_bls_keys **out, const uint8_t (*keys)[DP_BLS_PUBLIC_LEN],
                             size_t count, struct dp_detail *detail);

/* Takes NULL. */
void dp_bls_keys_free(struct dp_bls_keys *keys);

/**
 * Have these keys together signed this message (FastAggregateVerify, section 3.3.4)? Takes a few
 * milliseconds, however many they are.
 *
 * In: who  bit i % 8 of byte i / 8, its lowest first: has key i signed? As many bits as keys; NULL
 *          for all. Nobody has signed nothing.
 */
bool dp_bls_verify(const struct dp_bls_keys *keys, const uint8_t *who, const void *message,
                   size_t len, const uint8_t sig[static DP_BLS_SIG_LEN]);

#endif
