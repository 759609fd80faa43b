/* join.c - enter this node into a cluster: find its seat, sign, send, see it in a block. */
#include "cluster/join.h"

#include <inttypes.h>
#include <string.h>

#include "cluster/refusal.h"
#include "cluster/words.h"
#include "ethereum/abi.h"
#include "ethereum/sender.h"

#define PEER_MAX 1024 /* bytes of one peer, encoded */

/* --- what the contract says --- */

/* A view of one word or none. */
static enum dp_err call_view(const struct dp_join *join, const struct dp_agreed *agreed,
                             struct dp_buf *answer, const char *signature,
                             const struct dp_words *words, struct dp_detail *detail)
{
    uint8_t data[DP_KECCAK_LEN + DP_WORD_LEN];
    const size_t len = words->count * DP_WORD_LEN;
    struct dp_node_message message = {
        .to = join->contract, .data = data, .data_len = DP_ABI_SELECTOR_LEN + len};

    dp_keccak256(data, signature, strlen(signature));
    memcpy(data + DP_ABI_SELECTOR_LEN, words->bytes, len);
    return dp_witness_call(answer, join->witnesses, join->count, agreed, &message, detail);
}

/* The same for one that answers one word. */
static enum dp_err ask(const struct dp_join *join, const struct dp_agreed *agreed,
                       uint8_t out[static DP_WORD_LEN], const char *signature,
                       const struct dp_words *words, struct dp_detail *detail)
{
    struct dp_buf answer = DP_BUF_INIT(DP_WORD_LEN);
    enum dp_err err = call_view(join, agreed, &answer, signature, words, detail);

    if (err == DP_OK && answer.len != DP_WORD_LEN)
        err =
            dp_fail(detail, DP_EFORMAT, join->witnesses[0].name,
                    "%s answers %zu bytes, not a word. Is this a cluster?", signature, answer.len);
    if (err == DP_OK)
        memcpy(out, answer.data, DP_WORD_LEN);
    dp_buf_free(&answer);
    return err;
}

static enum dp_err ask_number(const struct dp_join *join, const struct dp_agreed *agreed,
                              uint64_t *out, const char *signature, const struct dp_words *words,
                              struct dp_detail *detail)
{
    uint8_t word[DP_WORD_LEN];
    enum dp_err err = ask(join, agreed, word, signature, words, detail);

    *out = 0;
    return err == DP_OK ? dp_integer_read(out, word) : err;
}

static struct dp_words own_instance(const struct dp_join *join)
{
    struct dp_words words = {.count = 0};

    dp_words_add_address(&words, join->instance_id);
    return words;
}

/* --- the seat --- */

static enum dp_err names_this(const struct dp_join *join, const struct dp_agreed *agreed,
                              uint64_t token, bool *out, struct dp_detail *detail)
{
    const struct dp_words want = own_instance(join);
    struct dp_words words = {.count = 0};
    uint8_t word[DP_WORD_LEN];
    enum dp_err err;

    dp_words_add_number(&words, token);
    err = ask(join, agreed, word, "instanceOf(uint256)", &words, detail);
    *out = err == DP_OK && memcmp(word, want.bytes, DP_WORD_LEN) == 0;
    return err;
}

/* The newest tokens first, until as many are found as there are. */
static enum dp_err look_through(const struct dp_join *join, const struct dp_agreed *agreed,
                                uint64_t *out, struct dp_detail *detail)
{
    const struct dp_words none = {.count = 0};
    uint64_t last;
    enum dp_err err = ask_number(join, agreed, &last, "lastTokenId()", &none, detail);

    for (uint64_t i = 0; err == DP_OK && i < last && i < DP_JOIN_TOKENS_MAX; i++) {
        bool found;

        err = names_this(join, agreed, last - i, &found, detail);
        if (found) {
            *out = last - i;
            return DP_OK;
        }
    }
    return err == DP_OK ? dp_fail(detail, DP_ENOTFOUND, NULL,
                                  "the token that names this instance is not among the newest "
                                  "%d; say which it is.",
                                  DP_JOIN_TOKENS_MAX)
                        : err;
}

