/* sender.c - a transaction's way into a block: tried, priced, signed, sent, replaced, awaited. */
#include "ethereum/sender.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"

#define POLL_FIRST_MS 100
#define POLL_MAX_MS 2000
#define REVERTED 3 /* a node's code where a contract has reverted */

enum dp_err dp_sender_gas(struct dp_rpc *rpc, uint64_t *gas, const struct dp_node_message *message,
                          struct dp_detail *detail)
{
    enum dp_err err = dp_node_estimate_gas(rpc, gas, message, detail);

    if (err == DP_OK && *gas > INT64_MAX / 2)
        return dp_fail(detail, DP_EFORMAT, NULL, "the node's estimate of gas is out of bounds.");
    *gas += *gas / 5;
    return err;
}

enum dp_err dp_sender_price(struct dp_rpc *rpc, struct dp_transaction *transaction,
                            struct dp_detail *detail)
{
    struct dp_node_fees fees;
    enum dp_err err = dp_node_fees(rpc, &fees, detail);

    if (err != DP_OK)
        return err;
    if (fees.base > INT64_MAX / 4 || fees.priority > INT64_MAX / 4)
        return dp_fail(detail, DP_EFORMAT, NULL, "the node's fees are out of bounds.");
    /* Twice the base fee is what it can rise to in six blocks. */
    transaction->max_fee = 2 * fees.base + fees.priority;
    transaction->max_priority_fee = fees.priority;
    return DP_OK;
}

/* --- waiting --- */

