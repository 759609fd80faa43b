/* eip712.h - the digest of typed data (EIP-712), as eth_signTypedData_v4 takes it. */
#ifndef DP_ETHEREUM_EIP712_H
#define DP_ETHEREUM_EIP712_H

#include <json-c/json.h>

#include "base/err.h"
#include "crypto/keccak.h"

struct dp_eip712 {
    uint8_t domain_separator[DP_KECCAK_LEN];
    uint8_t message_hash[DP_KECCAK_LEN]; /* hashStruct(message); zero where primaryType is the
                                            domain itself, which then is all that is hashed */
    uint8_t digest[DP_KECCAK_LEN];       /* what is signed */
};

/**
 * Hash {types, primaryType, domain, message}. Taken is what viem and ethers hash alike, and:
 * struct types that contain themselves through an array, types that nothing uses, EIP712Domain as
 * primaryType, and a declared EIP712Domain in any order, as viem (and the EIP) take them. Members
 * that no type declares are not hashed.
 *
 * Where types does not declare EIP712Domain, it is made of the domain's members in the EIP's
 * order. In that case a member that the EIP does not know, an empty version and a chainId that is
 * no number are refused, as libraries leave them out or not.
 *
 * Integers are JSON numbers without fraction or exponent up to 2^53 - 1 either way, or strings:
 * decimal, or 0x and hex. Addresses are lower case or carry the EIP-55 checksum. Bytes are 0x and
 * pairs of digits. Every member must be there, and none may be null.
 *
 * Limits: what DP_JSON_DEPTH_MAX allows of nesting, and those of eip712_types.h. Time and memory
 * are linear in the data and in DP_EIP712_TEXT_MAX.
 *
 * In:  document  an object
 * Out: out     undefined unless DP_OK
 *      detail  field is the path to the fault, such as typedData.message.to.wallets[1]
 * Returns: DP_OK, DP_ETYPEDDATA, DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_eip712_hash(struct dp_eip712 *out, struct json_object *document,
                           struct dp_detail *detail);

#endif