/* Anybody's token may name this instance; it is for the operator to say which is his. */
static enum dp_err find_token(const struct dp_join *join, const struct dp_agreed *agreed,
                              uint64_t *out, struct dp_detail *detail)
{
    const struct dp_words words = own_instance(join);
    uint64_t seats = 0;
    enum dp_err err = DP_OK;

    *out = join->token_id;
    if (*out == 0)
        err = ask_number(join, agreed, out, "instanceToTokenId(address)", &words, detail);
    if (err != DP_OK || *out != 0)
        return err;
    err = ask_number(join, agreed, &seats, "seatsOf(address)", &words, detail);
    if (err != DP_OK)
        return err;
    if (seats == 0)
        return dp_fail(detail, DP_ENOTFOUND, NULL,
                       "no token of the cluster names this instance: its holder has to.");
    if (seats > 1)
        return dp_fail(detail, DP_EDUPLICATE, NULL,
                       "%" PRIu64 " tokens name this instance; say which one is its own.", seats);
    return look_through(join, agreed, out, detail);
}

/* --- what it has of this node --- */

static bool is_wanted(const struct dp_join *join, const struct dp_peer *peer)
{
    return peer->network == join->network && strcmp(peer->endpoint, join->endpoint) == 0 &&
           memcmp(peer->wireguard_key, join->wireguard_key, sizeof(peer->wireguard_key)) == 0 &&
           memcmp(peer->app_id, join->app_id, sizeof(peer->app_id)) == 0 &&
           (join->token_id == 0 || join->token_id == peer->token_id);
}

static enum dp_err look_at_peer(const struct dp_join *join, const struct dp_agreed *agreed,
                                struct dp_join_seen *out, struct dp_detail *detail)
{
    struct dp_buf answer = DP_BUF_INIT(PEER_MAX);
    struct dp_words words = {.count = 0};
    enum dp_err err;

    dp_words_add_number(&words, out->token_id);
    err = call_view(join, agreed, &answer, "peerOf(uint256)", &words, detail);
    if (err == DP_OK && dp_peer_decode(&out->peer, &answer) != DP_OK)
        err = dp_fail(detail, DP_EFORMAT, join->witnesses[0].name,
                      "gives a peer that no cluster can have.");
    out->is_wanted = err == DP_OK && is_wanted(join, &out->peer);
    dp_buf_free(&answer);
    return err;
}

enum dp_err dp_join_look(const struct dp_join *join, struct dp_join_seen *out,
                         struct dp_detail *detail)
{
    const struct dp_words words = own_instance(join), none = {.count = 0};
    struct dp_agreed agreed;
    enum dp_err err =
        dp_witness_agree(&agreed, join->witnesses, join->count, DP_TAG_LATEST, detail);

    *out = (struct dp_join_seen){.token_id = 0};
    if (err == DP_OK)
        err = ask_number(join, &agreed, &out->lease_s, "leaseDuration()", &none, detail);
    if (err == DP_OK)
        err =
            ask_number(join, &agreed, &out->token_id, "instanceToTokenId(address)", &words, detail);
    if (err != DP_OK)
        return err;
    out->block_time = agreed.block.time;
    return out->token_id != 0 ? look_at_peer(join, &agreed, out, detail) : DP_OK;
}

/* --- vouchers --- */

static enum dp_err prepare(const struct dp_join *join, struct dp_agreed *agreed, uint64_t *nonce,
                           struct dp_detail *detail)
{
    const struct dp_words words = own_instance(join);
    enum dp_err err = dp_witness_agree(agreed, join->witnesses, join->count, DP_TAG_LATEST, detail);

    *nonce = 0;
    return err == DP_OK ? ask_number(join, agreed, nonce, "nonces(address)", &words, detail) : err;
}

static void start_call(struct dp_join_call *out, const struct dp_agreed *agreed)
{
    out->chain_id = agreed->chain_id;
    out->deadline = agreed->block.time + DP_JOIN_VALID_S;
}

static enum dp_err sign(const struct dp_join *join, struct dp_cluster_signature *out,
                        const uint8_t digest[static DP_KECCAK_LEN])
{
    return dp_cluster_key_sign(join->guest, out, DP_CLUSTER_KEY_VOUCHER, join->instance_id, digest);
}

static struct dp_voucher voucher_of(const struct dp_join *join, uint64_t token, uint64_t nonce,
                                    uint64_t deadline)
{
    struct dp_voucher voucher = {
        .token_id = token, .network = join->network, .nonce = nonce, .deadline = deadline};

    memcpy(voucher.app_id, join->app_id, DP_ADDRESS_LEN);
    memcpy(voucher.instance_id, join->instance_id, DP_ADDRESS_LEN);
    memcpy(voucher.endpoint, join->endpoint, sizeof(voucher.endpoint));
    memcpy(voucher.wireguard_key, join->wireguard_key, DP_WORD_LEN);
    return voucher;
}

