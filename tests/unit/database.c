#include "database.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>
#include <sqlite3.h>

#include "store/schema.h"

static enum engine used;

void database_main(char **argv)
{
    const char *tests = getenv("DP_TESTS");
    char script[512];

    if (getenv("POSTGRES_SOCKET") != NULL)
        return;
    if (tests == NULL) {
        fprintf(stderr, "DP_TESTS must name the folder with-postgres is in.\n");
        exit(EXIT_FAILURE);
    }
    snprintf(script, sizeof(script), "%s/with-postgres", tests);
    execv(script, (char *[]){script, argv[0], NULL});
    perror(script);
    exit(EXIT_FAILURE);
}

void database_use(enum engine engine)
{
    used = engine;
}

/* --- PostgreSQL --- */

/* A schema for each test: a database of its own takes the server a second to make. */
static PGconn *connect_as(const char *user, const char *schema)
{
    char options[96];
    const char *const names[] = {"host", "port", "user", "dbname", "options", NULL};
    const char *const values[] = {
        getenv("POSTGRES_SOCKET"), getenv("POSTGRES_PORT"), user, "devproof", options, NULL};
    PGconn *conn;

    snprintf(options, sizeof(options), "-c search_path=%s -c client_min_messages=warning", schema);
    conn = PQconnectdbParams(names, values, 0);

    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    return conn;
}

static bool run_as(const char *user, const char *schema, const char *sql)
{
    PGconn *conn = connect_as(user, schema);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    PQfinish(conn);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static void make_on_postgres(struct database *database)
{
    static unsigned count;
    char sql[80];

    snprintf(database->name, sizeof(database->name), "test%u", ++count);
    snprintf(database->url, sizeof(database->url),
             "postgresql://devproof@/devproof?host=%s&port=%s&options=-csearch_path%%3D%s",
             getenv("POSTGRES_SOCKET"), getenv("POSTGRES_PORT"), database->name);
    snprintf(sql, sizeof(sql), "CREATE SCHEMA %s AUTHORIZATION devproof", database->name);
    assert_true(run_as("postgres", "public", sql));
}

void database_url_by_tcp(char *out, size_t size, const struct database *database, const char *host)
{
    snprintf(out, size, "postgresql://devproof:%s@%s:%s/devproof?options=-csearch_path%%3D%s",
             getenv("POSTGRES_PASSWORD"), host, getenv("POSTGRES_PORT"), database->name);
}

void postgres_ctl(const char *verb)
{
    char command[600];

    snprintf(command, sizeof(command), "%s %s </dev/null >/dev/null", getenv("POSTGRES_CTL"), verb);
    assert_int_equal(system(command), 0);
}

void postgres_signal(int signal)
{
    char path[200], line[32] = "";
    FILE *file;

    snprintf(path, sizeof(path), "%s/postmaster.pid", getenv("POSTGRES_DATA"));
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    assert_int_equal(kill((pid_t)strtol(line, NULL, 10), signal), 0);
}

/* --- either --- */

void database_make(struct database *database)
{
    memset(database, 0, sizeof(*database));
    database->engine = used;
    temp_make(&database->temp);
    temp_path(database->path, &database->temp, "db");
    snprintf(database->url, sizeof(database->url), "sqlite:%s", database->path);
    if (used == POSTGRESQL)
        make_on_postgres(database);
}

void database_remove(struct database *database)
{
    char sql[80];

    snprintf(sql, sizeof(sql), "DROP SCHEMA %s CASCADE", database->name);
    if (database->engine == POSTGRESQL)
        assert_true(run_as("postgres", "public", sql));
    temp_remove(&database->temp);
}

static bool run_on_file(const struct database *database, const char *sql)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open(database->path, &db);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    return rc == SQLITE_OK;
}

bool database_run(const struct database *database, const char *sql)
{
    return database->engine == SQLITE ? run_on_file(database, sql)
                                      : run_as("devproof", database->name, sql);
}

void database_tamper(const struct database *database, const char *sql)
{
    char all[1024];

    if (database->engine == SQLITE) {
        snprintf(all, sizeof(all),
                 "PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS audit_log_no_update;"
                 "DROP TRIGGER IF EXISTS audit_log_no_delete; %s",
                 sql);
        assert_true(run_on_file(database, all));
    } else {
        snprintf(all, sizeof(all), "SET session_replication_role = replica; %s", sql);
        assert_true(run_as("postgres", database->name, all));
    }
}

void database_set_version(const struct database *database, long long version)
{
    char sql[80];

    snprintf(sql, sizeof(sql),
             database->engine == SQLITE ? "PRAGMA user_version = %lld"
                                        : "UPDATE schema_version SET version = %lld",
             version);
    assert_true(database_run(database, sql));
}

size_t database_newest(const struct database *database)
{
    return database->engine == SQLITE ? dp_schema_sqlite_count : dp_schema_postgresql_count;
}
