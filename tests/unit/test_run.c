/* test_run.c - programs that are run to their end, or killed. */
#include "helper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/run.h"

#define SH(script)                                                                                 \
    (const char *const[])                                                                          \
    {                                                                                              \
        "sh", "-c", script, NULL                                                                   \
    }

static const struct {
    const char *name, *script, *in, *out, *says;
    enum dp_err want;
} cases[] = {
    {"a program that succeeds", "echo yes", "", "yes\n", NULL, DP_OK},
    {"what it is given", "cat", "a line\n", "a line\n", NULL, DP_OK},
    {"nothing to read", "cat", "", "", NULL, DP_OK},
    {"one that does not read what it is given", "exit 0", "a line\n", "", NULL, DP_OK},
    {"one that fails", "echo first >&2; echo 'the cause' >&2; exit 3", "", "", "sh says: the cause",
     DP_EIO},
    {"one that fails silently", "exit 1", "", "", "sh says: nothing", DP_EIO},
    {"one that says what does not print", "printf 'a\\033[2Jb' >&2; exit 1", "", "",
     "sh says: a[2Jb", DP_EIO},
    {"one that is killed", "kill -9 $$", "", "", "sh says: nothing", DP_EIO},
    {"one that says too much", "head -c 5000 /dev/zero", "", NULL, NULL, DP_ETOOBIG},
    {"one that complains for ever", "head -c 300000 /dev/zero >&2", "", "", NULL, DP_OK},
};

static void programs_end_as_they_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dp_buf out = DP_BUF_INIT(4096);
        struct dp_detail detail = {"", ""};
        const struct dp_run run = {.argv = SH(cases[i].script),
                                   .in = {cases[i].in, strlen(cases[i].in)},
                                   .out = &out,
                                   .within_ms = 10000};
        const enum dp_err err = dp_run(&run, &detail);

        if (err != cases[i].want ||
            (cases[i].out != NULL && strcmp(out.data != NULL ? out.data : "", cases[i].out) != 0) ||
            (cases[i].says != NULL && strcmp(detail.text, cases[i].says) != 0))
            fail_msg("%s: %s, %s", cases[i].name, dp_err_text(err), detail.text);
        dp_buf_free(&out);
    }
}

static void a_program_that_is_not_there_is_named(void **state)
{
    struct dp_detail detail = {"", ""};
    const struct dp_run run = {.argv = (const char *const[]){"no-such-program", NULL},
                               .within_ms = 1000};

    (void)state;
    assert_int_equal(dp_run(&run, &detail), DP_ENOTFOUND);
    assert_string_equal(detail.text, "the program no-such-program is not installed.");
}

/* With its streams open, and closed: both ways of waiting end. */
static void a_program_that_does_not_end_is_killed(void **state)
{
    static const char *const scripts[] = {"exec sleep 60", "exec sleep 60 >&- 2>&-"};

    (void)state;
    for (size_t i = 0; i < COUNT(scripts); i++) {
        const int64_t begin = dp_clock_mono_us();

        assert_int_equal(dp_run(&(struct dp_run){.argv = SH(scripts[i]), .within_ms = 100}, NULL),
                         DP_ETIMEOUT);
        assert_true(dp_clock_mono_us() - begin < 10000000);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        assert_int_equal(errno, ECHILD);
    }
}

static void more_than_a_pipe_takes_is_refused(void **state)
{
    static const char much[DP_RUN_IN_MAX + 1];

    (void)state;
    assert_int_equal(
        dp_run(
            &(struct dp_run){.argv = SH("cat"), .in = {much, DP_RUN_IN_MAX + 1}, .within_ms = 1000},
            NULL),
        DP_ETOOBIG);
    assert_int_equal(dp_run(&(struct dp_run){.argv = SH("exec cat >/dev/null"),
                                             .in = {much, DP_RUN_IN_MAX},
                                             .within_ms = 10000},
                            NULL),
                     DP_OK);
}

/* An URL of a node may have a key in it. A signal that is ignored or held here is its own there. */
static void a_program_gets_a_plain_environment(void **state)
{
    struct dp_buf out = DP_BUF_INIT(4096);
    const struct dp_run run = {.argv = SH("env | grep -c RPC_URL; kill -TERM $$; echo held"),
                               .out = &out,
                               .within_ms = 5000};
    sigset_t held, before;

    (void)state;
    setenv("RPC_URL", "https://node.example/secret", 1);
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, &before);
    assert_int_equal(dp_run(&run, NULL), DP_EIO);
    sigprocmask(SIG_SETMASK, &before, NULL);
    assert_string_equal(out.data, "0\n");
    dp_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_end_as_they_do),
        cmocka_unit_test(a_program_that_is_not_there_is_named),
        cmocka_unit_test(a_program_that_does_not_end_is_killed),
        cmocka_unit_test(more_than_a_pipe_takes_is_refused),
        cmocka_unit_test(a_program_gets_a_plain_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
