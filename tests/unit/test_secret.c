/* test_secret.c - memory for secrets: locked, left out of core dumps and of children, wiped. */
#include "helper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

static void nothing_is_given_before_it_is_locked(void **state)
{
    (void)state;
    assert_null(dp_secret_take());
    dp_secret_return(NULL);
}

static void too_low_a_limit_is_an_error(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        struct rlimit none = {0, 0};

        setrlimit(RLIMIT_MEMLOCK, &none);
        /* Only root without the limit can still lock: what it holds then is as good. */
        _exit(dp_secret_init() == DP_ENOMEM ? dp_secret_take() != NULL : geteuid() != 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#ifndef DP_SANITIZERS
/* Deeper than any stack of ours, but not without end. The pointer keeps each level's array alive.
 */
static unsigned deeper(unsigned depth, const volatile uint8_t *above)
{
    volatile uint8_t local[1024];

    local[0] = (uint8_t)(above[0] + depth);
    return depth == 0 ? local[0] : deeper(depth - 1, local) + local[0];
}

static void overflow(void *arg)
{
    unsigned *depth = arg;

    *depth = deeper(*depth, (const volatile uint8_t *)depth);
}

static int call_in_a_child(unsigned depth)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        signal(SIGBUS, SIG_DFL);
        if (dp_secret_init() != DP_OK)
            _exit(1);
        dp_secret_call(overflow, &depth);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Before the memory is there in the parent: a child does not get it. */
static void a_stack_that_overflows_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(call_in_a_child(4), 0);
    assert_true(WIFSIGNALED(call_in_a_child(64)));
}
#endif

static bool is_zero(const uint8_t *slot)
{
    for (size_t i = 0; i < DP_SECRET_SLOT_SIZE; i++) {
        if (slot[i] != 0)
            return false;
    }
    return true;
}

static void a_returned_slot_is_wiped(void **state)
{
    uint8_t *slot;

    (void)state;
    assert_int_equal(dp_secret_init(), DP_OK);
    slot = dp_secret_take();
    assert_non_null(slot);
    assert_true(is_zero(slot));
    memset(slot, 0xaa, DP_SECRET_SLOT_SIZE);
    dp_secret_return(slot);
    assert_true(is_zero(slot));
}

static void slots_are_apart_and_end_with_null(void **state)
{
    uint8_t *slots[DP_SECRET_SLOTS];

    (void)state;
    for (size_t i = 0; i < DP_SECRET_SLOTS; i++) {
        slots[i] = dp_secret_take();
        assert_non_null(slots[i]);
        memset(slots[i], (int)i + 1, DP_SECRET_SLOT_SIZE);
    }
    assert_null(dp_secret_take());
    for (size_t i = 0; i < DP_SECRET_SLOTS; i++) {
        assert_int_equal(slots[i][0], i + 1);
        assert_int_equal(slots[i][DP_SECRET_SLOT_SIZE - 1], i + 1);
    }
    dp_secret_return(slots[7]);
    assert_ptr_equal(dp_secret_take(), slots[7]);
    for (size_t i = 0; i < DP_SECRET_SLOTS; i++)
        dp_secret_return(slots[i]);
}

static void initialising_twice_changes_nothing(void **state)
{
    uint8_t *slot = dp_secret_take(), *other;

    (void)state;
    assert_non_null(slot);
    slot[0] = 1;
    assert_int_equal(dp_secret_init(), DP_OK);
    assert_int_equal(slot[0], 1);
    other = dp_secret_take();
    assert_ptr_not_equal(other, slot);
    dp_secret_return(other);
    dp_secret_return(slot);
}

/* The flags of the mapping that holds an address, as /proc/self/smaps lists them; proc(5). */
static void read_flags(char *out, size_t size, const void *address)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    char line[512];
    bool here = false;
    uintptr_t from, to;
    const char *rest;

    assert_non_null(file);
    out[0] = '\0';
    while (fgets(line, sizeof(line), file) != NULL) {
        if (read_range(line, &from, &to, &rest))
            here = (uintptr_t)address >= from && (uintptr_t)address < to;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(out, size, "%s", line + 8);
    }
    fclose(file);
}

static void slots_are_locked_and_in_no_core_dump_or_child(void **state)
{
    static const char *const wanted[] = {" lo ", " dd ", " dc "};
    uint8_t *slot = dp_secret_take();
    uint8_t elsewhere = 0;
    char flags[512];

    (void)state;
    assert_non_null(slot);
    slot[0] = 1;
    read_flags(flags, sizeof(flags), slot);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        if (strstr(flags, wanted[i]) == NULL)
            fail_msg("no%sin \"%s\"", wanted[i], flags);
    }
    read_flags(flags, sizeof(flags), &elsewhere);
    assert_null(strstr(flags, " lo "));
    dp_secret_return(slot);
}

