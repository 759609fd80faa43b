/* postgres_link.c - the connection itself: made, waited for, and made again. */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/postgres.h"

#define GRACE_US 3000000 /* of an outage that requests wait for; later ones fail at once */
#define PAUSE_FIRST_US 50000
#define PAUSE_MAX_US 2000000

void dp_pg_drop(struct dp_pg *c)
{
    PQclear(c->result);
    PQfinish(c->conn);
    c->result = NULL;
    c->conn = NULL;
    c->queued = 0;
    memset(c->prepared, 0, sizeof(c->prepared));
}

/* --- connecting --- */

/* The first line of libpq's message, unless it has the password in it. */
static enum dp_err cannot_connect(const struct dp_pg *c, struct dp_detail *detail)
{
    const char *message = PQerrorMessage(c->conn);
    const char *password = dp_pg_option(&c->options, "password");
    int len = (int)strcspn(message, "\n");

    if (len == 0 || (password != NULL && strstr(message, password) != NULL))
        message = "the connection was refused", len = (int)strlen(message);
    return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                   "PostgreSQL does not let us in: %.*s. Check that it runs, and what DATABASE_URL "
                   "says.",
                   len < 200 ? len : 200, message);
}

/* A warning during COMMIT says that it is not as durable as it should be. */
static void notice(void *arg, const PGresult *result)
{
    struct dp_pg *c = arg;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        c->noticed = true;
}

static enum dp_err set_up(struct dp_pg *c, struct dp_detail *detail)
{
    enum dp_err err;
    char encoding[16];

    PQsetNoticeReceiver(c->conn, notice, c);
    if (PQsetnonblocking(c->conn, 1) != 0 || !PQenterPipelineMode(c->conn))
        return cannot_connect(c, detail);
    err = dp_sql_find(&c->sql, DP_SQL_SETUP, NULL, 0, DP_ESTORE);
    if (err == DP_OK) {
        dp_sql_text(encoding, sizeof(encoding), &c->sql, 0);
        dp_sql_end(&c->sql);
        if (strcmp(encoding, "UTF8") == 0)
            return DP_OK;
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database's encoding is %s: make one with ENCODING 'UTF8'.", encoding);
    }
    return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                   "PostgreSQL accepts the connection but not its settings (SQLSTATE %s).",
                   c->state);
}

enum dp_err dp_pg_connect(struct dp_pg *c, struct dp_detail *detail)
{
    enum dp_err err;

    dp_pg_drop(c);
    c->conn = PQconnectdbParams(c->options.names, c->options.values, 0);
    if (c->conn == NULL)
        return DP_ENOMEM;
    err = PQstatus(c->conn) == CONNECTION_OK ? set_up(c, detail) : cannot_connect(c, detail);
    if (err != DP_OK)
        dp_pg_drop(c);
    return err;
}

static void note_failure(struct dp_pg *c, const char *why)
{
    int64_t now = dp_clock_mono_us();

    if (c->pause_us == 0)
        dp_log(DP_LOG_WARN, "database", "%s", why);
    c->pause_us = c->pause_us == 0             ? PAUSE_FIRST_US
                  : c->pause_us < PAUSE_MAX_US ? 2 * c->pause_us
                                               : c->pause_us;
    /* Not all at the same moment. */
    c->retry_at_us = now + c->pause_us / 2 + now % (c->pause_us / 2);
}

static enum dp_err try_connect(struct dp_pg *c)
{
    struct dp_detail detail = {"", "PostgreSQL cannot be reached: out of memory."};

    if (dp_clock_mono_us() < c->retry_at_us)
        return DP_ESTORE;
    if (dp_pg_connect(c, &detail) != DP_OK) {
        note_failure(c, detail.text);
        return DP_ESTORE;
    }
    if (c->pause_us != 0)
        dp_log(DP_LOG_INFO, "database", "PostgreSQL is back after %lld ms.",
               (long long)(dp_clock_mono_us() - c->down_since_us) / 1000);
    c->down_since_us = c->retry_at_us = c->pause_us = 0;
    return DP_OK;
}

