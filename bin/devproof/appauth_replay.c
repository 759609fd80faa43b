/* appauth_replay.c - what follows from the history of a TimelockAppAuth, held against its storage.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "devproof/appauth.h"

/* --- making all changes anew --- */

size_t appauth_find(const struct appauth_list *list, const uint8_t id[static DP_WORD_LEN])
{
    size_t i = 0;

    while (i < list->count && memcmp(list->items[i].id, id, DP_WORD_LEN) != 0)
        i++;
    return i;
}

/* An item that is allowed again after it was removed, as a device can be, begins anew. */
static void allow(struct appauth_list *list, const struct appauth_entry *entry)
{
    struct appauth_item *item = &list->items[appauth_find(list, entry->value)];

    if (item == &list->items[list->count])
        list->count++;
    *item = (struct appauth_item){.since = entry->time};
    memcpy(item->id, entry->value, DP_WORD_LEN);
}

static void disallow(struct appauth_list *list, const struct appauth_entry *entry)
{
    size_t i = appauth_find(list, entry->value);

    if (i < list->count)
        list->items[i].until = entry->time;
}

/* A pause adds its whole length; what is left of one that is ended early goes again. */
static void pause(struct appauth_replay *replay, const struct appauth_entry *entry)
{
    replay->paused_until = appauth_part(entry->value, 0, 8);
    replay->paused_seconds += replay->paused_until - entry->time;
}

static void unpause(struct appauth_replay *replay, const struct appauth_entry *entry)
{
    replay->paused_seconds -= replay->paused_until - entry->time;
    replay->paused_until = entry->time;
}

static void make(struct appauth_replay *replay, const struct appauth_entry *entry)
{
    const uint8_t *address = entry->value + DP_WORD_LEN - DP_ADDRESS_LEN;
    const uint64_t number = appauth_part(entry->value, 0, 8);

    switch (entry->change) {
    case CHANGE_ADD_HASH:
        allow(&replay->hashes, entry);
        break;
    case CHANGE_REMOVE_HASH:
        disallow(&replay->hashes, entry);
        break;
    case CHANGE_ADD_DEVICE:
        allow(&replay->devices, entry);
        break;
    case CHANGE_REMOVE_DEVICE:
        disallow(&replay->devices, entry);
        break;
    case CHANGE_ANY_DEVICE:
        replay->allow_any_device = number != 0;
        break;
    case CHANGE_UP_TO_DATE:
        replay->require_up_to_date = number != 0;
        break;
    case CHANGE_GUARDIAN:
        memcpy(replay->guardian, address, DP_ADDRESS_LEN);
        break;
    case CHANGE_NOTICE:
        replay->notice = number;
        break;
    case CHANGE_DISABLE_UPGRADES:
        replay->upgrades_disabled = true;
        break;
    case CHANGE_PAUSE:
        pause(replay, entry);
        break;
    case CHANGE_UNPAUSE:
        unpause(replay, entry);
        break;
    default:
        memcpy(replay->owner, address, DP_ADDRESS_LEN);
    }
}

static void propose(struct appauth_replay *replay, const struct appauth_entry *entry)
{
    struct appauth_proposal *proposal = replay->proposals;

    for (size_t i = 0; i < replay->proposals_count; i++, proposal++) {
        if (proposal->change == entry->change &&
            memcmp(proposal->value, entry->value, DP_WORD_LEN) == 0)
            return;
    }
    proposal->change = entry->change;
    memcpy(proposal->value, entry->value, DP_WORD_LEN);
    replay->proposals_count++;
}

static void *make_array(size_t count, size_t size)
{
    void *array = calloc(count + 1, size);

    if (array == NULL)
        abort();
    return array;
}

