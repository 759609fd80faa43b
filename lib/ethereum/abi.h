/* abi.h - Solidity's contract ABI: what calls, constructors, errors and events carry. */
#ifndef DP_ETHEREUM_ABI_H
#define DP_ETHEREUM_ABI_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/err.h"

#define DP_ABI_NODES_MAX 1024         /* types in one list: each, its items' and its members' */
#define DP_ABI_DEPTH_MAX 16           /* arrays and tuples inside one another */
#define DP_ABI_HEAD_MAX (1024 * 1024) /* bytes of values that have a fixed size */
#define DP_ABI_DECODED_MAX (4 * 1024 * 1024) /* 32 for each value decoded, and its bytes */
#define DP_ABI_SELECTOR_LEN 4

/* A list of parameters: of a function, a constructor, an error, or what a function returns. */
struct dp_abi;

/**
 * Read a list as the compiler's JSON ABI has it: [{name, type, components}, ...].
 *
 * In:  params  borrowed for the life of *out
 * Out: out     to be freed by dp_abi_free; NULL unless DP_OK
 *      detail  names what is wrong; may be NULL
 * Returns: DP_OK, DP_ENOMEM
 *          DP_EFORMAT  a type that is none, or that no contract has: T[0], a tuple of nothing
 *          DP_ETOOBIG  one of the limits above
 */
DP_MUST_CHECK
enum dp_err dp_abi_read(struct dp_abi **out, struct json_object *params, struct dp_detail *detail);

/**
 * The same for a list as people write it, with or without names and spaces:
 * "address to, (bytes32 id, uint64[2] times)[] entries".
 *
 * In: text  borrowed for the life of *out
 */
DP_MUST_CHECK
enum dp_err dp_abi_parse(struct dp_abi **out, const char *text, struct dp_detail *detail);

/* Takes NULL. */
void dp_abi_free(struct dp_abi *abi);

/* How many parameters. */
size_t dp_abi_count(const struct dp_abi *abi);

/* The name of one, which may be empty; no NUL follows it. */
struct dp_slice dp_abi_name(const struct dp_abi *abi, size_t index);

/* The type of one: "(bytes32,uint64[2])[]". */
void dp_abi_type(struct dp_buf *out, const struct dp_abi *abi, size_t index);

/* May its value be given as a plain text, not as JSON? Not that of arrays and tuples. */
bool dp_abi_is_plain(const struct dp_abi *abi, size_t index);

/* All types: "(address,(bytes32,uint64[2])[])". After a name it is the signature that is hashed. */
void dp_abi_types(struct dp_buf *out, const struct dp_abi *abi);

/**
 * The first bytes of keccak-256 of the signature: they begin a call, and the data of a revert.
 *
 * Returns: DP_OK, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_abi_selector(uint8_t out[static DP_ABI_SELECTOR_LEN], const char *name,
                            const struct dp_abi *abi);

/**
 * Encode values. Elementary ones are written as value.h says; an array is a JSON array; a tuple is
 * a JSON array, or an object with exactly its members.
 *
 * In:  values  a JSON array, one value a parameter
 * Out: out     added to
 *      detail  field is the path to the fault, such as config.notice or owners[2]
 * Returns: DP_OK
 *          DP_EFORMAT  a value that is none of its type, too few or too many of them
 *          DP_ETOOBIG, DP_ENOMEM  as out says
 */
DP_MUST_CHECK
enum dp_err dp_abi_encode(const struct dp_abi *abi, struct dp_buf *out, struct json_object *values,
                          struct dp_detail *detail);

/**
 * Decode what a contract has said. Integers become decimal strings, addresses get their EIP-55
 * checksum, bytes are 0x and hex; arrays and tuples are JSON arrays. Refused is what Solidity
 * itself would not take (a bool of 2, an address of 21 bytes, an offset that leads outside) and
 * what is no UTF-8 in a string. Bytes that nothing points to are not looked at.
 *
 * In:  data    len bytes, without a selector
 * Out: values  an array, to be freed by json_object_put; NULL unless DP_OK
 * Returns: DP_OK, DP_EFORMAT, DP_ENOMEM, DP_ETOOBIG (DP_ABI_DECODED_MAX: many offsets can point to
 *          the same bytes)
 */
DP_MUST_CHECK
enum dp_err dp_abi_decode(const struct dp_abi *abi, struct json_object **values,
                          const uint8_t *data, size_t len);

#endif
