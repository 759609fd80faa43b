/* audit_chain.c - devproof audit: what a chain says of who may have the app's keys. */
#include "devproof/audit_chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"
#include "dstack/compose_hash.h"

#define TEXT_SIZE 160

/* --- asking, and hearing it again --- */

void chain_init(struct chain *chain, const struct client *client)
{
    *chain = (struct chain){.notice_min = CHAIN_NOTICE_MIN};
    appauth_init(&chain->appauth);
    chain->appauth.client = *client;
}

void chain_free(struct chain *chain)
{
    appauth_findings_free(&chain->findings);
    for (size_t i = 0; i < chain->appauth.nodes.count; i++)
        dp_tape_free(&chain->tapes[i]);
    json_object_put(chain->kept);
    appauth_free(&chain->appauth);
}

static void look(struct chain *chain, const struct hardware *hardware)
{
    struct appauth *appauth = &chain->appauth;

    appauth->has_hash = hardware->app_compose.data != NULL &&
                        dp_compose_hash(appauth->hash, hardware->app_compose.data,
                                        hardware->app_compose.len) == DP_OK;
    for (size_t i = 0; i < appauth->nodes.count; i++)
        appauth->nodes.list[i].rpc.tape = &chain->tapes[i];
    chain->was_asked = true;
    chain->was_read = appauth_look(appauth, &chain->findings) == EXIT_SUCCESS;
}

static struct json_object *some(struct json_object *made)
{
    if (made == NULL)
        abort();
    return made;
}

static void keep(const struct chain *chain, struct dp_buf *out)
{
    const struct appauth *appauth = &chain->appauth;
    struct json_object *kept = some(json_object_new_object());
    struct json_object *nodes = some(json_object_new_array());
    char address[DP_ADDRESS_TEXT_SIZE];

    dp_address_format(address, appauth->address);
    dp_json_add_text(kept, "address", address);
    dp_json_add_text(kept, "tag", dp_witness_tag_name(appauth->wanted));
    for (size_t i = 0; i < appauth->nodes.count; i++) {
        struct json_object *node = some(json_object_new_object());

        dp_json_add_text(node, "name", appauth->nodes.names[i]);
        dp_json_add(node, "calls", json_object_get(chain->tapes[i].calls));
        if (json_object_array_add(nodes, node) != 0)
            abort();
    }
    dp_json_add(kept, "nodes", nodes);
    dp_json_write(out, kept);
    json_object_put(kept);
}

void chain_ask(struct chain *chain, struct dp_buf *out, const struct facts *facts,
               const struct hardware *hardware)
{
    struct appauth *appauth = &chain->appauth;

    if (appauth->nodes.count == 0 || (!chain->has_address && !facts->known))
        return;
    if (!chain->has_address)
        memcpy(appauth->address, facts->app_id, DP_ADDRESS_LEN);
    for (size_t i = 0; i < appauth->nodes.count; i++)
        chain->tapes[i] = dp_tape_new();
    look(chain, hardware);
    keep(chain, out);
}

static bool open_nodes(struct chain *chain, struct json_object *nodes)
{
    struct appauth *appauth = &chain->appauth;
    const size_t count = dp_json_count(nodes);

    if (!json_object_is_type(nodes, json_type_array) || count == 0 || count > DP_WITNESSES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct json_object *node = json_object_array_get_idx(nodes, i);

        if (!json_object_is_type(node, json_type_object) ||
            dp_tape_open(&chain->tapes[i], json_object_object_get(node, "calls")) != DP_OK)
            return false;
        appauth_add_kept(appauth, client_text(node, "name"));
    }
    return true;
}

static bool open_kept(struct chain *chain)
{
    struct appauth *appauth = &chain->appauth;

    return appauth_take_tag(appauth, client_text(chain->kept, "tag")) &&
           dp_address_parse(appauth->address, client_text(chain->kept, "address")) == DP_OK &&
           open_nodes(chain, json_object_object_get(chain->kept, "nodes"));
}

