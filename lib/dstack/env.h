/* env.h - the environment of an app, sealed to the key of its KMS. May hold a secret. */
/*
 * The file has a line NAME=VALUE for each variable. NAME may have "export " before it; empty lines
 * and those that begin with # are passed over. VALUE is the rest of the line without the space
 * around it; one pair of quotes around all of it is taken off, and no escape is known, so that a
 * backslash in double quotes is refused instead of read in one of the ways that there are.
 *
 * Names and values, as read and as JSON, are in locked memory only (base/secret.h).
 */
#ifndef DP_DSTACK_ENV_H
#define DP_DSTACK_ENV_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "dstack/env_key.h"

#define DP_ENV_FILE_MAX (32 * 1024) /* bytes of the file */
#define DP_ENV_COUNT_MAX 256        /* variables */
#define DP_ENV_NONCE_LEN 12
#define DP_ENV_TAG_LEN 16

/* Room for the JSON: at most six bytes a byte, and what stands around each variable. */
#define DP_ENV_JSON_MAX (6 * DP_ENV_FILE_MAX + 32 * DP_ENV_COUNT_MAX)
#define DP_ENV_SEALED_MAX (DP_ENV_KEY_LEN + DP_ENV_NONCE_LEN + DP_ENV_JSON_MAX + DP_ENV_TAG_LEN)

struct dp_env;

/**
 * Read the variables of a file.
 *
 * Out: out     to be closed by dp_env_close; NULL unless DP_OK
 *      detail  what is wrong and in which line, never a value; may be NULL
 * Returns: DP_OK
 *          DP_EIO         it cannot be read
 *          DP_ECONFIG     it is no regular file
 *          DP_EFORMAT     a line of another form, an unclosed quote, text that is not UTF-8
 *          DP_EDUPLICATE  a name given twice
 *          DP_ETOOBIG     over DP_ENV_FILE_MAX or DP_ENV_COUNT_MAX
 *          DP_ENOMEM      no memory, or none that can be locked
 */
DP_MUST_CHECK
enum dp_err dp_env_open(struct dp_env **out, const char *path, struct dp_detail *detail);

/* Wipe all of it. Takes NULL. */
void dp_env_close(struct dp_env *env);

/* How many there are, and the name of one. */
size_t dp_env_count(const struct dp_env *env);
const char *dp_env_name(const struct dp_env *env, size_t i);

/**
 * Encrypt {"env":[{"key":NAME,"value":VALUE},...]}: ephemeral X25519 key || nonce || AES-256-GCM
 * ciphertext || tag, under the X25519 secret, with no associated data.
 *
 * Out: out  added to; DP_ENV_SEALED_MAX is always enough
 * In:  key  of the KMS; who calls has checked who signed it (dp_env_key_root)
 * Returns: DP_OK, DP_ECRYPTO (no randomness, or a key of low order), DP_ETOOBIG, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_env_seal(const struct dp_env *env, struct dp_buf *out,
                        const uint8_t key[static DP_ENV_KEY_LEN]);

#endif