enum dp_err dp_pg_ready(struct dp_pg *c)
{
    c->failure = DP_FAILED;
    if (c->conn != NULL && PQstatus(c->conn) == CONNECTION_OK)
        return DP_OK;
    if (c->down_since_us == 0)
        c->down_since_us = dp_clock_mono_us();
    while (try_connect(c) != DP_OK) {
        int64_t now = dp_clock_mono_us();

        if (now - c->down_since_us > GRACE_US)
            return DP_ESTORE;
        if (now < c->retry_at_us)
            usleep((useconds_t)(c->retry_at_us - now));
    }
    return DP_OK;
}

/* --- sending --- */

static bool prepare(struct dp_pg *c, enum dp_query query, const char *name)
{
    if (c->prepared[query])
        return true;
    if (!PQsendPrepare(c->conn, name, dp_sql_query(&dp_postgres, query), 0, NULL))
        return false;
    c->queue[c->queued++] = (struct dp_pg_sent){query, true};
    c->prepared[query] = true;
    return true;
}

static bool execute(struct dp_pg *c, enum dp_query query, const struct dp_value *values,
                    size_t count, const char *name)
{
    static const int binary[DP_VALUES_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const char *data[DP_VALUES_MAX];
    uint64_t numbers[DP_VALUES_MAX];
    int lengths[DP_VALUES_MAX];

    for (size_t i = 0; i < count; i++) {
        numbers[i] = htobe64((uint64_t)values[i].number);
        data[i] = values[i].type == DP_VALUE_NULL  ? NULL
                  : values[i].type == DP_VALUE_INT ? (const char *)&numbers[i]
                                                   : values[i].data;
        lengths[i] = values[i].type == DP_VALUE_INT ? (int)sizeof(numbers[i]) : (int)values[i].len;
    }
    if (!PQsendQueryPrepared(c->conn, name, (int)count, data, lengths, binary, 1))
        return false;
    c->queue[c->queued++] = (struct dp_pg_sent){query, false};
    return true;
}

enum dp_err dp_pg_send(struct dp_pg *c, enum dp_query query, const struct dp_value *values,
                       size_t count)
{
    char name[16];
    enum dp_err err = DP_OK;

    if (c->queued + 2 > DP_PG_QUEUE_MAX)
        err = dp_pg_flush(c);
    if (err != DP_OK || c->conn == NULL)
        return err != DP_OK ? err : DP_ESTORE;
    snprintf(name, sizeof(name), "q%d", (int)query);
    if (prepare(c, query, name) && execute(c, query, values, count, name))
        return DP_OK;
    dp_pg_drop(c);
    c->failure = DP_FAILED_FOR_NOW;
    return DP_ESTORE;
}

/* --- answers --- */

/* False: nothing more will come. */
static bool wait_readable(struct dp_pg *c, int64_t deadline)
{
    int unsent = PQflush(c->conn);
    int64_t left_ms = (deadline - dp_clock_mono_us()) / 1000;
    struct pollfd fd = {.fd = PQsocket(c->conn), .events = POLLIN};
    int ready;

    if (unsent < 0 || left_ms <= 0)
        return false;
    if (unsent > 0)
        fd.events |= POLLOUT;
    ready = poll(&fd, 1, (int)left_ms);
    if (ready < 0)
        return errno == EINTR;
    if (ready == 0)
        return false;
    return (fd.revents & ~POLLOUT) == 0 || PQconsumeInput(c->conn);
}

bool dp_pg_next(struct dp_pg *c, PGresult **result)
{
    int64_t deadline = dp_clock_mono_us() + c->wait_ms * INT64_C(1000);

    while (PQisBusy(c->conn)) {
        if (!wait_readable(c, deadline))
            return false;
    }
    *result = PQgetResult(c->conn);
    return true;
}

/* The server, or a failover, ended it; or it is a session that lost what was prepared in it. */
static bool is_lost(const char *state)
{
    return strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0 ||
           strcmp(state, "25006") == 0 || strcmp(state, "26000") == 0;
}

static bool is_conflict(const char *state)
{
    return strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0;
}

static enum dp_err which_exists(const PGresult *result)
{
    static const struct {
        const char *constraint;
        enum dp_err err;
    } known[] = {
        {"users_user_id", DP_EUSEREXISTS},
        {"users_email", DP_EEMAILEXISTS},
        {"user_keys_address", DP_ESELFTEST},
    };
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    for (size_t i = 0; constraint != NULL && i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(constraint, known[i].constraint) == 0)
            return known[i].err;
    }
    return DP_ESTORE;
}

