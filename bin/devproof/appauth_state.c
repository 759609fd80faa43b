/* appauth_state.c - the storage of a TimelockAppAuth, proven, and what it answers to calls. */
/*
 * The slots are those that contracts/src/TimelockAppAuth.sol states; tests/contracts holds them
 * against the compiler's layout.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devproof/appauth.h"
#include "devproof/command.h"
#include "ethereum/abi.h"

#define ANSWER_MAX (1024 * 1024)
#define ARGUMENTS_MAX 2

enum slot {
    SLOT_FLAGS,
    SLOT_TCB,
    SLOT_DIGEST,
    SLOT_HISTORY,
    SLOT_VERSIONS,
    SLOT_OWNER,
    SLOT_PENDING_OWNER,
    SLOT_PAUSED_SECONDS,
    SLOT_IMPLEMENTATION,
    SLOT_ADMIN,
    SLOT_BEACON,
    SLOT_COUNT
};

static const uint8_t numbered[] = {
    [SLOT_FLAGS] = 1,    [SLOT_TCB] = 3,   [SLOT_DIGEST] = 4,        [SLOT_HISTORY] = 5,
    [SLOT_VERSIONS] = 6, [SLOT_OWNER] = 8, [SLOT_PENDING_OWNER] = 9, [SLOT_PAUSED_SECONDS] = 10};

uint64_t appauth_part(const uint8_t word[static DP_WORD_LEN], size_t from, size_t len)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++)
        value = value << 8 | word[DP_WORD_LEN - from - len + i];
    return value;
}

void appauth_map(uint8_t slot[static DP_WORD_LEN], unsigned mapping,
                 const uint8_t key[static DP_WORD_LEN])
{
    uint8_t bytes[2 * DP_WORD_LEN] = {0};

    memcpy(bytes, key, DP_WORD_LEN);
    bytes[2 * DP_WORD_LEN - 1] = (uint8_t)mapping;
    dp_keccak256(slot, bytes, sizeof(bytes));
}

/* One below the hash of a name (EIP-1967). No such hash ends in a zero byte. */
static void named_slot(uint8_t slot[static DP_WORD_LEN], const char *name)
{
    dp_keccak256(slot, name, strlen(name));
    slot[DP_WORD_LEN - 1]--;
}

static void make_slots(uint8_t (*slots)[DP_WORD_LEN])
{
    memset(slots, 0, SLOT_COUNT * sizeof(slots[0]));
    for (size_t i = 0; i < sizeof(numbered); i++)
        slots[i][DP_WORD_LEN - 1] = numbered[i];
    named_slot(slots[SLOT_IMPLEMENTATION], "eip1967.proxy.implementation");
    named_slot(slots[SLOT_ADMIN], "eip1967.proxy.admin");
    named_slot(slots[SLOT_BEACON], "eip1967.proxy.beacon");
}

/* The 20 bytes of a word from this one up. */
static void take_address(uint8_t *out, const uint8_t *word, size_t from)
{
    memcpy(out, word + DP_WORD_LEN - from - DP_ADDRESS_LEN, DP_ADDRESS_LEN);
}

static void unpack(struct appauth_state *state, uint8_t (*words)[DP_WORD_LEN])
{
    state->upgrades_disabled = appauth_part(words[SLOT_FLAGS], 0, 1) != 0;
    state->allow_any_device = appauth_part(words[SLOT_FLAGS], 1, 1) != 0;
    state->paused_until = appauth_part(words[SLOT_FLAGS], 2, 8);
    take_address(state->guardian, words[SLOT_FLAGS], 10);
    state->require_up_to_date = appauth_part(words[SLOT_TCB], 0, 1) != 0;
    memcpy(state->history_digest, words[SLOT_DIGEST], DP_KECCAK_LEN);
    state->history_count = appauth_part(words[SLOT_HISTORY], 0, 8);
    state->versions_count = appauth_part(words[SLOT_VERSIONS], 0, 8);
    take_address(state->owner, words[SLOT_OWNER], 0);
    take_address(state->pending_owner, words[SLOT_PENDING_OWNER], 0);
    state->notice = appauth_part(words[SLOT_PENDING_OWNER], 20, 8);
    state->paused_seconds = appauth_part(words[SLOT_PAUSED_SECONDS], 0, 8);
    memcpy(state->implementation, words[SLOT_IMPLEMENTATION], DP_WORD_LEN);
    memcpy(state->admin, words[SLOT_ADMIN], DP_WORD_LEN);
    memcpy(state->beacon, words[SLOT_BEACON], DP_WORD_LEN);
}

