/* trie.c - proofs that a Merkle-Patricia trie has, or has not, a value (yellow paper, appendix D).
 */
#include "ethereum/trie.h"

#include <stdbool.h>
#include <string.h>

#include "ethereum/rlp.h"

#define BRANCH_ITEMS 17 /* a child for each nibble, and a value */
#define SHORT_ITEMS 2   /* a leaf's or extension's path, and what it leads to */
#define EMPTY_NODE 0x80 /* RLP of an empty string */

const uint8_t dp_trie_empty_root[DP_KECCAK_LEN] = {
    0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
    0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21};

/* Where a proof has got to. */
struct walk {
    const struct dp_slice *nodes;
    size_t count, used;
    uint8_t nibbles[2 * DP_TRIE_KEY_MAX];
    size_t len, at; /* of the nibbles: how many, and how many are behind */
    bool done;
    struct dp_slice value; /* where done: what was found, or NULL */
    struct dp_detail *detail;
};

/* The items of one node. */
struct node {
    struct dp_rlp_item items[BRANCH_ITEMS];
    size_t count;
};

static enum dp_err malformed(const struct walk *walk, const char *what)
{
    return dp_fail(walk->detail, DP_EFORMAT, NULL, "node %zu of the proof %s.", walk->used, what);
}

static enum dp_err read_node(const struct walk *walk, struct node *node,
                             const struct dp_rlp_item *list)
{
    size_t at = 0;

    while (at < list->len) {
        if (node->count == BRANCH_ITEMS ||
            dp_rlp_read(&node->items[node->count], list->payload + at, list->len - at) != DP_OK)
            return malformed(walk, "is no node of a trie");
        at += node->items[node->count++].size;
    }
    if (node->count != BRANCH_ITEMS && node->count != SHORT_ITEMS)
        return malformed(walk, "is no node of a trie");
    return DP_OK;
}

static void end(struct walk *walk, const struct dp_rlp_item *value)
{
    walk->done = true;
    if (value != NULL && value->len > 0)
        walk->value = (struct dp_slice){(const char *)value->payload, value->len};
}

/* The next node of the proof, which must have this hash. Only the root may be a node that would fit
 * into its parent. */
static enum dp_err enter_hashed(struct walk *walk, struct dp_rlp_item *out, const uint8_t *hash)
{
    const struct dp_slice *bytes = &walk->nodes[walk->used];
    uint8_t digest[DP_KECCAK_LEN];

    if (walk->used == walk->count)
        return dp_fail(walk->detail, DP_EFORMAT, NULL, "the proof ends after %zu nodes, too early.",
                       walk->count);
    walk->used++;
    dp_keccak256(digest, bytes->data, bytes->len);
    if (memcmp(digest, hash, sizeof(digest)) != 0)
        return malformed(walk, "has another hash than the one that leads to it");
    if (dp_rlp_read(out, (const uint8_t *)bytes->data, bytes->len) != DP_OK || !out->is_list ||
        out->size != bytes->len || (walk->used > 1 && bytes->len < DP_KECCAK_LEN))
        return malformed(walk, "is no node of a trie");
    return DP_OK;
}

/* What a reference leads to: a node of the proof, or the one that it is itself. */
static enum dp_err enter(struct walk *walk, struct dp_rlp_item *list)
{
    if (list->is_list)
        return list->size < DP_KECCAK_LEN ? DP_OK
                                          : malformed(walk, "holds a node that belongs outside");
    if (list->len != DP_KECCAK_LEN)
        return malformed(walk, "names its child by no hash");
    return enter_hashed(walk, list, list->payload);
}

/* Out: list  the child to go on with, unless the walk is done */
static enum dp_err step_branch(struct walk *walk, struct dp_rlp_item *list, const struct node *node)
{
    const struct dp_rlp_item *child;

