/* engine.h - statements on a connection to a database, whichever it is. What users.c, tokens.c and
 * audit_rows.c are written in, and what an engine has to give; not for anyone outside the store. */
#ifndef DP_STORE_ENGINE_H
#define DP_STORE_ENGINE_H

#include "base/sandbox.h"
#include "store/group.h"
#include "store/store.h"

/* Every statement. queries.c has their text; an engine may have another for a few. */
enum dp_query {
    DP_SQL_BEGIN, /* wait until nobody else writes, here or on any other node */
    DP_SQL_LOCK,  /* the rest of that, where it takes two statements */
    DP_SQL_BEGIN_READ,
    DP_SQL_SAVE,
    DP_SQL_RELEASE,
    DP_SQL_UNDO,
    DP_SQL_COMMIT,
    DP_SQL_ROLLBACK,
    DP_SQL_PING,
    DP_SQL_ADD_USER,
    DP_SQL_FIND_USER,
    DP_SQL_FIND_USER_ROW,
    DP_SQL_LIST_USERS,
    DP_SQL_SEARCH_USERS,
    DP_SQL_ADD_KEY,
    DP_SQL_RETIRE_KEY,
    DP_SQL_COUNT_KEYS,
    DP_SQL_LIST_KEYS,
    DP_SQL_ADD_TOKEN,
    DP_SQL_FIND_TOKEN,
    DP_SQL_FIND_TOKEN_USER,
    DP_SQL_COUNT_TOKENS,
    DP_SQL_LIST_TOKENS,
    DP_SQL_REVOKE_TOKEN,
    DP_SQL_REVOKE_USER_TOKEN,
    DP_SQL_REVOKE_STARTED,
    DP_SQL_HAS_ADMIN_TOKEN,
    DP_SQL_REVOKE_ADMIN_TOKENS,
    DP_SQL_LAST_AUDIT,
    DP_SQL_ADD_AUDIT,
    DP_SQL_FIND_AUDIT,
    DP_SQL_LIST_AUDIT,
    DP_SQL_LIST_USER_AUDIT,
    DP_SQL_DUMP_USERS,
    DP_SQL_DUMP_KEYS,
    DP_SQL_DUMP_TOKENS,
    DP_SQL_LOAD_USERS,
    DP_SQL_LOAD_KEYS,
    DP_SQL_LOAD_TOKENS,
    DP_SQL_COUNT_USERS,
    DP_SQL_COUNT_ALL_KEYS,
    DP_SQL_COUNT_ALL_TOKENS,
    DP_SQL_COUNT_AUDIT,
    DP_SQL_RESUME_USERS, /* where ids do not go on after the greatest by themselves */
    DP_SQL_RESUME_KEYS,
    DP_SQL_RESUME_TOKENS,
    DP_SQL_FAULTS,  /* that the engine finds in its files */
    DP_SQL_OTHERS,  /* programs of ours that are connected */
    DP_SQL_SETUP,   /* of a new connection */
    DP_SQL_VERSION, /* of the schema */
    DP_SQL_COUNT
};

extern const char *const dp_queries[DP_SQL_COUNT];

#define DP_VALUES_MAX 9 /* parameters of a statement */

/* A value that goes into a statement or comes out of a row, and belongs to whoever gives it. */
struct dp_value {
    enum { DP_VALUE_NULL, DP_VALUE_INT, DP_VALUE_TEXT, DP_VALUE_BLOB } type;
    int64_t number;
    const char *data;
    size_t len;
};

struct dp_value dp_value_int(int64_t number);
struct dp_value dp_value_int_or_null(int64_t number); /* 0: NULL */
struct dp_value dp_value_text(const char *text);
struct dp_value dp_value_text_or_null(const char *text); /* "": NULL */
struct dp_value dp_value_blob(const uint8_t *data, size_t len);

/* A connection, for one thread at a time, with one statement at a time. An engine's own begins
 * with it. */
struct dp_sql {
    const struct dp_engine *engine;
    int64_t changed; /* rows that the last statement changed */
    bool saved;      /* a write of the transaction under way has its savepoint still open */
    /* The last row of the audit log as the transaction under way leaves it. */
    struct dp_audit_head {
        bool known, ours; /* ours: it was appended by this transaction */
        int64_t seq;
        uint8_t hash[DP_AUDIT_HASH_LEN];
    } head, saved_head;
};

/* Why a transaction failed. */
enum dp_failure {
    DP_FAILED,         /* for good */
    DP_FAILED_FOR_NOW, /* nothing is stored, and it may work the next time */
    DP_FAILED_UNKNOWN, /* the connection was lost in COMMIT: it is stored, or it is not */
};

struct dp_engine {
    const char *const *queries; /* those with a text of their own; the others are NULL */

    /* Open a connection, which dp_sql_close frees; in write mode bring the schema up to date, else
     * check its version. Returns: DP_OK, DP_ECONFIG, DP_ESTORE (detail says why), DP_ENOMEM */
    enum dp_err (*open)(struct dp_sql **out, const char *url, enum dp_store_mode mode,
                        struct dp_detail *detail);
    /* Another connection to the same database, for reading; it may wait for its first use to
     * connect. Returns: as open */
    enum dp_err (*open_another)(struct dp_sql **out, struct dp_sql *first,
                                struct dp_detail *detail);
    void (*close)(struct dp_sql *c);

