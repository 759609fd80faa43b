/* appauth.h - what the files of devproof appauth share. */
#ifndef DEVPROOF_APPAUTH_H
#define DEVPROOF_APPAUTH_H

#include <stdbool.h>

#include <json-c/json.h>

#include "devproof/client.h"
#include "ethereum/code.h"
#include "ethereum/witness.h"
#include "ethereum/witnesses.h"

#define APPAUTH_HISTORY_MAX 8192 /* entries; more is refused */

struct appauth {
    struct client client; /* for messages on wrong use, and --json */
    struct dp_witnesses nodes;
    uint8_t address[DP_ADDRESS_LEN];
    bool has_hash; /* is there one to look for? */
    uint8_t hash[DP_WORD_LEN];
    enum dp_witness_tag wanted;
    int64_t now;        /* Unix seconds, to tell how old the block is */
    unsigned timeout_s; /* of all calls together */
    struct dp_agreed agreed;
    struct json_object *disagreements; /* texts */
    char fault[512];                   /* why it could not be read, as a sentence */
};

#define APPAUTH_CLOCKS_APART 60 /* seconds that a block may be ahead of this machine's clock */
#define APPAUTH_OLD_BLOCK 7200  /* seconds; finality takes some 15 minutes, on rollups an hour */

/* How many seconds old the block is, that all agree on. */
int64_t appauth_age(const struct appauth *appauth);

void appauth_init(struct appauth *appauth);
void appauth_free(struct appauth *appauth);

/* Add a node. url is borrowed. Returns: -1, or an exit code after complaining */
int appauth_add_node(struct appauth *appauth, const char *url);

/* Add a node that is heard from a tape. name is copied. There must be room. */
void appauth_add_kept(struct appauth *appauth, const char *name);

/* "finalized", "safe" or "latest". Returns: false for another text */
bool appauth_take_tag(struct appauth *appauth, const char *text);

/* Keep why it could not be read: a sentence, or what a node failed at. Returns: EXIT_FAILURE */
int appauth_fail(struct appauth *appauth, const char *fmt, ...) DP_PRINTF(2, 3);
int appauth_failed(struct appauth *appauth, const struct dp_detail *detail, enum dp_err err);

/* Keep a sentence of two sources that contradict each other. */
void appauth_disagree(struct appauth *appauth, const char *fmt, ...) DP_PRINTF(2, 3);

/* --- storage: appauth_state.c --- */

/* All is proven, but for the last four where the code is not known. */
struct appauth_state {
    struct dp_proof_account account;
    uint8_t owner[DP_ADDRESS_LEN], pending_owner[DP_ADDRESS_LEN], guardian[DP_ADDRESS_LEN];
    uint64_t notice, paused_seconds, paused_until; /* seconds, seconds, Unix seconds */
    bool upgrades_disabled, allow_any_device, require_up_to_date;
    uint64_t history_count, versions_count;
    uint8_t history_digest[DP_KECCAK_LEN];
    uint8_t implementation[DP_WORD_LEN], admin[DP_WORD_LEN], beacon[DP_WORD_LEN]; /* EIP-1967 */
    size_t code_len;
    struct dp_code_facts code;
    bool is_known; /* the code is that of contracts/src/TimelockAppAuth.sol */
    uint64_t minimum_notice, exit_window, proposal_lifetime, pause_length; /* seconds */
};

/* Prove what the storage has, and hold it against what the contract answers to calls. Returns: an
 * exit code; fault says why */
int appauth_read_state(struct appauth *appauth, struct appauth_state *state);

/* schema/timelock_app_auth.json: what TimelockAppAuth's code is known by. */
extern const char *const appauth_known_code[];
extern const size_t appauth_known_code_count; /* 1 */

/* Is it that code, but for the compiler's metadata? Sets is_known, and if so, the last four. */
void appauth_know_code(struct appauth_state *state, const uint8_t *code, size_t len);

/* Can other code come to stand there, by what is known of proxies? */
bool appauth_is_replaceable(const struct appauth_state *state);

/* Is nothing released at the time of the block? */
bool appauth_is_paused(const struct appauth *appauth, const struct appauth_state *state);

/* The slots of mappings. */
#define APPAUTH_ALLOWED_HASHES 0
#define APPAUTH_ALLOWED_DEVICES 2
#define APPAUTH_VERSIONS 7
#define APPAUTH_PROPOSALS 11

/* The slot that a mapping at this one has for a key. */
void appauth_map(uint8_t slot[static DP_WORD_LEN], unsigned mapping,
                 const uint8_t key[static DP_WORD_LEN]);

