/* postgres.h - a connection to PostgreSQL. For postgres*.c alone. Holds the database's password. */
#ifndef DP_STORE_POSTGRES_H
#define DP_STORE_POSTGRES_H

#include "store/libpq.h"

#include "store/engine.h"

#define DP_PG_OPTIONS_MAX 96       /* settings of a connection; libpq 15 has 45 */
#define DP_PG_QUEUE_MAX 64         /* statements that are put off at a time */
#define DP_PG_WAIT_MS 4000         /* for the answer to a statement */
#define DP_PG_SETUP_WAIT_MS 300000 /* the same while the schema is brought up to date */

/* Settings of a connection, by name; libpq frees them. */
struct dp_pg_options {
    PQconninfoOption *parsed;
    const char *names[DP_PG_OPTIONS_MAX + 1], *values[DP_PG_OPTIONS_MAX + 1];
};

struct dp_pg {
    struct dp_sql sql; /* first */
    struct dp_pg_options options;
    PGconn *conn;     /* NULL: not connected */
    PGresult *result; /* of what was run last */
    int row;          /* of it, from -1 */
    int wait_ms;
    bool prepared[DP_SQL_COUNT];
    /* What was sent and not yet answered. */
    struct dp_pg_sent {
        enum dp_query query;
        bool prepares;
    } queue[DP_PG_QUEUE_MAX];
    size_t queued;
    bool failed;  /* what was put off cannot be sent any more */
    bool noticed; /* the server warned during the statement that runs */
    enum dp_failure failure;
    char state[6]; /* SQLSTATE of the last error, or "" */
    /* Of an outage: since when, when to try next, and how long was waited for that. */
    int64_t down_since_us, retry_at_us, pause_us;
};

/* --- postgres_url.c --- */

/* Read a URL and add the defaults of ours. Returns: DP_OK, DP_ECONFIG (detail is a sentence without
 * any part of the URL, as it may hold a password) */
DP_MUST_CHECK
enum dp_err dp_pg_options_parse(struct dp_pg_options *options, const char *url,
                                struct dp_detail *detail);

/* What a connection was made with, so that no setting, file or name is looked up again later.
 * Returns: DP_OK, DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_pg_options_of(struct dp_pg_options *options, PGconn *conn);
void dp_pg_options_free(struct dp_pg_options *options);

/* The value of a setting, or NULL. */
const char *dp_pg_option(const struct dp_pg_options *options, const char *name);

/* What it takes to connect with these from inside the sandbox. */
void dp_pg_options_reach(const struct dp_pg_options *options, struct dp_sandbox *sandbox);

/* --- postgres_link.c --- */

/* Connect now. Returns: DP_OK, DP_ESTORE (detail says why), DP_ENOMEM */
DP_MUST_CHECK
enum dp_err dp_pg_connect(struct dp_pg *c, struct dp_detail *detail);

/* Connect again, waiting for a server that is just being restarted. Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_pg_ready(struct dp_pg *c);

/* Close what is left of a connection. */
void dp_pg_drop(struct dp_pg *c);

/* Wait for the next result, at most wait_ms. False: the connection is lost, and closed. */
bool dp_pg_next(struct dp_pg *c, PGresult **result);

/* Send a statement, to be answered later. Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_pg_send(struct dp_pg *c, enum dp_query query, const struct dp_value *values,
                       size_t count);

/* Take the answers of all that was sent; the last one's stays in result. Returns: as run of an
 * engine */
DP_MUST_CHECK
enum dp_err dp_pg_flush(struct dp_pg *c);

/* --- postgres_schema.c --- */

/* Bring the schema up to date. Returns: DP_OK, DP_ESTORE (detail says why) */
DP_MUST_CHECK
enum dp_err dp_pg_migrate(struct dp_pg *c, struct dp_detail *detail);

/* Take all tables away and make them anew, in the transaction under way. Returns: DP_OK, DP_ESTORE
 */
DP_MUST_CHECK
enum dp_err dp_pg_clear(struct dp_pg *c);

/* Is it up to date? Returns: as dp_pg_migrate */
DP_MUST_CHECK
enum dp_err dp_pg_check_version(struct dp_pg *c, struct dp_detail *detail);

#endif
