/* audit.h - what the files of devproof audit share. */
#ifndef DEVPROOF_AUDIT_H
#define DEVPROOF_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/event_facts.h"
#include "base/buf.h"
#include "devproof/chain.h"
#include "devproof/client.h"
#include "verdict/claims.h"

/* What the hardware is said to have signed, and what it is judged by. All borrowed. */
struct hardware {
    struct dp_slice quote;       /* bytes */
    struct dp_slice event_log;   /* as text; data is NULL where there is none */
    struct dp_slice app_compose; /* as text; data is NULL where there is none */
    struct dp_slice collateral;  /* JSON; data is NULL where there is none */
    struct dp_slice root;        /* a certificate */
    bool own_root;               /* not Intel's: named by whoever audits */
    int64_t at;                  /* seconds since 1970 */
};

/* What follows from the evidence. Lengths are 0 where it is not known. */
struct facts {
    uint8_t app_id[DP_EVENT_APP_ID_LEN], compose_hash[DP_EVENT_HASH_LEN];
    struct dp_key_provider key_provider; /* name "" where the log has none */
    bool known;                          /* the log fits the quote, and these are from it */
};

#define AUDIT_NOTE_SIZE 480

/* Learn from the event log. Returns: does it fit the quote? If not, note says why. */
bool audit_learn(struct facts *facts, char note[static AUDIT_NOTE_SIZE],
                 const struct hardware *hardware);

/* What the keys are judged by. */
struct key_rules {
    struct chain_expected chain; /* has_root false: no KMS root was named */
    const char *kms_id;          /* hex of the KMS CA's SubjectPublicKeyInfo; NULL: not named */
};

/* Add the claims kms.identity and keys.chain. keys: an answer of GET /api/users/USERID/keys, or
 * NULL. */
void audit_keys(struct dp_claims *claims, const struct key_rules *rules, const struct facts *facts,
                struct json_object *keys);

/* Add a required claim that was not checked. */
void audit_add_unchecked(struct dp_claims *claims, const char *id, const char *title,
                         const char *note);

/* Add the claims quote.*, log.replays, compose.* to a report. */
void audit_hardware(struct dp_claims *claims, const struct hardware *hardware, struct facts *facts);

/* What a service showed, and when: asked for now, or kept in a folder.
 *
 *     audit.json        {format, url, at, nonce}: what was asked, when; nonce as hex
 *     attestation.json  {quote, event_log, app_compose, vm_config}, as the service answered
 *     peer.pem          the certificates that it showed meanwhile, its own first; empty over HTTP
 *     collateral.json   what Intel says of the platform; empty where it was not to be had
 *     keys.json         the keys of the user who was named; empty where none was
 *     chain.json        what Ethereum nodes said; empty where none was named: see audit_chain.h
 */
#define EVIDENCE_FORMAT "devproof-evidence/1"
#define EVIDENCE_NONCE_LEN 32

enum evidence_file {
    EVIDENCE_AUDIT,
    EVIDENCE_ATTESTATION,
    EVIDENCE_PEER,
    EVIDENCE_COLLATERAL,
    EVIDENCE_KEYS,
    EVIDENCE_CHAIN,
    EVIDENCE_FILES
};

struct evidence {
    struct dp_buf files[EVIDENCE_FILES];
    struct json_object *audit, *answer, *keys; /* keys is NULL where that file is empty */
    struct dp_buf quote;                       /* as bytes */
    const char *url;                           /* borrowed from audit */
    int64_t at_ms;
    uint8_t nonce[EVIDENCE_NONCE_LEN];
    struct hardware hardware; /* of the above; root is the caller's */
};

/* Each returns -1, or an exit code after complaining. Free the evidence in any case. */
void evidence_init(struct evidence *evidence);
int evidence_read(const struct client *client, struct evidence *evidence, const char *dir);
int evidence_write(const struct client *client, const struct evidence *evidence, const char *dir);
void evidence_free(struct evidence *evidence);

/* Make sense of the files; evidence_read has done it. */
int evidence_parse(const struct client *client, struct evidence *evidence);

/* The collateral has come: the hardware is judged by it. */
void evidence_take_collateral(struct evidence *evidence);

/**
 * Ask a service: fills audit.json, attestation.json, peer.pem and keys.json, and parses them.
 *
 * In: named  URL of the service, without a path; https:// for the TLS key to be seen
 *     user   whose keys are asked for, or NULL
 */
int evidence_ask(const struct client *client, struct evidence *evidence, const char *named,
                 const char *user);

/**
 * Add the claims image.rebuilt and os.published.
 *
 * In: digest        "sha256:..." of the image that was built from sources, or NULL
 *     os_reference  {mrtd, rtmr0, rtmr1, rtmr2} as hex, which dstack-mr prints for an OS image, or
 * NULL
 */
void audit_build(struct dp_claims *claims, const struct hardware *hardware, const char *digest,
                 struct json_object *os_reference);

/* Add what operator, KMS and vendor can still do. */
void audit_powers(struct dp_claims *claims, const struct hardware *hardware);

/* Add the claims quote.fresh and tls.bound. */
void audit_live(struct dp_claims *claims, const struct evidence *evidence);

/* Print a report, and write it as a page, where html is not NULL. Returns: an exit code, 0 where it
 * holds */
int audit_print(const struct client *client, const struct dp_claims *claims, const char *html);

/* Print what dp_report_diff found, which is freed. Returns: an exit code, 0 where nothing changed
 */
int audit_print_changes(const struct client *client, struct json_object *changes);

/* Add a claim whose found is bytes, as hex. */
void audit_add_hex(struct dp_claims *claims, struct dp_claim claim, const uint8_t *found,
                   size_t len);

#endif
