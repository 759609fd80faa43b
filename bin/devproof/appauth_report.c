/* appauth_report.c - what was found out about a TimelockAppAuth, for people and as JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/appauth_print.h"

/* --- the block --- */

static void say_witnesses(const struct report *report, struct json_object *block)
{
    const struct appauth *appauth = report->appauth;
    struct json_object *names = report_array();

    report_print(report, "  %-22s ",
                 appauth->nodes.count > 1 ? "agreed on by" : "said by one node only:");
    for (size_t i = 0; i < appauth->nodes.count; i++) {
        report_print(report, "%s%s", i > 0 ? ", " : "", appauth->nodes.names[i]);
        report_push(names, report_text(appauth->nodes.names[i]));
    }
    report_print(report, "\n");
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
    char text[REPORT_TEXT_SIZE], address[DP_ADDRESS_TEXT_SIZE], hash[REPORT_HASH_SIZE];
    struct json_object *block = report_object();

    dp_address_format(address, report->appauth->address);
    dp_hex0x_encode(hash, agreed->block.hash, DP_KECCAK_LEN);
    report_print(report, "TimelockAppAuth %s on chain %" PRIu64 "\n", address, agreed->chain_id);
    report_print(report, "  %-22s %" PRIu64 " (%s) %s\n", "block", agreed->block.number, tag, hash);
    report_print(report, "  %-22s %s, %" PRId64 " s before this machine's clock%s\n", "its time",
                 report_time(text, agreed->block.time), age, age_note(age));
    if (agreed->lacking != NULL)
        report_print(report, "  %-22s %s has no %s block: %s was taken instead\n", "",
                     agreed->lacking, wanted, tag);
    dp_json_add_text(report->json, "address", address);
    dp_json_add(report->json, "chainId", report_number(agreed->chain_id));
    dp_json_add(block, "number", report_number(agreed->block.number));
    dp_json_add_text(block, "hash", hash);
    dp_json_add(block, "time", report_number(agreed->block.time));
    dp_json_add_int(block, "ageSeconds", age);
    dp_json_add_text(block, "tag", tag);
    dp_json_add_text(block, "wanted", wanted);
    dp_json_add(block, "lacking", agreed->lacking != NULL ? report_text(agreed->lacking) : NULL);
    say_witnesses(report, block);
    dp_json_add(report->json, "block", block);
}

/* --- who decides, and the rules --- */

/* Periods are in the code. */
static const char *period_source(const struct report *report)
{
    return report->state->is_known ? report_proven : report_told;
}

static void say_owner(const struct report *report)
{
    const struct appauth_state *state = report->state;
    const bool renounced = report_is_zero(state->owner, DP_ADDRESS_LEN);
    const char *period = period_source(report);
    char text[REPORT_TEXT_SIZE];

    report_heading(report, "Who decides");
    report_fact_address(report, "owner", "owner", state->owner);
    report_fact_flag(report, "ownerRenounced", "owner has renounced", renounced);
    report_fact_address(report, "pendingOwner", "pending owner", state->pending_owner);
    report_fact_address(report, "guardian", "guardian (may pause)", state->guardian);
    report_heading(report, "Notice and pause");
    report_fact_seconds(report, report_proven, "noticePeriod", "notice", state->notice);
    report_fact_seconds(report, period, "minimumNotice", "never shorter than",
                        state->minimum_notice);
    report_fact_seconds(report, period, "exitWindow", "exit window", state->exit_window);
    report_fact_seconds(report, period, "proposalLifetime", "proposals live",
                        state->proposal_lifetime);
    report_fact_seconds(report, period, "pauseLength", "longest pause", state->pause_length);
    report_fact_flag(report, "paused", "paused", appauth_is_paused(report->appauth, state));
    report_fact(report, report_proven, "pausedUntil", "last pause ends",
                state->paused_until != 0 ? report_number(state->paused_until) : NULL,
                report_time(text, state->paused_until));
}

/* Three facts that are often taken for one: can the code here be replaced, can hashes be added, has
 * the owner gone? */
