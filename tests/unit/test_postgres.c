/* test_postgres.c - the store while its PostgreSQL is restarted, killed, held up or cut off. */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "store/store.h"

struct fixture {
    struct database database;
    char url[200]; /* through the proxy, where there is one */
    struct proxy *proxy;
    struct dp_store *store;
};

static struct dp_store *open_url(const char *url)
{
    struct dp_detail detail = {"", ""};
    struct dp_store *store;

    if (dp_store_open(&store, url, DP_STORE_WRITE, &detail) != DP_OK)
        fail_msg("%s", detail.text);
    return store;
}

static int start(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    database_use(POSTGRESQL);
    database_make(&f.database);
    f.store = open_url(f.database.url);
    *state = &f;
    return 0;
}

static int start_behind_proxy(void **state)
{
    struct fixture *f;

    start(state);
    f = *state;
    dp_store_close(f->store);
    f->proxy = proxy_start(f->database.temp.dir);
    snprintf(f->url, sizeof(f->url),
             "postgresql://devproof@/devproof?host=%.60s&port=%.8s&options=-csearch_path%%3D%.32s",
             f->database.temp.dir, getenv("POSTGRES_PORT"), f->database.name);
    f->store = open_url(f->url);
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    char path[TEMP_SIZE], name[32];

    dp_store_close(f->store);
    if (f->proxy != NULL) {
        proxy_stop(f->proxy);
        snprintf(name, sizeof(name), ".s.PGSQL.%s", getenv("POSTGRES_PORT"));
        temp_path(path, &f->database.temp, name);
        unlink(path);
    }
    database_remove(&f->database);
    return 0;
}

static enum dp_err add(struct dp_store *store, const char *user_id)
{
    struct dp_token token = {.created_ms = 1};
    struct dp_user user = {.created_ms = 1, .key_created_ms = 1};

    snprintf(user.user_id, sizeof(user.user_id), "%s", user_id);
    snprintf(user.email, sizeof(user.email), "%s@example.com", user_id);
    snprintf(user.key_namespace, sizeof(user.key_namespace), "wallet/ethereum");
    snprintf(user.address, sizeof(user.address), "0x%.40s", user_id);
    snprintf((char *)token.hash, sizeof(token.hash), "%s", user_id);
    return dp_store_add_user(store, &user, &token, 1);
}

static enum dp_err check_row(const struct dp_audit_row *row, void *arg)
{
    dp_audit_check_row(arg, row);
    return DP_OK;
}

static void assert_chain(struct dp_store *store, int64_t rows)
{
    struct dp_audit_check check;

    dp_audit_check_begin(&check);
    assert_int_equal(dp_store_list_audit(store, 0, DP_LIST_MAX, check_row, &check), DP_OK);
    assert_int_equal(check.fault, DP_AUDIT_INTACT);
    assert_int_equal(check.count, rows);
}

static int64_t seconds_since(int64_t start_us)
{
    return (dp_clock_mono_us() - start_us) / 1000000;
}

/* --- a server that goes and comes back --- */

#define THREADS 8

struct traffic {
    struct dp_store *store;
    atomic_bool ending;
    atomic_uint added, failed, unread, lost;
};

static void add_and_read(size_t index, void *arg)
{
    struct traffic *traffic = arg;

    for (unsigned n = 0; !atomic_load(&traffic->ending); n++) {
        struct dp_user found;
        char user_id[32];
        enum dp_err err;

        snprintf(user_id, sizeof(user_id), "u%zu-%u", index, n);
        err = add(traffic->store, user_id);
        atomic_fetch_add(err == DP_OK ? &traffic->added : &traffic->failed, 1);
        if (err != DP_OK)
            continue;
        err = dp_store_find_user(traffic->store, &found, user_id);
        if (err != DP_OK)
            atomic_fetch_add(err == DP_EUNKNOWNUSER ? &traffic->lost : &traffic->unread, 1);
    }
}

