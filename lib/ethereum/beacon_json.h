/* beacon_json.h - members as the beacon API has them: numbers as decimal strings, bytes as hex. */
/*
 * All return DP_OK, DP_EMISSING, DP_ETYPE, DP_EFORMAT (no such number), DP_EHEX (no hex, or another
 * length); detail, which may be NULL, names the member.
 */
#ifndef DP_ETHEREUM_BEACON_JSON_H
#define DP_ETHEREUM_BEACON_JSON_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/err.h"
#include "ethereum/integer.h"
#include "ethereum/ssz.h"

DP_MUST_CHECK
enum dp_err dp_beacon_number(uint64_t *out, struct json_object *object, const char *name,
                             struct dp_detail *detail);

/* Of 256 bits, as a leaf. */
DP_MUST_CHECK
enum dp_err dp_beacon_wide_number(struct dp_ssz_node *out, struct json_object *object,
                                  const char *name, struct dp_detail *detail);

/* Exactly len bytes. */
DP_MUST_CHECK
enum dp_err dp_beacon_bytes(uint8_t *out, size_t len, struct json_object *object, const char *name,
                            struct dp_detail *detail);

/* At most cap bytes. */
DP_MUST_CHECK
enum dp_err dp_beacon_some_bytes(uint8_t *out, size_t cap, size_t *len, struct json_object *object,
                                 const char *name, struct dp_detail *detail);

DP_MUST_CHECK
enum dp_err dp_beacon_root(struct dp_ssz_node *out, struct json_object *object, const char *name,
                           struct dp_detail *detail);

/* An array of exactly count strings of exactly len bytes each, one after another in out. */
DP_MUST_CHECK
enum dp_err dp_beacon_list(uint8_t *out, size_t count, size_t len, struct json_object *object,
                           const char *name, struct dp_detail *detail);

/* An object. Out: out  borrowed */
DP_MUST_CHECK
enum dp_err dp_beacon_object(struct json_object **out, struct json_object *object, const char *name,
                             struct dp_detail *detail);

#endif
