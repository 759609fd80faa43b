/* sqlite_audit.c - the audit log: appended to in the transaction of what it tells of. */
#include "store/sqlite.h"

#include <string.h>

/* --- writes --- */

static void bind_hash(sqlite3_stmt *s, int index, const uint8_t *hash)
{
    sqlite3_bind_blob(s, index, hash, DP_AUDIT_HASH_LEN, SQLITE_STATIC);
}

/* A hash of another length, which the schema forbids, reads as zero. */
static void read_hash(uint8_t out[static DP_AUDIT_HASH_LEN], sqlite3_stmt *s, int column)
{
    const void *hash = sqlite3_column_blob(s, column);

    memset(out, 0, DP_AUDIT_HASH_LEN);
    if (hash != NULL && sqlite3_column_bytes(s, column) == DP_AUDIT_HASH_LEN)
        memcpy(out, hash, DP_AUDIT_HASH_LEN);
}

/* Nobody else writes before this transaction ends, so what is last now is so until then. */
static enum dp_err follow_last(struct dp_sqlite *c, struct dp_audit_row *row)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_LAST_AUDIT);
    enum dp_err err = dp_sqlite_find(s, DP_ENOTFOUND);

    row->seq = 1;
    memset(row->prev_hash, 0, sizeof(row->prev_hash));
    if (err == DP_OK) {
        row->seq = sqlite3_column_int64(s, 0) + 1;
        read_hash(row->prev_hash, s, 1);
    }
    dp_sqlite_release(s);
    return err == DP_ENOTFOUND ? DP_OK : err;
}

enum dp_err dp_sqlite_append_audit(struct dp_sqlite *c, struct dp_audit_row *row)
{
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_ADD_AUDIT);
    enum dp_err err = follow_last(c, row);

    if (err != DP_OK || s == NULL)
        return DP_ESTORE;
    dp_audit_hash(row->hash, row);
    sqlite3_bind_int64(s, 1, row->seq);
    sqlite3_bind_int64(s, 2, row->time_ms);
    dp_sqlite_bind_text(s, 3, row->actor);
    dp_sqlite_bind_text(s, 4, row->action);
    if (row->user_id[0] != '\0')
        dp_sqlite_bind_text(s, 5, row->user_id);
    dp_sqlite_bind_text(s, 6, row->data);
    bind_hash(s, 7, row->prev_hash);
    bind_hash(s, 8, row->hash);
    return dp_sqlite_run(s);
}

struct append {
    struct dp_audit_row *rows;
    size_t count;
};

static enum dp_err write_rows(void *db, void *arg)
{
    const struct append *append = arg;
    enum dp_err err = DP_OK;

    for (size_t i = 0; err == DP_OK && i < append->count; i++)
        err = dp_sqlite_append_audit(db, &append->rows[i]);
    return err;
}

enum dp_err dp_store_append_audit(struct dp_store *store, struct dp_audit_row *rows, size_t count)
{
    struct append append = {rows, count};

    return dp_sqlite_write(store, write_rows, &append);
}

/* --- reads --- */

static void read_row(struct dp_audit_row *row, sqlite3_stmt *s)
{
    row->seq = sqlite3_column_int64(s, 0);
    row->time_ms = sqlite3_column_int64(s, 1);
    if (row->time_ms < 0 || row->time_ms > DP_AUDIT_TIME_MAX)
        row->time_ms = 0; /* no row of ours is that old */
    dp_sqlite_text(row->actor, sizeof(row->actor), s, 2);
    dp_sqlite_text(row->action, sizeof(row->action), s, 3);
    dp_sqlite_text(row->user_id, sizeof(row->user_id), s, 4);
    dp_sqlite_text(row->data, sizeof(row->data), s, 5);
    read_hash(row->prev_hash, s, 6);
    read_hash(row->hash, s, 7);
}

static enum dp_err each_row(sqlite3_stmt *s, dp_store_audit_fn *each, void *arg)
{
    struct dp_audit_row row;
    enum dp_err err = DP_OK;
    int rc = SQLITE_ROW;

    while (err == DP_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        read_row(&row, s);
        err = each(&row, arg);
    }
    return err == DP_OK && rc != SQLITE_DONE ? DP_ESTORE : err;
}

enum dp_err dp_store_list_audit(struct dp_store *store, int64_t after_seq, int limit,
                                dp_store_audit_fn *each, void *arg)
{
    struct dp_sqlite *c = dp_sqlite_take(store);
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_LIST_AUDIT);
    enum dp_err err = DP_ESTORE;

    if (s != NULL) {
        sqlite3_bind_int64(s, 1, after_seq);
        sqlite3_bind_int(s, 2, limit);
        err = each_row(s, each, arg);
    }
    dp_sqlite_release(s);
    dp_sqlite_return(store, c);
    return err;
}

enum dp_err dp_store_list_user_audit(struct dp_store *store, const char *user_id,
                                     int64_t before_seq, int limit, dp_store_audit_fn *each,
                                     void *arg)
{
    struct dp_sqlite *c = dp_sqlite_take(store);
    sqlite3_stmt *s = dp_sqlite_prepare(c, DP_SQL_LIST_USER_AUDIT);
    enum dp_err err = DP_ESTORE;

    if (s != NULL) {
        dp_sqlite_bind_text(s, 1, user_id);
        sqlite3_bind_int64(s, 2, before_seq);
        sqlite3_bind_int(s, 3, limit);
        err = each_row(s, each, arg);
    }
    dp_sqlite_release(s);
    dp_sqlite_return(store, c);
    return err;
}