int chain_replay(struct chain *chain, const struct dp_buf *kept, const struct hardware *hardware)
{
    struct dp_detail detail = {"", ""};

    if (kept->len == 0)
        return -1;
    if (dp_json_parse(&chain->kept, kept->data, kept->len, &detail) != DP_OK)
        return client_fail(&chain->appauth.client, EXIT_FAILURE, "chain.json: %s", detail.text);
    if (!json_object_is_type(chain->kept, json_type_object) || !open_kept(chain))
        return client_fail(&chain->appauth.client, EXIT_FAILURE,
                           "chain.json has not address, tag and nodes with their calls.");
    chain->appauth.now = hardware->at;
    look(chain, hardware);
    return -1;
}

/* --- claims --- */

static const struct {
    const char *id, *title;
} all[] = {
    {"chain.proven", "What the chain says is proven, and independent nodes agree on it"},
    {"appauth.fixed", "The contract that decides who gets the keys cannot be replaced"},
    {"appauth.allowed", "The contract allows this code to have the keys"},
    {"appauth.notice", "New code gets the keys only after a notice"},
    {"appauth.exit", "Code that runs is not taken away before users could leave"},
    {"appauth.history", "Every change that the contract ever made is known"},
};

enum { PROVEN, FIXED, ALLOWED, NOTICE, EXIT, HISTORY, CLAIMS };

/* One of the above. note is NULL where it passes. */
static void add(struct dp_claims *claims, int which, enum dp_verdict verdict, const char *expected,
                const char *found, const char *source, const char *note)
{
    dp_claims_add(claims, &(struct dp_claim){.id = all[which].id,
                                             .title = all[which].title,
                                             .expected = expected,
                                             .found = found,
                                             .source = source,
                                             .note = note,
                                             .verdict = verdict,
                                             .required = true});
}

static void add_judged(struct dp_claims *claims, int which, const char *expected, const char *found,
                       const char *source, const char *fault)
{
    add(claims, which, fault == NULL ? DP_VERDICT_PASS : DP_VERDICT_FAIL, expected, found, source,
        fault);
}

static const char *duration(char out[static TEXT_SIZE], uint64_t seconds)
{
    if (seconds % 86400 == 0)
        snprintf(out, TEXT_SIZE, "%" PRIu64 " d", seconds / 86400);
    else
        snprintf(out, TEXT_SIZE, "%" PRIu64 " s", seconds);
    return out;
}

/* Which block it is stands in the source: it is another one each time, and no change to tell of. */
static void claim_proven(struct dp_claims *claims, const struct chain *chain)
{
    const struct appauth *appauth = &chain->appauth;
    const int64_t age = appauth_age(appauth);
    const char *note = NULL;
    char hash[DP_HEX0X_SIZE(DP_KECCAK_LEN)], found[TEXT_SIZE], source[2 * TEXT_SIZE];
    enum dp_verdict verdict;

    dp_hex0x_encode(hash, appauth->agreed.block.hash, DP_KECCAK_LEN);
    snprintf(found, sizeof(found), "a %s block of chain %" PRIu64 ", nodes that have it: %zu",
             dp_witness_tag_name(appauth->agreed.tag), appauth->agreed.chain_id,
             appauth->nodes.count);
    snprintf(source, sizeof(source), "the nodes that were named: block %" PRIu64 ", %s",
             appauth->agreed.block.number, hash);
    if (age < -APPAUTH_CLOCKS_APART)
        note = "the block is ahead of this machine's clock: one of the two is wrong";
    else if (age > APPAUTH_OLD_BLOCK)
        note = "the block is more than two hours old: what is newer is not seen";
    else if (appauth->agreed.tag != DP_TAG_FINALIZED)
        note = "the block is not final: it can still be replaced by another one";
    verdict = note != NULL ? DP_VERDICT_FAIL : DP_VERDICT_PASS;
    if (note == NULL && appauth->nodes.count < 2) {
        verdict = DP_VERDICT_UNCHECKED;
        note = "one node alone says that this block is the chain's: name more by --rpc";
    }
    add(claims, PROVEN, verdict, "a finalized block, that two nodes or more have", found, source,
        note);
}

