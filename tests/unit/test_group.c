/* test_group.c - shared commits on a database that fails where the test wants it to. */
#include "helper.h"

#include <string.h>
#include <unistd.h>

#include "store/group.h"

enum op { NONE, BEGIN, SAVE, UNDO, COMMIT };

/* A list of numbers with a transaction. One kind of call fails in the second transaction. */
struct fake {
    int committed[64], pending[64];
    size_t committed_len, pending_len, saved_len;
    bool open;
    enum op failing;
    unsigned begins, commits, misuses;
};

static enum dp_err result(const struct fake *fake, enum op op)
{
    return fake->failing == op && fake->begins == 2 ? DP_ESTORE : DP_OK;
}

static enum dp_err fake_begin(void *db)
{
    struct fake *fake = db;

    fake->misuses += fake->open;
    fake->begins++;
    fake->open = result(fake, BEGIN) == DP_OK;
    fake->pending_len = fake->committed_len;
    memcpy(fake->pending, fake->committed, sizeof(fake->pending));
    return result(fake, BEGIN);
}

static enum dp_err fake_save(void *db)
{
    struct fake *fake = db;

    fake->misuses += !fake->open;
    fake->saved_len = fake->pending_len;
    return result(fake, SAVE);
}

static enum dp_err fake_undo(void *db)
{
    struct fake *fake = db;

    fake->misuses += !fake->open;
    fake->pending_len = fake->saved_len;
    return result(fake, UNDO);
}

static enum dp_err fake_commit(void *db)
{
    struct fake *fake = db;

    fake->misuses += !fake->open;
    if (result(fake, COMMIT) != DP_OK)
        return DP_ESTORE;
    fake->open = false;
    fake->commits++;
    fake->committed_len = fake->pending_len;
    memcpy(fake->committed, fake->pending, sizeof(fake->committed));
    return DP_OK;
}

static void fake_rollback(void *db)
{
    struct fake *fake = db;

    fake->open = false;
}

static const struct dp_group_ops ops = {fake_begin,  fake_save,     fake_undo,
                                        fake_commit, fake_rollback, NULL};

static bool holds(const struct fake *fake, int number)
{
    for (size_t i = 0; i < fake->committed_len; i++) {
        if (fake->committed[i] == number)
            return true;
    }
    return false;
}

/* Adds a number that is not there yet. A negative one is added, and then the write fails. */
static enum dp_err add(void *db, void *arg)
{
    struct fake *fake = db;
    int number = *(int *)arg;

    for (size_t i = 0; i < fake->pending_len; i++) {
        if (fake->pending[i] == number)
            return DP_EUSEREXISTS;
    }
    fake->pending[fake->pending_len++] = number;
    return number < 0 ? DP_EEMAILEXISTS : DP_OK;
}

/* As many writes as numbers, all in one batch: a first write blocks until they are all waiting. */
struct batch {
    struct fake fake;
    struct dp_group *group;
    const int *numbers;
    size_t count;
    enum dp_err results[64];
    atomic_bool blocked;
    atomic_uint arrived;
};

static enum dp_err wait_for_others(void *db, void *arg)
{
    struct batch *batch = arg;

    (void)db;
    atomic_store(&batch->blocked, true);
    while (atomic_load(&batch->arrived) < batch->count)
        usleep(1000);
    /* They are on their way into dp_group_write; they are in it well before this ends. */
    usleep(200000);
    return DP_OK;
}

static void write_one(size_t index, void *arg)
{
    struct batch *batch = arg;

    if (index == batch->count) {
        batch->results[index] = dp_group_write(batch->group, wait_for_others, batch);
        return;
    }
    while (!atomic_load(&batch->blocked))
        usleep(1000);
    atomic_fetch_add(&batch->arrived, 1);
    batch->results[index] = dp_group_write(batch->group, add, (int *)&batch->numbers[index]);
}

