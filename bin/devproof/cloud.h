/* cloud.h - the API of a cloud that runs CVMs: Phala Cloud's, version 2026-01-21. */
/*
 * As @phala/cloud 0.2.9 of npm speaks it: JSON, the token as X-API-Key. A call is bounded in time
 * and its answer in size; nothing that the cloud says is believed that a chain or a signature can
 * show instead. Each call that fails prints a sentence and returns an exit code.
 */
#ifndef DEVPROOF_CLOUD_H
#define DEVPROOF_CLOUD_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "devproof/client.h"
#include "dstack/compose_hash.h"
#include "dstack/env_key.h"

#define CLOUD_ID_SIZE 65     /* of a CVM, with its NUL */
#define CLOUD_STATUS_SIZE 33 /* likewise */
#define CLOUD_KMS_SIZE 129
#define CLOUD_TOKEN_SIZE 257
#define CLOUD_INSTANCE_LEN 20

struct cloud {
    const struct client *client; /* for its messages */
    const char *url;             /* borrowed */
    char token[CLOUD_TOKEN_SIZE];
    bool quiet; /* failures are not printed: who asks again and again says it in other words */
};

struct cloud_cvm {
    char id[CLOUD_ID_SIZE];
    char status[CLOUD_STATUS_SIZE];
    uint8_t compose_hash[DP_COMPOSE_HASH_LEN];
    uint8_t instance_id[CLOUD_INSTANCE_LEN];
    bool has_compose_hash, has_instance_id; /* known to the cloud */
};

/**
 * Begin.
 *
 * In: url         of the API, borrowed; NULL: PHALA_CLOUD_API_PREFIX, else Phala's own
 *     token_file  NULL: PHALA_CLOUD_API_KEY, which is wiped and unset in any case
 * Returns: an exit code, after complaining; cloud_close is due in any case
 */
int cloud_open(struct cloud *cloud, const struct client *client, const char *url,
               const char *token_file);

/* Wipe the token. */
void cloud_close(struct cloud *cloud);

/* The CVMs of an app, 40 hex digits. Out: list  to be freed by free; none for an app that the cloud
 * does not know */
int cloud_list(const struct cloud *cloud, struct cloud_cvm **list, size_t *count, const char *app);

int cloud_get(const struct cloud *cloud, struct cloud_cvm *cvm, const char *id);

/* What a CVM is to be. */
struct cloud_order {
    const char *name, *instance_type;
    const char *kms;         /* NULL: the cloud chooses */
    struct dp_slice compose; /* an app-compose.json in canonical form */
};

/* Have the cloud prepare it. Out: kms  that it is for, or "" */
int cloud_provision(const struct cloud *cloud, uint8_t compose_hash[static DP_COMPOSE_HASH_LEN],
                    char kms[static CLOUD_KMS_SIZE], const struct cloud_order *order);

/* The key that a KMS has for an app. One without a signature fails. */
int cloud_env_key(const struct cloud *cloud, struct dp_env_key *key, const char *kms,
                  const char *app);

/* What a CVM is made of, once it is prepared. Texts are borrowed. */
struct cloud_making {
    const char *app;      /* 40 hex digits; also its contract's address */
    const char *deployer; /* an address: who answers for it on the chain */
    const char *kms;
    const uint8_t *compose_hash; /* DP_COMPOSE_HASH_LEN bytes */
    const struct dp_buf *sealed; /* of dp_env_seal, or NULL for no variables */
    struct json_object *names;   /* of the variables: an array, borrowed */
    bool is_first;               /* of the app; else one more */
};

/* Have it made, and started. Out: cvm  its id at least */
int cloud_create(const struct cloud *cloud, struct cloud_cvm *cvm,
                 const struct cloud_making *making);

/* "start" or "stop". */
int cloud_order_to(const struct cloud *cloud, const char *id, const char *verb);

#endif
