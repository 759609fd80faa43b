/* fuzz_proof.c - a node's block and its answer to eth_getProof: read within their bounds, or
 * refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ethereum/header.h"
#include "ethereum/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is one JSON object, taken for both. The root is that of no trie that the fuzzer knows,
 * but for the empty one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t slots[1][DP_WORD_LEN], address[DP_ADDRESS_LEN];
    struct json_object *json;
    struct dp_proof_account account;
    struct dp_header header;
    uint8_t words[1][DP_WORD_LEN];

    if (dp_json_parse(&json, (const char *)data, size, NULL) != DP_OK)
        return 0;
    if (dp_header_read(&header, json, NULL) != DP_OK && header.number != 0)
        abort();
    if (dp_proof_answer(&account, words, json, dp_trie_empty_root, address, slots, 1, NULL) ==
            DP_OK &&
        (account.exists || words[0][0] != 0))
        abort();
    json_object_put(json);
    return 0;
}