static void a_child_does_not_have_it(void **state)
{
    uint8_t *slot = dp_secret_take();
    pid_t child;
    int status;

    (void)state;
    memset(slot, 0xaa, DP_SECRET_SLOT_SIZE);
    child = fork();
    if (child == 0)
        _exit(write(STDOUT_FILENO, slot, 1) < 0 && errno == EFAULT ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(slot[0], 0xaa);
    dp_secret_return(slot);
}

/* What holds for slots holds for a piece of its own. */
static void a_piece_is_locked_zero_and_not_for_children(void **state)
{
    static const uint8_t zero[2 * DP_SECRET_SLOT_SIZE];
    static const char *const wanted[] = {" lo ", " dd ", " dc "};
    uint8_t *piece = dp_secret_map(sizeof(zero));
    char flags[512];

    (void)state;
    assert_non_null(piece);
    assert_memory_equal(piece, zero, sizeof(zero));
    memset(piece, 0xaa, sizeof(zero));
    read_flags(flags, sizeof(flags), piece);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        if (strstr(flags, wanted[i]) == NULL)
            fail_msg("no%sin \"%s\"", wanted[i], flags);
    }
    dp_secret_unmap(piece, sizeof(zero));
    /* Gone: the kernel does not read it. */
    assert_true(write(STDOUT_FILENO, piece, 1) < 0 && errno == EFAULT);
    dp_secret_unmap(NULL, sizeof(zero));
}

static void take_and_return(size_t index, void *arg)
{
    atomic_uint *faults = arg;

    for (int i = 0; i < 2000; i++) {
        uint8_t *slot = dp_secret_take();

        if (slot == NULL || !is_zero(slot)) {
            atomic_fetch_add(faults, 1);
            continue;
        }
        memset(slot, (int)index + 1, DP_SECRET_SLOT_SIZE);
        if (slot[0] != index + 1 || slot[DP_SECRET_SLOT_SIZE - 1] != index + 1)
            atomic_fetch_add(faults, 1);
        dp_secret_return(slot);
    }
}

static void no_two_threads_have_the_same_slot(void **state)
{
    atomic_uint faults = 0;

    (void)state;
    on_threads(32, take_and_return, &faults);
    assert_int_equal(atomic_load(&faults), 0);
}

/* --- calls on a stack of their own --- */

struct seen {
    uint8_t *local;
    unsigned depth, calls;
};

static void leave_something(void *arg)
{
    struct seen *seen = arg;
    volatile uint8_t local[1024];

    memset((void *)local, 0xaa, sizeof(local));
    seen->local = (uint8_t *)local;
    seen->calls++;
    if (seen->depth-- > 0)
        dp_secret_call(leave_something, seen);
}

static void a_call_has_its_stack_in_locked_memory_and_it_is_wiped(void **state)
{
    struct seen seen = {.depth = 3};
    char flags[512] = "";

    (void)state;
    (void)flags;
    dp_secret_call(leave_something, &seen);
    assert_int_equal(seen.calls, 4);
#ifndef DP_SANITIZERS
    read_flags(flags, sizeof(flags), seen.local);
    assert_non_null(strstr(flags, " lo "));
    assert_non_null(strstr(flags, " dd "));
    for (size_t i = 0; i < 1024; i++)
        assert_int_equal(seen.local[i], 0);
#endif
}

static void add_one(void *arg)
{
    unsigned *n = arg;

    ++*n;
}

static void call_often(size_t index, void *arg)
{
    atomic_uint *faults = arg;
    unsigned n = 0;

    (void)index;
    for (int i = 0; i < 500; i++)
        dp_secret_call(add_one, &n);
    if (n != 500)
        atomic_fetch_add(faults, 1);
}

static void more_threads_than_stacks_take_turns(void **state)
{
    atomic_uint faults = 0;

    (void)state;
    on_threads(4 * DP_SECRET_STACKS, call_often, &faults);
    assert_int_equal(atomic_load(&faults), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_given_before_it_is_locked),
        cmocka_unit_test(too_low_a_limit_is_an_error),
#ifndef DP_SANITIZERS
        cmocka_unit_test(a_stack_that_overflows_ends_the_process),
#endif
        cmocka_unit_test(a_returned_slot_is_wiped),
        cmocka_unit_test(slots_are_apart_and_end_with_null),
        cmocka_unit_test(initialising_twice_changes_nothing),
        cmocka_unit_test(slots_are_locked_and_in_no_core_dump_or_child),
        cmocka_unit_test(a_child_does_not_have_it),
        cmocka_unit_test(no_two_threads_have_the_same_slot),
        cmocka_unit_test(a_piece_is_locked_zero_and_not_for_children),
        cmocka_unit_test(a_call_has_its_stack_in_locked_memory_and_it_is_wiped),
        cmocka_unit_test(more_threads_than_stacks_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
