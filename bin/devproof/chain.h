/* chain.h - what devproof chain and audit share: is a key's signature chain what it should be? */
#ifndef DEVPROOF_CHAIN_H
#define DEVPROOF_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "dstack/chain.h"
#include "ethereum/address.h"

struct chain_expected {
    uint8_t root[DP_ADDRESS_LEN]; /* of the KMS */
    uint8_t app_id[DP_APP_ID_LEN];
    bool has_root, has_app_id;
};

/* Take a root's public key (33 or 65 bytes) or address. Returns: is it one? */
bool chain_expect_root(struct chain_expected *expected, const char *text);

/* Take that of a published simulator, gen1 or gen2. Returns: is there one of that name? */
bool chain_expect_simulator(struct chain_expected *expected, const char *name);

/**
 * Judge an answer of GET /api/users/USERID/keys.
 *
 * In: expected  has a root
 * Returns: NULL where the chain holds, else why not: a sentence, static
 */
const char *chain_fault(const struct chain_expected *expected, struct json_object *answer);

#endif
