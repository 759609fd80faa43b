/* appauth_report.c - what was found out about a TimelockAppAuth, for people and as JSON. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/appauth.h"

#define TEXT_SIZE 160
#define YEAR_10000 253402300800 /* Unix seconds */
#define HASH_TEXT_SIZE DP_HEX0X_SIZE(DP_WORD_LEN)

static const char proven[] = "proven", told[] = "told";

struct report {
    bool is_quiet; /* else each line is printed as it comes */
    struct json_object *json;
    const struct appauth *appauth;
    const struct appauth_state *state;
    const struct appauth_history *history;
    const struct appauth_replay *replay;
};

/* --- values --- */

static const char *time_text(char out[static TEXT_SIZE], uint64_t seconds)
{
    if (seconds == 0)
        snprintf(out, TEXT_SIZE, "never");
    else if (seconds >= YEAR_10000)
        snprintf(out, TEXT_SIZE, "%" PRIu64, seconds);
    else
        dp_clock_format(out, (int64_t)seconds * 1000);
    return out;
}

static struct json_object *number_json(uint64_t number)
{
    struct json_object *made = json_object_new_uint64(number);

    if (made == NULL)
        abort();
    return made;
}

static struct json_object *text_json(const char *text)
{
    struct json_object *made = json_object_new_string(text);

    if (made == NULL)
        abort();
    return made;
}

static struct json_object *new_object(void)
{
    struct json_object *made = json_object_new_object();

    if (made == NULL)
        abort();
    return made;
}

static struct json_object *new_array(void)
{
    struct json_object *made = json_object_new_array();

    if (made == NULL)
        abort();
    return made;
}

static void push(struct json_object *array, struct json_object *value)
{
    if (json_object_array_add(array, value) != 0)
        abort();
}

/* 0, as a time that has not come, is null. */
static void add_time(struct json_object *object, const char *name, uint64_t seconds)
{
    dp_json_add(object, name, seconds != 0 ? number_json(seconds) : NULL);
}