/* The last thread does something to the server meanwhile. */
static void disturb(struct traffic *traffic, size_t index, void (*what)(void))
{
    if (index < THREADS) {
        add_and_read(index, traffic);
        return;
    }
    usleep(300000);
    what();
    usleep(500000);
    atomic_store(&traffic->ending, true);
}

static void restart(void)
{
    postgres_ctl("restart -m fast");
}

static void restart_under_traffic(size_t index, void *arg)
{
    disturb(arg, index, restart);
}

static void a_restart_under_use_is_not_noticed(void **state)
{
    struct fixture *f = *state;
    struct traffic traffic = {.store = f->store};

    on_threads(THREADS + 1, restart_under_traffic, &traffic);
    assert_int_equal(atomic_load(&traffic.failed), 0);
    assert_int_equal(atomic_load(&traffic.unread), 0);
    assert_int_equal(atomic_load(&traffic.lost), 0);
    assert_true(atomic_load(&traffic.added) > THREADS);
    assert_chain(f->store, atomic_load(&traffic.added));
}

/* Its children end when they find that it is gone; until then a new one does not start. */
static void kill_and_start(void)
{
    postgres_signal(SIGKILL);
    for (int i = 0; i < 50; i++) {
        char command[600];

        usleep(100000);
        snprintf(command, sizeof(command), "%s start </dev/null >/dev/null 2>&1",
                 getenv("POSTGRES_CTL"));
        if (system(command) == 0)
            return;
    }
}

static void kill_under_traffic(size_t index, void *arg)
{
    disturb(arg, index, kill_and_start);
}

/* Requests may fail where it takes long to come back, but what was acknowledged is there. */
static void a_killed_server_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct traffic traffic = {.store = f->store};
    struct dp_audit_check check;

    on_threads(THREADS + 1, kill_under_traffic, &traffic);
    assert_int_equal(atomic_load(&traffic.lost), 0);
    assert_int_equal(add(f->store, "afterwards"), DP_OK);
    dp_audit_check_begin(&check);
    assert_int_equal(dp_store_list_audit(f->store, 0, DP_LIST_MAX, check_row, &check), DP_OK);
    assert_int_equal(check.fault, DP_AUDIT_INTACT);
    assert_true(check.count >= atomic_load(&traffic.added) + 1);
    assert_true(check.count <= atomic_load(&traffic.added) + atomic_load(&traffic.failed) + 1);
}

static void an_outage_ends_requests_soon_and_then_at_once(void **state)
{
    struct fixture *f = *state;
    struct dp_user found;
    int64_t began;

    postgres_ctl("stop -m fast");
    began = dp_clock_mono_us();
    assert_int_equal(dp_store_ping(f->store), DP_ESTORE);
    assert_in_range(seconds_since(began), 2, 6);
    began = dp_clock_mono_us();
    for (int i = 0; i < 20; i++)
        assert_int_equal(dp_store_find_user(f->store, &found, "alice"), DP_ESTORE);
    assert_in_range(seconds_since(began), 0, 2);
    postgres_ctl("start");
    for (began = dp_clock_mono_us(); dp_store_ping(f->store) != DP_OK;) {
        assert_true(seconds_since(began) < 5);
        usleep(50000);
    }
    assert_int_equal(add(f->store, "alice"), DP_OK);
}

/* --- a line that breaks --- */

static void a_commit_that_never_arrived_is_run_again(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(add(f->store, "alice"), DP_OK);
    proxy_set(f->proxy, PROXY_CUT_BEFORE);
    assert_int_equal(add(f->store, "bob"), DP_OK);
    assert_int_equal(proxy_cuts(f->proxy), 1);
    assert_chain(f->store, 2);
}

static void a_commit_whose_answer_was_lost_is_looked_up(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(add(f->store, "alice"), DP_OK);
    proxy_set(f->proxy, PROXY_CUT_AFTER);
    assert_int_equal(add(f->store, "bob"), DP_OK);
    assert_int_equal(proxy_cuts(f->proxy), 1);
    assert_chain(f->store, 2);
    assert_int_equal(add(f->store, "bob"), DP_EUSEREXISTS);
}