static void say_rules(const struct report *report)
{
    const struct appauth_state *state = report->state;
    const bool never = state->upgrades_disabled || report_is_zero(state->owner, DP_ADDRESS_LEN);
    char text[REPORT_TEXT_SIZE];

    report_heading(report, "Rules");
    report_fact_flag(report, "upgradesDisabled", "upgrades disabled", state->upgrades_disabled);
    snprintf(text, sizeof(text),
             never ? "none, but for what is proposed already" : "after %" PRIu64 " s of notice",
             state->notice);
    report_fact(report, report_proven, "newCodeAfter", "new code",
                never ? NULL : report_number(state->notice), text);
    report_fact_flag(report, "allowAnyDevice", "any device", state->allow_any_device);
    report_fact_flag(report, "requireTcbUpToDate", "platform up to date",
                     state->require_up_to_date);
}

/* --- can other code take its place? --- */

static void add_reason(const struct report *report, struct json_object *reasons, const char *text)
{
    report_push(reasons, report_text(text));
    report_print(report, "  %-22s          - %s\n", "", text);
}

static void add_slot_reason(const struct report *report, struct json_object *reasons,
                            const char *what, const uint8_t word[static DP_WORD_LEN])
{
    char text[REPORT_TEXT_SIZE], address[DP_ADDRESS_TEXT_SIZE];

    if (report_is_zero(word, DP_WORD_LEN))
        return;
    dp_address_format(address, word + DP_WORD_LEN - DP_ADDRESS_LEN);
    snprintf(text, sizeof(text), "EIP-1967 %s: %s", what, address);
    add_reason(report, reasons, text);
}

bool appauth_is_replaceable(const struct appauth_state *state)
{
    return state->code.delegates || state->code.self_destructs ||
           !report_is_zero(state->implementation, DP_WORD_LEN) ||
           !report_is_zero(state->admin, DP_WORD_LEN) ||
           !report_is_zero(state->beacon, DP_WORD_LEN);
}

static void say_replaceable(const struct report *report)
{
    const struct appauth_state *state = report->state;
    const bool replaceable = appauth_is_replaceable(state);
    struct json_object *reasons = report_array();
    char text[REPORT_TEXT_SIZE], address[DP_ADDRESS_TEXT_SIZE], hash[REPORT_HASH_SIZE];

    report_heading(report, "The contract's own code");
    dp_hex0x_encode(hash, state->account.code_hash, DP_KECCAK_LEN);
    report_fact(report, report_proven, "codeHash", "hash of its code", report_text(hash), hash);
    snprintf(text, sizeof(text), "%zu", state->code_len);
    report_fact(report, report_proven, "codeBytes", "bytes of code", report_number(state->code_len),
                text);
    report_fact_flag(report, "codeKnown", "is TimelockAppAuth's", state->is_known);
    report_fact_flag(report, "upgradeable", "can be replaced", replaceable);
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
        report_print(report, "  What it does beyond its storage is not known.\n");
}

/* --- lists --- */

static void say_hashes(const struct report *report)
{
    const struct appauth_list *list = &report->replay->hashes;
    struct json_object *array = report_array();

    report_heading(report, "Compose hashes ever allowed (proven)");
    for (size_t i = 0; i < list->count; i++) {
        const struct appauth_item *item = &list->items[i];
        struct json_object *entry = report_object();
        char hash[REPORT_HASH_SIZE], since[REPORT_TEXT_SIZE], until[REPORT_TEXT_SIZE];

        dp_hex0x_encode(hash, item->id, DP_WORD_LEN);
        report_print(report, "  %3zu %s since %s%s%s\n", i + 1, hash,
                     report_time(since, item->since), item->until != 0 ? ", removed " : "",
                     item->until != 0 ? report_time(until, item->until) : "");
        dp_json_add(entry, "version", report_number(i + 1));
        dp_json_add_text(entry, "composeHash", hash);
        dp_json_add_bool(entry, "allowed", item->until == 0);
        report_add_time(entry, "activatedAt", item->since);
        report_add_time(entry, "retiredAt", item->until);
        report_push(array, entry);
    }
    report_fact_list(report, "composeHashes", array);
}

