/* light_header.h - headers and sync committees, as light clients get them from a beacon node. */
/*
 * Those of Capella and later, which have an execution block (consensus-specs, light-client). All
 * that is read is read from JSON as the beacon API has it; what beacon_json.h returns is returned.
 */
#ifndef DP_ETHEREUM_LIGHT_HEADER_H
#define DP_ETHEREUM_LIGHT_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"
#include "bls/bls.h"
#include "ethereum/beacon_chain.h"

#define DP_COMMITTEE_SIZE 512

struct dp_light_header {
    uint64_t slot;
    struct dp_ssz_node root, state_root; /* of the beacon block, and of the state after it */
    struct {
        uint64_t number, time; /* Unix seconds */
        struct dp_ssz_node hash, state_root;
    } execution;
};

/**
 * Read a header, and prove that its execution block is in its beacon block.
 *
 * Returns also: DP_EFORMAT  it is not; a slot before Capella, or of a fork that is not known here
 */
DP_MUST_CHECK
enum dp_err dp_light_header_read(struct dp_light_header *out, const struct dp_beacon_chain *chain,
                                 struct json_object *object, struct dp_detail *detail);

/* What the state after a block has, and where: generalized indices, which Electra has changed. */
enum dp_light_part { DP_LIGHT_CURRENT, DP_LIGHT_NEXT, DP_LIGHT_FINALIZED, DP_LIGHT_PARTS };

/**
 * Read a branch, and prove that the state after the header's block has that part.
 *
 * In: object, name  where the branch is
 * Returns also: DP_EFORMAT  it has not
 */
DP_MUST_CHECK
enum dp_err dp_light_header_prove(const struct dp_light_header *header,
                                  const struct dp_beacon_chain *chain, enum dp_light_part part,
                                  const struct dp_ssz_node *leaf, struct json_object *object,
                                  const char *name, struct dp_detail *detail);

struct dp_light_committee {
    uint8_t keys[DP_COMMITTEE_SIZE][DP_BLS_PUBLIC_LEN];
    struct dp_ssz_node root;
};

DP_MUST_CHECK
enum dp_err dp_light_committee_read(struct dp_light_committee *out, struct json_object *object,
                                    struct dp_detail *detail);

#endif
