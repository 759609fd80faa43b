/* sqlite_schema.c - the numbered SQL files, applied in order. */
#include "store/sqlite.h"

#include <stdio.h>

#include "store/schema.h"

/* Out: version  from 0; what is negative was never ours */
static enum dp_err schema_version(struct dp_sqlite *c, int64_t *version, struct dp_detail *detail)
{
    if (dp_sql_number(&c->sql, version, DP_SQL_VERSION, NULL, 0) != DP_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The database cannot be read: %s.",
                       sqlite3_errmsg(c->db));
    if (*version < 0)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database has schema version %lld: it is not devproof's.",
                       (long long)*version);
    return DP_OK;
}

enum dp_err dp_sqlite_check_version(struct dp_sqlite *c, struct dp_detail *detail)
{
    int64_t version = 0;
    enum dp_err err = schema_version(c, &version, detail);

    if (err == DP_OK && version != (int64_t)dp_schema_sqlite_count)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL",
                       "The database has schema version %lld and this program wants %zu: run "
                       "`devproof init`, or the program that made it.",
                       (long long)version, dp_schema_sqlite_count);
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

enum dp_err dp_sqlite_clear(struct dp_sqlite *c)
{
    static const char drop[] =
        "DROP TABLE audit_log; DROP TABLE tokens; DROP TABLE user_keys; DROP TABLE users";
    enum dp_err err = sqlite3_exec(c->db, drop, NULL, NULL, NULL) == SQLITE_OK ? DP_OK : DP_ESTORE;

    for (size_t v = 1; err == DP_OK && v <= dp_schema_sqlite_count; v++)
        err = apply(c, v, NULL);
    return err;
}

/* All missing versions in one transaction; whoever starts at the same time waits and finds them. */
enum dp_err dp_sqlite_migrate(struct dp_sqlite *c, struct dp_detail *detail)
{
    int64_t version = 0;
    enum dp_err err;

    if (dp_sql_run(&c->sql, DP_SQL_BEGIN, NULL, 0) != DP_OK)
        return dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The database cannot be written: %s.",
                       sqlite3_errmsg(c->db));
    err = schema_version(c, &version, detail);
    for (size_t v = (size_t)version + 1; err == DP_OK && v <= dp_schema_sqlite_count; v++)
        err = apply(c, v, detail);
    if (err == DP_OK) /* one that is newer was left as it is */
        err = dp_sqlite_check_version(c, detail);
    if (err == DP_OK && dp_sql_run(&c->sql, DP_SQL_COMMIT, NULL, 0) != DP_OK)
        err = dp_fail(detail, DP_ESTORE, "DATABASE_URL", "The schema cannot be committed: %s.",
                      sqlite3_errmsg(c->db));
    if (err != DP_OK)
        dp_sqlite.rollback(&c->sql);
    return err;
}
