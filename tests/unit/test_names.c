/* test_names.c - what is a user id, and what is an email address. */
#include "helper.h"

#include <stdlib.h>
#include <string.h>

#include "store/names.h"

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define TEXT(s) (s), sizeof(s) - 1

struct row {
    const char *text;
    size_t len;
    bool valid;
};

static const struct row user_ids[] = {
    {TEXT("a"), true},
    {TEXT("0"), true},
    {TEXT("Z"), true},
    {TEXT("alice"), true},
    {TEXT("Alice-B_c.d9"), true},
    {TEXT("a..b"), true},
    {TEXT("a."), true},
    {TEXT(SIXTY "abcd"), true},
    {TEXT(SIXTY "abcde"), false},
    {TEXT(""), false},
    {TEXT("."), false},
    {TEXT(".."), false},
    {TEXT("-a"), false},
    {TEXT("_a"), false},
    {TEXT("!self-test1"), false},
    {TEXT("a/b"), false},
    {TEXT("/a"), false},
    {TEXT("a/"), false},
    {TEXT("a\\b"), false},
    {TEXT("a b"), false},
    {TEXT(" a"), false},
    {TEXT("a\n"), false},
    {TEXT("a\0b"), false},
    {TEXT("a\0"), false},
    {TEXT("a%2fb"), false},
    {TEXT("a@b"), false},
    {TEXT("a+b"), false},
    {TEXT("a:b"), false},
    {TEXT("a`b"), false},
    {TEXT("a[b"), false},
    {TEXT("\xc3\xa4"), false},
    {TEXT("a\xc3\xa4"), false},
    {TEXT("a\xff"), false},
};

static const struct row emails[] = {
    {TEXT("a@b"), true},
    {TEXT("alice@example.com"), true},
    {TEXT("a.b+c@example.com"), true},
    {TEXT("\"quoted\"@example.com"), true},
    {TEXT("j\xc3\xb6rg@example.com"), true},
    {TEXT(""), false},
    {TEXT("@"), false},
    {TEXT("a@"), false},
    {TEXT("@b"), false},
    {TEXT("ab"), false},
    {TEXT("abc"), false},
    {TEXT("a@@b"), false},
    {TEXT("a@b@c"), false},
    {TEXT("a@b@"), false},
    {TEXT("@a@b"), false},
    {TEXT("a b@c"), false},
    {TEXT(" a@b"), false},
    {TEXT("a@b "), false},
    {TEXT("a@b\n"), false},
    {TEXT("a\t@b"), false},
    {TEXT("a@b\0"), false},
    {TEXT("a\0@b"), false},
    {TEXT("a@b\x7f"), false},
};

static void assert_rows(const struct row *rows, size_t count,
                        bool (*valid)(const char *text, size_t len))
{
    for (size_t i = 0; i < count; i++) {
        /* On the heap and without a NUL, so that a sanitizer sees a read past the end. */
        char *text = malloc(rows[i].len + (rows[i].len == 0));
        bool got;

        memcpy(text, rows[i].text, rows[i].len);
        got = valid(text, rows[i].len);
        free(text);
        if (got != rows[i].valid)
            fail_msg("\"%s\" is %s", rows[i].text, got ? "taken" : "refused");
    }
}

static void user_ids_are_letters_digits_and_inner_marks(void **state)
{
    (void)state;
    assert_rows(user_ids, COUNT(user_ids), dp_user_id_valid);
}

/* Every byte as the first and as a later one. */
static void each_byte_of_a_user_id(void **state)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    (void)state;
    for (int c = 0; c < 256; c++) {
        char alone[] = {(char)c}, later[] = {'a', (char)c};
        bool alnum = memchr(first, c, sizeof(first) - 1) != NULL;

        assert_int_equal(dp_user_id_valid(alone, 1), alnum);
        assert_int_equal(dp_user_id_valid(later, 2), alnum || c == '.' || c == '_' || c == '-');
    }
}

static void email_addresses_have_one_at_sign(void **state)
{
    (void)state;
    assert_rows(emails, COUNT(emails), dp_email_valid);
}

static void an_email_address_has_at_most_254_bytes(void **state)
{
    char text[300];

    (void)state;
    memset(text, 'a', sizeof(text));
    text[1] = '@';
    assert_true(dp_email_valid(text, 3));
    assert_true(dp_email_valid(text, 254));
    assert_false(dp_email_valid(text, 255));
    assert_false(dp_email_valid(text, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(user_ids_are_letters_digits_and_inner_marks),
        cmocka_unit_test(each_byte_of_a_user_id),
        cmocka_unit_test(email_addresses_have_one_at_sign),
        cmocka_unit_test(an_email_address_has_at_most_254_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