static void say_devices(const struct report *report)
{
    const struct appauth_list *list = &report->replay->devices;
    struct json_object *array = report_array();

    if (list->count > 0)
        report_heading(report, "Devices ever allowed (proven)");
    for (size_t i = 0; i < list->count; i++) {
        const struct appauth_item *item = &list->items[i];
        struct json_object *entry = report_object();
        char id[REPORT_HASH_SIZE], since[REPORT_TEXT_SIZE];

        dp_hex0x_encode(id, item->id, DP_WORD_LEN);
        report_print(report, "      %s since %s%s\n", id, report_time(since, item->since),
                     item->until != 0 ? ", removed" : "");
        dp_json_add_text(entry, "deviceId", id);
        dp_json_add_bool(entry, "allowed", item->until == 0);
        report_add_time(entry, "since", item->since);
        report_add_time(entry, "removedAt", item->until);
        report_push(array, entry);
    }
    report_fact_list(report, "devices", array);
}

/* What a change is to, as people read it. */
static const char *value_text(char out[static REPORT_TEXT_SIZE], enum appauth_change change,
                              const uint8_t value[static DP_WORD_LEN])
{
    const uint64_t number = appauth_part(value, 0, 8);

    switch (change) {
    case CHANGE_ANY_DEVICE:
    case CHANGE_UP_TO_DATE:
        snprintf(out, REPORT_TEXT_SIZE, "%s", number != 0 ? "yes" : "no");
        break;
    case CHANGE_GUARDIAN:
    case CHANGE_OWNER:
        dp_address_format(out, value + DP_WORD_LEN - DP_ADDRESS_LEN);
        break;
    case CHANGE_NOTICE:
        snprintf(out, REPORT_TEXT_SIZE, "%" PRIu64 " s", number);
        break;
    case CHANGE_PAUSE:
        return report_time(out, number);
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
    struct json_object *entry = report_object(), *expires = report_object();

    dp_json_add_text(entry, "change", appauth_change_name(proposal->change));
    report_add_hash(entry, "value", proposal->value);
    dp_json_add_text(entry, "status", status_text(proposal));
    report_add_time(entry, "proposedAt", proposal->proposed_at);
    report_add_time(entry, "activatesAt", proposal->due);
    report_add_time(expires, "value", proposal->expires);
    dp_json_add_text(expires, "source", source);
    dp_json_add(entry, "expiresAt", expires);
    return entry;
}

static void say_proposals(const struct report *report)
{
    struct json_object *array = report_array();

    report_heading(report, report->state->is_known
                               ? "Proposals (proven)"
                               : "Proposals (proven; when they expire is told)");
    for (size_t i = 0; i < report->replay->proposals_count; i++) {
        const struct appauth_proposal *proposal = &report->replay->proposals[i];
        char value[REPORT_TEXT_SIZE], times[3][REPORT_TEXT_SIZE];

        if (proposal->status == PROPOSAL_GONE)
            continue;
        report_print(report, "  %-8s %s %s\n           proposed %s, counts from %s, expires %s\n",
                     status_text(proposal), appauth_change_name(proposal->change),
                     value_text(value, proposal->change, proposal->value),
                     report_time(times[0], proposal->proposed_at),
                     report_time(times[1], proposal->due),
                     report_time(times[2], proposal->expires));
        report_push(array, proposal_json(proposal, period_source(report)));
    }
    if (json_object_array_length(array) == 0)
        report_print(report, "  none\n");
    report_fact_list(report, "proposals", array);
}

static void say_history(const struct report *report)
{
    struct json_object *array = report_array();

    report_heading(report, "History (proven, whole)");
    for (size_t i = 0; i < report->history->count; i++) {
        const struct appauth_entry *entry = &report->history->entries[i];
        struct json_object *json = report_object();
        char value[REPORT_HASH_SIZE], actor[DP_ADDRESS_TEXT_SIZE], time[REPORT_TEXT_SIZE];
        char shown[REPORT_TEXT_SIZE];

        dp_hex0x_encode(value, entry->value, DP_WORD_LEN);
        dp_address_format(actor, entry->actor);
        report_print(report, "  %s %-9s %-21s %s by %s\n", report_time(time, entry->time),
                     appauth_action_name(entry->action), appauth_change_name(entry->change),
                     value_text(shown, entry->change, entry->value), actor);
        dp_json_add(json, "time", report_number(entry->time));
        dp_json_add_text(json, "action", appauth_action_name(entry->action));
        dp_json_add_text(json, "change", appauth_change_name(entry->change));
        dp_json_add_text(json, "value", value);
        dp_json_add_text(json, "actor", actor);
        report_push(array, json);
    }
    report_fact_list(report, "history", array);
}

/* --- the hash that was asked about --- */

static void say_answer(const struct report *report, bool allowed, const char *why)
{
    const struct appauth_list *hashes = &report->replay->hashes;
    const size_t at = appauth_find(hashes, report->appauth->hash);
    const bool known = at < hashes->count;
    struct json_object *json = report_object();
    char hash[REPORT_HASH_SIZE];

    dp_hex0x_encode(hash, report->appauth->hash, DP_WORD_LEN);
    report_heading(report, "The compose hash that was asked about");
    report_print(report, "  %s\n  %s (proven)\n", hash, why);
    dp_json_add_text(json, "composeHash", hash);
    dp_json_add_bool(json, "allowed", allowed);
    dp_json_add(json, "version", known ? report_number(at + 1) : NULL);
    report_add_time(json, "since", known ? hashes->items[at].since : 0);
    report_add_time(json, "retiredAt", known ? hashes->items[at].until : 0);
    dp_json_add_text(json, "reason", why);
    dp_json_add_text(json, "source", report_proven);
    dp_json_add(report->json, "asked", json);
}

/* Say that a proposal about the hash that was asked about is pending: "; it is proposed ...". */
static void add_pending(char out[static REPORT_TEXT_SIZE], const struct appauth *appauth,
                        const struct appauth_replay *replay, enum appauth_change change,
                        const char *what)
{
    char time[REPORT_TEXT_SIZE];

    out[0] = '\0';
    for (size_t i = 0; i < replay->proposals_count; i++) {
        const struct appauth_proposal *proposal = &replay->proposals[i];

        if (proposal->change == change && proposal->status >= PROPOSAL_WAITING &&
            memcmp(proposal->value, appauth->hash, DP_WORD_LEN) == 0)
            snprintf(out, REPORT_TEXT_SIZE, "; %s is proposed, from %.40s on", what,
                     report_time(time, proposal->due));
    }
}

bool appauth_allows(char why[static APPAUTH_WHY_SIZE], const struct appauth *appauth,
                    const struct appauth_findings *findings)
{
    const struct appauth_list *hashes = &findings->replay.hashes;
    const size_t at = appauth_find(hashes, appauth->hash);
    const struct appauth_item *item = &hashes->items[at];
    const bool known = at < hashes->count;
    char time[REPORT_TEXT_SIZE], pending[REPORT_TEXT_SIZE];

    add_pending(pending, appauth, &findings->replay, known ? CHANGE_REMOVE_HASH : CHANGE_ADD_HASH,
                known ? "its removal" : "it");
    if (!known) {
        snprintf(why, APPAUTH_WHY_SIZE, "not allowed: it never was%s", pending);
    } else if (item->until != 0) {
        snprintf(why, APPAUTH_WHY_SIZE, "not allowed: it was removed %s",
                 report_time(time, item->until));
    } else if (appauth_is_paused(appauth, &findings->state)) {
        snprintf(why, APPAUTH_WHY_SIZE, "not allowed: paused until %s",
                 report_time(time, findings->state.paused_until));
    } else {
        snprintf(why, APPAUTH_WHY_SIZE, "allowed since %.40s, version %zu%s",
                 report_time(time, item->since), at + 1, pending);
        return true;
    }
    return false;
}

static void say_disagreements(const struct report *report)
{
    struct json_object *list = report->appauth->disagreements;
    const size_t count = json_object_array_length(list);

    if (count > 0)
        report_heading(report, "WHAT DISAGREES");
    for (size_t i = 0; i < count; i++)
        report_print(report, "  %s\n", json_object_get_string(json_object_array_get_idx(list, i)));
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
    return (struct report){is_quiet,         report_object(),    appauth,
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
