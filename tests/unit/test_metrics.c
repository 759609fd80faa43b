/* test_metrics.c - counters that processes share, and the Prometheus text that they become. */
#include "helper.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/metrics.h"

static struct temp temp;

static int make_temp(void **state)
{
    (void)state;
    temp_make(&temp);
    return 0;
}

static int remove_temp(void **state)
{
    (void)state;
    temp_remove(&temp);
    return 0;
}

/* Each test has a file, and so counters, of its own. */
static void open_file(const char *name)
{
    char path[TEMP_SIZE];

    temp_path(path, &temp, name);
    assert_int_equal(dp_metrics_open(path), DP_OK);
}

static struct dp_buf written(void)
{
    struct dp_buf text = DP_BUF_INIT(4 << 20);

    dp_metrics_write(&text);
    assert_int_equal(text.err, DP_OK);
    return text;
}

/* The value of a series, -1 where there is none; twice is a fault. */
static double value_of(const struct dp_buf *text, const char *series)
{
    size_t len = strlen(series);
    double value = -1;

    for (const char *at = text->data; at != NULL && *at != '\0'; at = strchr(at, '\n') + 1) {
        if (strncmp(at, series, len) != 0 || at[len] != ' ')
            continue;
        assert_true(value < 0);
        value = strtod(at + len, NULL);
    }
    return value;
}

static void assert_value(const char *series, double want)
{
    struct dp_buf text = written();
    double got = value_of(&text, series);

    if (got != want)
        fail_msg("%s is %g, not %g:\n%s", series, got, want, text.data);
    dp_buf_free(&text);
}

static void counters_count_by_their_labels(void **state)
{
    (void)state;
    open_file("counters");
    dp_metrics_count(DP_METRIC_SIGNUP_TOTAL, "");
    dp_metrics_count(DP_METRIC_SIGN_TOTAL, "result=\"ok\"");
    dp_metrics_count(DP_METRIC_SIGN_TOTAL, "result=\"ok\"");
    dp_metrics_count(DP_METRIC_SIGN_TOTAL, "result=\"error\"");
    dp_metrics_count(DP_METRIC_VERIFY_TOTAL, "result=\"ok\"");
    assert_value("signup_total", 1);
    assert_value("sign_total{result=\"ok\"}", 2);
    assert_value("sign_total{result=\"error\"}", 1);
    assert_value("verify_total{result=\"ok\"}", 1);
    assert_value("verify_total{result=\"error\"}", -1);
}

static void a_declared_series_is_zero_until_it_counts(void **state)
{
    static const char series[] = "health_check_total{check=\"database\",result=\"failing\"}";
    static const char labels[] = "check=\"database\",result=\"failing\"";

    (void)state;
    open_file("declared");
    assert_value(series, -1);
    dp_metrics_declare(DP_METRIC_HEALTH_CHECK_TOTAL, labels);
    assert_value(series, 0);
    dp_metrics_count(DP_METRIC_HEALTH_CHECK_TOTAL, labels);
    dp_metrics_declare(DP_METRIC_HEALTH_CHECK_TOTAL, labels);
    assert_value(series, 1);
}

static void durations_fall_into_cumulative_buckets(void **state)
{
    static const int64_t durations_us[] = {0, 500, 501, 1000, 9999, 2500000, 2500001};

    (void)state;
    open_file("buckets");
    for (size_t i = 0; i < COUNT(durations_us); i++)
        dp_metrics_observe(DP_METRIC_SIGN_LATENCY, "", durations_us[i]);
    assert_value("sign_latency_ms_bucket{le=\"0.5\"}", 2);
    assert_value("sign_latency_ms_bucket{le=\"1\"}", 4);
    assert_value("sign_latency_ms_bucket{le=\"5\"}", 4);
    assert_value("sign_latency_ms_bucket{le=\"10\"}", 5);
    assert_value("sign_latency_ms_bucket{le=\"2500\"}", 6);
    assert_value("sign_latency_ms_bucket{le=\"+Inf\"}", 7);
    assert_value("sign_latency_ms_count", 7);
    assert_value("sign_latency_ms_sum", 5012.001);
}

