/* test_log.c - each event is one line of JSON, whatever goes into it. */
#include "helper.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

static int saved_stderr, pipe_ends[2];

static int redirect(void **state)
{
    (void)state;
    saved_stderr = dup(STDERR_FILENO);
    if (saved_stderr < 0 || pipe(pipe_ends) != 0 || dup2(pipe_ends[1], STDERR_FILENO) < 0)
        return -1;
    close(pipe_ends[1]);
    return 0;
}

static int restore(void **state)
{
    (void)state;
    dp_log_set_level(DP_LOG_INFO);
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(pipe_ends[0]);
    return 0;
}

/* What was logged since the last call, which the caller frees, as an object; a line, no more. */
static struct json_object *logged(void)
{
    static char text[65536];
    struct json_object *line = NULL;
    struct dp_detail detail;
    ssize_t len;

    /* Nothing logged is nothing to wait for: a mark ends every read. */
    if (write(STDERR_FILENO, "\n", 1) != 1)
        abort();
    len = read(pipe_ends[0], text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len] = '\0';
    if (len == 1)
        return NULL;
    assert_true(len - 1 <= PIPE_BUF);
    assert_ptr_equal(strchr(text, '\n'), text + len - 2);
    if (dp_json_parse(&line, text, (size_t)len - 2, &detail) != DP_OK)
        fail_msg("%s: %s", detail.text, text);
    return line;
}

static const char *member(struct json_object *line, const char *name)
{
    struct dp_slice text = {NULL, 0};

    assert_int_equal(dp_json_optional_string(&text, line, name, NULL), DP_OK);
    return text.data;
}

static void an_event_has_its_members(void **state)
{
    struct json_object *line;

    (void)state;
    dp_log(DP_LOG_WARN, "event", "%s %d", "detail", 7);
    line = logged();
    assert_string_equal(member(line, "level"), "warn");
    assert_string_equal(member(line, "event"), "event");
    assert_string_equal(member(line, "program"), "test_log");
    assert_string_equal(member(line, "detail"), "detail 7");
    assert_int_equal(strlen(member(line, "ts")), 24);
    json_object_put(line);
}

static void a_request_has_its_members(void **state)
{
    struct dp_log_request request = {"/api/x", "GET", "alice", "id1", "user_exists", 409, 1500};
    struct json_object *line, *number;

    (void)state;
    dp_log_request(&request);
    line = logged();
    assert_string_equal(member(line, "level"), "info");
    assert_string_equal(member(line, "route"), "/api/x");
    assert_string_equal(member(line, "method"), "GET");
    assert_string_equal(member(line, "userId"), "alice");
    assert_string_equal(member(line, "request_id"), "id1");
    assert_string_equal(member(line, "result"), "error");
    assert_string_equal(member(line, "error_code"), "user_exists");
    assert_true(json_object_object_get_ex(line, "latency_ms", &number));
    assert_true(json_object_get_double(number) == 1.5);
    assert_true(json_object_object_get_ex(line, "status", &number));
    assert_int_equal(json_object_get_int(number), 409);
    json_object_put(line);
}

static void what_is_null_is_left_out(void **state)
{
    struct dp_log_request request = {.status = 500};
    struct json_object *line;

    (void)state;
    dp_log_request(&request);
    line = logged();
    assert_string_equal(member(line, "level"), "error");
    assert_null(member(line, "route"));
    assert_null(member(line, "userId"));
    assert_null(member(line, "error_code"));
    json_object_put(line);
}

static void every_byte_keeps_the_line_whole(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char text[] = {'a', (char)c, 'b', '\0'};
        char want[] = {'a', c < 0x7f ? (char)c : '?', 'b', '\0'};
        struct json_object *line;

        dp_log(DP_LOG_INFO, text, "%s", text);
        line = logged();
        assert_string_equal(member(line, "event"), want);
        assert_string_equal(member(line, "detail"), want);
        json_object_put(line);
    }
}

/* One value of each length, of bytes that take one, two and six bytes in the line. */
static void over_long_values_are_cut(void **state)
{
    static const char fillers[] = "a\"\x01";
    static char value[9000];

    (void)state;
    for (size_t f = 0; f < sizeof(fillers) - 1; f++) {
        for (size_t len = 0; len < 2200; len += len < 250 ? 50 : 1) {
            struct dp_log_request request = {value, "POST", "alice", value, "code", 200, 1};
            struct json_object *line;

            memset(value, fillers[f], sizeof(value));
            value[len] = '\0';
            dp_log(DP_LOG_INFO, value, "%s", value);
            line = logged();
            assert_string_equal(member(line, "level"), "info");
            json_object_put(line);
            dp_log_request(&request);
            line = logged();
            assert_non_null(member(line, "route"));
            json_object_put(line);
        }
    }
}

static void all_values_over_long_is_one_line_still(void **state)
{
    static char value[9000];
    struct dp_log_request request = {value, value, value, value, value, INT_MIN, INT64_MIN};

    (void)state;
    memset(value, '\\', sizeof(value) - 1);
    for (size_t len = 0; len < 1200; len++) {
        value[len] = '\0';
        dp_log_request(&request);
        json_object_put(logged());
        value[len] = '\\';
    }
}