    if (node->items[BRANCH_ITEMS - 1].is_list)
        return malformed(walk, "has a list as its value");
    if (walk->at == walk->len) {
        end(walk, &node->items[BRANCH_ITEMS - 1]);
        return DP_OK;
    }
    child = &node->items[walk->nibbles[walk->at++]];
    if (!child->is_list && child->len == 0) {
        end(walk, NULL);
        return DP_OK;
    }
    *list = *child;
    return enter(walk, list);
}

static uint8_t nibble_of(const uint8_t *bytes, size_t index)
{
    return index % 2 == 0 ? bytes[index / 2] >> 4 : bytes[index / 2] & 15;
}

/* Does the path, its nibbles from first on, begin what is left of the key? Then it is behind. */
static bool follow(struct walk *walk, const struct dp_rlp_item *path, size_t first)
{
    size_t count = 2 * path->len - first;

    if (count > walk->len - walk->at)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (nibble_of(path->payload, first + i) != walk->nibbles[walk->at + i])
            return false;
    }
    walk->at += count;
    return true;
}

/* A leaf or an extension; its path begins with a nibble that says which, and whether one more of
 * padding follows (appendix C). */
static enum dp_err step_short(struct walk *walk, struct dp_rlp_item *list, const struct node *node)
{
    const struct dp_rlp_item *path = &node->items[0], *target = &node->items[1];
    uint8_t first = path->len > 0 ? path->payload[0] : 0xff;
    bool is_leaf = first & 0x20, is_odd = first & 0x10;

    if (path->is_list || first >= 0x40 || (!is_odd && (first & 15) != 0) ||
        (!is_leaf && first == 0 && path->len == 1))
        return malformed(walk, "has no path");
    if (is_leaf && (target->is_list || target->len == 0))
        return malformed(walk, "is a leaf without a value");
    if (!follow(walk, path, is_odd ? 1 : 2) || (is_leaf && walk->at < walk->len)) {
        end(walk, NULL);
        return DP_OK;
    }
    if (is_leaf) {
        end(walk, target);
        return DP_OK;
    }
    *list = *target;
    return enter(walk, list);
}

static enum dp_err run(struct walk *walk, const uint8_t *root)
{
    struct dp_rlp_item list;
    enum dp_err err = enter_hashed(walk, &list, root);

    while (err == DP_OK && !walk->done) {
        struct node node = {.count = 0};

        err = read_node(walk, &node, &list);
        if (err == DP_OK)
            err = node.count == BRANCH_ITEMS ? step_branch(walk, &list, &node)
                                             : step_short(walk, &list, &node);
    }
    if (err == DP_OK && walk->used < walk->count)
        err = dp_fail(walk->detail, DP_EFORMAT, NULL, "nothing needs node %zu of the proof.",
                      walk->used + 1);
    return err;
}

static enum dp_err prove_empty(const struct walk *walk)
{
    const struct dp_slice *node = walk->nodes;

    if (walk->count == 0 ||
        (walk->count == 1 && node->len == 1 && (uint8_t)node->data[0] == EMPTY_NODE))
        return DP_OK;
    return dp_fail(walk->detail, DP_EFORMAT, NULL, "the trie is empty, and the proof is not.");
}

enum dp_err dp_trie_prove(struct dp_slice *value, const uint8_t root[static DP_KECCAK_LEN],
                          const uint8_t *key, size_t key_len, const struct dp_slice *nodes,
                          size_t count, struct dp_detail *detail)
{
    struct walk walk = {.nodes = nodes, .count = count, .len = 2 * key_len, .detail = detail};
    enum dp_err err;

    *value = (struct dp_slice){NULL, 0};
    if (key_len > DP_TRIE_KEY_MAX)
        return dp_fail(detail, DP_ETOOBIG, NULL, "the key is too long.");
    for (size_t i = 0; i < walk.len; i++)
        walk.nibbles[i] = nibble_of(key, i);
    err = memcmp(root, dp_trie_empty_root, DP_KECCAK_LEN) == 0 ? prove_empty(&walk)
                                                               : run(&walk, root);
    if (err == DP_OK)
        *value = walk.value;
    return err;
}
