/* sqlite.h - a connection to SQLite. For sqlite.c and sqlite_schema.c alone. */
#ifndef DP_STORE_SQLITE_H
#define DP_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/engine.h"

struct dp_sqlite {
    struct dp_sql sql; /* first */
    char *path;
    sqlite3 *db;
    sqlite3_stmt *statements[DP_SQL_COUNT]; /* prepared when first used */
    sqlite3_stmt *running;
    int stepped; /* what the last step of it returned */
    bool first;  /* nobody has seen that yet */
};

/* Bring the schema up to date. Returns: DP_OK, DP_ESTORE (detail says why) */
DP_MUST_CHECK
enum dp_err dp_sqlite_migrate(struct dp_sqlite *c, struct dp_detail *detail);

/* Take all tables away and make them anew, in the transaction under way. Returns: DP_OK, DP_ESTORE
 */
DP_MUST_CHECK
enum dp_err dp_sqlite_clear(struct dp_sqlite *c);

/* Is it up to date? Returns: as dp_sqlite_migrate */
DP_MUST_CHECK
enum dp_err dp_sqlite_check_version(struct dp_sqlite *c, struct dp_detail *detail);

#endif
