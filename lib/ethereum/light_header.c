/* light_header.c - the roots of headers and sync committees, and what is proven by them. */
#include "ethereum/light_header.h"

#include "ethereum/beacon_json.h"

#define EXECUTION_INDEX 25 /* of execution_payload in BeaconBlockBody */
#define EXECUTION_BRANCH 4
#define BLOOM_LEN 256
#define EXTRA_MAX 32
#define EXECUTION_FIELDS_CAPELLA 15
#define EXECUTION_FIELDS 17 /* from Deneb on */
#define COMMITTEE_DEPTH 9   /* of 512 */
#define STATE_BRANCH_MAX 7

/* The five fields of BeaconBlockHeader; those that are asked for are kept. */
static enum dp_err read_beacon(struct dp_light_header *out, struct dp_ssz_node *body,
                               struct json_object *object, struct dp_detail *detail)
{
    struct dp_ssz_node leaves[5];
    uint64_t proposer;
    enum dp_err err = dp_beacon_number(&out->slot, object, "slot", detail);

    if (err == DP_OK)
        err = dp_beacon_number(&proposer, object, "proposer_index", detail);
    if (err == DP_OK)
        err = dp_beacon_root(&leaves[2], object, "parent_root", detail);
    if (err == DP_OK)
        err = dp_beacon_root(&out->state_root, object, "state_root", detail);
    if (err == DP_OK)
        err = dp_beacon_root(body, object, "body_root", detail);
    if (err != DP_OK)
        return err;
    leaves[0] = dp_ssz_number(out->slot);
    leaves[1] = dp_ssz_number(proposer);
    leaves[3] = out->state_root;
    leaves[4] = *body;
    out->root = dp_ssz_root(leaves, 5, 3);
    return DP_OK;
}

static enum dp_err read_bloom(struct dp_ssz_node *out, struct json_object *object, const char *name,
                              struct dp_detail *detail)
{
    struct dp_ssz_node leaves[BLOOM_LEN / DP_SSZ_LEN];
    enum dp_err err = dp_beacon_bytes(leaves[0].bytes, BLOOM_LEN, object, name, detail);

    if (err == DP_OK)
        *out = dp_ssz_root(leaves, BLOOM_LEN / DP_SSZ_LEN, 3);
    return err;
}

/* A list's root is paired with its length. */
static enum dp_err read_extra(struct dp_ssz_node *out, struct json_object *object, const char *name,
                              struct dp_detail *detail)
{
    uint8_t bytes[EXTRA_MAX];
    struct dp_ssz_node content, length;
    size_t len;
    enum dp_err err = dp_beacon_some_bytes(bytes, sizeof(bytes), &len, object, name, detail);

    if (err != DP_OK)
        return err;
    content = dp_ssz_bytes(bytes, len);
    length = dp_ssz_number(len);
    dp_ssz_pair(out, &content, &length);
    return DP_OK;
}

static enum dp_err read_recipient(struct dp_ssz_node *out, struct json_object *object,
                                  const char *name, struct dp_detail *detail)
{
    uint8_t address[20];
    enum dp_err err = dp_beacon_bytes(address, sizeof(address), object, name, detail);

    if (err == DP_OK)
        *out = dp_ssz_bytes(address, sizeof(address));
    return err;
}

static enum dp_err read_number(struct dp_ssz_node *out, struct json_object *object,
                               const char *name, struct dp_detail *detail)
{
    uint64_t number;
    enum dp_err err = dp_beacon_number(&number, object, name, detail);

    if (err == DP_OK)
        *out = dp_ssz_number(number);
    return err;
}

/* ExecutionPayloadHeader, in the order of its fields. */
static const struct {
    const char *name;
    enum dp_err (*read)(struct dp_ssz_node *out, struct json_object *object, const char *name,
                        struct dp_detail *detail);
} execution_fields[EXECUTION_FIELDS] = {
    {"parent_hash", dp_beacon_root},
    {"fee_recipient", read_recipient},
    {"state_root", dp_beacon_root},
    {"receipts_root", dp_beacon_root},
    {"logs_bloom", read_bloom},
    {"prev_randao", dp_beacon_root},
    {"block_number", read_number},
    {"gas_limit", read_number},
    {"gas_used", read_number},
    {"timestamp", read_number},
    {"extra_data", read_extra},
    {"base_fee_per_gas", dp_beacon_wide_number},
    {"block_hash", dp_beacon_root},
    {"transactions_root", dp_beacon_root},
    {"withdrawals_root", dp_beacon_root},
    {"blob_gas_used", read_number},
    {"excess_blob_gas", read_number},
};

static enum dp_err read_execution(struct dp_light_header *out, struct dp_ssz_node *root,
                                  struct json_object *object, bool has_blobs,
                                  struct dp_detail *detail)
{
    const size_t count = has_blobs ? EXECUTION_FIELDS : EXECUTION_FIELDS_CAPELLA;
    struct dp_ssz_node leaves[EXECUTION_FIELDS];
    enum dp_err err = DP_OK;

