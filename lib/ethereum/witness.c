/* witness.c - several nodes asked for one thing: a block that all agree on, and what is proven by
 * it.
 */
#include "ethereum/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"

static const char *const tag_names[DP_TAG_COUNT] = {"finalized", "safe", "latest"};

const char *dp_witness_tag_name(enum dp_witness_tag tag)
{
    return tag_names[tag];
}

/* Say whose failure it is. Returns: err */
static enum dp_err by(struct dp_detail *detail, enum dp_err err, const struct dp_witness *witness)
{
    if (detail != NULL && err != DP_OK)
        snprintf(detail->field, sizeof(detail->field), "%s", witness->name);
    return err;
}

/* Before each call: it ends with the deadline at the latest. */
static enum dp_err keep_time(struct dp_witness *witness, struct dp_detail *detail)
{
    const int64_t left_ms = (witness->deadline - dp_clock_mono_us()) / 1000;

    if (left_ms <= 0)
        return dp_fail(detail, DP_ETIMEOUT, NULL, "there is no time left to ask it.");
    if (left_ms < witness->rpc.within_ms)
        witness->rpc.within_ms = (unsigned)left_ms;
    return DP_OK;
}

static enum dp_err ask_chain(uint64_t *id, struct dp_witness *witness, struct dp_detail *detail)
{
    enum dp_err err = keep_time(witness, detail);

    *id = 0;
    return err == DP_OK ? dp_node_chain_id(&witness->rpc, id, detail) : err;
}

static enum dp_err ask_header(struct dp_header *out, bool *found, struct dp_witness *witness,
                              const char *block, struct dp_detail *detail)
{
    enum dp_err err = keep_time(witness, detail);

    *out = (struct dp_header){.number = 0};
    *found = false;
    return err == DP_OK ? dp_node_header(&witness->rpc, out, found, block, detail) : err;
}

static enum dp_err agree_on_chain(struct dp_agreed *out, struct dp_witness *witnesses, size_t count,
                                  struct dp_detail *detail)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t id;
        enum dp_err err = ask_chain(&id, &witnesses[i], detail);

        if (i == 0)
            out->chain_id = id;
        if (err == DP_OK && id != out->chain_id)
            err = dp_fail(detail, DP_ECONFLICT, NULL,
                          "it is on chain %" PRIu64 ", and %s on chain %" PRIu64 ".", id,
                          witnesses[0].name, out->chain_id);
        if (err != DP_OK)
            return by(detail, err, &witnesses[i]);
    }
    return DP_OK;
}

/* The block of the tag that the hindmost has. Out: lacking  who has none, or NULL */
static enum dp_err find_hindmost(uint64_t *number, const char **lacking,
                                 struct dp_witness *witnesses, size_t count, const char *tag,
                                 struct dp_detail *detail)
{
    const struct dp_witness *hindmost = witnesses;
    uint64_t foremost = 0;

    *lacking = NULL;
    for (size_t i = 0; i < count; i++) {
        struct dp_header header;
        bool found;
        enum dp_err err = ask_header(&header, &found, &witnesses[i], tag, detail);

        if (err == DP_ERPC || (err == DP_OK && !found)) {
            *lacking = witnesses[i].name;
            return DP_OK;
        }
        if (err != DP_OK)
            return by(detail, err, &witnesses[i]);
        if (i == 0 || header.number < *number) {
            *number = header.number;
            hindmost = &witnesses[i];
        }
        if (header.number > foremost)
            foremost = header.number;
    }
    if (foremost - *number > DP_WITNESS_LAG_MAX)
        return by(detail,
                  dp_fail(detail, DP_EFORMAT, NULL,
                          "it is at block %" PRIu64 ", and another one at %" PRIu64 ": too far "
                          "behind.",
                          *number, foremost),
                  hindmost);
    return DP_OK;
}

static enum dp_err ask_for(struct dp_header *out, struct dp_witness *witness, uint64_t number,
                           struct dp_detail *detail)
{
    char text[24];
    bool found;
    enum dp_err err;

    snprintf(text, sizeof(text), "0x%" PRIx64, number);
    err = ask_header(out, &found, witness, text, detail);
    if (err == DP_OK && (!found || out->number != number))
        err = dp_fail(detail, DP_EFORMAT, NULL, "it sends no block %" PRIu64 ".", number);
    return by(detail, err, witness);
}

static enum dp_err agree_on_hash(struct dp_agreed *out, struct dp_witness *witnesses, size_t count,
                                 uint64_t number, struct dp_detail *detail)
{
    enum dp_err err = ask_for(&out->block, &witnesses[0], number, detail);

    for (size_t i = 1; err == DP_OK && i < count; i++) {
        char one[DP_HEX0X_SIZE(DP_KECCAK_LEN)], other[DP_HEX0X_SIZE(DP_KECCAK_LEN)];
        struct dp_header header;

        err = ask_for(&header, &witnesses[i], number, detail);
        if (err != DP_OK || memcmp(header.hash, out->block.hash, DP_KECCAK_LEN) == 0)
            continue;
        dp_hex0x_encode(one, header.hash, DP_KECCAK_LEN);
        dp_hex0x_encode(other, out->block.hash, DP_KECCAK_LEN);
        err =
            by(detail,
               dp_fail(detail, DP_ECONFLICT, NULL, "to it block %" PRIu64 " is %s, to %s it is %s.",
                       number, one, witnesses[0].name, other),
               &witnesses[i]);
    }
    return err;
}

enum dp_err dp_witness_agree(struct dp_agreed *out, struct dp_witness *witnesses, size_t count,
                             enum dp_witness_tag wanted, struct dp_detail *detail)
{
    const char *lacking = NULL;
    uint64_t number = 0;
    enum dp_err err;