static void replay_all(struct appauth_replay *replay, const struct appauth_history *history)
{
    *replay = (struct appauth_replay){
        .hashes.items = make_array(history->count, sizeof(struct appauth_item)),
        .devices.items = make_array(history->count, sizeof(struct appauth_item)),
        .proposals = make_array(history->count, sizeof(struct appauth_proposal)),
    };
    for (size_t i = 0; i < history->count; i++) {
        const struct appauth_entry *entry = &history->entries[i];

        if (entry->action == ACTION_DONE)
            make(replay, entry);
        else if (entry->action == ACTION_PROPOSED)
            propose(replay, entry);
    }
}

void appauth_replay_free(struct appauth_replay *replay)
{
    free(replay->hashes.items);
    free(replay->devices.items);
    free(replay->proposals);
}

/* --- against the storage --- */

static void compare(struct appauth *appauth, bool same, const char *what)
{
    if (!same)
        appauth_disagree(appauth, "the history gives another %s than the storage has.", what);
}

static void compare_values(struct appauth *appauth, const struct appauth_replay *replay,
                           const struct appauth_state *state)
{
    compare(appauth, memcmp(replay->owner, state->owner, DP_ADDRESS_LEN) == 0, "owner");
    compare(appauth, memcmp(replay->guardian, state->guardian, DP_ADDRESS_LEN) == 0, "guardian");
    compare(appauth, replay->notice == state->notice, "notice period");
    compare(appauth, replay->paused_until == state->paused_until, "end of the last pause");
    compare(appauth, replay->paused_seconds == state->paused_seconds, "length of all pauses");
    compare(appauth, replay->upgrades_disabled == state->upgrades_disabled, "end of upgrades");
    compare(appauth, replay->allow_any_device == state->allow_any_device, "rule for devices");
    compare(appauth, replay->require_up_to_date == state->require_up_to_date,
            "rule for the platform's status");
    compare(appauth, replay->hashes.count == state->versions_count, "number of versions");
}

/* The key of a proposal in its mapping: keccak256(abi.encode(change, value)). */
static void proposal_slot(uint8_t slot[static DP_WORD_LEN], const struct appauth_proposal *proposal)
{
    uint8_t bytes[2 * DP_WORD_LEN] = {0}, id[DP_WORD_LEN];

    bytes[DP_WORD_LEN - 1] = (uint8_t)proposal->change;
    memcpy(bytes + DP_WORD_LEN, proposal->value, DP_WORD_LEN);
    dp_keccak256(id, bytes, sizeof(bytes));
    appauth_map(slot, APPAUTH_PROPOSALS, id);
}

/* What is looked up: two words a hash (is it allowed, its version), one a device, one a proposal,
 * and two for a hash that is asked about and may be in no list. */
static size_t count_slots(const struct appauth_replay *replay)
{
    return 2 * replay->hashes.count + replay->devices.count + replay->proposals_count + 2;
}

static void make_slots(uint8_t (*slots)[DP_WORD_LEN], const struct appauth *appauth,
                       const struct appauth_replay *replay)
{
    for (size_t i = 0; i < replay->hashes.count; i++) {
        appauth_map(*slots++, APPAUTH_ALLOWED_HASHES, replay->hashes.items[i].id);
        appauth_map(*slots++, APPAUTH_VERSIONS, replay->hashes.items[i].id);
    }
    for (size_t i = 0; i < replay->devices.count; i++)
        appauth_map(*slots++, APPAUTH_ALLOWED_DEVICES, replay->devices.items[i].id);
    for (size_t i = 0; i < replay->proposals_count; i++)
        proposal_slot(*slots++, &replay->proposals[i]);
    appauth_map(*slots++, APPAUTH_ALLOWED_HASHES, appauth->hash);
    appauth_map(*slots, APPAUTH_VERSIONS, appauth->hash);
}

/* Is the word what a mapping to bool has for an item that is, or is not, allowed? */
static bool is_flag(const uint8_t word[static DP_WORD_LEN], bool flag)
{
    uint64_t value;

    return dp_integer_read(&value, word) == DP_OK && value == (flag ? 1 : 0);
}

