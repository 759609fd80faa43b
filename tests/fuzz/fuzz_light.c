/* fuzz_light.c - settings of a chain, a header, a bootstrap and an update: read, or refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ethereum/lightclient.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is one JSON object, taken for all of these. Nobody knows a block that the checkpoint
 * is the root of. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t checkpoint[DP_SSZ_LEN];
    struct dp_beacon_chain chain = {.seconds_per_slot = 12,
                                    .slots_per_epoch = 32,
                                    .epochs_per_period = 256,
                                    .forks[DP_FORK_ELECTRA].epoch = 512,
                                    .forks[DP_FORK_FULU].epoch = DP_EPOCH_NEVER,
                                    .unknown_from = 4096};
    struct dp_beacon_chain own;
    struct dp_light_client *client;
    struct dp_light_header header;
    struct json_object *json;

    if (dp_json_parse(&json, (const char *)data, size, NULL) != DP_OK)
        return 0;
    if (dp_light_header_read(&header, &chain, json, NULL) == DP_OK && header.slot >= 4096 * 32)
        abort();
    if (dp_beacon_chain_read(&own, json, NULL) == DP_OK &&
        (own.slots_per_epoch == 0 || dp_beacon_chain_fork(&own, 0) >= DP_FORK_COUNT))
        abort();
    if (dp_light_client_open(&client, &chain, checkpoint, json, NULL) == DP_OK || client != NULL)
        abort();
    json_object_put(json);
    return 0;
}
