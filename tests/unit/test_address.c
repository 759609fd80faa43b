/* test_address.c - addresses and their checksum against ethereum.json. */
#include "vectors.h"

#include <string.h>

#include "ethereum/address.h"

static int load(void **state)
{
    *state = vectors_load("ethereum.json");
    return 0;
}

static int unload(void **state)
{
    json_object_put(*state);
    return 0;
}

static void a_public_key_has_its_address(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "addresses"))
    {
        uint8_t pub[DP_SECP_PUB_LEN], address[DP_ADDRESS_LEN];
        char text[DP_ADDRESS_TEXT_SIZE];

        vectors_fixed(pub, sizeof(pub), row, "public_key_uncompressed");
        dp_address_of_public(address, pub);
        dp_address_format(text, address);
        assert_string_equal(text, vectors_text(row, "address"));
    }
}

static void text_is_read_and_written_with_the_checksum(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "eip55"))
    {
        const char *want = vectors_text(row, "checksummed");
        uint8_t address[DP_ADDRESS_LEN], again[DP_ADDRESS_LEN];
        char text[DP_ADDRESS_TEXT_SIZE];

        assert_int_equal(dp_address_parse(address, vectors_text(row, "input")), DP_OK);
        dp_address_format(text, address);
        assert_string_equal(text, want);
        assert_int_equal(dp_address_parse(again, want), DP_OK);
        assert_memory_equal(again, address, sizeof(address));
    }
}

static void bad_text_is_refused(void **state)
{
    FOR_EACH_ROW(row, vectors_rows(*state, "eip55_invalid"))
    {
        const char *text = json_object_get_string(row);
        uint8_t address[DP_ADDRESS_LEN];

        if (dp_address_parse(address, text) != DP_EADDRESS)
            fail_msg("%s is taken", text);
    }
}

static void odd_text_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "0x",
        "0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed0",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed00",
        "0x0x5aaeb6053f3e94c9b9a09f33669435e7ef1bea",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed ",
        " 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    };
    uint8_t address[DP_ADDRESS_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (dp_address_parse(address, texts[i]) != DP_EADDRESS)
            fail_msg("\"%s\" is taken", texts[i]);
}

/* Change the case of one letter at a time: no such change is still the checksum. */
static void one_letter_in_the_wrong_case_is_noticed(void **state)
{
    static const char good[] = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    uint8_t address[DP_ADDRESS_LEN];

    (void)state;
    for (size_t i = 2; i < sizeof(good) - 1; i++) {
        char text[sizeof(good)];

        if (good[i] <= '9')
            continue;
        memcpy(text, good, sizeof(good));
        text[i] ^= 0x20;
        assert_int_equal(dp_address_parse(address, text), DP_EADDRESS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_public_key_has_its_address),
        cmocka_unit_test(text_is_read_and_written_with_the_checksum),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(odd_text_is_refused),
        cmocka_unit_test(one_letter_in_the_wrong_case_is_noticed),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