static void run(struct batch *batch, const int *numbers, size_t count)
{
    batch->numbers = numbers;
    batch->count = count;
    atomic_store(&batch->blocked, false);
    atomic_store(&batch->arrived, 0);
    on_threads(count + 1, write_one, batch);
}

static int start(void **state)
{
    static struct batch batch;

    memset(&batch, 0, sizeof(batch));
    assert_int_equal(dp_group_open(&batch.group, &ops, &batch.fake), DP_OK);
    *state = &batch;
    return 0;
}

static int stop(void **state)
{
    struct batch *batch = *state;

    assert_int_equal(batch->fake.misuses, 0);
    dp_group_close(batch->group);
    dp_group_close(NULL);
    return 0;
}

static void writes_that_come_together_share_a_commit(void **state)
{
    static const int numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct batch *batch = *state;

    run(batch, numbers, COUNT(numbers));
    for (size_t i = 0; i <= COUNT(numbers); i++)
        assert_int_equal(batch->results[i], DP_OK);
    for (size_t i = 0; i < COUNT(numbers); i++)
        assert_true(holds(&batch->fake, numbers[i]));
    assert_int_equal(batch->fake.commits, 2);
}

static void a_write_that_fails_is_undone_alone(void **state)
{
    static const int numbers[] = {1, -2, 3, -4, 5};
    struct batch *batch = *state;

    run(batch, numbers, COUNT(numbers));
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_int_equal(batch->results[i], numbers[i] < 0 ? DP_EEMAILEXISTS : DP_OK);
        assert_int_equal(holds(&batch->fake, numbers[i]), numbers[i] > 0);
    }
    assert_int_equal(batch->fake.commits, 2);
}

static void one_of_two_equal_writes_wins(void **state)
{
    static const int numbers[] = {1, 1};
    struct batch *batch = *state;

    run(batch, numbers, COUNT(numbers));
    assert_int_equal(batch->results[0] + batch->results[1], DP_OK + DP_EUSEREXISTS);
}

/* What the database itself fails at is nobody's: no write of the batch is stored, also none of
 * which it was said that it exists already. The write that was committed before stays. */
static void a_database_that_fails_fails_the_whole_batch(void **state)
{
    static const int numbers[] = {1, 1, -2, 3, 3, -4};
    static const enum op ops_that_fail[] = {BEGIN, SAVE, UNDO, COMMIT};
    struct batch *batch = *state;

    for (size_t i = 0; i < COUNT(ops_that_fail); i++) {
        batch->fake = (struct fake){.failing = ops_that_fail[i]};
        run(batch, numbers, COUNT(numbers));
        assert_int_equal(batch->results[COUNT(numbers)], DP_OK);
        for (size_t j = 0; j < COUNT(numbers); j++) {
            assert_int_equal(batch->results[j], DP_ESTORE);
            assert_false(holds(&batch->fake, numbers[j]));
        }
        assert_false(batch->fake.open);
        assert_int_equal(batch->fake.misuses, 0);
    }
}

static void after_a_failure_writes_go_on(void **state)
{
    static const int numbers[] = {1, 2};
    struct batch *batch = *state;

    batch->fake.failing = COMMIT;
    run(batch, numbers, COUNT(numbers));
    assert_int_equal(batch->results[0], DP_ESTORE);
    run(batch, numbers, COUNT(numbers));
    assert_int_equal(batch->results[0], DP_OK);
    assert_int_equal(batch->results[1], DP_OK);
    assert_true(holds(&batch->fake, 1) && holds(&batch->fake, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_that_come_together_share_a_commit, start, stop),
        cmocka_unit_test_setup_teardown(a_write_that_fails_is_undone_alone, start, stop),
        cmocka_unit_test_setup_teardown(one_of_two_equal_writes_wins, start, stop),
        cmocka_unit_test_setup_teardown(a_database_that_fails_fails_the_whole_batch, start, stop),
        cmocka_unit_test_setup_teardown(after_a_failure_writes_go_on, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
