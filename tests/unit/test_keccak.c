/* test_keccak.c - Keccak-256 against ethereum.json, and that it does not care how it is fed. */
#include "vectors.h"

#include <string.h>

#include "crypto/keccak.h"

static struct bytes input_of(struct json_object *row)
{
    if (json_object_object_get_ex(row, "generate", NULL))
        return vectors_generated(row);
    return vectors_hex(row, "input");
}

static void published_digests(void **state)
{
    struct json_object *doc = vectors_load("ethereum.json");

    (void)state;
    FOR_EACH_ROW(row, vectors_rows(doc, "keccak256"))
    {
        struct bytes input = input_of(row);
        uint8_t want[DP_KECCAK_LEN], got[DP_KECCAK_LEN];

        vectors_fixed(want, sizeof(want), row, "digest");
        dp_keccak256(got, input.data, input.len);
        if (memcmp(got, want, sizeof(want)) != 0)
            fail_msg("%s", vectors_text(row, "description"));
        bytes_free(input);
    }
    json_object_put(doc);
}

/* Every length up to two blocks and a byte, cut in two at every place; the second piece begins at
 * every alignment. */
static void pieces_hash_as_the_whole(void **state)
{
    uint8_t msg[2 * DP_KECCAK_BLOCK + 1], whole[DP_KECCAK_LEN], pieces[DP_KECCAK_LEN];
    struct dp_keccak k;

    (void)state;
    for (size_t i = 0; i < sizeof(msg); i++)
        msg[i] = (uint8_t)(i * 7);
    for (size_t len = 0; len <= sizeof(msg); len++) {
        dp_keccak256(whole, msg, len);
        for (size_t cut = 0; cut <= len; cut++) {
            dp_keccak_init(&k);
            dp_keccak_add(&k, msg, cut);
            dp_keccak_add(&k, msg + cut, len - cut);
            dp_keccak_final(&k, pieces);
            assert_memory_equal(pieces, whole, sizeof(whole));
        }
    }
}

static void single_bytes_hash_as_the_whole(void **state)
{
    uint8_t msg[3 * DP_KECCAK_BLOCK], whole[DP_KECCAK_LEN], pieces[DP_KECCAK_LEN];
    struct dp_keccak k;

    (void)state;
    memset(msg, 0xa5, sizeof(msg));
    dp_keccak256(whole, msg, sizeof(msg));
    dp_keccak_init(&k);
    for (size_t i = 0; i < sizeof(msg); i++)
        dp_keccak_add(&k, msg + i, 1);
    dp_keccak_final(&k, pieces);
    assert_memory_equal(pieces, whole, sizeof(whole));
}

static void final_leaves_nothing_behind(void **state)
{
    static const struct dp_keccak wiped;
    uint8_t out[DP_KECCAK_LEN];
    struct dp_keccak k;

    (void)state;
    dp_keccak_init(&k);
    dp_keccak_add(&k, "secret", 6);
    dp_keccak_final(&k, out);
    assert_memory_equal(&k, &wiped, sizeof(k));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_digests),
        cmocka_unit_test(pieces_hash_as_the_whole),
        cmocka_unit_test(single_bytes_hash_as_the_whole),
        cmocka_unit_test(final_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