static void labelled_histograms_keep_their_labels(void **state)
{
    (void)state;
    open_file("labels");
    dp_metrics_observe(DP_METRIC_HTTP_REQUEST_DURATION, "route=\"/a\",status=\"200\"", 700);
    assert_value("http_request_duration_ms_bucket{route=\"/a\",status=\"200\",le=\"0.5\"}", 0);
    assert_value("http_request_duration_ms_bucket{route=\"/a\",status=\"200\",le=\"1\"}", 1);
    assert_value("http_request_duration_ms_count{route=\"/a\",status=\"200\"}", 1);
    assert_value("http_request_duration_ms_sum{route=\"/a\",status=\"200\"}", 0.7);
}

/* name{label="value",...} number, or a comment;
 * https://prometheus.io/docs/instrumenting/exposition_formats/ */
static bool is_exposition_line(const char *line)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    char *end;

    if (strncmp(line, "# HELP ", 7) == 0 || strncmp(line, "# TYPE ", 7) == 0)
        return true;
    if (strspn(line, letters) == 0)
        return false;
    line += strspn(line, letters);
    if (*line == '{') {
        do {
            size_t name = strspn(++line, letters);

            if (name == 0 || strncmp(line + name, "=\"", 2) != 0)
                return false;
            line += name + 2;
            line += strcspn(line, "\"");
        } while (*line++ == '"' && *line == ',');
        if (*line++ != '}')
            return false;
    }
    if (*line++ != ' ')
        return false;
    strtod(line, &end);
    return end > line && *end == '\0';
}

static void every_line_is_of_the_exposition_format(void **state)
{
    struct dp_buf text;
    char *save = NULL;
    int lines = 0;

    (void)state;
    open_file("format");
    dp_metrics_count(DP_METRIC_SIGNUP_TOTAL, "");
    dp_metrics_count(DP_METRIC_SIGN_TOTAL, "result=\"ok\"");
    dp_metrics_observe(DP_METRIC_GETKEY_LATENCY, "", 1234567);
    dp_metrics_observe(DP_METRIC_HTTP_REQUEST_DURATION, "route=\"/a\",method=\"GET\"", 700);
    text = written();
    assert_int_equal(text.data[text.len - 1], '\n');
    for (char *line = strtok_r(text.data, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save), lines++) {
        if (!is_exposition_line(line))
            fail_msg("%s", line);
    }
    assert_int_equal(lines, 2 * DP_METRIC_COUNT + 1 + 1 + 15 + 15);
    dp_buf_free(&text);
}

static void count_much(size_t index, void *arg)
{
    (void)index;
    (void)arg;
    for (int i = 0; i < 5000; i++) {
        dp_metrics_count(DP_METRIC_SIGN_TOTAL, i % 5 == 0 ? "result=\"error\"" : "result=\"ok\"");
        dp_metrics_observe(DP_METRIC_VERIFY_LATENCY, "", 2000);
    }
}