static void pause_ms(unsigned ms)
{
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

static enum dp_err look(struct dp_rpc *rpc, struct dp_node_receipt *receipt, bool *found,
                        size_t *which, const uint8_t (*hashes)[DP_KECCAK_LEN], size_t count,
                        struct dp_detail *detail)
{
    enum dp_err err = DP_OK;

    *found = false;
    for (*which = 0; err == DP_OK && *which < count; ++*which) {
        err = dp_node_get_receipt(rpc, receipt, found, hashes[*which], detail);
        if (err == DP_OK && *found)
            break;
    }
    return err == DP_EIO || err == DP_ETIMEOUT ? DP_OK : err;
}

enum dp_err dp_sender_wait(struct dp_rpc *rpc, struct dp_node_receipt *receipt, bool *found,
                           size_t *which, const uint8_t (*hashes)[DP_KECCAK_LEN], size_t count,
                           int64_t deadline, struct dp_detail *detail)
{
    for (unsigned ms = POLL_FIRST_MS;; ms = ms * 2 < POLL_MAX_MS ? ms * 2 : POLL_MAX_MS) {
        enum dp_err err = look(rpc, receipt, found, which, hashes, count, detail);

        if (err != DP_OK || *found || dp_clock_mono_us() > deadline)
            return err;
        pause_ms(ms);
    }
}

/* --- sending --- */

/* Nodes take a replacement only at a tenth more; so much again every time. */
static void raise_price(struct dp_transaction *transaction, const struct dp_transaction *before)
{
    const uint64_t fee = before->max_fee + before->max_fee / 4 + 1;
    const uint64_t priority = before->max_priority_fee + before->max_priority_fee / 4 + 1;

    if (transaction->max_fee < fee)
        transaction->max_fee = fee;
    if (transaction->max_priority_fee < priority)
        transaction->max_priority_fee = priority;
}

static enum dp_err sign(const struct dp_sender *sender, struct dp_buf *out,
                        uint8_t hash[static DP_KECCAK_LEN],
                        const struct dp_transaction *transaction)
{
    uint8_t digest[DP_KECCAK_LEN], sig[DP_SECP_SIG_LEN];
    enum dp_err err = dp_transaction_digest(digest, transaction);

    if (err == DP_OK)
        err = sender->sign(sender->arg, sig, digest);
    if (err == DP_OK)
        err = dp_transaction_write(out, transaction, sig);
    if (err == DP_OK)
        dp_keccak256(hash, out->data, out->len);
    return err;
}

static enum dp_err send_once(const struct dp_sender *sender, uint8_t hash[static DP_KECCAK_LEN],
                             const struct dp_transaction *transaction, struct dp_detail *detail)
{
    struct dp_buf text = DP_BUF_INIT(DP_TRANSACTION_MAX);
    uint8_t told[DP_KECCAK_LEN];
    enum dp_err err = sign(sender, &text, hash, transaction);

    if (err == DP_OK)
        err = dp_node_send(sender->rpc, told, text.data, text.len, detail);
    if (err == DP_OK && memcmp(told, hash, sizeof(told)) != 0)
        err = dp_fail(detail, DP_ECONFLICT, NULL,
                      "the node gives the transaction another hash than it has.");
    dp_buf_free(&text);
    return err;
}

/* Run it without sending it: it costs nothing, and only so does a node give the contract's words.
 */
static enum dp_err try_call(const struct dp_sender *sender, const struct dp_node_message *message,
                            struct dp_detail *detail)
{
    struct dp_buf answer = DP_BUF_INIT(DP_RPC_REVERT_MAX);
    struct dp_rpc_refusal refusal;
    enum dp_err err = dp_node_call(sender->rpc, &answer, &refusal, message, NULL, detail);

    if (err == DP_ERPC && (refusal.code == REVERTED || refusal.revert.len > 0)) {
        const char *why = sender->explain != NULL ? sender->explain(&refusal.revert) : NULL;

        err = DP_EFORBIDDEN;
        if (why != NULL)
            dp_fail(detail, err, NULL, "the contract refuses: %s", why);
    }
    dp_buf_free(&refusal.revert);
    dp_buf_free(&answer);
    return err;
}

static enum dp_err prepare(const struct dp_sender *sender, struct dp_transaction *transaction,
                           const struct dp_node_message *message, struct dp_detail *detail)
{
    enum dp_err err = try_call(sender, message, detail);

    if (err == DP_OK)
        err = dp_sender_gas(sender->rpc, &transaction->gas, message, detail);
    return err == DP_OK ? dp_node_next_nonce(sender->rpc, &transaction->nonce, sender->from, detail)
                        : err;
}

/* Price it, sign it, send it, once more. A replacement is refused, too, where the one before has
 * just come into a block. */
static enum dp_err send_again(const struct dp_sender *sender, struct dp_transaction *transaction,
                              uint8_t (*hashes)[DP_KECCAK_LEN], size_t *count,
                              struct dp_detail *detail)
{
    const struct dp_transaction before = *transaction;
    enum dp_err err = dp_sender_price(sender->rpc, transaction, detail);

    if (err == DP_OK && *count > 0)
        raise_price(transaction, &before);
    if (err == DP_OK)
        err = send_once(sender, hashes[*count], transaction, detail);
    if (err == DP_OK)
        ++*count;
    return err == DP_ERPC && *count > 0 ? DP_OK : err;
}

enum dp_err dp_sender_send(struct dp_sender *sender, struct dp_node_receipt *receipt,
                           uint8_t hash[static DP_KECCAK_LEN],
                           const struct dp_node_message *message, struct dp_detail *detail)
{
    const int64_t each_us = (int64_t)sender->timeout_s * 1000000 / DP_SENDER_TRIES_MAX;
    uint8_t hashes[DP_SENDER_TRIES_MAX][DP_KECCAK_LEN];
    struct dp_node_message from_here = *message;
    struct dp_transaction transaction = {.chain_id = sender->chain_id,
                                         .to = message->to,
                                         .data = message->data,
                                         .data_len = message->data_len};
    size_t count = 0, which = 0;
    bool found = false;
    enum dp_err err;

    from_here.from = sender->from;
    if (message->value != NULL)
        memcpy(transaction.value, message->value, sizeof(transaction.value));
    err = prepare(sender, &transaction, &from_here, detail);
    for (unsigned tries = 0; err == DP_OK && !found && tries < DP_SENDER_TRIES_MAX; tries++) {
        err = send_again(sender, &transaction, hashes, &count, detail);
        if (err == DP_OK)
            err = dp_sender_wait(sender->rpc, receipt, &found, &which,
                                 (const uint8_t(*)[DP_KECCAK_LEN])hashes, count,
                                 dp_clock_mono_us() + each_us, detail);
    }
    /* What was never sent does not get there either. */
    if (err == DP_ETIMEOUT && count == 0)
        return DP_EIO;
    if (err != DP_OK)
        return err;
    if (!found)
        return dp_fail(detail, DP_ETIMEOUT, NULL, "in no block after %u s; it may still get there.",
                       sender->timeout_s);
    memcpy(hash, hashes[which], DP_KECCAK_LEN);
    return DP_OK;
}
