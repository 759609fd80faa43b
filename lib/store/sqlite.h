/* sqlite.h - what the parts of the store on SQLite share. Not for anyone outside of it. */
#ifndef DP_STORE_SQLITE_H
#define DP_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/group.h"
#include "store/store.h"

/* Every statement; sqlite_sql.c has their text. */
enum dp_query {
    DP_SQL_BEGIN,
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
    DP_SQL_COUNT_TOKENS,
    DP_SQL_LIST_TOKENS,
    DP_SQL_REVOKE_TOKEN,
    DP_SQL_REVOKE_USER_TOKEN,
    DP_SQL_REVOKE_STARTED,
    DP_SQL_HAS_ADMIN_TOKEN,
    DP_SQL_REVOKE_ADMIN_TOKENS,
    DP_SQL_LAST_AUDIT,
    DP_SQL_ADD_AUDIT,
    DP_SQL_LIST_AUDIT,
    DP_SQL_LIST_USER_AUDIT,
    DP_SQL_COUNT
};

extern const char *const dp_sqlite_sql[DP_SQL_COUNT];

/* A connection and its statements, prepared when first used. One thread at a time. */
struct dp_sqlite {
    sqlite3 *db;
    sqlite3_stmt *statements[DP_SQL_COUNT];
    bool saved; /* a write of the transaction under way has its savepoint still open */
};

/* Take a connection for reading, waiting for one if need be, and give it back. */
struct dp_sqlite *dp_sqlite_take(struct dp_store *store);
void dp_sqlite_return(struct dp_store *store, struct dp_sqlite *c);

/* Run a write with whatever else comes at the same time; write gets a struct dp_sqlite. Returns: as
 * dp_group_write */
DP_MUST_CHECK
enum dp_err dp_sqlite_write(struct dp_store *store, dp_group_write_fn *write, void *arg);

/* The statement of a query, ready to be bound; NULL on failure. */
sqlite3_stmt *dp_sqlite_prepare(struct dp_sqlite *c, enum dp_query query);

/* Step a statement that gives no row, and release it. Takes NULL. Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sqlite_run(sqlite3_stmt *statement);

/* End a transaction, if there is one, and undo it. */
void dp_sqlite_rollback(struct dp_sqlite *c);

/* Reset a statement and forget what was bound. Takes NULL. */
void dp_sqlite_release(sqlite3_stmt *statement);

/* Step to the one row that is looked for. Takes NULL. Returns: DP_OK, none (no row), DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sqlite_find(sqlite3_stmt *statement, enum dp_err none);

/* The text stays the caller's and must outlive the step. */
void dp_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text);

/* A column's text: "" where it is NULL, does not fit, or has a NUL inside, which none of ours has.
 */
void dp_sqlite_text(char *out, size_t size, sqlite3_stmt *statement, int column);

/* Bring the schema up to date. Returns: DP_OK, DP_ESTORE (detail says why) */
DP_MUST_CHECK
enum dp_err dp_sqlite_migrate(struct dp_sqlite *c, struct dp_detail *detail);

/* Is it up to date? Returns: as dp_sqlite_migrate */
DP_MUST_CHECK
enum dp_err dp_sqlite_check_version(struct dp_sqlite *c, struct dp_detail *detail);

/* --- parts of writes, for those in other files --- */

/* Append a row to the audit log: sets its seq and hashes. Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sqlite_append_audit(struct dp_sqlite *c, struct dp_audit_row *row);

/* Insert a token; its id is set. In: user_row  users.id, or 0 for the admin. Returns: DP_OK,
 * DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sqlite_insert_token(struct dp_sqlite *c, struct dp_token *token, int64_t user_row);

/* The users.id of a user id. Returns: DP_OK, DP_EUNKNOWNUSER, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_sqlite_user_row(struct dp_sqlite *c, int64_t *out, const char *user_id);

#endif
