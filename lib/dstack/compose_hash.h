/* compose_hash.h - the hash of an app-compose.json: dstack's, and the one that the SDKs compute. */
#ifndef DP_DSTACK_COMPOSE_HASH_H
#define DP_DSTACK_COMPOSE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/tree.h"

#define DP_COMPOSE_MAX (256 * 1024) /* dstack refuses a longer app-compose.json */
#define DP_COMPOSE_HASH_LEN 32
#define DP_COMPOSE_APP_ID_LEN 20 /* of the hash; the app id, unless a contract gives another */

/* Room for any canonical form: at most six bytes a byte, as a control character in a string. */
#define DP_COMPOSE_CANONICAL_MAX (6 * DP_COMPOSE_MAX)

/* What dstack measures into RTMR3 and what contracts allow: SHA-256 of the file's bytes as they
 * are. Returns: DP_OK, DP_ECRYPTO */
DP_MUST_CHECK
enum dp_err dp_compose_hash(uint8_t out[static DP_COMPOSE_HASH_LEN], const void *data, size_t len);

/**
 * The text whose SHA-256 is getComposeHash(JSON.parse(text), normalize) of the JavaScript SDK
 * 0.5.8: members sorted by UTF-16 unit behind those that are array indices, compact, numbers as
 * ECMAScript writes them, the last of members given twice. Like that SDK it loses a member named
 * __proto__, and leaves an object with a member named constructor, and all in it, in its own
 * order. A byte order mark in front is passed over.
 *
 * Out: out     added to; DP_COMPOSE_CANONICAL_MAX is always enough
 *      detail  says where and why; may be NULL
 * In:  normalize  drop what the runner does not use (docker_compose_file for bash, bash_script for
 *                 docker-compose), and a pre_launch_script that is empty, null, false or 0
 * Returns: DP_OK, DP_EJSON (not one JSON object), DP_ETOOBIG (over DP_COMPOSE_MAX), DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_compose_canonical(struct dp_buf *out, const char *text, size_t len, bool normalize,
                                 struct dp_detail *detail);

/* The same of a tree that dp_json_tree_parse read, or of one made alike. Its members are put into
 * canonical order, and what is lost is taken out of it. Returns: DP_OK, DP_ENOMEM; out->err */
DP_MUST_CHECK
enum dp_err dp_compose_canonical_tree(struct dp_buf *out, struct dp_tree *tree);

/* Only put the members into that order. Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_compose_sort(struct dp_tree *tree);

/* Add one node, with what is in it, as canonical JSON. */
void dp_compose_write(struct dp_buf *out, const struct dp_tree *tree, uint32_t node);

/* The order of member names: array indices by number, then the rest by UTF-16 unit. As strcmp. */
int dp_compose_key_order(struct dp_slice a, struct dp_slice b);

#endif