static void claim_fixed(struct dp_claims *claims, const struct appauth_state *state)
{
    char hash[DP_HEX0X_SIZE(DP_KECCAK_LEN)];
    const char *note = NULL;

    dp_hex0x_encode(hash, state->account.code_hash, DP_KECCAK_LEN);
    if (appauth_is_replaceable(state))
        note = "other code can take its place, and its rules with it: see devproof appauth show";
    else if (!state->is_known)
        note = "it is not the code that this program knows: what else it does, nobody has read";
    add_judged(claims, FIXED, "the code of TimelockAppAuth", hash,
               "contracts/src/TimelockAppAuth.sol, by the hash that is built in", note);
}

static void claim_allowed(struct dp_claims *claims, const struct chain *chain,
                          const struct facts *facts)
{
    const struct appauth *appauth = &chain->appauth;
    char why[APPAUTH_WHY_SIZE], hash[DP_HEX0X_SIZE(DP_WORD_LEN)];
    const char *note = NULL;

    if (!facts->known || !appauth->has_hash ||
        memcmp(facts->compose_hash, appauth->hash, DP_WORD_LEN) != 0) {
        add(claims, ALLOWED, DP_VERDICT_UNCHECKED, NULL, NULL, NULL,
            "what code runs is not known: no event log that fits the quote measures the definition "
            "that is shown");
        return;
    }
    dp_hex0x_encode(hash, appauth->hash, DP_WORD_LEN);
    if (memcmp(facts->app_id, appauth->address, DP_ADDRESS_LEN) != 0)
        note = "this is not the contract that the KMS asks: that one's address is the app id";
    if (!appauth_allows(why, appauth, &chain->findings) && note == NULL)
        note = "the KMS gives this code no keys";
    add_judged(claims, ALLOWED, hash, why, "compose-hash in the event log", note);
}

/* Nothing new can ever come. */
static bool is_final(const struct appauth_findings *findings)
{
    if (!findings->state.upgrades_disabled)
        return false;
    for (size_t i = 0; i < findings->replay.proposals_count; i++) {
        const struct appauth_proposal *proposal = &findings->replay.proposals[i];

        if (proposal->change == CHANGE_ADD_HASH && proposal->status >= PROPOSAL_WAITING)
            return false;
    }
    return true;
}

static void claim_notice(struct dp_claims *claims, const struct chain *chain)
{
    const struct appauth_state *state = &chain->findings.state;
    char expected[2 * TEXT_SIZE], found[4 * TEXT_SIZE], times[3][TEXT_SIZE];
    const char *note = NULL;

    snprintf(expected, sizeof(expected), "never shorter than %s",
             duration(times[0], chain->notice_min));
    snprintf(found, sizeof(found), "%s now, never shorter than %s%s",
             duration(times[1], state->notice), duration(times[2], state->minimum_notice),
             is_final(&chain->findings) ? "; and no new code at all, for ever" : "");
    if (!state->is_known)
        note = "the code is not known, so that the shortest notice is only told";
    else if (!is_final(&chain->findings) && state->minimum_notice < chain->notice_min)
        note = "the owner can come to a notice as short as that";
    add_judged(claims, NOTICE, expected, found, "what was asked for by --min-notice, or 7 days",
               note);
}

/* A removal waits for the longer of exit window and notice. */
static void claim_exit(struct dp_claims *claims, const struct chain *chain)
{
    const struct appauth_state *state = &chain->findings.state;
    const uint64_t shortest =
        state->exit_window > state->minimum_notice ? state->exit_window : state->minimum_notice;
    char expected[2 * TEXT_SIZE], found[2 * TEXT_SIZE], time[TEXT_SIZE];
    const char *note = NULL;

    snprintf(expected, sizeof(expected), "%s or more", duration(time, chain->notice_min));
    snprintf(found, sizeof(found), "%s", duration(time, shortest));
    if (!state->is_known)
        note = "the code is not known, so that the exit window is only told";
    else if (shortest < chain->notice_min)
        note = "the code that runs can lose its keys sooner than that";
    add_judged(claims, EXIT, expected, found, "what was asked for by --min-notice, or 7 days",
               note);
}