static void what_is_below_the_level_is_not_written(void **state)
{
    static const struct dp_log_request good = {.status = 200}, bad = {.status = 503};

    (void)state;
    for (int lowest = DP_LOG_DEBUG; lowest <= DP_LOG_ERROR; lowest++) {
        dp_log_set_level((enum dp_log_level)lowest);
        for (int level = DP_LOG_DEBUG; level <= DP_LOG_ERROR; level++) {
            struct json_object *line;

            dp_log((enum dp_log_level)level, "e", "d");
            line = logged();
            assert_int_equal(line != NULL, level >= lowest);
            json_object_put(line);
        }
    }
    dp_log_request(&good);
    assert_null(logged());
    dp_log_request(&bad);
    json_object_put(logged());
}

static void levels_have_their_names(void **state)
{
    static const char *const bad[] = {"", "INFO", "infos", "inf", "warning", " info", "0"};
    enum dp_log_level level;

    (void)state;
    assert_int_equal(dp_log_parse_level(&level, "debug"), DP_OK);
    assert_int_equal(level, DP_LOG_DEBUG);
    assert_int_equal(dp_log_parse_level(&level, "error"), DP_OK);
    assert_int_equal(level, DP_LOG_ERROR);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(dp_log_parse_level(&level, bad[i]), DP_ECONFIG);
}

static void write_many(size_t index, void *arg)
{
    (void)arg;
    for (int i = 0; i < 50; i++)
        dp_log(DP_LOG_INFO, "thread", "%zu %d %0400d", index, i, 0);
}

static void *read_all(int fd, size_t want)
{
    char *text = calloc(1, want + 1);
    size_t len = 0;
    ssize_t n = 1;

    while (len < want && n > 0) {
        n = read(fd, text + len, want - len);
        len += n > 0 ? (size_t)n : 0;
    }
    return text;
}

/* 100 lines of over 400 bytes: under the 64 KiB that a pipe holds. */
static void lines_of_threads_do_not_mix(void **state)
{
    char *text, *at, *end;
    unsigned lines = 0;

    (void)state;
    on_threads(2, write_many, NULL);
    dp_log(DP_LOG_INFO, "last", "%s", "");
    close(STDERR_FILENO);
    text = read_all(pipe_ends[0], 65536);
    for (at = text; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++) {
        struct json_object *line = NULL;

        assert_int_equal(dp_json_parse(&line, at, (size_t)(end - at), NULL), DP_OK);
        json_object_put(line);
    }
    free(text);
    assert_int_equal(lines, 101);
}

/* Last, as the log writes to this pipe from then on. */
static void a_reader_that_stands_still_costs_lines_and_no_time(void **state)
{
    static char text[1 << 20];
    int64_t began = dp_clock_mono_us(), took;
    struct json_object *line;
    size_t lines = 0, kept = 0;
    char *last;
    ssize_t len;

    (void)state;
    dp_log_never_block();
    for (; lines < 10000; lines++)
        dp_log(DP_LOG_INFO, "test", "line %zu", lines);
    took = dp_clock_mono_us() - began;
    if (took > 10000000)
        fail_msg("10,000 lines took %lld us", (long long)took);
    len = read(pipe_ends[0], text, sizeof(text) - 1);
    assert_true(len > 0);
    for (ssize_t i = 0; i < len; i++)
        kept += text[i] == '\n';
    assert_in_range(kept, 100, lines - 1);
    assert_int_equal(text[len - 1], '\n');

    dp_log(DP_LOG_INFO, "test", "after");
    len = read(pipe_ends[0], text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len - 1] = '\0';
    last = strchr(text, '\n') + 1;
    assert_int_equal(dp_json_parse(&line, last, strlen(last), NULL), DP_OK);
    assert_string_equal(member(line, "event"), "log_lost");
    assert_int_equal(strtoul(member(line, "detail"), NULL, 10), lines - kept);
    json_object_put(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_has_its_members, redirect, restore),
        cmocka_unit_test_setup_teardown(a_request_has_its_members, redirect, restore),
        cmocka_unit_test_setup_teardown(what_is_null_is_left_out, redirect, restore),
        cmocka_unit_test_setup_teardown(every_byte_keeps_the_line_whole, redirect, restore),
        cmocka_unit_test_setup_teardown(over_long_values_are_cut, redirect, restore),
        cmocka_unit_test_setup_teardown(all_values_over_long_is_one_line_still, redirect, restore),
        cmocka_unit_test_setup_teardown(what_is_below_the_level_is_not_written, redirect, restore),
        cmocka_unit_test(levels_have_their_names),
        cmocka_unit_test_setup_teardown(lines_of_threads_do_not_mix, redirect, restore),
        cmocka_unit_test_setup_teardown(a_reader_that_stands_still_costs_lines_and_no_time,
                                        redirect, restore),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