    for (size_t i = 0; err == DP_OK && i < count; i++)
        err = execution_fields[i].read(&leaves[i], object, execution_fields[i].name, detail);
    if (err == DP_OK)
        err = dp_beacon_number(&out->execution.number, object, "block_number", detail);
    if (err == DP_OK)
        err = dp_beacon_number(&out->execution.time, object, "timestamp", detail);
    if (err == DP_OK)
        err = dp_beacon_root(&out->execution.hash, object, "block_hash", detail);
    if (err == DP_OK)
        err = dp_beacon_root(&out->execution.state_root, object, "state_root", detail);
    if (err == DP_OK)
        *root = dp_ssz_root(leaves, count, has_blobs ? 5 : 4);
    return err;
}

enum dp_err dp_light_header_read(struct dp_light_header *out, const struct dp_beacon_chain *chain,
                                 struct json_object *object, struct dp_detail *detail)
{
    struct dp_ssz_node body, root, branch[EXECUTION_BRANCH];
    struct json_object *part;
    enum dp_fork fork;
    enum dp_err err = dp_beacon_object(&part, object, "beacon", detail);

    if (err == DP_OK)
        err = read_beacon(out, &body, part, detail);
    if (err != DP_OK)
        return err;
    fork = dp_beacon_chain_fork(chain, out->slot);
    if (fork < DP_FORK_CAPELLA)
        return dp_fail(detail, DP_EFORMAT, "slot",
                       "Before Capella no header has an execution block.");
    if (dp_beacon_chain_is_unknown(chain, out->slot))
        return dp_fail(detail, DP_EFORMAT, "slot", "It is of a fork that is not known here.");
    err = dp_beacon_object(&part, object, "execution", detail);
    if (err == DP_OK)
        err = read_execution(out, &root, part, fork >= DP_FORK_DENEB, detail);
    if (err == DP_OK)
        err = dp_beacon_list(branch[0].bytes, EXECUTION_BRANCH, DP_SSZ_LEN, object,
                             "execution_branch", detail);
    if (err == DP_OK && !dp_ssz_branch_holds(&body, &root, branch, EXECUTION_INDEX))
        return dp_fail(detail, DP_EFORMAT, "execution_branch",
                       "The execution block is not in the beacon block.");
    return err;
}

enum dp_err dp_light_header_prove(const struct dp_light_header *header,
                                  const struct dp_beacon_chain *chain, enum dp_light_part part,
                                  const struct dp_ssz_node *leaf, struct json_object *object,
                                  const char *name, struct dp_detail *detail)
{
    static const unsigned indices[DP_LIGHT_PARTS][2] = {[DP_LIGHT_CURRENT] = {54, 86},
                                                        [DP_LIGHT_NEXT] = {55, 87},
                                                        [DP_LIGHT_FINALIZED] = {105, 169}};
    const bool is_electra = dp_beacon_chain_fork(chain, header->slot) >= DP_FORK_ELECTRA;
    const unsigned index = indices[part][is_electra];
    struct dp_ssz_node branch[STATE_BRANCH_MAX];
    enum dp_err err =
        dp_beacon_list(branch[0].bytes, dp_ssz_depth(index), DP_SSZ_LEN, object, name, detail);

    if (err == DP_OK && !dp_ssz_branch_holds(&header->state_root, leaf, branch, index))
        return dp_fail(detail, DP_EFORMAT, name, "%s does not lead to the header's state.", name);
    return err;
}

static struct dp_ssz_node key_root(const uint8_t key[static DP_BLS_PUBLIC_LEN])
{
    struct dp_ssz_node first = dp_ssz_bytes(key, DP_SSZ_LEN);
    const struct dp_ssz_node rest = dp_ssz_bytes(key + DP_SSZ_LEN, DP_BLS_PUBLIC_LEN - DP_SSZ_LEN);

    dp_ssz_pair(&first, &first, &rest);
    return first;
}

enum dp_err dp_light_committee_read(struct dp_light_committee *out, struct json_object *object,
                                    struct dp_detail *detail)
{
    struct dp_ssz_node leaves[DP_COMMITTEE_SIZE], sum;
    uint8_t aggregate[DP_BLS_PUBLIC_LEN];
    enum dp_err err = dp_beacon_list(out->keys[0], DP_COMMITTEE_SIZE, DP_BLS_PUBLIC_LEN, object,
                                     "pubkeys", detail);

    if (err == DP_OK)
        err = dp_beacon_bytes(aggregate, sizeof(aggregate), object, "aggregate_pubkey", detail);
    if (err != DP_OK)
        return err;
    for (size_t i = 0; i < DP_COMMITTEE_SIZE; i++)
        leaves[i] = key_root(out->keys[i]);
    out->root = dp_ssz_root(leaves, DP_COMMITTEE_SIZE, COMMITTEE_DEPTH);
    sum = key_root(aggregate);
    dp_ssz_pair(&out->root, &out->root, &sum);
    return DP_OK;
}
