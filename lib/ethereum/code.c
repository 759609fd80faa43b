/* code.c - what a contract's bytecode shows without being run: can it hand over to other code? */
#include "ethereum/code.h"

#include <string.h>

/* Instructions (yellow paper, appendix H). */
#define STOP 0x00
#define JUMP 0x56
#define JUMPDEST 0x5b
#define PUSH1 0x60
#define PUSH32 0x7f
#define CALLCODE 0xf2
#define RETURN 0xf3
#define DELEGATECALL 0xf4
#define REVERT 0xfd
#define INVALID 0xfe
#define SELFDESTRUCT 0xff

static const uint8_t proxy_head[] = {0x36, 0x3d, 0x3d, 0x37, 0x3d, 0x3d, 0x3d, 0x36, 0x3d, 0x73};
static const uint8_t proxy_tail[] = {0x5a, 0xf4, 0x3d, 0x82, 0x80, 0x3e, 0x90, 0x3d,
                                     0x91, 0x60, 0x2b, 0x57, 0xfd, 0x5b, 0xf3};
static const uint8_t delegation_head[] = {0xef, 0x01, 0x00};

static bool ends(uint8_t instruction)
{
    switch (instruction) {
    case STOP:
    case JUMP:
    case RETURN:
    case REVERT:
    case INVALID:
    case SELFDESTRUCT:
        return true;
    default:
        return false;
    }
}

static void look_through(struct dp_code_facts *facts, const uint8_t *code, size_t len)
{
    bool reached = true;

    for (size_t at = 0; at < len; at++) {
        uint8_t instruction = code[at];

        reached = reached || instruction == JUMPDEST;
        if (reached && (instruction == DELEGATECALL || instruction == CALLCODE))
            facts->delegates = true;
        if (reached && instruction == SELFDESTRUCT)
            facts->self_destructs = true;
        if (ends(instruction))
            reached = false;
        if (instruction >= PUSH1 && instruction <= PUSH32)
            at += instruction - PUSH1 + 1U;
    }
}

static bool is_around(const uint8_t *code, size_t len, const uint8_t *head, size_t head_len,
                      const uint8_t *tail, size_t tail_len)
{
    return len == head_len + DP_ADDRESS_LEN + tail_len && memcmp(code, head, head_len) == 0 &&
           (tail_len == 0 || memcmp(code + head_len + DP_ADDRESS_LEN, tail, tail_len) == 0);
}

struct dp_code_facts dp_code_look(const uint8_t *code, size_t len)
{
    struct dp_code_facts facts = {.delegates = false};

    if (is_around(code, len, proxy_head, sizeof(proxy_head), proxy_tail, sizeof(proxy_tail))) {
        facts.has_target = true;
        memcpy(facts.target, code + sizeof(proxy_head), DP_ADDRESS_LEN);
    } else if (is_around(code, len, delegation_head, sizeof(delegation_head), NULL, 0)) {
        facts.has_target = true;
        memcpy(facts.target, code + sizeof(delegation_head), DP_ADDRESS_LEN);
    }
    facts.delegates = facts.has_target;
    look_through(&facts, code, len);
    return facts;
}
