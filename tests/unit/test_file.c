/* test_file.c - a file as bytes in memory: all of it, up to the buffer's limit, or why not; and
 * replaced at once. */
#include "helper.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

static void assert_file(const char *path, const char *want, mode_t mode)
{
    struct dp_buf buf = DP_BUF_INIT(LIMIT);
    struct stat info;

    assert_int_equal(dp_file_read(&buf, path), DP_OK);
    assert_int_equal(buf.len, strlen(want));
    assert_memory_equal(buf.data, want, buf.len);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, mode);
    dp_buf_free(&buf);
}

static void a_file_is_replaced_at_once_or_stays(void **state)
{
    const struct dp_slice first = {"first", 5}, second = {"2nd", 3};
    char path[TEMP_SIZE], below[TEMP_SIZE + 8], long_name[NAME_MAX + 2];
    struct temp temp;

    (void)state;
    temp_make(&temp);
    temp_path(path, &temp, "file");
    assert_int_equal(dp_file_replace(path, first, 0644), DP_OK);
    assert_file(path, "first", 0644);
    assert_int_equal(dp_file_replace(path, second, 0600), DP_OK);
    assert_file(path, "2nd", 0600);

    snprintf(below, sizeof(below), "%s/x", path);
    assert_int_equal(dp_file_replace(below, first, 0644), DP_EIO);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(dp_file_replace(temp.dir, first, 0644), DP_EIO);
    assert_int_equal(errno, EISDIR);
    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_int_equal(dp_file_replace(long_name, first, 0644), DP_EIO);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_file(path, "2nd", 0600);
    temp_remove(&temp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_file_comes_up_to_the_limit),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(a_file_is_replaced_at_once_or_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
