/* test_file.c - a file as bytes in memory: all of it, up to the buffer's limit, or why not. */
#include "helper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define LIMIT 10000

static void write_file(const char *path, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    for (size_t i = 0; i < len; i++)
        assert_int_not_equal(fputc((int)(i % 251), file), EOF);
    assert_int_equal(fclose(file), 0);
}

static const struct {
    size_t len;
    enum dp_err want;
} cases[] = {
    {0, DP_OK}, {1, DP_OK}, {4096, DP_OK}, {4097, DP_OK}, {LIMIT, DP_OK}, {LIMIT + 1, DP_ETOOBIG},
};

static void all_of_a_file_comes_up_to_the_limit(void **state)
{
    struct temp temp;
    char path[TEMP_SIZE];

    (void)state;
    temp_make(&temp);
    temp_path(path, &temp, "file");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dp_buf buf = DP_BUF_INIT(LIMIT);

        write_file(path, cases[i].len);
        assert_int_equal(dp_file_read(&buf, path), cases[i].want);
        if (cases[i].want == DP_OK)
            assert_int_equal(buf.len, cases[i].len);
        for (size_t j = 0; j < buf.len; j++)
            assert_int_equal((uint8_t)buf.data[j], j % 251);
        dp_buf_free(&buf);
    }
    temp_remove(&temp);
}

static void what_cannot_be_read_says_why(void **state)
{
    struct dp_buf buf = DP_BUF_INIT(LIMIT);
    struct temp temp;
    char path[TEMP_SIZE];

    (void)state;
    temp_make(&temp);
    temp_path(path, &temp, "none");
    assert_int_equal(dp_file_read(&buf, path), DP_EIO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(dp_file_read(&buf, temp.dir), DP_EIO);
    assert_int_equal(errno, EISDIR);
    dp_buf_free(&buf);
    temp_remove(&temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_file_comes_up_to_the_limit),
        cmocka_unit_test(what_cannot_be_read_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