/* Only the code: messages may quote what was stored. A missing table is a new database. */
static void log_error(const char *state)
{
    if (is_lost(state))
        dp_log(DP_LOG_WARN, "database", "PostgreSQL ends a connection: SQLSTATE %s.", state);
    else if (!is_conflict(state) && strcmp(state, "42P01") != 0)
        dp_log(DP_LOG_WARN, "database", "PostgreSQL refuses a statement: SQLSTATE %s.", state);
}

static enum dp_err take_error(struct dp_pg *c, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    snprintf(c->state, sizeof(c->state), "%s", state != NULL ? state : "08000");
    if (strcmp(c->state, "23505") == 0)
        return which_exists(result);
    c->failure = is_conflict(c->state) || is_lost(c->state) ? DP_FAILED_FOR_NOW : DP_FAILED;
    log_error(c->state);
    return DP_ESTORE;
}

static enum dp_err check_commit(struct dp_pg *c, PGresult *result)
{
    return strcmp(PQcmdStatus(result), "COMMIT") == 0 && !c->noticed ? DP_OK : DP_ESTORE;
}

/* One answer. In: err  of those before */
static enum dp_err take_answer(struct dp_pg *c, const struct dp_pg_sent *sent, PGresult *result,
                               enum dp_err err)
{
    ExecStatusType status = PQresultStatus(result);

    PQclear(c->result);
    c->result = result;
    c->row = -1;
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        c->sql.changed = strtoll(PQcmdTuples(result), NULL, 10);
        return err == DP_OK && sent->query == DP_SQL_COMMIT && !sent->prepares
                   ? check_commit(c, result)
                   : err;
    }
    if (sent->prepares)
        c->prepared[sent->query] = false;
    return status == PGRES_PIPELINE_ABORTED || err != DP_OK ? err : take_error(c, result);
}

/* The results of one statement, which end with none. False: the connection is lost. */
static bool take_answers(struct dp_pg *c, const struct dp_pg_sent *sent, enum dp_err *err)
{
    PGresult *result;

    while (dp_pg_next(c, &result)) {
        if (result == NULL)
            return true;
        *err = take_answer(c, sent, result, *err);
        if (PQstatus(c->conn) != CONNECTION_OK)
            return false;
    }
    return false;
}

static bool take_sync(struct dp_pg *c)
{
    PGresult *result;
    bool sync = dp_pg_next(c, &result) && PQresultStatus(result) == PGRES_PIPELINE_SYNC;

    if (sync)
        PQclear(result);
    return sync;
}

/* What was lost with it: a COMMIT that got no answer may have been carried out. */
static enum dp_err lose(struct dp_pg *c)
{
    enum dp_failure failure = DP_FAILED_FOR_NOW;

    for (size_t i = 0; i < c->queued; i++) {
        if (c->queue[i].query == DP_SQL_COMMIT && !c->queue[i].prepares)
            failure = DP_FAILED_UNKNOWN;
    }
    dp_pg_drop(c);
    c->failure = failure;
    return DP_ESTORE;
}

enum dp_err dp_pg_flush(struct dp_pg *c)
{
    enum dp_err err = DP_OK;

    if (c->conn == NULL)
        return DP_ESTORE;
    c->noticed = false;
    c->state[0] = '\0';
    if (!PQpipelineSync(c->conn))
        return lose(c);
    for (size_t i = 0; i < c->queued; i++) {
        if (!take_answers(c, &c->queue[i], &err))
            return lose(c);
    }
    if (!take_sync(c) || is_lost(c->state))
        return lose(c);
    c->queued = 0;
    return err;
}
