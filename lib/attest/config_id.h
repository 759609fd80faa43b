/* config_id.h - mr_config_id: what a TD was started to run, in the quote itself. */
#ifndef DP_ATTEST_CONFIG_ID_H
#define DP_ATTEST_CONFIG_ID_H

#include <stdint.h>

#include "attest/event_facts.h"

#define DP_CONFIG_ID_LEN 48
#define DP_CONFIG_DIGEST_LEN 32
#define DP_CONFIG_DOCUMENT_MAX (1024 * 1024)

/* Version, digest, zero bytes. Version 0 is all zero: the field is not used. */
struct dp_config_id {
    unsigned version;
    uint8_t digest[DP_CONFIG_DIGEST_LEN];
};

/* Returns: DP_OK, DP_EFORMAT (a version beyond 3, or bytes behind the digest) */
DP_MUST_CHECK
enum dp_err dp_config_id_read(struct dp_config_id *out, const uint8_t in[static DP_CONFIG_ID_LEN]);

/* Version 1: the digest is the compose hash. */
void dp_config_id_v1(uint8_t out[static DP_CONFIG_ID_LEN],
                     const uint8_t compose_hash[static DP_EVENT_HASH_LEN]);

/**
 * Version 2: Keccak-256 of compose hash, app id, kind and id of the key provider.
 *
 * In: provider  its name is "none", "local" or "local-sgx", "kms", "tpm"
 * Returns: DP_OK, DP_EINVAL (another name)
 */
DP_MUST_CHECK
enum dp_err dp_config_id_v2(uint8_t out[static DP_CONFIG_ID_LEN],
                            const uint8_t compose_hash[static DP_EVENT_HASH_LEN],
                            const uint8_t app_id[static DP_EVENT_APP_ID_LEN],
                            const struct dp_key_provider *provider);

/* Version 3: SHA-256 of a tag and the text of the document, as its bytes are.
 * Returns: DP_OK, DP_ETOOBIG (over DP_CONFIG_DOCUMENT_MAX), DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_config_id_v3(uint8_t out[static DP_CONFIG_ID_LEN], struct dp_slice document);

enum dp_config_verdict {
    DP_CONFIG_UNUSED,   /* all zero */
    DP_CONFIG_AGREES,   /* with compose hash (and app id, key provider) of the log */
    DP_CONFIG_DIFFERS,  /* or is malformed */
    DP_CONFIG_DOCUMENT, /* version 3: not to be judged without its document */
};

/* Does it say the same as the log? */
enum dp_config_verdict dp_config_id_judge(const uint8_t in[static DP_CONFIG_ID_LEN],
                                          const struct dp_event_facts *facts);

#endif