static void add_hash(struct json_object *object, const char *name, const uint8_t *hash)
{
    char text[HASH_TEXT_SIZE];

    dp_hex0x_encode(text, hash, DP_WORD_LEN);
    dp_json_add_text(object, name, text);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

/* --- lines --- */

static void heading(const struct report *report, const char *text)
{
    if (!report->is_quiet)
        printf("\n%s\n", text);
}

static void print(const struct report *report, const char *fmt, ...) DP_PRINTF(2, 3);

static void print(const struct report *report, const char *fmt, ...)
{
    va_list args;

    if (report->is_quiet)
        return;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
}

/* One value, which is taken over: a line, and a member {value, source}. */
static void fact(const struct report *report, const char *source, const char *name,
                 const char *label, struct json_object *value, const char *text)
{
    struct json_object *member = new_object();

    print(report, "  %-22s %-8s %s\n", label, source, text);
    dp_json_add(member, "value", value);
    dp_json_add_text(member, "source", source);
    dp_json_add(report->json, name, member);
}

static void fact_flag(const struct report *report, const char *name, const char *label, bool value)
{
    struct json_object *json = json_object_new_boolean(value);

    if (json == NULL)
        abort();
    fact(report, proven, name, label, json, value ? "yes" : "no");
}

static void fact_seconds(const struct report *report, const char *source, const char *name,
                         const char *label, uint64_t seconds)
{
    char text[TEXT_SIZE];

    snprintf(text, sizeof(text), "%" PRIu64 " s (%" PRIu64 "d %02" PRIu64 "h %02" PRIu64 "m)",
             seconds, seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    fact(report, source, name, label, number_json(seconds), text);
}

static void fact_address(const struct report *report, const char *name, const char *label,
                         const uint8_t address[static DP_ADDRESS_LEN])
{
    char text[DP_ADDRESS_TEXT_SIZE];

    dp_address_format(text, address);
    fact(report, proven, name, label, text_json(text),
         is_zero(address, DP_ADDRESS_LEN) ? "nobody" : text);
}

/* A list, which is taken over. */
static void fact_list(const struct report *report, const char *name, struct json_object *list)
{
    struct json_object *member = new_object();

    dp_json_add(member, "value", list);
    dp_json_add_text(member, "source", proven);
    dp_json_add(report->json, name, member);
}

/* --- the block --- */

static void say_witnesses(const struct report *report, struct json_object *block)
{
    const struct appauth *appauth = report->appauth;
    struct json_object *names = new_array();

    print(report, "  %-22s ", appauth->count > 1 ? "agreed on by" : "said by one node only:");
    for (size_t i = 0; i < appauth->count; i++) {
        print(report, "%s%s", i > 0 ? ", " : "", appauth->names[i]);
        push(names, text_json(appauth->names[i]));
    }
    print(report, "\n");
    dp_json_add(block, "witnesses", names);
}

/* Nodes can hold newer blocks back, and this machine's clock can be wrong. */
static const char *age_note(int64_t age)
{
    if (age < -APPAUTH_CLOCKS_APART)
        return ": one of the two is wrong";
    return age > APPAUTH_OLD_BLOCK ? ": AN OLD BLOCK, what is newer is not seen" : "";
}

static void say_block(const struct report *report)
{
    const struct dp_agreed *agreed = &report->appauth->agreed;
    const int64_t age = appauth_age(report->appauth);
    const char *tag = dp_witness_tag_name(agreed->tag);
    const char *wanted = dp_witness_tag_name(report->appauth->wanted);
    char text[TEXT_SIZE], address[DP_ADDRESS_TEXT_SIZE], hash[HASH_TEXT_SIZE];
    struct json_object *block = new_object();

    dp_address_format(address, report->appauth->address);
    dp_hex0x_encode(hash, agreed->block.hash, DP_KECCAK_LEN);
    print(report, "TimelockAppAuth %s on chain %" PRIu64 "\n", address, agreed->chain_id);
    print(report, "  %-22s %" PRIu64 " (%s) %s\n", "block", agreed->block.number, tag, hash);
    print(report, "  %-22s %s, %" PRId64 " s before this machine's clock%s\n", "its time",
          time_text(text, agreed->block.time), age, age_note(age));
    if (agreed->lacking != NULL)
        print(report, "  %-22s %s has no %s block: %s was taken instead\n", "", agreed->lacking,
              wanted, tag);
    dp_json_add_text(report->json, "address", address);
    dp_json_add(report->json, "chainId", number_json(agreed->chain_id));
    dp_json_add(block, "number", number_json(agreed->block.number));
    dp_json_add_text(block, "hash", hash);
    dp_json_add(block, "time", number_json(agreed->block.time));
    dp_json_add_int(block, "ageSeconds", age);
    dp_json_add_text(block, "tag", tag);
    dp_json_add_text(block, "wanted", wanted);
    dp_json_add(block, "lacking", agreed->lacking != NULL ? text_json(agreed->lacking) : NULL);
    say_witnesses(report, block);
    dp_json_add(report->json, "block", block);
}

/* --- who decides, and the rules --- */

/* Periods are in the code. */
static const char *period_source(const struct report *report)
{
    return report->state->is_known ? proven : told;
}

static void say_owner(const struct report *report)
{
    const struct appauth_state *state = report->state;
    const bool renounced = is_zero(state->owner, DP_ADDRESS_LEN);
    const char *period = period_source(report);
    char text[TEXT_SIZE];

    heading(report, "Who decides");
    fact_address(report, "owner", "owner", state->owner);
    fact_flag(report, "ownerRenounced", "owner has renounced", renounced);
    fact_address(report, "pendingOwner", "pending owner", state->pending_owner);
    fact_address(report, "guardian", "guardian (may pause)", state->guardian);
    heading(report, "Notice and pause");
    fact_seconds(report, proven, "noticePeriod", "notice", state->notice);
    fact_seconds(report, period, "minimumNotice", "never shorter than", state->minimum_notice);
    fact_seconds(report, period, "exitWindow", "exit window", state->exit_window);
    fact_seconds(report, period, "proposalLifetime", "proposals live", state->proposal_lifetime);
    fact_seconds(report, period, "pauseLength", "longest pause", state->pause_length);
    fact_flag(report, "paused", "paused", appauth_is_paused(report->appauth, state));
    fact(report, proven, "pausedUntil", "last pause ends",
         state->paused_until != 0 ? number_json(state->paused_until) : NULL,
         time_text(text, state->paused_until));
}

/* Three facts that are often taken for one: can the code here be replaced, can hashes be added, has
 * the owner gone? */
static void say_rules(const struct report *report)
{
    const struct appauth_state *state = report->state;
    const bool never = state->upgrades_disabled || is_zero(state->owner, DP_ADDRESS_LEN);
    char text[TEXT_SIZE];

    heading(report, "Rules");
    fact_flag(report, "upgradesDisabled", "upgrades disabled", state->upgrades_disabled);
    snprintf(text, sizeof(text),
             never ? "none, but for what is proposed already" : "after %" PRIu64 " s of notice",
             state->notice);
    fact(report, proven, "newCodeAfter", "new code", never ? NULL : number_json(state->notice),
         text);
    fact_flag(report, "allowAnyDevice", "any device", state->allow_any_device);
    fact_flag(report, "requireTcbUpToDate", "platform up to date", state->require_up_to_date);
}

/* --- can other code take its place? --- */

static void add_reason(const struct report *report, struct json_object *reasons, const char *text)
{
    push(reasons, text_json(text));
    print(report, "  %-22s          - %s\n", "", text);
}

static void add_slot_reason(const struct report *report, struct json_object *reasons,
                            const char *what, const uint8_t word[static DP_WORD_LEN])
{
    char text[TEXT_SIZE], address[DP_ADDRESS_TEXT_SIZE];

    if (is_zero(word, DP_WORD_LEN))
        return;
    dp_address_format(address, word + DP_WORD_LEN - DP_ADDRESS_LEN);
    snprintf(text, sizeof(text), "EIP-1967 %s: %s", what, address);
    add_reason(report, reasons, text);
}

bool appauth_is_replaceable(const struct appauth_state *state)
{
    return state->code.delegates || state->code.self_destructs ||
           !is_zero(state->implementation, DP_WORD_LEN) || !is_zero(state->admin, DP_WORD_LEN) ||
           !is_zero(state->beacon, DP_WORD_LEN);
}

static void say_replaceable(const struct report *report)
{
    const struct appauth_state *state = report->state;
    const bool replaceable = appauth_is_replaceable(state);
    struct json_object *reasons = new_array();
    char text[TEXT_SIZE], address[DP_ADDRESS_TEXT_SIZE], hash[HASH_TEXT_SIZE];

    heading(report, "The contract's own code");
    dp_hex0x_encode(hash, state->account.code_hash, DP_KECCAK_LEN);
    fact(report, proven, "codeHash", "hash of its code", text_json(hash), hash);
    snprintf(text, sizeof(text), "%zu", state->code_len);
    fact(report, proven, "codeBytes", "bytes of code", number_json(state->code_len), text);
    fact_flag(report, "codeKnown", "is TimelockAppAuth's", state->is_known);
    fact_flag(report, "upgradeable", "can be replaced", replaceable);
    add_slot_reason(report, reasons, "implementation", state->implementation);
    add_slot_reason(report, reasons, "admin", state->admin);
    add_slot_reason(report, reasons, "beacon", state->beacon);
    if (state->code.has_target) {
        dp_address_format(address, state->code.target);
        snprintf(text, sizeof(text), "it hands all calls to the code at %s", address);
        add_reason(report, reasons, text);
    } else if (state->code.delegates) {
        add_reason(report, reasons, "its code can hand over to other code (DELEGATECALL)");
    }
    if (state->code.self_destructs)
        add_reason(report, reasons, "its code can end itself (SELFDESTRUCT)");
    dp_json_add(report->json, "upgradeableReasons", reasons);
    if (!state->is_known)
        print(report, "  What it does beyond its storage is not known.\n");
}

/* --- lists --- */

static void say_hashes(const struct report *report)
{
    const struct appauth_list *list = &report->replay->hashes;
    struct json_object *array = new_array();

    heading(report, "Compose hashes ever allowed (proven)");
    for (size_t i = 0; i < list->count; i++) {
        const struct appauth_item *item = &list->items[i];
        struct json_object *entry = new_object();
        char hash[HASH_TEXT_SIZE], since[TEXT_SIZE], until[TEXT_SIZE];

        dp_hex0x_encode(hash, item->id, DP_WORD_LEN);
        print(report, "  %3zu %s since %s%s%s\n", i + 1, hash, time_text(since, item->since),
              item->until != 0 ? ", removed " : "",
              item->until != 0 ? time_text(until, item->until) : "");
        dp_json_add(entry, "version", number_json(i + 1));
        dp_json_add_text(entry, "composeHash", hash);
        dp_json_add_bool(entry, "allowed", item->until == 0);
        add_time(entry, "activatedAt", item->since);
        add_time(entry, "retiredAt", item->until);
        push(array, entry);
    }
    fact_list(report, "composeHashes", array);
}

static void say_devices(const struct report *report)
{
    const struct appauth_list *list = &report->replay->devices;
    struct json_object *array = new_array();

    if (list->count > 0)
        heading(report, "Devices ever allowed (proven)");
    for (size_t i = 0; i < list->count; i++) {
        const struct appauth_item *item = &list->items[i];
        struct json_object *entry = new_object();
        char id[HASH_TEXT_SIZE], since[TEXT_SIZE];

        dp_hex0x_encode(id, item->id, DP_WORD_LEN);
        print(report, "      %s since %s%s\n", id, time_text(since, item->since),
              item->until != 0 ? ", removed" : "");
        dp_json_add_text(entry, "deviceId", id);
        dp_json_add_bool(entry, "allowed", item->until == 0);
        add_time(entry, "since", item->since);
        add_time(entry, "removedAt", item->until);
        push(array, entry);
    }
    fact_list(report, "devices", array);
}

/* What a change is to, as people read it. */
static const char *value_text(char out[static TEXT_SIZE], enum appauth_change change,
                              const uint8_t value[static DP_WORD_LEN])
{
    const uint64_t number = appauth_part(value, 0, 8);

    switch (change) {
    case CHANGE_ANY_DEVICE:
    case CHANGE_UP_TO_DATE:
        snprintf(out, TEXT_SIZE, "%s", number != 0 ? "yes" : "no");
        break;
    case CHANGE_GUARDIAN:
    case CHANGE_OWNER:
        dp_address_format(out, value + DP_WORD_LEN - DP_ADDRESS_LEN);
        break;
    case CHANGE_NOTICE:
        snprintf(out, TEXT_SIZE, "%" PRIu64 " s", number);
        break;
    case CHANGE_PAUSE:
        return time_text(out, number);
    case CHANGE_DISABLE_UPGRADES:
    case CHANGE_UNPAUSE:
        out[0] = '\0';
        break;
    default:
        dp_hex0x_encode(out, value, DP_WORD_LEN);
    }
    return out;
}

static const char *status_text(const struct appauth_proposal *proposal)
{
    switch (proposal->status) {
    case PROPOSAL_VOID:
        return "void";
    case PROPOSAL_EXPIRED:
        return "expired";
    case PROPOSAL_WAITING:
        return "waiting";
    default:
        return "due";
    }
}

static struct json_object *proposal_json(const struct appauth_proposal *proposal,
                                         const char *source)
{
    struct json_object *entry = new_object(), *expires = new_object();

    dp_json_add_text(entry, "change", appauth_change_name(proposal->change));
    add_hash(entry, "value", proposal->value);
    dp_json_add_text(entry, "status", status_text(proposal));
    add_time(entry, "proposedAt", proposal->proposed_at);
    add_time(entry, "activatesAt", proposal->due);
    add_time(expires, "value", proposal->expires);
    dp_json_add_text(expires, "source", source);
    dp_json_add(entry, "expiresAt", expires);
    return entry;
}

static void say_proposals(const struct report *report)
{
    struct json_object *array = new_array();

    heading(report, report->state->is_known ? "Proposals (proven)"
                                            : "Proposals (proven; when they expire is told)");
    for (size_t i = 0; i < report->replay->proposals_count; i++) {
        const struct appauth_proposal *proposal = &report->replay->proposals[i];
        char value[TEXT_SIZE], times[3][TEXT_SIZE];

        if (proposal->status == PROPOSAL_GONE)
            continue;
        print(report, "  %-8s %s %s\n           proposed %s, counts from %s, expires %s\n",
              status_text(proposal), appauth_change_name(proposal->change),
              value_text(value, proposal->change, proposal->value),
              time_text(times[0], proposal->proposed_at), time_text(times[1], proposal->due),
              time_text(times[2], proposal->expires));
        push(array, proposal_json(proposal, period_source(report)));
    }
    if (json_object_array_length(array) == 0)
        print(report, "  none\n");
    fact_list(report, "proposals", array);
}

static void say_history(const struct report *report)
{
    struct json_object *array = new_array();

    heading(report, "History (proven, whole)");
    for (size_t i = 0; i < report->history->count; i++) {
        const struct appauth_entry *entry = &report->history->entries[i];
        struct json_object *json = new_object();
        char value[HASH_TEXT_SIZE], actor[DP_ADDRESS_TEXT_SIZE], time[TEXT_SIZE];
        char shown[TEXT_SIZE];

        dp_hex0x_encode(value, entry->value, DP_WORD_LEN);
        dp_address_format(actor, entry->actor);
        print(report, "  %s %-9s %-21s %s by %s\n", time_text(time, entry->time),
              appauth_action_name(entry->action), appauth_change_name(entry->change),
              value_text(shown, entry->change, entry->value), actor);
        dp_json_add(json, "time", number_json(entry->time));
        dp_json_add_text(json, "action", appauth_action_name(entry->action));
        dp_json_add_text(json, "change", appauth_change_name(entry->change));
        dp_json_add_text(json, "value", value);
        dp_json_add_text(json, "actor", actor);
        push(array, json);
    }
    fact_list(report, "history", array);
}

/* --- the hash that was asked about --- */

static void say_answer(const struct report *report, bool allowed, const char *why)
{
    const struct appauth_list *hashes = &report->replay->hashes;
    const size_t at = appauth_find(hashes, report->appauth->hash);
    const bool known = at < hashes->count;
    struct json_object *json = new_object();
    char hash[HASH_TEXT_SIZE];

    dp_hex0x_encode(hash, report->appauth->hash, DP_WORD_LEN);
    heading(report, "The compose hash that was asked about");
    print(report, "  %s\n  %s (proven)\n", hash, why);
    dp_json_add_text(json, "composeHash", hash);
    dp_json_add_bool(json, "allowed", allowed);
    dp_json_add(json, "version", known ? number_json(at + 1) : NULL);
    add_time(json, "since", known ? hashes->items[at].since : 0);
    add_time(json, "retiredAt", known ? hashes->items[at].until : 0);
    dp_json_add_text(json, "reason", why);
    dp_json_add_text(json, "source", proven);
    dp_json_add(report->json, "asked", json);
}

/* Say that a proposal about the hash that was asked about is pending: "; it is proposed ...". */
static void add_pending(char out[static TEXT_SIZE], const struct appauth *appauth,
                        const struct appauth_replay *replay, enum appauth_change change,
                        const char *what)
{
    char time[TEXT_SIZE];

    out[0] = '\0';
    for (size_t i = 0; i < replay->proposals_count; i++) {
        const struct appauth_proposal *proposal = &replay->proposals[i];

        if (proposal->change == change && proposal->status >= PROPOSAL_WAITING &&
            memcmp(proposal->value, appauth->hash, DP_WORD_LEN) == 0)
            snprintf(out, TEXT_SIZE, "; %s is proposed, from %.40s on", what,
                     time_text(time, proposal->due));
    }
}

bool appauth_allows(char why[static APPAUTH_WHY_SIZE], const struct appauth *appauth,
                    const struct appauth_findings *findings)
{
    const struct appauth_list *hashes = &findings->replay.hashes;
    const size_t at = appauth_find(hashes, appauth->hash);
    const struct appauth_item *item = &hashes->items[at];
    const bool known = at < hashes->count;
    char time[TEXT_SIZE], pending[TEXT_SIZE];

    add_pending(pending, appauth, &findings->replay, known ? CHANGE_REMOVE_HASH : CHANGE_ADD_HASH,
                known ? "its removal" : "it");
    if (!known) {
        snprintf(why, APPAUTH_WHY_SIZE, "not allowed: it never was%s", pending);
    } else if (item->until != 0) {
        snprintf(why, APPAUTH_WHY_SIZE, "not allowed: it was removed %s",
                 time_text(time, item->until));
    } else if (appauth_is_paused(appauth, &findings->state)) {
        snprintf(why, APPAUTH_WHY_SIZE, "not allowed: paused until %s",
                 time_text(time, findings->state.paused_until));
    } else {
        snprintf(why, APPAUTH_WHY_SIZE, "allowed since %.40s, version %zu%s",
                 time_text(time, item->since), at + 1, pending);
        return true;
    }
    return false;
}

static void say_disagreements(const struct report *report)
{
    struct json_object *list = report->appauth->disagreements;
    const size_t count = json_object_array_length(list);

    if (count > 0)
        heading(report, "WHAT DISAGREES");
    for (size_t i = 0; i < count; i++)
        print(report, "  %s\n", json_object_get_string(json_object_array_get_idx(list, i)));
    dp_json_add(report->json, "disagreements", json_object_get(list));
}

/* Returns: is the compose hash, if one was given, allowed? */
static bool say_all(const struct report *report, const struct appauth_findings *findings)
{
    char why[APPAUTH_WHY_SIZE];
    bool allowed = true;

    say_block(report);
    say_owner(report);
    say_rules(report);
    say_replaceable(report);
    say_hashes(report);
    say_devices(report);
    say_proposals(report);
    say_history(report);
    if (report->appauth->has_hash) {
        allowed = appauth_allows(why, report->appauth, findings);
        say_answer(report, allowed, why);
    }
    say_disagreements(report);
    return allowed;
}

static struct report report_of(const struct appauth *appauth,
                               const struct appauth_findings *findings, bool is_quiet)
{
    return (struct report){is_quiet,         new_object(),       appauth,
                           &findings->state, &findings->history, &findings->replay};
}

struct json_object *appauth_document(const struct appauth *appauth,
                                     const struct appauth_findings *findings)
{
    const struct report report = report_of(appauth, findings, true);

    say_all(&report, findings);
    return report.json;
}

bool appauth_report(const struct appauth *appauth, const struct appauth_findings *findings)
{
    const struct report report = report_of(appauth, findings, appauth->client.json);
    const bool allowed = say_all(&report, findings);

    if (report.is_quiet)
        puts(json_object_to_json_string_ext(report.json, JSON_C_TO_STRING_PLAIN |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(report.json);
    return allowed;
}