/* Children open the file for themselves, as workers do, and begin at the same time. */
static void processes_and_threads_add_up(void **state)
{
    pid_t children[4];
    char path[TEMP_SIZE];

    (void)state;
    temp_path(path, &temp, "shared");
    for (size_t i = 0; i < COUNT(children); i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        if (dp_metrics_open(path) != DP_OK)
            _exit(1);
        on_threads(4, count_much, NULL);
        _exit(0);
    }
    for (size_t i = 0; i < COUNT(children); i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    open_file("shared");
    assert_value("sign_total{result=\"ok\"}", 64000);
    assert_value("sign_total{result=\"error\"}", 16000);
    assert_value("verify_latency_ms_count", 80000);
    assert_value("verify_latency_ms_sum", 160000);
}

struct race {
    atomic_bool stop;
    unsigned faults;
};

/* The first thread reads what the others write. */
static void read_while_others_observe(size_t index, void *arg)
{
    struct race *race = arg;

    while (index > 0 && !atomic_load(&race->stop))
        dp_metrics_observe(DP_METRIC_SIGN_LATENCY, "", 100);
    for (int i = 0; index == 0 && i < 1000; i++) {
        struct dp_buf text = DP_BUF_INIT(4 << 20);

        dp_metrics_write(&text);
        race->faults += value_of(&text, "sign_latency_ms_bucket{le=\"2500\"}") >
                        value_of(&text, "sign_latency_ms_bucket{le=\"+Inf\"}");
        dp_buf_free(&text);
    }
    atomic_store(&race->stop, true);
}

static void no_bucket_ever_holds_more_than_the_last(void **state)
{
    struct race race = {.faults = 0};

    (void)state;
    open_file("monotonic");
    on_threads(3, read_while_others_observe, &race);
    assert_int_equal(race.faults, 0);
}

static void when_all_places_are_taken_the_old_ones_still_count(void **state)
{
    char labels[120];

    (void)state;
    open_file("full");
    for (int i = 0; i < 600; i++) {
        snprintf(labels, sizeof(labels), "n=\"%d\"", i);
        dp_metrics_count(DP_METRIC_SIGN_TOTAL, labels);
    }
    dp_metrics_count(DP_METRIC_SIGN_TOTAL, "n=\"0\"");
    dp_metrics_count(DP_METRIC_SIGN_TOTAL, "n=\"511\"");
    assert_value("sign_total{n=\"0\"}", 2);
    assert_value("sign_total{n=\"511\"}", 2);
    assert_value("sign_total{n=\"512\"}", -1);
}

static void the_longest_labels_are_kept_apart(void **state)
{
    char a[120], b[120], series[160];

    (void)state;
    open_file("long");
    snprintf(a, sizeof(a), "n=\"%0114d1\"", 0);
    snprintf(b, sizeof(b), "n=\"%0114d2\"", 0);
    assert_int_equal(strlen(a), 119);
    for (int i = 0; i < 600; i++)
        dp_metrics_count(DP_METRIC_SIGN_TOTAL, i % 3 == 0 ? a : b);
    snprintf(series, sizeof(series), "sign_total{%s}", a);
    assert_value(series, 200);
    snprintf(series, sizeof(series), "sign_total{%s}", b);
    assert_value(series, 400);
}

static void write_file(const char *path, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

static void a_file_of_another_kind_is_refused_and_left_alone(void **state)
{
    static char data[300000];
    char path[TEMP_SIZE];
    struct stat st;

    (void)state;
    temp_path(path, &temp, "other");
    memset(data, 'x', sizeof(data));
    write_file(path, data, sizeof(data));
    assert_int_equal(dp_metrics_open(path), DP_EFORMAT);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, sizeof(data));
    write_file(path, "short", 5);
    assert_int_equal(dp_metrics_open(path), DP_EFORMAT);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 5);
}

static void a_file_of_another_version_is_refused(void **state)
{
    static const uint32_t version = 7;
    char path[TEMP_SIZE];
    int fd;

    (void)state;
    open_file("version");
    temp_path(path, &temp, "version");
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, &version, sizeof(version), 0), sizeof(version));
    close(fd);
    assert_int_equal(dp_metrics_open(path), DP_EFORMAT);
}

static void a_path_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(dp_metrics_open("/nonexistent/metrics"), DP_EIO);
    assert_int_equal(dp_metrics_open("/tmp"), DP_EIO);
    assert_int_equal(dp_metrics_open(NULL), DP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_count_by_their_labels),
        cmocka_unit_test(a_declared_series_is_zero_until_it_counts),
        cmocka_unit_test(durations_fall_into_cumulative_buckets),
        cmocka_unit_test(labelled_histograms_keep_their_labels),
        cmocka_unit_test(every_line_is_of_the_exposition_format),
        cmocka_unit_test(processes_and_threads_add_up),
        cmocka_unit_test(no_bucket_ever_holds_more_than_the_last),
        cmocka_unit_test(when_all_places_are_taken_the_old_ones_still_count),
        cmocka_unit_test(the_longest_labels_are_kept_apart),
        cmocka_unit_test(a_file_of_another_kind_is_refused_and_left_alone),
        cmocka_unit_test(a_file_of_another_version_is_refused),
        cmocka_unit_test(a_path_that_cannot_be_made_is_an_error),
    };

    return cmocka_run_group_tests(tests, make_temp, remove_temp);
}
