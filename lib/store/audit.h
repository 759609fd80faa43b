/* audit.h - the rows of the audit log: their canonical text, their hash, and whether a chain holds.
 */
#ifndef DP_STORE_AUDIT_H
#define DP_STORE_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "store/names.h"

#define DP_AUDIT_HASH_LEN 32 /* SHA-256 */
#define DP_AUDIT_DATA_SIZE 512
#define DP_AUDIT_TIME_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* By what right something was done. */
enum dp_actor {
    DP_ACTOR_USER,
    DP_ACTOR_ADMIN,
    DP_ACTOR_OPERATOR, /* at the command line */
    DP_ACTOR_ANYONE,   /* nobody was asked who they are */
    DP_ACTOR_COUNT
};

/*
 * One row. Its hash is SHA-256 over the UTF-8 text of this JSON array in its canonical form
 * (RFC 8785: no spaces, members in ascending order of their names):
 *
 *     [seq,"time","actor","action","userId",data,"prevHash"]
 *
 * time is RFC 3339 in UTC with milliseconds; userId is null where the row is about nobody; data is
 * an object whose values are text or whole numbers; prevHash is the hash of the row before, 0x and
 * 64 lower-case digits, all zero in the first row. seq counts from 1 without a gap.
 */
struct dp_audit_row {
    int64_t seq, time_ms;
    char actor[12], action[24];
    char user_id[DP_USER_ID_SIZE]; /* "" where it is about nobody */
    char data[DP_AUDIT_DATA_SIZE]; /* the canonical text of the object */
    uint8_t prev_hash[DP_AUDIT_HASH_LEN], hash[DP_AUDIT_HASH_LEN];
};

/* --- making rows: the store adds seq and the hashes --- */

/* Begin a row of this moment, without data. In: action  a word of ours; user_id  may be "" */
void dp_audit_begin(struct dp_audit_row *row, enum dp_actor actor, const char *action,
                    const char *user_id);

/* Add a member of data: names of ours in ascending order, text of ours in printable ASCII without
 * quotes and backslashes. */
void dp_audit_add_text(struct dp_audit_row *row, const char *name, const char *value);
void dp_audit_add_int(struct dp_audit_row *row, const char *name, int64_t value);

/* The row of one signature. In: count  items of the batch that it belongs to, or 0 */
void dp_audit_signature(struct dp_audit_row *row, enum dp_actor actor, const char *user_id,
                        const uint8_t digest[static 32], const char *scheme,
                        const char *key_namespace, size_t count);

/* --- checking rows --- */

/* The hash that a row should have by the rest of it. */
void dp_audit_hash(uint8_t out[static DP_AUDIT_HASH_LEN], const struct dp_audit_row *row);

enum dp_audit_fault {
    DP_AUDIT_INTACT,
    DP_AUDIT_CHANGED,   /* its hash is not that of its content */
    DP_AUDIT_REPLACED,  /* the next row was written after another one */
    DP_AUDIT_MISSING,   /* it is not there, but a later one is */
    DP_AUDIT_REORDERED, /* it stands after a later one, or twice */
};

/* A check of rows in their order, from the first. */
struct dp_audit_check {
    int64_t count; /* rows seen */
    int64_t next;  /* seq that is due */
    uint8_t last_hash[DP_AUDIT_HASH_LEN];
    enum dp_audit_fault fault; /* the first that was found */
    int64_t fault_seq;         /* the row that it is about */
};

void dp_audit_check_begin(struct dp_audit_check *check);

/* Take the next row. Go on after a fault: whether a row is missing or stands further down shows
 * later. What was cut off at the end cannot show: keep a hash of your own to look for. */
void dp_audit_check_row(struct dp_audit_check *check, const struct dp_audit_row *row);

/* A fault as a word. Static. */
const char *dp_audit_fault_word(enum dp_audit_fault fault);

#endif