static int prove(struct appauth *appauth, struct appauth_state *state)
{
    uint8_t slots[SLOT_COUNT][DP_WORD_LEN], words[SLOT_COUNT][DP_WORD_LEN];
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    make_slots(slots);
    err = dp_witness_prove(&state->account, words, appauth->nodes.list, appauth->nodes.count,
                           &appauth->agreed, appauth->address, (const uint8_t(*)[DP_WORD_LEN])slots,
                           SLOT_COUNT, &detail);
    if (err != DP_OK)
        return appauth_failed(appauth, &detail, err);
    unpack(state, words);
    return EXIT_SUCCESS;
}

static int read_code(struct appauth *appauth, struct appauth_state *state)
{
    struct dp_buf code = DP_BUF_INIT(DP_WITNESS_CODE_MAX);
    struct dp_detail detail = {"", ""};
    enum dp_err err = dp_witness_code(&code, appauth->nodes.list, appauth->nodes.count,
                                      &appauth->agreed, appauth->address, &state->account, &detail);
    int result = err == DP_OK ? EXIT_SUCCESS : appauth_failed(appauth, &detail, err);

    if (err == DP_OK && code.len == 0)
        result = appauth_fail(
            appauth, "there is no contract at this address in block %" PRIu64 " (%s)%s",
            appauth->agreed.block.number, dp_witness_tag_name(appauth->agreed.tag),
            appauth->agreed.tag == DP_TAG_LATEST ? "."
                                                 : "; for the newest block say --block latest.");
    state->code_len = code.len;
    state->code = dp_code_look((const uint8_t *)code.data, code.len);
    appauth_know_code(state, (const uint8_t *)code.data, code.len);
    dp_buf_free(&code);
    return result;
}

/* --- calls --- */

int appauth_call(struct appauth *appauth, struct dp_buf *out, const char *signature,
                 const uint8_t (*words)[DP_WORD_LEN], size_t count)
{
    uint8_t data[DP_KECCAK_LEN + ARGUMENTS_MAX * DP_WORD_LEN];
    struct dp_node_message message = {.to = appauth->address,
                                      .data = data,
                                      .data_len = DP_ABI_SELECTOR_LEN + count * DP_WORD_LEN};
    struct dp_detail detail = {"", ""};
    enum dp_err err;

    *out = DP_BUF_INIT(ANSWER_MAX);
    dp_keccak256(data, signature, strlen(signature));
    if (count > 0)
        memcpy(data + DP_ABI_SELECTOR_LEN, words, count * DP_WORD_LEN);
    err = dp_witness_call(out, appauth->nodes.list, appauth->nodes.count, &appauth->agreed,
                          &message, &detail);
    if (err == DP_ERPC)
        return appauth_fail(appauth, "%s: %s refused: %s Is this a TimelockAppAuth?", detail.field,
                            signature, detail.text);
    return err == DP_OK ? EXIT_SUCCESS : appauth_failed(appauth, &detail, err);
}

static int call_word(struct appauth *appauth, uint8_t word[static DP_WORD_LEN],
                     const char *signature)
{
    struct dp_buf answer;
    int result = appauth_call(appauth, &answer, signature, NULL, 0);

    if (result == EXIT_SUCCESS && answer.len != DP_WORD_LEN)
        result = appauth_fail(appauth,
                              "%s answers %zu bytes to %s, not a word. Is this a TimelockAppAuth?",
                              appauth->nodes.names[0], answer.len, signature);
    if (result == EXIT_SUCCESS)
        memcpy(word, answer.data, DP_WORD_LEN);
    dp_buf_free(&answer);
    return result;
}

