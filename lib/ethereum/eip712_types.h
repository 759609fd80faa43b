/* eip712_types.h - the struct types that typed data declares (EIP-712, encodeType). */
#ifndef DP_ETHEREUM_EIP712_TYPES_H
#define DP_ETHEREUM_EIP712_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"
#include "crypto/keccak.h"
#include "ethereum/value.h"

#define DP_EIP712_TYPES_MAX 256          /* struct types, EIP712Domain included */
#define DP_EIP712_MEMBERS_MAX 1024       /* members of all of them together */
#define DP_EIP712_NAME_MAX 64            /* characters of a type's or a member's name */
#define DP_EIP712_DIMENSIONS_MAX 16      /* brackets of one array type */
#define DP_EIP712_TEXT_MAX (1024 * 1024) /* characters of the encodeType texts of one document */
#define DP_EIP712_DOMAIN "EIP712Domain"

/* The first ones are those of value.h. */
enum dp_eip712_kind {
    DP_EIP712_UINT = DP_VALUE_UINT,
    DP_EIP712_INT = DP_VALUE_INT,
    DP_EIP712_FIXED_BYTES = DP_VALUE_FIXED_BYTES,
    DP_EIP712_ADDRESS = DP_VALUE_ADDRESS,
    DP_EIP712_BOOL = DP_VALUE_BOOL,
    DP_EIP712_STRING = DP_VALUE_STRING,
    DP_EIP712_BYTES = DP_VALUE_BYTES,
    DP_EIP712_STRUCT,
};

#define DP_EIP712_DYNAMIC (-1) /* length of T[] */

/* Strings are the document's own, or static. */
struct dp_eip712_member {
    const char *name, *type;
    enum dp_eip712_kind kind;
    unsigned size;       /* bits of an integer, bytes of bytesN, index of a struct type */
    unsigned dimensions; /* 0 for what is no array */
    int32_t lengths[DP_EIP712_DIMENSIONS_MAX]; /* as written: the last is the outermost array's */
};

struct dp_eip712_type {
    const char *name;
    const struct dp_eip712_member *members;
    size_t count;
    size_t text_len; /* of its own part of encodeType */
    bool hashed;
    uint8_t hash[DP_KECCAK_LEN]; /* typeHash, once hashed */
};

struct dp_eip712_types;

/* The elementary type of a member whose kind is not DP_EIP712_STRUCT. */
static inline struct dp_value_type dp_eip712_value_type(const struct dp_eip712_member *member)
{
    return (struct dp_value_type){(enum dp_value_kind)member->kind, member->size};
}

/**
 * Read the types of a document. Where EIP712Domain is not among them it is derived from domain.
 *
 * In:  types, domain  objects, borrowed for the life of *out
 * Out: out  to be freed by dp_eip712_types_free; NULL unless DP_OK
 * Returns: DP_OK, DP_ENOMEM
 *          DP_ETYPEDDATA  a bad name, an unknown type, a member twice, a struct that contains
 *                         itself other than through an array, or a limit; detail->field is the
 *                         path to it
 */
DP_MUST_CHECK
enum dp_err dp_eip712_types_read(struct dp_eip712_types **out, struct json_object *types,
                                 struct json_object *domain, struct dp_detail *detail);

/* Takes NULL. */
void dp_eip712_types_free(struct dp_eip712_types *types);

/* The index of a type, or -1. */
int dp_eip712_types_find(const struct dp_eip712_types *types, const char *name);

/* A type by an index that the call above or a member gave; valid until the types are freed. */
const struct dp_eip712_type *dp_eip712_types_get(const struct dp_eip712_types *types, size_t index);

/**
 * typeHash: keccak-256 of encodeType, computed once.
 *
 * Returns: DP_OK, DP_ETYPEDDATA (the texts hashed so far would exceed DP_EIP712_TEXT_MAX)
 */
DP_MUST_CHECK
enum dp_err dp_eip712_type_hash(struct dp_eip712_types *types, uint8_t out[static DP_KECCAK_LEN],
                                size_t index, struct dp_detail *detail);

#endif
