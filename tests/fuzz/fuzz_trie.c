/* fuzz_trie.c - a proof of hostile nodes, their hashes right: what is found lies in a node. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "ethereum/trie.h"

#define KEY_LEN 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is a key, and nodes with a byte of length before each; the first names the root, so
 * that the walk gets past its hash. A node's child is named by a hash that no fuzzer finds: nodes
 * within nodes are what it reaches, and the corpus has chains. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dp_slice nodes[DP_TRIE_NODES_MAX], value;
    uint8_t root[DP_KECCAK_LEN];
    size_t count = 0, at = KEY_LEN;
    bool inside = false;

    if (size < KEY_LEN)
        return 0;
    while (at < size && count < DP_TRIE_NODES_MAX) {
        size_t len = data[at++];

        if (len > size - at)
            len = size - at;
        nodes[count++] = (struct dp_slice){(const char *)data + at, len};
        at += len;
    }
    dp_keccak256(root, count > 0 ? nodes[0].data : "", count > 0 ? nodes[0].len : 0);
    if (dp_trie_prove(&value, root, data, KEY_LEN, nodes, count, NULL) != DP_OK ||
        value.data == NULL) {
        if (value.data != NULL)
            abort();
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        inside = inside || (value.data >= nodes[i].data && value.len > 0 &&
                            value.data + value.len <= nodes[i].data + nodes[i].len);
    if (!inside)
        abort();
    return 0;
}