/* len bytes of a word from this one up, 0 the lowest, as a number. */
uint64_t appauth_part(const uint8_t word[static DP_WORD_LEN], size_t from, size_t len);

/**
 * Call the contract, by all witnesses.
 *
 * Out: out        to be freed by dp_buf_free in any case
 * In:  signature  "history(uint256,uint256)"
 *      words      its arguments; NULL with 0
 * Returns: an exit code; fault says why
 */
int appauth_call(struct appauth *appauth, struct dp_buf *out, const char *signature,
                 const uint8_t (*words)[DP_WORD_LEN], size_t count);

/* --- history: appauth_history.c --- */

enum appauth_action { ACTION_PROPOSED, ACTION_CANCELLED, ACTION_DONE, ACTION_COUNT };

enum appauth_change {
    CHANGE_ADD_HASH,
    CHANGE_REMOVE_HASH,
    CHANGE_ADD_DEVICE,
    CHANGE_REMOVE_DEVICE,
    CHANGE_ANY_DEVICE,
    CHANGE_UP_TO_DATE,
    CHANGE_GUARDIAN,
    CHANGE_NOTICE,
    CHANGE_DISABLE_UPGRADES,
    CHANGE_PAUSE,
    CHANGE_UNPAUSE,
    CHANGE_OWNER,
    CHANGE_COUNT
};

/* By the names that the contract's source has. Static. */
const char *appauth_action_name(enum appauth_action action);
const char *appauth_change_name(enum appauth_change change);

struct appauth_entry {
    uint64_t time; /* Unix seconds */
    enum appauth_action action;
    enum appauth_change change;
    uint8_t actor[DP_ADDRESS_LEN], value[DP_WORD_LEN];
};

struct appauth_history {
    struct appauth_entry *entries; /* count of them, oldest first */
    size_t count;
};

/* Read all of it by pages and hold it against the proven digest. Returns: an exit code; fault
 * says why; appauth_history_free in any case */
int appauth_read_history(struct appauth *appauth, struct appauth_history *history,
                         const struct appauth_state *state);
void appauth_history_free(struct appauth_history *history);

/* --- what follows from the history: appauth_replay.c --- */

/* A compose hash or a device. */
struct appauth_item {
    uint8_t id[DP_WORD_LEN];
    uint64_t since, until; /* Unix seconds: when it became allowed, when it was removed or 0 */
};

struct appauth_list {
    struct appauth_item *items;
    size_t count;
};

/* The index of an id, or list->count. */
size_t appauth_find(const struct appauth_list *list, const uint8_t id[static DP_WORD_LEN]);

struct appauth_proposal {
    enum appauth_change change;
    uint8_t value[DP_WORD_LEN];
    uint64_t proposed_at, due, expires; /* Unix seconds */
    enum { PROPOSAL_GONE, PROPOSAL_VOID, PROPOSAL_EXPIRED, PROPOSAL_WAITING, PROPOSAL_DUE } status;
};

struct appauth_replay {
    struct appauth_list hashes, devices; /* hashes: item i has version i + 1 */
    struct appauth_proposal *proposals;  /* each that ever was, once */
    size_t proposals_count;
    uint8_t owner[DP_ADDRESS_LEN], guardian[DP_ADDRESS_LEN];
    uint64_t notice, paused_until, paused_seconds;
    bool upgrades_disabled, allow_any_device, require_up_to_date;
};

/* Make all changes of a history anew, and hold what they give against the storage: lists and
 * proposals too, which are proven for that. Returns: an exit code; fault says why;
 * appauth_replay_free in any case */
int appauth_read_replay(struct appauth *appauth, struct appauth_replay *replay,
                        const struct appauth_history *history, const struct appauth_state *state);
void appauth_replay_free(struct appauth_replay *replay);

/* --- all of it --- */

struct appauth_findings {
    struct appauth_state state;
    struct appauth_history history;
    struct appauth_replay replay;
};

/* Read all. Returns: an exit code; fault says why. appauth_findings_free in any case */
int appauth_look(struct appauth *appauth, struct appauth_findings *findings);
void appauth_findings_free(struct appauth_findings *findings);

/* --- the answer: appauth_report.c --- */

/* All as JSON, to be freed by json_object_put. */
struct json_object *appauth_document(const struct appauth *appauth,
                                     const struct appauth_findings *findings);

/* Print all. Returns: is the compose hash, if one was given, allowed? */
bool appauth_report(const struct appauth *appauth, const struct appauth_findings *findings);

/* Is the compose hash allowed now? why is a sentence. */
#define APPAUTH_WHY_SIZE 320
bool appauth_allows(char why[static APPAUTH_WHY_SIZE], const struct appauth *appauth,
                    const struct appauth_findings *findings);

#endif