static void claim_history(struct dp_claims *claims, const struct chain *chain)
{
    const struct appauth_findings *findings = &chain->findings;
    struct json_object *list = chain->appauth.disagreements;
    char found[TEXT_SIZE];

    snprintf(found, sizeof(found), "%zu changes, versions of code: %zu, nothing left out",
             findings->history.count, findings->replay.hashes.count);
    if (json_object_array_length(list) == 0)
        add_judged(claims, HISTORY, "entries that hash to the proven digest", found,
                   "the contract's storage", NULL);
    else
        add_judged(claims, HISTORY, "entries that hash to the proven digest",
                   "something that disagrees", "the contract's storage",
                   json_object_get_string(json_object_array_get_idx(list, 0)));
}

/* Asked of the second stage alone. */
static void claim_tcb(struct dp_claims *claims, const struct appauth_state *state)
{
    const bool strict = state->require_up_to_date;

    dp_claims_add(claims,
                  &(struct dp_claim){
                      .id = "appauth.tcb",
                      .title = "The contract gives keys to platforms alone that are up to date",
                      .expected = "yes",
                      .found = strict ? "yes" : "no",
                      .source = "the contract's storage",
                      .note = strict ? NULL : "platforms with known holes get the keys, too",
                      .verdict = strict ? DP_VERDICT_PASS : DP_VERDICT_FAIL,
                  });
}

/* --- what can still be done --- */

static bool is_nobody(const uint8_t address[static DP_ADDRESS_LEN])
{
    static const uint8_t nobody[DP_ADDRESS_LEN];

    return memcmp(address, nobody, DP_ADDRESS_LEN) == 0;
}

static void add_powers(struct dp_claims *claims, const struct chain *chain)
{
    const struct appauth_state *state = &chain->findings.state;
    char who[TEXT_SIZE], limit[2 * TEXT_SIZE], address[DP_ADDRESS_TEXT_SIZE], time[TEXT_SIZE];

    dp_address_format(address, state->owner);
    snprintf(who, sizeof(who), "the contract's owner, %s", address);
    snprintf(limit, sizeof(limit), "it is announced on the chain %s before it counts",
             duration(time, state->notice));
    if (!is_nobody(state->owner) && !is_final(&chain->findings))
        dp_claims_add_power(claims, who, "give the keys to other code", limit);
    if (!is_nobody(state->owner))
        dp_claims_add_power(claims, who, "let code, or a machine, have the keys no more", limit);
    dp_address_format(address, state->guardian);
    snprintf(who, sizeof(who), "the contract's guardian, %s", address);
    snprintf(limit, sizeof(limit), "%s at a time; it adds and changes nothing",
             duration(time, state->pause_length));
    if (!is_nobody(state->guardian))
        dp_claims_add_power(claims, who, "pause it, so that no machine that starts gets keys",
                            limit);
}

static void add_none(struct dp_claims *claims, const char *note)
{
    for (int i = 0; i < CLAIMS; i++)
        add(claims, i, DP_VERDICT_UNCHECKED, NULL, NULL, NULL, note);
}

void audit_chain(struct dp_claims *claims, const struct chain *chain, const struct facts *facts)
{
    if (!chain->was_asked && chain->appauth.nodes.count == 0) {
        add_none(claims, "no node of the chain was named: --rpc URL, several times");
    } else if (!chain->was_asked) {
        add_none(claims, "the contract's address is not known: no event log fits the quote");
    } else if (!chain->was_read) {
        add_none(claims, chain->appauth.fault);
    } else {
        claim_proven(claims, chain);
        claim_fixed(claims, &chain->findings.state);
        claim_allowed(claims, chain, facts);
        claim_notice(claims, chain);
        claim_exit(claims, chain);
        claim_history(claims, chain);
        claim_tcb(claims, &chain->findings.state);
        add_powers(claims, chain);
    }
}

struct json_object *chain_document(const struct chain *chain)
{
    return chain->was_read ? appauth_document(&chain->appauth, &chain->findings) : NULL;
}