/* Here it was carried out, but nobody can know: an error, which promises nothing. */
static void a_commit_that_nobody_can_look_up_is_no_success(void **state)
{
    struct fixture *f = *state;
    struct dp_store *direct;

    assert_int_equal(add(f->store, "alice"), DP_OK);
    proxy_set(f->proxy, PROXY_CUT_AND_STAY_OUT);
    assert_int_equal(add(f->store, "bob"), DP_ESTORE);
    assert_int_equal(proxy_cuts(f->proxy), 1);
    direct = open_url(f->database.url);
    assert_chain(direct, 2);
    dp_store_close(direct);
}

static void a_lost_sign_out_is_run_again(void **state)
{
    static const uint8_t hash[DP_TOKEN_HASH_LEN] = "alice";
    struct fixture *f = *state;
    struct dp_token found;

    assert_int_equal(add(f->store, "alice"), DP_OK);
    proxy_set(f->proxy, PROXY_CUT_AFTER);
    assert_int_equal(dp_store_revoke_token(f->store, hash, 5), DP_OK);
    assert_int_equal(proxy_cuts(f->proxy), 1);
    assert_int_equal(dp_store_find_token(f->store, &found, hash, 1), DP_EUNAUTHORIZED);
}

static void a_server_that_says_nothing_is_given_up(void **state)
{
    struct fixture *f = *state;
    int64_t began;

    assert_int_equal(dp_store_ping(f->store), DP_OK);
    proxy_set(f->proxy, PROXY_HOLD);
    began = dp_clock_mono_us();
    assert_int_equal(dp_store_ping(f->store), DP_ESTORE);
    assert_in_range(seconds_since(began), 4, 9);
    began = dp_clock_mono_us();
    assert_int_equal(add(f->store, "alice"), DP_ESTORE);
    assert_in_range(seconds_since(began), 4, 9);
    proxy_set(f->proxy, PROXY_PASS);
}

/* --- two at once --- */

static void write_many(size_t index, void *arg)
{
    struct dp_store *store = arg;
    char user_id[32];

    for (int n = 0; n < 25; n++) {
        snprintf(user_id, sizeof(user_id), "p%d-%zu-%d", (int)getpid(), index, n);
        if (add(store, user_id) != DP_OK)
            abort();
    }
}

static void two_processes_make_one_chain(void **state)
{
    struct fixture *f = *state;
    pid_t children[2];

    for (size_t i = 0; i < COUNT(children); i++) {
        children[i] = fork();
        if (children[i] == 0) {
            on_threads(4, write_many, open_url(f->database.url));
            _exit(0);
        }
    }
    for (size_t i = 0; i < COUNT(children); i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_chain(f->store, 2 * 4 * 25);
}

static void run_sql(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);

    PQclear(result);
}

/* The server ends the first so many transactions that add a token, as it does with one that waits
 * for another who waits for it. A sequence counts, as a rollback leaves it alone. */
static void end_transactions(const struct fixture *f, const char *sqlstate, int count)
{
    PGconn *conn = PQconnectdb(f->database.url);
    char sql[600];

    snprintf(sql, sizeof(sql),
             "CREATE SEQUENCE ended;"
             "CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
             "  IF nextval('ended') <= %d THEN"
             "    RAISE EXCEPTION USING ERRCODE = '%s';"
             "  END IF;"
             "  RETURN NEW;"
             "END $$;"
             "CREATE TRIGGER end_it BEFORE INSERT ON tokens FOR EACH ROW EXECUTE FUNCTION end_it()",
             count, sqlstate);
    run_sql(conn, sql);
    assert_string_equal(PQerrorMessage(conn), "");
    PQfinish(conn);
}

