/* test_code.c - what bytecode shows: PUSH data and what cannot be reached are no instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "ethereum/code.h"

#define ADDRESS "bebebebebebebebebebebebebebebebebebebebe"

static struct dp_code_facts look(const char *hex)
{
    uint8_t code[256];
    size_t len;

    assert_int_equal(dp_hex_decode(code, sizeof(code), &len, hex, strlen(hex)), DP_OK);
    return dp_code_look(code, len);
}

static void instructions_are_told_from_data(void **state)
{
    static const struct {
        const char *code, *what;
        bool delegates, self_destructs;
    } rows[] = {
        {"", "nothing", false, false},
        {"f4", "DELEGATECALL", true, false},
        {"f2", "CALLCODE", true, false},
        {"f1fa", "CALL and STATICCALL", false, false},
        {"ff", "SELFDESTRUCT", false, true},
        {"60f4", "PUSH1 data", false, false},
        {"60f4f4", "past PUSH1 data", true, false},
        {"605bf4", "past a PUSH1 of 5b", true, false},
        {"7ff4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4", "PUSH32 data", false,
         false},
        {"7ff4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4", "past PUSH32 data",
         true, false},
        {"5ff4", "PUSH0 has no data", true, false},
        {"7ff4", "PUSH32 data that is cut", false, false},
        {"fef4", "behind INVALID", false, false},
        {"00f4f3f4fdf456f4", "behind what ends or jumps", false, false},
        {"fe5bf4", "behind a JUMPDEST", true, false},
        {"fe605bf4", "behind a JUMPDEST that is data", false, false},
        {"57f4", "JUMPI may go on", true, false},
        {"00ff", "SELFDESTRUCT behind STOP", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dp_code_facts facts = look(rows[i].code);

        if (facts.delegates != rows[i].delegates ||
            facts.self_destructs != rows[i].self_destructs || facts.has_target)
            fail_msg("%s", rows[i].what);
    }
}

static void hand_overs_are_known(void **state)
{
    static const char *const codes[] = {
        "363d3d373d3d3d363d73" ADDRESS "5af43d82803e903d91602b57fd5bf3", /* EIP-1167 */
        "ef0100" ADDRESS,                                                /* EIP-7702 */
    };
    uint8_t address[DP_ADDRESS_LEN];
    struct dp_code_facts facts;

    (void)state;
    memset(address, 0xbe, sizeof(address));
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        facts = look(codes[i]);
        assert_true(facts.has_target && facts.delegates);
        assert_memory_equal(facts.target, address, sizeof(address));
    }
    facts = look("363d3d373d3d3d363d73" ADDRESS "5af43d82803e903d91602b57fd5bf300");
    assert_true(!facts.has_target && facts.delegates);
    assert_false(look("ef0100" ADDRESS "00").has_target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_told_from_data),
        cmocka_unit_test(hand_overs_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
