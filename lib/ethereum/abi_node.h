/* abi_node.h - the types of a parameter list, as the files of abi share them. */
#ifndef DP_ETHEREUM_ABI_NODE_H
#define DP_ETHEREUM_ABI_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "ethereum/abi.h"
#include "ethereum/value.h"

#define DP_ABI_NONE UINT32_MAX /* no such node */
#define DP_ABI_ANY (-1)        /* length of T[] */

enum dp_abi_kind { DP_ABI_ELEMENTARY, DP_ABI_ARRAY, DP_ABI_TUPLE };

/* An array has one child, its items' type; a tuple has its members, which are linked by next. */
struct dp_abi_node {
    enum dp_abi_kind kind;
    struct dp_value_type type; /* of an elementary one */
    struct dp_slice name;      /* of a parameter or member; may be empty */
    uint32_t first, next;      /* DP_ABI_NONE where there is none */
    uint32_t count;            /* of children */
    int32_t length;            /* of an array, or DP_ABI_ANY */
    unsigned depth;            /* 0 for an elementary one */
    bool is_dynamic;           /* is its size only known with its value? */
    size_t head;               /* bytes that it takes where it stands: 32 where it is dynamic */
};

/* nodes[root] is a tuple of all parameters. */
struct dp_abi {
    struct dp_abi_node *nodes;
    uint32_t count, cap, root;
};

#endif