static void a_transaction_that_the_server_ends_is_run_again(void **state)
{
    static const char *const states[] = {"40P01", "40001"}; /* deadlock, serialization failure */

    for (size_t i = 0; i < COUNT(states); i++) {
        struct fixture *f = *state;

        end_transactions(f, states[i], 2);
        assert_int_equal(add(f->store, "alice"), DP_OK);
        assert_chain(f->store, 1);
        stop(state);
        start(state);
    }
}

static void one_that_it_ends_again_and_again_stores_nothing(void **state)
{
    struct fixture *f = *state;

    end_transactions(f, "40P01", 1000);
    assert_int_equal(add(f->store, "alice"), DP_ESTORE);
    assert_chain(f->store, 0);
}

static void connections_are_made_when_they_are_needed(void **state)
{
    struct fixture *f = *state;
    PGconn *conn = PQconnectdb(f->database.url);
    PGresult *result;

    for (int i = 0; i < 50; i++)
        assert_int_equal(dp_store_ping(f->store), DP_OK);
    result = PQexec(conn, "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                          "'devproof' AND pid <> pg_backend_pid()");
    assert_string_equal(PQgetvalue(result, 0, 0), "2");
    PQclear(result);
    PQfinish(conn);
}

/* --- what is said of it --- */

/* Any of these pieces in a message would be a piece of the password. */
static void no_refusal_shows_a_password(void **state)
{
    static const struct {
        const char *before, *after; /* what stands around the port */
    } urls[] = {
        {"postgresql://devproof:hunter2@127.0.0.1:", "/devproof"},
        {"postgresql://devproof:hunter2@127.0.0.1:1", "/devproof"},
        {"postgresql://devproof:hunter2@127.0.0.1:", "/nowhere"},
        {"postgresql://devproof:a@hunter2@127.0.0.1:", "/devproof"},
        {"postgresql://devproof:hunter2/b@127.0.0.1:", "/devproof"},
        {"postgresql://devproof:1/hunter2@127.0.0.1:", "/devproof"},
        {"postgresql://devproof:a?hunter2=1@127.0.0.1:", "/devproof"},
        {"postgresql://devproof:%hunter2@127.0.0.1:", "/devproof"},
        {"postgresql://devproof:hunter2@127.0.0.1:", "/devproof?password=hunter2&hunter2=1"},
        {"postgresql://[hunter2", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct dp_detail detail = {"", ""};
        struct dp_store *store;
        int64_t began = dp_clock_mono_us();
        char url[200];

        snprintf(url, sizeof(url), "%s%s%s", urls[i].before, getenv("POSTGRES_PORT"),
                 urls[i].after);
        assert_int_not_equal(dp_store_open(&store, url, DP_STORE_WRITE, &detail), DP_OK);
        assert_null(store);
        assert_string_equal(detail.field, "DATABASE_URL");
        assert_non_null(strstr(detail.text, "DATABASE_URL"));
        if (strstr(detail.text, "hunter2") != NULL)
            fail_msg("%s: %s", url, detail.text);
        assert_in_range(seconds_since(began), 0, 4);
    }
}

static void another_encoding_is_refused(void **state)
{
    struct fixture *f = *state;
    struct dp_detail detail = {"", ""};
    struct dp_store *store;
    PGconn *conn;
    char url[200];

    snprintf(url, sizeof(url), "postgresql://postgres@/devproof?host=%s&port=%s",
             getenv("POSTGRES_SOCKET"), getenv("POSTGRES_PORT"));
    conn = PQconnectdb(url);
    run_sql(conn, "CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
    PQfinish(conn);
    snprintf(url, sizeof(url), "postgresql://devproof@/latin?host=%s&port=%s",
             getenv("POSTGRES_SOCKET"), getenv("POSTGRES_PORT"));
    assert_int_equal(dp_store_open(&store, url, DP_STORE_WRITE, &detail), DP_ESTORE);
    assert_non_null(strstr(detail.text, "LATIN1"));
    (void)f;
}

/* --- inside the sandbox --- */

static bool can_connect(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool refused;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    refused = fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 &&
                         (errno == EACCES || errno == EPERM));
    close(fd);
    return !refused;
}

static uint16_t server_port(void)
{
    const char *port = getenv("POSTGRES_PORT");

    return port != NULL ? (uint16_t)strtol(port, NULL, 10) : 0;
}

/* In a child, whose parent ends its connections when it says so. Returns: an exit code */
static int live_inside(const char *url, int said, int heard, bool tcp, bool named)
{
    struct dp_sandbox sandbox = {.connect = false};
    struct dp_store *store = NULL;
    struct dp_detail detail = {"", ""};
    int fd;

    if (dp_store_open(&store, url, DP_STORE_WRITE, &detail) != DP_OK)
        return 10;
    dp_store_reach(store, &sandbox);
    if (dp_sandbox_enter(&sandbox, NULL) != DP_OK)
        return 11;
    if (dp_store_ping(store) != DP_OK || add(store, "before") != DP_OK)
        return 12;
    if (write(said, "x", 1) != 1 || read(heard, &(char){0}, 1) != 1)
        return 13;
    if (dp_store_ping(store) != DP_OK || add(store, "after") != DP_OK)
        return 14;
    if (can_connect(9) || can_connect(server_port()) != tcp)
        return 15;
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if ((fd >= 0) != named)
        return 16;
    return open("/etc/passwd", O_RDONLY) >= 0 ? 17 : 0;
}

static void end_connections(const struct database *database)
{
    database_tamper(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                              " WHERE usename = 'devproof'");
}

static void assert_lives_inside(struct fixture *f, const char *url, bool tcp, bool named)
{
    int said[2] = {-1, -1}, heard[2] = {-1, -1}, status;
    char byte;
    pid_t child;

    assert_true(pipe(said) == 0 && pipe(heard) == 0);
    child = fork();
    if (child == 0)
        _exit(live_inside(url, said[1], heard[0], tcp, named));
    close(said[1]);
    if (read(said[0], &byte, 1) == 1) {
        end_connections(&f->database);
        assert_int_equal(write(heard[1], "x", 1), 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(said[0]);
    close(heard[0]);
    close(heard[1]);
}

static void by_its_socket_it_connects_again_inside(void **state)
{
    struct fixture *f = *state;

    assert_lives_inside(f, f->database.url, false, false);
}

static void by_an_address_it_connects_again_inside(void **state)
{
    struct fixture *f = *state;
    char url[200];

    database_url_by_tcp(url, sizeof(url), &f->database, "127.0.0.1");
    assert_lives_inside(f, url, true, false);
}

static void by_a_name_it_connects_again_inside(void **state)
{
    struct fixture *f = *state;
    char url[200];

    database_url_by_tcp(url, sizeof(url), &f->database, "localhost");
    assert_lives_inside(f, url, true, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
#define PROXY_TEST(name) cmocka_unit_test_setup_teardown(name, start_behind_proxy, stop)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_restart_under_use_is_not_noticed),
        TEST(a_killed_server_loses_nothing),
        TEST(an_outage_ends_requests_soon_and_then_at_once),
        PROXY_TEST(a_commit_that_never_arrived_is_run_again),
        PROXY_TEST(a_commit_whose_answer_was_lost_is_looked_up),
        PROXY_TEST(a_commit_that_nobody_can_look_up_is_no_success),
        PROXY_TEST(a_lost_sign_out_is_run_again),
        PROXY_TEST(a_server_that_says_nothing_is_given_up),
        TEST(two_processes_make_one_chain),
        TEST(a_transaction_that_the_server_ends_is_run_again),
        TEST(one_that_it_ends_again_and_again_stores_nothing),
        TEST(connections_are_made_when_they_are_needed),
        TEST(no_refusal_shows_a_password),
        TEST(another_encoding_is_refused),
        TEST(by_its_socket_it_connects_again_inside),
        TEST(by_an_address_it_connects_again_inside),
        TEST(by_a_name_it_connects_again_inside),
    };

    (void)argc;
    database_main(argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