static void compare_item(struct appauth *appauth, bool same, const char *kind,
                         const uint8_t id[static DP_WORD_LEN])
{
    char text[DP_HEX0X_SIZE(DP_WORD_LEN)];

    dp_hex0x_encode(text, id, DP_WORD_LEN);
    if (!same)
        appauth_disagree(appauth, "the history says another thing of %s %s than the storage.", kind,
                         text);
}

/* By the rules of the contract: _dueAt and _isLive. A removal's own delay is never shorter than the
 * exit window, and a pause does not stop its clock. */
static void judge(struct appauth_proposal *proposal, const uint8_t word[static DP_WORD_LEN],
                  const struct appauth *appauth, const struct appauth_state *state)
{
    const uint64_t now = appauth->agreed.block.time, paused_before = appauth_part(word, 8, 8);
    uint64_t delay = appauth_part(word, 16, 8);

    proposal->proposed_at = appauth_part(word, 0, 8);
    if (proposal->proposed_at == 0)
        return;
    delay = delay > state->notice ? delay : state->notice;
    proposal->due = proposal->proposed_at + delay;
    if (proposal->change != CHANGE_REMOVE_HASH)
        proposal->due += state->paused_seconds - paused_before;
    proposal->expires = proposal->due + state->proposal_lifetime;
    if (proposal->change == CHANGE_ADD_HASH && state->upgrades_disabled)
        proposal->status = PROPOSAL_VOID;
    else if (now >= proposal->expires)
        proposal->status = PROPOSAL_EXPIRED;
    else
        proposal->status = now < proposal->due ? PROPOSAL_WAITING : PROPOSAL_DUE;
}

static void compare_words(struct appauth *appauth, struct appauth_replay *replay,
                          const struct appauth_state *state, uint8_t (*words)[DP_WORD_LEN])
{
    const struct appauth_list *hashes = &replay->hashes, *devices = &replay->devices;
    size_t asked;

    for (size_t i = 0; i < hashes->count; i++, words += 2) {
        bool same =
            is_flag(words[0], hashes->items[i].until == 0) && appauth_part(words[1], 0, 8) == i + 1;

        compare_item(appauth, same, "compose hash", hashes->items[i].id);
    }
    for (size_t i = 0; i < devices->count; i++)
        compare_item(appauth, is_flag(*words++, devices->items[i].until == 0), "device",
                     devices->items[i].id);
    for (size_t i = 0; i < replay->proposals_count; i++)
        judge(&replay->proposals[i], *words++, appauth, state);
    asked = appauth_find(hashes, appauth->hash);
    if (appauth->has_hash && asked == hashes->count)
        compare_item(appauth, is_flag(words[0], false) && appauth_part(words[1], 0, 8) == 0,
                     "compose hash", appauth->hash);
}

static int prove(struct appauth *appauth, struct appauth_replay *replay,
                 const struct appauth_state *state)
{
    const size_t count = count_slots(replay);
    uint8_t(*slots)[DP_WORD_LEN] = make_array(count, DP_WORD_LEN);
    uint8_t(*words)[DP_WORD_LEN] = make_array(count, DP_WORD_LEN);
    struct dp_detail detail = {"", ""};
    struct dp_proof_account account;
    enum dp_err err;

    make_slots(slots, appauth, replay);
    err = dp_witness_prove(&account, words, appauth->nodes.list, appauth->nodes.count,
                           &appauth->agreed, appauth->address, (const uint8_t(*)[DP_WORD_LEN])slots,
                           count, &detail);
    if (err == DP_OK)
        compare_words(appauth, replay, state, words);
    free(slots);
    free(words);
    return err == DP_OK ? EXIT_SUCCESS : appauth_failed(appauth, &detail, err);
}

int appauth_read_replay(struct appauth *appauth, struct appauth_replay *replay,
                        const struct appauth_history *history, const struct appauth_state *state)
{
    replay_all(replay, history);
    compare_values(appauth, replay, state);
    return prove(appauth, replay, state);
}
