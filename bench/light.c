/* bench/light.c - how long an update of a light client takes: light FILE, see
 * tests/vectors/README.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hex.h"
#include "ethereum/lightclient.h"

#define ROUNDS 50

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value;

    if (!json_object_object_get_ex(object, name, &value))
        exit(EXIT_FAILURE);
    return value;
}

/* Microseconds of one. */
static int64_t update(struct dp_light_client *client, struct json_object *doc)
{
    const uint64_t now = (uint64_t)json_object_get_int64(member(doc, "now"));
    const int64_t start = dp_clock_mono_us();

    if (dp_light_client_update(client, member(doc, "update"), now, NULL) != DP_OK)
        exit(EXIT_FAILURE);
    return dp_clock_mono_us() - start;
}

int main(int argc, char **argv)
{
    struct json_object *doc = argc == 2 ? json_object_from_file(argv[1]) : NULL;
    struct dp_beacon_chain chain;
    struct dp_light_client *client;
    uint8_t root[DP_SSZ_LEN];
    int64_t sum = 0;

    if (doc == NULL || dp_beacon_chain_read(&chain, member(doc, "config"), NULL) != DP_OK ||
        dp_hex_decode_exact(root, sizeof(root),
                            json_object_get_string(member(doc, "checkpoint"))) != DP_OK ||
        dp_light_client_open(&client, &chain, root, member(doc, "bootstrap"), NULL) != DP_OK)
        return EXIT_FAILURE;
    printf("first of a committee: %" PRId64 " us\n", update(client, doc));
    for (int i = 0; i < ROUNDS; i++)
        sum += update(client, doc);
    printf("each after it: %" PRId64 " us\n", sum / ROUNDS);
    dp_light_client_free(client);
    json_object_put(doc);
    return EXIT_SUCCESS;
}
