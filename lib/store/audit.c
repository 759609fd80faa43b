/* audit.c - the rows of the audit log: their canonical text, their hash, and whether a chain holds.
 */
#include "store/audit.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <nettle/sha2.h>

#include "base/clock.h"
#include "base/hex.h"

/* The longest line: data, user id, hash, time, actor, action, seq, and what stands between. */
#define LINE_SIZE (DP_AUDIT_DATA_SIZE + DP_USER_ID_SIZE + 200)

static const char *const actors[DP_ACTOR_COUNT] = {
    [DP_ACTOR_USER] = "user",
    [DP_ACTOR_ADMIN] = "admin",
    [DP_ACTOR_OPERATOR] = "operator",
    [DP_ACTOR_ANYONE] = "anyone",
};

/* --- making rows --- */

void dp_audit_begin(struct dp_audit_row *row, enum dp_actor actor, const char *action,
                    const char *user_id)
{
    memset(row, 0, sizeof(*row));
    row->time_ms = dp_clock_unix_ms();
    snprintf(row->actor, sizeof(row->actor), "%s", actors[actor]);
    snprintf(row->action, sizeof(row->action), "%s", action);
    snprintf(row->user_id, sizeof(row->user_id), "%s", user_id);
    memcpy(row->data, "{}", 3);
}

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
            return false;
    }
    return true;
}

/* Add a member whose value stands between two marks: quotes, or nothing. */
static void add(struct dp_audit_row *row, const char *name, const char *mark, const char *value)
{
    size_t at = strlen(row->data) - 1; /* where the closing brace stands */
    int len;

    assert(is_plain(name) && is_plain(value));
    len = snprintf(row->data + at, sizeof(row->data) - at, "%s\"%s\":%s%s%s}", at > 1 ? "," : "",
                   name, mark, value, mark);
    assert(len > 0 && (size_t)len < sizeof(row->data) - at);
    (void)len;
}

void dp_audit_add_text(struct dp_audit_row *row, const char *name, const char *value)
{
    add(row, name, "\"", value);
}

void dp_audit_add_int(struct dp_audit_row *row, const char *name, int64_t value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    add(row, name, "", digits);
}

void dp_audit_signature(struct dp_audit_row *row, enum dp_actor actor, const char *user_id,
                        const uint8_t digest[static 32], const char *scheme,
                        const char *key_namespace, size_t count)
{
    char hex[DP_HEX0X_SIZE(32)];

    dp_hex0x_encode(hex, digest, 32);
    dp_audit_begin(row, actor, "sign", user_id);
    if (count > 0)
        dp_audit_add_int(row, "count", (int64_t)count);
    dp_audit_add_text(row, "digest", hex);
    dp_audit_add_text(row, "namespace", key_namespace);
    dp_audit_add_text(row, "scheme", scheme);
}

/* --- checking rows --- */

void dp_audit_hash(uint8_t out[static DP_AUDIT_HASH_LEN], const struct dp_audit_row *row)
{
    char line[LINE_SIZE], time[DP_CLOCK_TEXT_SIZE], prev[DP_HEX0X_SIZE(DP_AUDIT_HASH_LEN)];
    struct sha256_ctx ctx;
    const char *mark = row->user_id[0] != '\0' ? "\"" : "";
    int len;

    dp_clock_format(time, row->time_ms);
    dp_hex0x_encode(prev, row->prev_hash, sizeof(row->prev_hash));
    len = snprintf(line, sizeof(line), "[%lld,\"%s\",\"%s\",\"%s\",%s%s%s,%s,\"%s\"]",
                   (long long)row->seq, time, row->actor, row->action, mark,
                   row->user_id[0] != '\0' ? row->user_id : "null", mark, row->data, prev);
    assert(len > 0 && (size_t)len < sizeof(line));
    sha256_init(&ctx);
    sha256_update(&ctx, (size_t)len, (const uint8_t *)line);
    sha256_digest(&ctx, DP_AUDIT_HASH_LEN, out);
}

static bool is_actor(const char *text)
{
    for (size_t i = 0; i < DP_ACTOR_COUNT; i++) {
        if (strcmp(text, actors[i]) == 0)
            return true;
    }
    return false;
}

/* Without this, two different rows could have one text: a quote in one member could pass for its
 * end. Data needs no more than its brace, as all that stands around it has one form only. */
static bool is_well_formed(const struct dp_audit_row *row)
{
    return row->time_ms >= 0 && row->time_ms <= DP_AUDIT_TIME_MAX && is_actor(row->actor) &&
           row->action[0] != '\0' &&
           strspn(row->action, "abcdefghijklmnopqrstuvwxyz_") == strlen(row->action) &&
           (row->user_id[0] == '\0' || dp_user_id_valid(row->user_id, strlen(row->user_id))) &&
           row->data[0] == '{';
}

static bool holds(const struct dp_audit_row *row)
{
    uint8_t hash[DP_AUDIT_HASH_LEN];

    if (!is_well_formed(row))
        return false;
    dp_audit_hash(hash, row);
    return memcmp(hash, row->hash, sizeof(hash)) == 0;
}

void dp_audit_check_begin(struct dp_audit_check *check)
{
    *check = (struct dp_audit_check){.next = 1};
}

static void found(struct dp_audit_check *check, enum dp_audit_fault fault, int64_t seq)
{
    check->fault = fault;
    check->fault_seq = seq;
}

/* The row has the number that is due: is it the one that was written? */
static void check_due(struct dp_audit_check *check, const struct dp_audit_row *row)
{
    bool follows = memcmp(row->prev_hash, check->last_hash, sizeof(check->last_hash)) == 0;

    if (!holds(row) || (!follows && row->seq == 1))
        found(check, DP_AUDIT_CHANGED, row->seq);
    else if (!follows)
        found(check, DP_AUDIT_REPLACED, row->seq - 1);
}

void dp_audit_check_row(struct dp_audit_check *check, const struct dp_audit_row *row)
{
    check->count++;
    if (check->fault == DP_AUDIT_MISSING && row->seq == check->fault_seq)
        check->fault = DP_AUDIT_REORDERED;
    if (check->fault != DP_AUDIT_INTACT)
        return;
    if (row->seq > check->next)
        found(check, DP_AUDIT_MISSING, check->next);
    else if (row->seq < check->next)
        found(check, DP_AUDIT_REORDERED, row->seq);
    else
        check_due(check, row);
    memcpy(check->last_hash, row->hash, sizeof(check->last_hash));
    check->next = row->seq + 1;
}

const char *dp_audit_fault_word(enum dp_audit_fault fault)
{
    switch (fault) {
    case DP_AUDIT_CHANGED:
        return "changed";
    case DP_AUDIT_REPLACED:
        return "replaced";
    case DP_AUDIT_MISSING:
        return "missing";
    case DP_AUDIT_REORDERED:
        return "reordered";
    default:
        return "intact";
    }
}
