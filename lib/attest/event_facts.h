/* event_facts.h - what a dstack guest's event log says of its app. */
#ifndef DP_ATTEST_EVENT_FACTS_H
#define DP_ATTEST_EVENT_FACTS_H

#include "attest/eventlog.h"

#define DP_EVENT_APP_ID_LEN 20
#define DP_EVENT_HASH_LEN 32
#define DP_KEY_PROVIDER_ID_MAX 512 /* bytes; that of a KMS has 91 */

/* Payloads, borrowed from the log; data is NULL where there is no such event. */
struct dp_event_facts {
    struct dp_slice app_id;        /* 20 bytes */
    struct dp_slice compose_hash;  /* 32 bytes */
    struct dp_slice instance_id;   /* 20 bytes, or none where the app wants none */
    struct dp_slice os_image_hash; /* 32 bytes; a claim, which no register proves */
    struct dp_slice key_provider;  /* JSON, see dp_key_provider_read */
    struct dp_slice mr_kms;        /* 32 bytes */
    bool booted;                   /* boot-mr-done is there */
    bool ready;                    /* system-ready is there: what follows is the app's */
};

/**
 * Find them among the events before the first system-ready. After it the app itself extends the
 * register, so nothing there counts. Before it the guest's own events come in one order, each
 * once (init-script-hash as often as it likes): so no second compose-hash can take the place of
 * the first.
 *
 * Out: out     all zero unless DP_OK
 *      detail  names the event; may be NULL
 * Returns: DP_OK, DP_EFORMAT (an event twice, or out of its order)
 * Lengths are not judged here; see dp_event_facts_fault.
 */
DP_MUST_CHECK
enum dp_err dp_event_facts(struct dp_event_facts *out, const struct dp_eventlog *log,
                           struct dp_detail *detail);

/* The first thing that is missing or of a wrong length in what a guest that has booted logs; NULL
 * where all is there. Static. */
const char *dp_event_facts_fault(const struct dp_event_facts *facts);

struct dp_key_provider {
    char name[32];                      /* "none", "local-sgx", "kms", "tpm" */
    uint8_t id[DP_KEY_PROVIDER_ID_MAX]; /* kms: SubjectPublicKeyInfo of its CA; local-sgx: its
                                           measurement */
    size_t id_len;
};

/* Read the payload of key-provider. Returns: DP_OK, DP_EFORMAT */
DP_MUST_CHECK
enum dp_err dp_key_provider_read(struct dp_key_provider *out, struct dp_slice payload);

#endif