    *out = (struct dp_agreed){.tag = wanted};
    err = agree_on_chain(out, witnesses, count, detail);
    for (; err == DP_OK && out->tag < DP_TAG_COUNT; out->tag++) {
        err = find_hindmost(&number, &lacking, witnesses, count, tag_names[out->tag], detail);
        if (err == DP_OK && lacking == NULL)
            return agree_on_hash(out, witnesses, count, number, detail);
        out->lacking = lacking;
    }
    return err == DP_OK ? dp_fail(detail, DP_EFORMAT, lacking, "it has no latest block.") : err;
}

static enum dp_err prove_by(struct dp_proof_account *account, uint8_t (*words)[DP_WORD_LEN],
                            struct dp_witness *witness, const struct dp_agreed *agreed,
                            const uint8_t *address, const uint8_t (*slots)[DP_WORD_LEN],
                            size_t slots_count, struct dp_detail *detail)
{
    struct json_object *answer = NULL;
    enum dp_err err = keep_time(witness, detail);

    if (err == DP_OK)
        err = dp_node_proof(&witness->rpc, &answer, address, slots, slots_count,
                            agreed->block.number, detail);
    if (err == DP_OK)
        err = dp_proof_answer(account, words, answer, agreed->block.state_root, address, slots,
                              slots_count, detail);
    json_object_put(answer);
    return by(detail, err, witness);
}

static enum dp_err prove_some(struct dp_proof_account *account, uint8_t (*words)[DP_WORD_LEN],
                              struct dp_witness *witnesses, size_t count,
                              const struct dp_agreed *agreed, const uint8_t *address,
                              const uint8_t (*slots)[DP_WORD_LEN], size_t slots_count,
                              struct dp_detail *detail)
{
    enum dp_err err = DP_ERPC;

    for (size_t i = 0; err == DP_ERPC && i < count; i++)
        err = prove_by(account, words, &witnesses[i], agreed, address, slots, slots_count, detail);
    return err;
}

enum dp_err dp_witness_prove(struct dp_proof_account *account, uint8_t (*words)[DP_WORD_LEN],
                             struct dp_witness *witnesses, size_t count,
                             const struct dp_agreed *agreed,
                             const uint8_t address[static DP_ADDRESS_LEN],
                             const uint8_t (*slots)[DP_WORD_LEN], size_t slots_count,
                             struct dp_detail *detail)
{
    size_t done = 0;
    enum dp_err err;

    do {
        size_t part = slots_count - done;

        if (part > DP_WITNESS_SLOTS_MAX)
            part = DP_WITNESS_SLOTS_MAX;
        err = prove_some(account, words + done, witnesses, count, agreed, address, slots + done,
                         part, detail);
        done += part;
    } while (err == DP_OK && done < slots_count);
    return err;
}

enum dp_err dp_witness_code(struct dp_buf *out, struct dp_witness *witnesses, size_t count,
                            const struct dp_agreed *agreed,
                            const uint8_t address[static DP_ADDRESS_LEN],
                            const struct dp_proof_account *account, struct dp_detail *detail)
{
    const struct dp_witness *asked = witnesses;
    uint8_t hash[DP_KECCAK_LEN];
    enum dp_err err = DP_ERPC;

    for (size_t i = 0; err == DP_ERPC && i < count; i++) {
        asked = &witnesses[i];
        err = keep_time(&witnesses[i], detail);
        if (err == DP_OK)
            err = dp_node_code_after(&witnesses[i].rpc, out, address, agreed->block.number, detail);
    }
    if (err == DP_OK) {
        dp_keccak256(hash, out->data, out->len);
        if (memcmp(hash, account->code_hash, sizeof(hash)) != 0)
            err = dp_fail(detail, DP_EFORMAT, NULL,
                          "the code that it sends has another hash than is proven.");
    }
    return by(detail, err, asked);
}

static enum dp_err call(struct dp_buf *out, struct dp_witness *witness,
                        const struct dp_agreed *agreed, const struct dp_node_message *message,
                        struct dp_detail *detail)
{
    enum dp_err err = keep_time(witness, detail);

    if (err == DP_OK)
        err = dp_node_call(&witness->rpc, out, NULL, message, &agreed->block.number, detail);
    return by(detail, err, witness);
}

/* Let another one answer, too, what stands in said from at on. */
static enum dp_err confirm(const struct dp_buf *said, size_t at, struct dp_witness *witness,
                           const struct dp_witness *first, const struct dp_agreed *agreed,
                           const struct dp_node_message *message, struct dp_detail *detail)
{
    struct dp_buf other = DP_BUF_INIT(said->limit);
    enum dp_err err = call(&other, witness, agreed, message, detail);

    if (err == DP_OK && (other.len != said->len - at ||
                         (other.len > 0 && memcmp(other.data, said->data + at, other.len) != 0)))
        err =
            by(detail,
               dp_fail(detail, DP_ECONFLICT, NULL,
                       "to a call of the contract it answers another thing than %s.", first->name),
               witness);
    dp_buf_free(&other);
    return err;
}

enum dp_err dp_witness_call(struct dp_buf *out, struct dp_witness *witnesses, size_t count,
                            const struct dp_agreed *agreed, const struct dp_node_message *message,
                            struct dp_detail *detail)
{
    const size_t at = out->len;
    enum dp_err err = call(out, &witnesses[0], agreed, message, detail);

    for (size_t i = 1; err == DP_OK && i < count; i++)
        err = confirm(out, at, &witnesses[i], &witnesses[0], agreed, message, detail);
    return err;
}
