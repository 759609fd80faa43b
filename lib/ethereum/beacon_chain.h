/* beacon_chain.h - which consensus chain it is: when it began, and what its forks are. */
#ifndef DP_ETHEREUM_BEACON_CHAIN_H
#define DP_ETHEREUM_BEACON_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"
#include "ethereum/ssz.h"

/* Those that are known here, in their order. */
enum dp_fork {
    DP_FORK_GENESIS,
    DP_FORK_ALTAIR,
    DP_FORK_BELLATRIX,
    DP_FORK_CAPELLA,
    DP_FORK_DENEB,
    DP_FORK_ELECTRA,
    DP_FORK_FULU,
    DP_FORK_COUNT
};

#define DP_FORK_VERSION_LEN 4
#define DP_EPOCH_NEVER UINT64_MAX

struct dp_beacon_chain {
    struct dp_ssz_node genesis_validators_root;
    uint64_t genesis_time;     /* Unix seconds */
    uint64_t seconds_per_slot; /* none of these three is 0 */
    uint64_t slots_per_epoch;
    uint64_t epochs_per_period; /* for which a sync committee is there */
    struct {
        uint8_t version[DP_FORK_VERSION_LEN];
        uint64_t epoch; /* its first, or DP_EPOCH_NEVER */
    } forks[DP_FORK_COUNT];
    uint64_t unknown_from; /* first epoch of a fork that is not known here, or DP_EPOCH_NEVER */
};

/**
 * Read what /eth/v1/config/spec and /eth/v1/beacon/genesis of a node answer, as one object, whose
 * numbers are decimal strings. Forks that it does not name never come.
 *
 * Returns: DP_OK
 *          DP_EMISSING, DP_ETYPE, DP_EFORMAT (forks not in order, another size of sync
 *          committees, what is no number); detail names the member
 */
DP_MUST_CHECK
enum dp_err dp_beacon_chain_read(struct dp_beacon_chain *out, struct json_object *object,
                                 struct dp_detail *detail);

/* The fork that is in force at a slot. */
enum dp_fork dp_beacon_chain_fork(const struct dp_beacon_chain *chain, uint64_t slot);

/* Does a fork that is not known here, so that nothing can be said, begin at that slot or before? */
bool dp_beacon_chain_is_unknown(const struct dp_beacon_chain *chain, uint64_t slot);

/* The period of sync committees in which a slot is. */
uint64_t dp_beacon_chain_period(const struct dp_beacon_chain *chain, uint64_t slot);

/* When a slot begins, as Unix seconds; UINT64_MAX past what these can say. */
uint64_t dp_beacon_chain_time(const struct dp_beacon_chain *chain, uint64_t slot);

/* What a sync committee signs of a root in a block of that slot (compute_signing_root). */
struct dp_ssz_node dp_beacon_chain_signed(const struct dp_beacon_chain *chain, uint64_t slot,
                                          const struct dp_ssz_node *root);

#endif