static void number_word(uint8_t word[static DP_WORD_LEN], uint64_t value)
{
    const uint64_t bytes = htobe64(value);

    memset(word, 0, DP_WORD_LEN);
    memcpy(word + DP_WORD_LEN - sizeof(bytes), &bytes, sizeof(bytes));
}

static int compare_word(struct appauth *appauth, const char *signature,
                        const uint8_t proven[static DP_WORD_LEN])
{
    uint8_t told[DP_WORD_LEN];
    int result = call_word(appauth, told, signature);

    if (result == EXIT_SUCCESS && memcmp(told, proven, sizeof(told)) != 0)
        appauth_disagree(appauth,
                         "%s: %s answers another thing than the storage is proven to have.",
                         appauth->nodes.names[0], signature);
    return result;
}

static int compare_number(struct appauth *appauth, const char *signature, uint64_t proven)
{
    uint8_t word[DP_WORD_LEN];

    number_word(word, proven);
    return compare_word(appauth, signature, word);
}

static int compare_address(struct appauth *appauth, const char *signature,
                           const uint8_t proven[static DP_ADDRESS_LEN])
{
    uint8_t word[DP_WORD_LEN] = {0};

    memcpy(word + DP_WORD_LEN - DP_ADDRESS_LEN, proven, DP_ADDRESS_LEN);
    return compare_word(appauth, signature, word);
}

/* A contract of another layout would answer otherwise. */
static int compare_answers(struct appauth *appauth, const struct appauth_state *state)
{
    const struct {
        const char *signature;
        uint64_t proven;
    } numbers[] = {
        {"noticePeriod()", state->notice},
        {"pausedSeconds()", state->paused_seconds},
        {"pausedUntil()", state->paused_until},
        {"upgradesDisabled()", state->upgrades_disabled},
        {"allowAnyDevice()", state->allow_any_device},
        {"requireTcbUpToDate()", state->require_up_to_date},
        {"historyLength()", state->history_count},
        {"latestVersion()", state->versions_count},
    };
    int result = compare_word(appauth, "historyDigest()", state->history_digest);

    for (size_t i = 0; result == EXIT_SUCCESS && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        result = compare_number(appauth, numbers[i].signature, numbers[i].proven);
    if (result == EXIT_SUCCESS)
        result = compare_address(appauth, "owner()", state->owner);
    if (result == EXIT_SUCCESS)
        result = compare_address(appauth, "pendingOwner()", state->pending_owner);
    if (result == EXIT_SUCCESS)
        result = compare_address(appauth, "guardian()", state->guardian);
    return result;
}

/* Immutables are in the code: where it is not known, only the contract knows them. */
static int compare_periods(struct appauth *appauth, struct appauth_state *state)
{
    const struct {
        const char *signature;
        uint64_t *out;
    } periods[] = {
        {"minimumNotice()", &state->minimum_notice},
        {"exitWindow()", &state->exit_window},
        {"proposalLifetime()", &state->proposal_lifetime},
        {"pauseLength()", &state->pause_length},
    };
    int result = EXIT_SUCCESS;

    for (size_t i = 0; result == EXIT_SUCCESS && i < sizeof(periods) / sizeof(periods[0]); i++) {
        uint8_t word[DP_WORD_LEN];

        if (state->is_known) {
            result = compare_number(appauth, periods[i].signature, *periods[i].out);
            continue;
        }
        result = call_word(appauth, word, periods[i].signature);
        if (result == EXIT_SUCCESS && dp_integer_read(periods[i].out, word) != DP_OK)
            result = appauth_fail(appauth, "%s: %s answers no time.", appauth->nodes.names[0],
                                  periods[i].signature);
    }
    return result;
}

int appauth_read_state(struct appauth *appauth, struct appauth_state *state)
{
    int result = prove(appauth, state);

    if (result == EXIT_SUCCESS)
        result = read_code(appauth, state);
    if (result == EXIT_SUCCESS)
        result = compare_answers(appauth, state);
    return result == EXIT_SUCCESS ? compare_periods(appauth, state) : result;
}

bool appauth_is_paused(const struct appauth *appauth, const struct appauth_state *state)
{
    return appauth->agreed.block.time < state->paused_until;
}