    /* Connect again if need be. Returns: DP_OK, DP_ESTORE */
    enum dp_err (*ready)(struct dp_sql *c);
    /* Run a statement and all that was put off. Returns: DP_OK, DP_EUSEREXISTS, DP_EEMAILEXISTS or
     * DP_ESELFTEST (a value that must be unique is there already), DP_ESTORE */
    enum dp_err (*run)(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                       size_t count);
    /* The same, but the engine may put it off until the next run, which then has its error. */
    enum dp_err (*later)(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                         size_t count);
    /* Go to the first row of what was run, or to the next. Returns: DP_OK, DP_ENOTFOUND (there is
     * none), DP_ESTORE */
    enum dp_err (*step)(struct dp_sql *c);
    /* A value of the row; it lives until the next step. */
    struct dp_value (*value)(struct dp_sql *c, int column);
    void (*end)(struct dp_sql *c);      /* of its rows */
    void (*rollback)(struct dp_sql *c); /* of the transaction, if there is one */
    /* Of the last statement that failed since ready. */
    enum dp_failure (*failure)(const struct dp_sql *c);
    /* Take everything away and make the schema anew, in the transaction under way. Returns: DP_OK,
     * DP_ESTORE */
    enum dp_err (*clear)(struct dp_sql *c);
    /* As dp_store_in_use. */
    enum dp_err (*in_use)(bool *out, const char *url, struct dp_detail *detail);
    /* What it takes to go on from inside the sandbox. */
    void (*reach)(const struct dp_sql *c, struct dp_sandbox *sandbox);
};

extern const struct dp_engine dp_sqlite, dp_postgres;

/* The engine of a URL, or NULL. */
const struct dp_engine *dp_engine_of(const char *url);

/* The text of a statement. */
const char *dp_sql_query(const struct dp_engine *engine, enum dp_query query);

/* --- statements --- */

/* Run a statement that gives no row; the second form as `later` of an engine. Returns: as run */
DP_MUST_CHECK
enum dp_err dp_sql_run(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                       size_t count);
DP_MUST_CHECK
enum dp_err dp_sql_later(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                         size_t count);

/* Run a statement and go to its one row, which is read until dp_sql_end. Returns: DP_OK, none (no
 * row), or as run */
DP_MUST_CHECK
enum dp_err dp_sql_find(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                        size_t count, enum dp_err none);
void dp_sql_end(struct dp_sql *c);

/* Run a statement that gives one whole number, 0 unless DP_OK. Returns: as dp_sql_find with
 * DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sql_number(struct dp_sql *c, int64_t *out, enum dp_query query,
                          const struct dp_value *values, size_t count);

/* Of the row: a whole number, 0 where it is NULL; text, "" where it is NULL, does not fit, or has a
 * NUL inside, which none of ours has; len bytes, all zero where it has another length. */
int64_t dp_sql_int(struct dp_sql *c, int column);
void dp_sql_text(char *out, size_t size, struct dp_sql *c, int column);
void dp_sql_blob(uint8_t *out, size_t len, struct dp_sql *c, int column);

/* --- on a store --- */

/* Take a connection for reading, waiting for one if need be, and give it back. */
struct dp_sql *dp_store_take(struct dp_store *store);
void dp_store_return(struct dp_store *store, struct dp_sql *c);

/* Called for each row of a query; anything but DP_OK ends it. */
typedef enum dp_err dp_row_fn(struct dp_sql *c, void *arg);

/* Read: hand each row of a query to a function. Returns: DP_OK, DP_ESTORE, or what that returned */
DP_MUST_CHECK
enum dp_err dp_store_each(struct dp_store *store, enum dp_query query,
                          const struct dp_value *values, size_t count, dp_row_fn *row, void *arg);

/* Run a write with whatever else comes at the same time; it gets a struct dp_sql, and may be run
 * again from its beginning. Nobody else writes meanwhile. Returns: as dp_group_write */
DP_MUST_CHECK
enum dp_err dp_store_write(struct dp_store *store, dp_group_write_fn *write, void *arg);

/* --- parts of writes, for those in other files --- */

/* Append a row to the audit log: sets its seq and hashes. Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sql_append_audit(struct dp_sql *c, struct dp_audit_row *row);

/* The row of the log that a connection is at. */
void dp_sql_read_audit(struct dp_audit_row *row, struct dp_sql *c);

/* Insert a token; its id is set. In: user_row  users.id, or 0 for the admin. Returns: DP_OK,
 * DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sql_insert_token(struct dp_sql *c, struct dp_token *token, int64_t user_row);

/* The same where nobody needs its id, along with the next statement. */
DP_MUST_CHECK
enum dp_err dp_sql_insert_token_later(struct dp_sql *c, const struct dp_token *token,
                                      int64_t user_row);

/* A user with a key and its proof, of the row that a connection is at. The first of the columns,
 * which are those of KEY_COLUMNS and KEY_PROOF in queries.c, has this number. */
void dp_sql_read_user(struct dp_user *user, struct dp_sql *c, int first);

/* The users.id of a user id. Returns: DP_OK, DP_EUNKNOWNUSER, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sql_user_row(struct dp_sql *c, int64_t *out, const char *user_id);

#endif
