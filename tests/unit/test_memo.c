/* test_memo.c - a memo gives back what was kept, under its tag alone, and never grows. */
#include "helper.h"

#include <string.h>

#include "base/memo.h"

#define PLACES 16
#define ROW 8 /* values whose tags begin alike: the ninth drives out the first */

static struct dp_memo *memo;

static int open_memo(void **state)
{
    (void)state;
    return dp_memo_open(&memo, PLACES, sizeof(int)) == DP_OK ? 0 : -1;
}

static int close_memo(void **state)
{
    (void)state;
    dp_memo_close(memo);
    return 0;
}

/* The tags of one row end in their numbers. */
static const uint8_t *tag(uint8_t row, uint8_t number)
{
    static uint8_t bytes[DP_MEMO_TAG_LEN];

    memset(bytes, 0, sizeof(bytes));
    bytes[0] = row;
    bytes[DP_MEMO_TAG_LEN - 1] = number;
    return bytes;
}

static void keep(uint8_t row, uint8_t number, int value)
{
    dp_memo_keep(memo, tag(row, number), &value);
}

/* -1: not there. */
static int find(uint8_t row, uint8_t number)
{
    int value = -1;
    bool found = dp_memo_find(memo, &value, tag(row, number));

    assert_int_equal(found, value != -1);
    return value;
}

static void what_was_kept_is_found_under_its_tag_alone(void **state)
{
    (void)state;
    assert_int_equal(find(1, 1), -1);
    keep(1, 1, 11);
    keep(0, 1, 22);
    assert_int_equal(find(1, 1), 11);
    assert_int_equal(find(0, 1), 22);
    assert_int_equal(find(1, 2), -1);
    assert_int_equal(find(3, 1), -1); /* the same row as 1, another tag */
}

static void the_oldest_of_a_row_makes_room(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= ROW; i++)
        keep(1, i, i);
    keep(1, 1, 1); /* is there already */
    keep(0, 1, 7);
    for (uint8_t i = 1; i <= ROW; i++)
        assert_int_equal(find(1, i), i);
    keep(1, ROW + 1, ROW + 1);
    assert_int_equal(find(1, 1), -1);
    assert_int_equal(find(1, 2), 2);
    assert_int_equal(find(1, ROW + 1), ROW + 1);
    assert_int_equal(find(0, 1), 7);
}

static void closing_takes_nothing_too(void **state)
{
    (void)state;
    dp_memo_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_kept_is_found_under_its_tag_alone, open_memo,
                                        close_memo),
        cmocka_unit_test_setup_teardown(the_oldest_of_a_row_makes_room, open_memo, close_memo),
        cmocka_unit_test(closing_takes_nothing_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
