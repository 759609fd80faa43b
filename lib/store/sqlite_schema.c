/* sqlite_schema.c - the numbered SQL files, applied in order. */
#include "store/sqlite.h"

#include <stdio.h>

#include "store/schema.h"

/* Out: version  from 0; what is negative was never ours */
static enum dp_err schema_version(struct dp_sqlite *c, int *version, struct dp_detail *detail)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(c->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        sqlite3_finalize(statement);
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The database cannot be read: %s.",
                       sqlite3_errmsg(c->db));
    }
    *version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    if (*version < 0)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database has schema version %d: it is not devproof's.", *version);
    return DP_OK;
}

enum dp_err dp_sqlite_check_version(struct dp_sqlite *c, struct dp_detail *detail)
{
    int version = 0;
    enum dp_err err = schema_version(c, &version, detail);

    if (err == DP_OK && version != (int)dp_schema_sqlite_count)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database has schema version %d and this program wants %zu: run "
                       "`devproof init`, or the program that made it.",
                       version, dp_schema_sqlite_count);
    return err;
}

static enum dp_err apply(struct dp_sqlite *c, size_t version, struct dp_detail *detail)
{
    char set_version[48];

    snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %zu", version);
    if (sqlite3_exec(c->db, dp_schema_sqlite[version - 1], NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(c->db, set_version, NULL, NULL, NULL) != SQLITE_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "Schema version %zu cannot be applied: %s.", version, sqlite3_errmsg(c->db));
    return DP_OK;
}

/* All missing versions in one transaction; whoever starts at the same time waits and finds them. */
enum dp_err dp_sqlite_migrate(struct dp_sqlite *c, struct dp_detail *detail)
{
    int version = 0;
    enum dp_err err;

    if (dp_sqlite_run(dp_sqlite_prepare(c, DP_SQL_BEGIN)) != DP_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The database cannot be written: %s.",
                       sqlite3_errmsg(c->db));
    err = schema_version(c, &version, detail);
    for (size_t v = (size_t)version + 1; err == DP_OK && v <= dp_schema_sqlite_count; v++)
        err = apply(c, v, detail);
    if (err == DP_OK && dp_sqlite_run(dp_sqlite_prepare(c, DP_SQL_COMMIT)) != DP_OK)
        err = dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The schema cannot be committed: %s.",
                      sqlite3_errmsg(c->db));
    if (err != DP_OK)
        dp_sqlite_rollback(c);
    return err;
}
