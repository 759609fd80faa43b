/* test_buf.c - the growing buffer: its limit, its sticky error and the NUL behind its bytes. */
#include "helper.h"

#include <limits.h>
#include <string.h>

#include "base/buf.h"

static void it_grows_up_to_its_limit_and_no_further(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(100000);

    (void)state;
    for (size_t i = 0; i < 100000; i++) {
        dp_buf_add(&buf, &"0123456789"[i % 10], 1);
        assert_int_equal(buf.len, i + 1);
        assert_int_equal(buf.data[buf.len], '\0');
    }
    assert_int_equal(buf.err, DP_OK);
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.data[i], '0' + i % 10);
    dp_buf_add(&buf, "x", 1);
    assert_int_equal(buf.err, DP_ETOOBIG);
    assert_int_equal(buf.len, 100000);
    dp_buf_free(&buf);
}

/* Also around the first size and its double, where the NUL needs a byte more. */
static void every_length_fits_its_own_limit(void **state)
{
    char text[1100];

    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t len = 0; len < sizeof(text); len++) {
        struct dp_buf exact = DP_BUF_INIT(len), less = DP_BUF_INIT(len > 0 ? len - 1 : 0);

        dp_buf_add(&exact, text, len);
        assert_int_equal(exact.err, DP_OK);
        assert_int_equal(strlen(exact.data), len);
        dp_buf_add(&less, text, len);
        assert_int_equal(less.err, len > 0 ? DP_ETOOBIG : DP_OK);
        assert_int_equal(less.len, 0);
        dp_buf_free(&exact);
        dp_buf_free(&less);
    }
}

static void a_length_near_the_largest_does_not_wrap(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(1000);

    (void)state;
    dp_buf_add_text(&buf, "twelve bytes");
    dp_buf_add(&buf, "", SIZE_MAX);
    assert_int_equal(buf.err, DP_ETOOBIG);
    dp_buf_reset(&buf);
    assert_null(dp_buf_room(&buf, SIZE_MAX - 5));
    assert_int_equal(buf.err, DP_ETOOBIG);
    dp_buf_free(&buf);
}

static void the_first_error_sticks_until_reset(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(4);

    (void)state;
    dp_buf_add_text(&buf, "abc");
    dp_buf_add_text(&buf, "de");
    dp_buf_add_text(&buf, "f");
    dp_buf_addf(&buf, "%d", 1);
    assert_null(dp_buf_room(&buf, 0));
    assert_int_equal(buf.err, DP_ETOOBIG);
    assert_string_equal(buf.data, "abc");
    dp_buf_reset(&buf);
    assert_int_equal(buf.err, DP_OK);
    assert_int_equal(buf.len, 0);
    assert_string_equal(buf.data, "");
    dp_buf_add_text(&buf, "f");
    assert_string_equal(buf.data, "f");
    dp_buf_free(&buf);
}

static void formatted_text_counts_as_any_other(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(10);

    (void)state;
    dp_buf_addf(&buf, "%s-%05d", "abc", 42);
    assert_string_equal(buf.data, "abc-00042");
    dp_buf_addf(&buf, "%s", "");
    assert_int_equal(buf.err, DP_OK);
    dp_buf_addf(&buf, "%d", 10);
    assert_int_equal(buf.err, DP_ETOOBIG);
    assert_string_equal(buf.data, "abc-00042");
    dp_buf_free(&buf);
}

static void text_that_cannot_be_formatted_is_an_error(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(10);
    volatile int wide = INT_MAX; /* volatile, as the compiler would foresee the failure */

    (void)state;
    dp_buf_addf(&buf, "%*d%*d", wide, 1, wide, 1);
    assert_int_not_equal(buf.err, DP_OK);
    assert_int_equal(buf.len, 0);
    dp_buf_free(&buf);
}

static void room_is_added_by_its_filler(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(1000);
    char *room;

    (void)state;
    dp_buf_add_text(&buf, "ab");
    room = dp_buf_room(&buf, 900);
    assert_non_null(room);
    memset(room, 'c', 900);
    dp_buf_grew(&buf, 3);
    assert_string_equal(buf.data, "abccc");
    dp_buf_free(&buf);
}

static void freed_it_is_as_new(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(2);

    (void)state;
    dp_buf_add_text(&buf, "abc");
    dp_buf_free(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.err, DP_OK);
    dp_buf_add_text(&buf, "ab");
    assert_string_equal(buf.data, "ab");
    dp_buf_add_text(&buf, "c");
    assert_int_equal(buf.err, DP_ETOOBIG);
    dp_buf_free(&buf);
    dp_buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_grows_up_to_its_limit_and_no_further),
        cmocka_unit_test(every_length_fits_its_own_limit),
        cmocka_unit_test(a_length_near_the_largest_does_not_wrap),
        cmocka_unit_test(the_first_error_sticks_until_reset),
        cmocka_unit_test(formatted_text_counts_as_any_other),
        cmocka_unit_test(text_that_cannot_be_formatted_is_an_error),
        cmocka_unit_test(room_is_added_by_its_filler),
        cmocka_unit_test(freed_it_is_as_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
