/* database.h - an empty database for each test of the store: a file of SQLite's, or one on a
 * PostgreSQL that runs for as long as the program. */
#ifndef TESTS_UNIT_DATABASE_H
#define TESTS_UNIT_DATABASE_H

#include "helper.h"

enum engine { SQLITE, POSTGRESQL };

struct database {
    enum engine engine;
    struct temp temp;
    char path[TEMP_SIZE]; /* of SQLite's file */
    char name[32];        /* of the schema on PostgreSQL */
    char url[160];
};

/* Call first thing in main: starts this program again below tests/with-postgres, which stands in
 * the folder that DP_TESTS names. Ends the program where that cannot be. */
void database_main(char **argv);

/* All tests on the one engine, then on the other: which one database_make makes. Gives how many
 * failed. */
void database_use(enum engine engine);
#define ON_EACH_ENGINE(tests)                                                                      \
    __extension__({                                                                                \
        int failed_;                                                                               \
                                                                                                   \
        database_use(SQLITE);                                                                      \
        failed_ = cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);                        \
        database_use(POSTGRESQL);                                                                  \
        failed_ + cmocka_run_group_tests_name("postgresql", tests, NULL, NULL);                    \
    })

void database_make(struct database *database);
void database_remove(struct database *database);

/* Statements as whoever owns the database. False: it refuses. */
bool database_run(const struct database *database, const char *sql);

/* Statements as whoever may do anything, with foreign keys and what keeps the log append-only out
 * of the way. */
void database_tamper(const struct database *database, const char *sql);

/* The schema's version as it stands in the database, and the newest that there is. */
void database_set_version(const struct database *database, long long version);
size_t database_newest(const struct database *database);

/* A URL of PostgreSQL's by a host, with a password, instead of its Unix socket. */
void database_url_by_tcp(char *out, size_t size, const struct database *database, const char *host);

/* What pg_ctl does to the server: "stop -m fast", "start". */
void postgres_ctl(const char *verb);

/* SIGKILL, or another signal, to the process that all others of the server hang on. */
void postgres_signal(int signal);

#endif
