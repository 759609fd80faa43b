/* code.h - what a contract's bytecode shows without being run: can it hand over to other code? */
#ifndef DP_ETHEREUM_CODE_H
#define DP_ETHEREUM_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ethereum/address.h"

struct dp_code_facts {
    bool delegates;                 /* DELEGATECALL or CALLCODE in what may be reached */
    bool self_destructs;            /* SELFDESTRUCT there */
    bool has_target;                /* nothing but a hand-over to the code at target: */
    uint8_t target[DP_ADDRESS_LEN]; /* EIP-1167's minimal proxy, or EIP-7702's delegation */
};

/**
 * Look through code. The data of PUSH instructions is none; what follows an instruction that ends
 * or jumps is not reached before the next JUMPDEST, so that the compiler's trailing metadata is
 * passed over. What is found may still never run; what is not found cannot.
 */
struct dp_code_facts dp_code_look(const uint8_t *code, size_t len);

#endif