enum dp_err dp_join_voucher(const struct dp_join *join, struct dp_join_call *out,
                            struct dp_detail *detail)
{
    struct dp_cluster_signature by;
    struct dp_voucher voucher;
    struct dp_agreed agreed;
    uint8_t digest[DP_KECCAK_LEN];
    uint64_t nonce;
    enum dp_err err;

    *out = (struct dp_join_call){.data = DP_BUF_INIT(DP_VOUCHER_CALL_MAX)};
    err = prepare(join, &agreed, &nonce, detail);
    if (err == DP_OK)
        err = find_token(join, &agreed, &out->token_id, detail);
    if (err != DP_OK)
        return err;
    start_call(out, &agreed);
    voucher = voucher_of(join, out->token_id, nonce, out->deadline);
    dp_voucher_digest(digest, &voucher, out->chain_id, join->contract);
    err = sign(join, &by, digest);
    return err == DP_OK ? dp_voucher_call(&out->data, &voucher, &by, detail) : err;
}

enum dp_err dp_join_renewal(const struct dp_join *join, struct dp_join_call *out,
                            struct dp_detail *detail)
{
    const struct dp_words words = own_instance(join);
    struct dp_renewal renewal = {.token_id = 0};
    struct dp_cluster_signature by;
    struct dp_agreed agreed;
    uint8_t digest[DP_KECCAK_LEN];
    enum dp_err err;

    *out = (struct dp_join_call){.data = DP_BUF_INIT(DP_VOUCHER_CALL_MAX)};
    err = prepare(join, &agreed, &renewal.nonce, detail);
    if (err == DP_OK)
        err = ask_number(join, &agreed, &renewal.token_id, "instanceToTokenId(address)", &words,
                         detail);
    if (err == DP_OK && renewal.token_id == 0)
        err = dp_fail(detail, DP_ENOTFOUND, NULL, "this node is no peer, so it has no lease.");
    if (err != DP_OK)
        return err;
    start_call(out, &agreed);
    out->token_id = renewal.token_id;
    renewal.deadline = out->deadline;
    memcpy(renewal.instance_id, join->instance_id, DP_ADDRESS_LEN);
    dp_renewal_digest(digest, &renewal, out->chain_id, join->contract);
    err = sign(join, &by, digest);
    return err == DP_OK ? dp_renewal_call(&out->data, &renewal, &by, detail) : err;
}

/* --- sending --- */

enum dp_err dp_join_judge(const struct dp_node_receipt *receipt, struct dp_detail *detail)
{
    return receipt->succeeded
               ? DP_OK
               : dp_fail(detail, DP_EFORBIDDEN, NULL,
                         "the contract refused the transaction in block %" PRIu64 ".",
                         receipt->block);
}

enum dp_err dp_join_account(const struct dp_join *join, uint8_t out[static DP_ADDRESS_LEN])
{
    struct dp_cluster_signature by;
    enum dp_err err =
        dp_cluster_key_sign(join->guest, &by, DP_CLUSTER_KEY_GAS, join->instance_id, NULL);

    memset(out, 0, DP_ADDRESS_LEN);
    if (err == DP_OK)
        dp_address_of_public(out, by.public_key);
    return err;
}

static enum dp_err sign_transaction(void *arg, uint8_t sig[static DP_SECP_SIG_LEN],
                                    const uint8_t digest[static DP_KECCAK_LEN])
{
    const struct dp_join *join = arg;
    struct dp_cluster_signature by;
    enum dp_err err =
        dp_cluster_key_sign(join->guest, &by, DP_CLUSTER_KEY_GAS, join->instance_id, digest);

    memcpy(sig, by.signature, DP_SECP_SIG_LEN);
    return err;
}

enum dp_err dp_join_send(const struct dp_join *join, const struct dp_join_call *call,
                         struct dp_node_receipt *receipt, uint8_t hash[static DP_KECCAK_LEN],
                         struct dp_detail *detail)
{
    struct dp_sender sender = {.rpc = &join->witnesses[0].rpc,
                               .chain_id = call->chain_id,
                               .sign = sign_transaction,
                               .arg = (void *)(uintptr_t)join,
                               .explain = dp_refusal_text,
                               .timeout_s = join->timeout_s};
    const struct dp_node_message message = {
        .to = join->contract, .data = call->data.data, .data_len = call->data.len};
    enum dp_err err = dp_join_account(join, sender.from);

    if (err == DP_OK)
        err = dp_sender_send(&sender, receipt, hash, &message, detail);
    return err == DP_OK ? dp_join_judge(receipt, detail) : err;
}
