/* appauth_history.c - the whole history of a TimelockAppAuth, as its proven digest has it. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "devproof/appauth.h"

#define PAGE 256      /* entries that are asked for at once */
#define ENTRY_WORDS 5 /* time, action, change, actor, value */
#define ENTRY_LEN (ENTRY_WORDS * DP_WORD_LEN)
#define HEAD_LEN (2 * DP_WORD_LEN) /* of an array that is returned: its offset, its length */

static const char *const actions[ACTION_COUNT] = {"Proposed", "Cancelled", "Done"};
static const char *const changes[CHANGE_COUNT] = {
    "AddComposeHash", "RemoveComposeHash", "AddDevice",
    "RemoveDevice",   "SetAllowAnyDevice", "SetRequireTcbUpToDate",
    "SetGuardian",    "SetNotice",         "DisableUpgrades",
    "Pause",          "Unpause",           "SetOwner"};

const char *appauth_action_name(enum appauth_action action)
{
    return actions[action];
}

const char *appauth_change_name(enum appauth_change change)
{
    return changes[change];
}

static bool read_number(uint64_t *out, const uint8_t *word, uint64_t limit)
{
    return dp_integer_read(out, word) == DP_OK && *out < limit;
}

static bool read_entry(struct appauth_entry *entry, const uint8_t *bytes)
{
    uint64_t action, change;

    if (!read_number(&entry->time, bytes, UINT64_MAX) ||
        !read_number(&action, bytes + DP_WORD_LEN, ACTION_COUNT) ||
        !read_number(&change, bytes + 2 * DP_WORD_LEN, CHANGE_COUNT))
        return false;
    entry->action = (enum appauth_action)action;
    entry->change = (enum appauth_change)change;
    memcpy(entry->actor, bytes + 4 * DP_WORD_LEN - DP_ADDRESS_LEN, DP_ADDRESS_LEN);
    memcpy(entry->value, bytes + 4 * DP_WORD_LEN, DP_WORD_LEN);
    return true;
}

/* As the contract's _record does: the digest before, and the words of the entry. */
static void add_to_digest(uint8_t digest[static DP_KECCAK_LEN], const uint8_t *bytes)
{
    struct dp_keccak keccak;

    dp_keccak_init(&keccak);
    dp_keccak_add(&keccak, digest, DP_KECCAK_LEN);
    dp_keccak_add(&keccak, bytes, ENTRY_LEN);
    dp_keccak_final(&keccak, digest);
}

static bool take_page(struct appauth_history *history, uint8_t digest[static DP_KECCAK_LEN],
                      const struct dp_buf *answer, size_t want)
{
    const uint8_t *bytes = (const uint8_t *)answer->data;
    uint64_t offset, count;

    if (answer->len != HEAD_LEN + want * ENTRY_LEN || !read_number(&offset, bytes, UINT64_MAX) ||
        offset != DP_WORD_LEN || !read_number(&count, bytes + DP_WORD_LEN, UINT64_MAX) ||
        count != want)
        return false;
    for (size_t i = 0; i < want; i++) {
        const uint8_t *entry = bytes + HEAD_LEN + i * ENTRY_LEN;

        if (!read_entry(&history->entries[history->count++], entry))
            return false;
        add_to_digest(digest, entry);
    }
    return true;
}

static int read_page(struct appauth *appauth, struct appauth_history *history,
                     uint8_t digest[static DP_KECCAK_LEN], size_t want)
{
    const uint64_t from = htobe64(history->count), count = htobe64(want);
    uint8_t words[2][DP_WORD_LEN] = {{0}};
    struct dp_buf answer;
    int result;

    memcpy(words[0] + DP_WORD_LEN - sizeof(from), &from, sizeof(from));
    memcpy(words[1] + DP_WORD_LEN - sizeof(count), &count, sizeof(count));
    result = appauth_call(appauth, &answer, "history(uint256,uint256)",
                          (const uint8_t(*)[DP_WORD_LEN])words, 2);
    if (result == EXIT_SUCCESS && !take_page(history, digest, &answer, want))
        result = appauth_fail(appauth, "%s: what it sends is no page of a history.",
                              appauth->nodes.names[0]);
    dp_buf_free(&answer);
    return result;
}

int appauth_read_history(struct appauth *appauth, struct appauth_history *history,
                         const struct appauth_state *state)
{
    uint8_t digest[DP_KECCAK_LEN] = {0};
    int result = EXIT_SUCCESS;

    *history = (struct appauth_history){NULL, 0};
    if (state->history_count > APPAUTH_HISTORY_MAX)
        return appauth_fail(appauth, "the history has more than %d entries.", APPAUTH_HISTORY_MAX);
    history->entries = calloc(state->history_count + 1, sizeof(*history->entries));
    if (history->entries == NULL)
        abort();
    while (result == EXIT_SUCCESS && history->count < state->history_count) {
        size_t left = state->history_count - history->count;

        result = read_page(appauth, history, digest, left < PAGE ? left : PAGE);
    }
    if (result == EXIT_SUCCESS && memcmp(digest, state->history_digest, sizeof(digest)) != 0)
        result = appauth_fail(appauth,
                              "%s: the history that it sends is not the one of the proven digest.",
                              appauth->nodes.names[0]);
    return result;
}

void appauth_history_free(struct appauth_history *history)
{
    free(history->entries);
}
