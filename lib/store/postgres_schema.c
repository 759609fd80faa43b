/* postgres_schema.c - the numbered SQL files, applied in order. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/postgres.h"
#include "store/schema.h"

#define ATTEMPTS 100 /* of nodes that start at once; each but one finds it done the next time */
#define PAUSE_US 20000

/* Many statements at once, as they stand in a file: that goes without a pipeline only. */
static enum dp_err run_text(struct dp_pg *c, const char *text)
{
    enum dp_err err = DP_ESTORE;
    PGresult *result = NULL;

    if (c->conn == NULL || !PQexitPipelineMode(c->conn) || !PQsendQuery(c->conn, text))
        return DP_ESTORE;
    err = DP_OK;
    while (dp_pg_next(c, &result) && result != NULL) {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        if (state != NULL) {
            snprintf(c->state, sizeof(c->state), "%s", state);
            err = DP_ESTORE;
        }
        PQclear(result);
        result = NULL;
    }
    if (PQstatus(c->conn) != CONNECTION_OK || !PQenterPipelineMode(c->conn))
        return DP_ESTORE;
    return err;
}

/* Out: version  0 where there is no schema yet */
static enum dp_err schema_version(struct dp_pg *c, int64_t *version, struct dp_detail *detail)
{
    enum dp_err err = dp_sql_number(&c->sql, version, DP_SQL_VERSION, NULL, 0);

    if (err != DP_OK && strcmp(c->state, "42P01") == 0)
        return DP_OK;
    if (err != DP_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database's schema version cannot be read (SQLSTATE %s).", c->state);
    if (*version < 0)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database has schema version %lld: it is not devproof's.",
                       (long long)*version);
    return DP_OK;
}

enum dp_err dp_pg_check_version(struct dp_pg *c, struct dp_detail *detail)
{
    int64_t version = 0;
    enum dp_err err = schema_version(c, &version, detail);

    if (err == DP_OK && version != (int64_t)dp_schema_postgresql_count)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database has schema version %lld and this program wants %zu: run "
                       "`devproof init`, or the program that made it.",
                       (long long)version, dp_schema_postgresql_count);
    return err;
}

static enum dp_err apply(struct dp_pg *c, size_t version)
{
    char set_version[64];
    enum dp_err err = run_text(c, dp_schema_postgresql[version - 1]);

    snprintf(set_version, sizeof(set_version), "UPDATE schema_version SET version = %zu", version);
    return err == DP_OK ? run_text(c, set_version) : err;
}

enum dp_err dp_pg_clear(struct dp_pg *c)
{
    enum dp_err err = dp_pg_flush(c);

    if (err == DP_OK)
        err = run_text(c, "SET LOCAL client_min_messages = error;"
                          "DROP TABLE audit_log, tokens, user_keys, users");
    for (size_t v = 1; err == DP_OK && v <= dp_schema_postgresql_count; v++)
        err = apply(c, v);
    return err;
}

/* All that is missing, in one transaction that holds the lock of all writers. */
static enum dp_err apply_missing(struct dp_pg *c)
{
    static const char first[] =
        "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL client_min_messages = error;"
        "CREATE TABLE IF NOT EXISTS schema_version"
        " (one boolean PRIMARY KEY CHECK (one), version bigint NOT NULL);"
        "INSERT INTO schema_version VALUES (true, 0) ON CONFLICT DO NOTHING";
    int64_t version = 0;
    enum dp_err err = run_text(c, first);

    if (err == DP_OK)
        err = dp_sql_number(&c->sql, &version, DP_SQL_LOCK, NULL, 0);
    for (size_t v = (size_t)version + 1; err == DP_OK && v <= dp_schema_postgresql_count; v++)
        err = apply(c, v);
    if (err == DP_OK)
        err = dp_sql_run(&c->sql, DP_SQL_COMMIT, NULL, 0);
    if (err != DP_OK)
        dp_postgres.rollback(&c->sql);
    return err;
}

/* Two that make the first table at the same time: one of them is told that it, or its type, exists,
 * even with IF NOT EXISTS. */
static bool was_overtaken(const struct dp_pg *c)
{
    static const char *const states[] = {"23505", "42P07", "42710", "40001", "40P01", "55P03"};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(c->state, states[i]) == 0)
            return true;
    }
    return false;
}

enum dp_err dp_pg_migrate(struct dp_pg *c, struct dp_detail *detail)
{
    int64_t version = 0;
    enum dp_err err = schema_version(c, &version, detail);

    if (err != DP_OK || version >= (int64_t)dp_schema_postgresql_count)
        return err == DP_OK ? dp_pg_check_version(c, detail) : err;
    c->wait_ms = DP_PG_SETUP_WAIT_MS;
    err = DP_ESTORE;
    for (int i = 0; i < ATTEMPTS && err != DP_OK; i++) {
        if (i > 0)
            usleep(PAUSE_US);
        c->state[0] = '\0';
        err = apply_missing(c);
        if (err != DP_OK && !was_overtaken(c))
            break;
    }
    c->wait_ms = DP_PG_WAIT_MS;
    if (err != DP_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The schema cannot be brought up to date (SQLSTATE %s): the user of "
                       "DATABASE_URL must own the database, or may make tables in it.",
                       c->state);
    return dp_pg_check_version(c, detail);
}
