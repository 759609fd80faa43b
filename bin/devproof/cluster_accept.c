/* cluster_accept.c - is what a peer has proven good enough to be let in? */
#include "devproof/cluster_accept.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "devproof/command.h"
#include "ethereum/abi.h"

#define GOOD_US INT64_C(30000000)  /* what is allowed is asked for anew after that */
#define AGAIN_US INT64_C(10000000) /* what is not, or not known */
#define WITHIN_S 10
#define SIGNATURE "allowedComposeHashes(bytes32)"

/* --- this node --- */

static int read_worst(struct cluster_accept *accept)
{
    const char *text = accept->cluster->given[OPTION_TCB];
    enum dp_tcb_status *out = &accept->worst;

    *out = DP_TCB_UP_TO_DATE;
    return text == NULL ||
                   (dp_tcb_status_read(out, (struct dp_slice){text, strlen(text)}) == DP_OK &&
                    *out != DP_TCB_REVOKED)
               ? EXIT_SUCCESS
               : client_fail(&accept->cluster->client, EXIT_USAGE,
                             "--tcb: a status as Intel writes it, such as UpToDate or "
                             "SWHardeningNeeded; not Revoked.");
}

/* Beside the other ids, or in tcb_info, where older agents have it. */
static bool find_hash(uint8_t out[static DP_TUNNEL_COMPOSE_HASH_LEN], struct json_object *info)
{
    struct json_object *const places[] = {info, json_object_object_get(info, "tcb_info")};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct dp_slice text;

        if (dp_json_string(&text, places[i], "compose_hash", NULL) == DP_OK &&
            dp_hex_decode_exact(out, DP_TUNNEL_COMPOSE_HASH_LEN, text.data) == DP_OK)
            return true;
    }
    return false;
}

int cluster_accept_open(struct cluster_accept *accept, struct cluster *cluster,
                        struct dp_guest *guest)
{
    struct json_object *info = NULL;
    int code;

    accept->cluster = cluster;
    accept->count = 0;
    code = read_worst(accept);
    if (code == EXIT_SUCCESS &&
        (dp_guest_info(guest, &info) != DP_OK || !find_hash(accept->compose_hash, info)))
        code =
            client_fail(&cluster->client, EXIT_FAILURE, "the guest agent names no compose hash.");
    json_object_put(info);
    return code;
}

/* --- the contract --- */

static enum dp_err ask(struct cluster *cluster, bool *out, const struct cluster_answer *about,
                       struct dp_detail *detail)
{
    struct dp_buf answer = DP_BUF_INIT(DP_WORD_LEN);
    uint8_t data[DP_KECCAK_LEN + DP_WORD_LEN];
    const struct dp_node_message message = {
        .to = about->app_id, .data = data, .data_len = DP_ABI_SELECTOR_LEN + DP_WORD_LEN};
    struct dp_agreed agreed;
    enum dp_err err;

    dp_keccak256(data, SIGNATURE, strlen(SIGNATURE));
    memcpy(data + DP_ABI_SELECTOR_LEN, about->compose_hash, DP_WORD_LEN);
    dp_witnesses_start(&cluster->nodes, WITHIN_S);
    err = dp_witness_agree(&agreed, cluster->nodes.list, cluster->nodes.count, cluster->wanted,
                           detail);
    if (err == DP_OK)
        err = dp_witness_call(&answer, cluster->nodes.list, cluster->nodes.count, &agreed, &message,
                              detail);
    /* Where there is no contract, or another kind of it, nothing is allowed. */
    *out = err == DP_OK && answer.len == DP_WORD_LEN && answer.data[DP_WORD_LEN - 1] == 1;
    dp_buf_free(&answer);
    return err;
}

/* The one that was asked for longest ago makes room. */
static struct cluster_answer *take_room(struct cluster_accept *accept)
{
    struct cluster_answer *oldest = &accept->answers[0];

    if (accept->count < CLUSTER_ACCEPT_ANSWERS)
        return &accept->answers[accept->count++];
    for (size_t i = 1; i < accept->count; i++) {
        if (accept->answers[i].asked_us < oldest->asked_us)
            oldest = &accept->answers[i];
    }
    return oldest;
}

static struct cluster_answer *find_answer(struct cluster_accept *accept, const uint8_t *app_id,
                                          const uint8_t *hash)
{
    struct cluster_answer *out;

    for (size_t i = 0; i < accept->count; i++) {
        out = &accept->answers[i];
        if (memcmp(out->app_id, app_id, DP_ADDRESS_LEN) == 0 &&
            memcmp(out->compose_hash, hash, DP_TUNNEL_COMPOSE_HASH_LEN) == 0)
            return out;
    }
    out = take_room(accept);
    *out = (struct cluster_answer){.asked_us = INT64_MIN};
    memcpy(out->app_id, app_id, DP_ADDRESS_LEN);
    memcpy(out->compose_hash, hash, DP_TUNNEL_COMPOSE_HASH_LEN);
    return out;
}

static void refresh(struct cluster_accept *accept, struct cluster_answer *answer,
                    struct dp_detail *detail)
{
    const int64_t now = dp_clock_mono_us();
    bool is_allowed;

    if (answer->asked_us != INT64_MIN &&
        now - answer->asked_us < (answer->is_allowed ? GOOD_US : AGAIN_US))
        return;
    answer->asked_us = now;
    if (ask(accept->cluster, &is_allowed, answer, detail) != DP_OK)
        return;
    answer->is_known = true;
    answer->is_allowed = is_allowed;
}

static bool contract_allows(struct cluster_accept *accept, const struct dp_peer *peer,
                            const uint8_t *hash, struct dp_detail *detail)
{
    struct cluster_answer *answer = find_answer(accept, peer->app_id, hash);
    char text[2 * DP_TUNNEL_COMPOSE_HASH_LEN + 1];
    struct dp_detail why = {"", ""};

    refresh(accept, answer, &why);
    if (answer->is_known && answer->is_allowed)
        return true;
    dp_hex_encode(text, hash, DP_TUNNEL_COMPOSE_HASH_LEN);
    if (!answer->is_known)
        dp_fail(detail, DP_ERPC, "compose_hash", "It is not known whether %s is allowed: %.160s",
                text, why.text[0] != '\0' ? why.text : "no node answers.");
    else
        dp_fail(detail, DP_EFORBIDDEN, "compose_hash",
                "It runs %s, which is not what this node runs, nor does the app's contract allow "
                "it.",
                text);
    return false;
}

bool cluster_accept(struct cluster_accept *accept, const struct dp_peer *peer,
                    const struct dp_tunnel_proven *proven, struct dp_detail *detail)
{
    if (proven->status > accept->worst) {
        dp_fail(detail, DP_EFORBIDDEN, "tcb", "Its platform is %s; --tcb takes none worse than %s.",
                dp_tcb_status_name(proven->status), dp_tcb_status_name(accept->worst));
        return false;
    }
    return memcmp(proven->compose_hash, accept->compose_hash, DP_TUNNEL_COMPOSE_HASH_LEN) == 0 ||
           contract_allows(accept, peer, proven->compose_hash, detail);
}
