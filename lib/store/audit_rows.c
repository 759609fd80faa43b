/* audit_rows.c - the audit log: appended to in the transaction of what it tells of. */
#include <string.h>

#include "store/engine.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- writes --- */

/* Nobody else writes before this transaction ends, so what is last now is so until then. */
static enum dp_err find_head(struct dp_sql *c)
{
    enum dp_err err;

    if (c->head.known)
        return DP_OK;
    memset(&c->head, 0, sizeof(c->head));
    err = dp_sql_find(c, DP_SQL_LAST_AUDIT, NULL, 0, DP_ENOTFOUND);
    if (err == DP_OK) {
        c->head.seq = dp_sql_int(c, 0);
        dp_sql_blob(c->head.hash, sizeof(c->head.hash), c, 1);
    }
    dp_sql_end(c);
    c->head.known = err == DP_OK || err == DP_ENOTFOUND;
    return c->head.known ? DP_OK : err;
}

static void follow_head(struct dp_sql *c, struct dp_audit_row *row)
{
    row->seq = c->head.seq + 1;
    memcpy(row->prev_hash, c->head.hash, sizeof(row->prev_hash));
    dp_audit_hash(row->hash, row);
    c->head.seq = row->seq;
    memcpy(c->head.hash, row->hash, sizeof(c->head.hash));
    c->head.ours = true;
}

static enum dp_err insert_row(struct dp_sql *c, const struct dp_audit_row *row, bool last)
{
    const struct dp_value values[] = {dp_value_int(row->seq),
                                      dp_value_int(row->time_ms),
                                      dp_value_text(row->actor),
                                      dp_value_text(row->action),
                                      dp_value_text_or_null(row->user_id),
                                      dp_value_text(row->data),
                                      dp_value_blob(row->prev_hash, sizeof(row->prev_hash)),
                                      dp_value_blob(row->hash, sizeof(row->hash))};

    return last ? dp_sql_run(c, DP_SQL_ADD_AUDIT, values, COUNT(values))
                : dp_sql_later(c, DP_SQL_ADD_AUDIT, values, COUNT(values));
}

static enum dp_err append(struct dp_sql *c, struct dp_audit_row *row, bool last)
{
    enum dp_err err = find_head(c);

    if (err != DP_OK)
        return err;
    follow_head(c, row);
    return insert_row(c, row, last);
}

enum dp_err dp_sql_append_audit(struct dp_sql *c, struct dp_audit_row *row)
{
    return append(c, row, true);
}

struct rows {
    struct dp_audit_row *rows;
    size_t count;
};

static enum dp_err write_rows(void *db, void *arg)
{
    const struct rows *rows = arg;
    enum dp_err err = DP_OK;

    for (size_t i = 0; err == DP_OK && i < rows->count; i++)
        err = append(db, &rows->rows[i], i + 1 == rows->count);
    return err;
}

enum dp_err dp_store_append_audit(struct dp_store *store, struct dp_audit_row *rows, size_t count)
{
    struct rows all = {rows, count};

    return dp_store_write(store, write_rows, &all);
}

/* --- reads --- */

void dp_sql_read_audit(struct dp_audit_row *row, struct dp_sql *c)
{
    row->seq = dp_sql_int(c, 0);
    row->time_ms = dp_sql_int(c, 1);
    if (row->time_ms < 0 || row->time_ms > DP_AUDIT_TIME_MAX)
        row->time_ms = 0; /* no row of ours is that old */
    dp_sql_text(row->actor, sizeof(row->actor), c, 2);
    dp_sql_text(row->action, sizeof(row->action), c, 3);
    dp_sql_text(row->user_id, sizeof(row->user_id), c, 4);
    dp_sql_text(row->data, sizeof(row->data), c, 5);
    dp_sql_blob(row->prev_hash, sizeof(row->prev_hash), c, 6);
    dp_sql_blob(row->hash, sizeof(row->hash), c, 7);
}

struct listing {
    dp_store_audit_fn *each;
    void *arg;
};

static enum dp_err list_row(struct dp_sql *c, void *arg)
{
    const struct listing *listing = arg;
    struct dp_audit_row row;

    dp_sql_read_audit(&row, c);
    return listing->each(&row, listing->arg);
}

enum dp_err dp_store_list_audit(struct dp_store *store, int64_t after_seq, int limit,
                                dp_store_audit_fn *each, void *arg)
{
    const struct dp_value values[] = {dp_value_int(after_seq), dp_value_int(limit)};
    struct listing listing = {each, arg};

    return dp_store_each(store, DP_SQL_LIST_AUDIT, values, COUNT(values), list_row, &listing);
}

enum dp_err dp_store_list_user_audit(struct dp_store *store, const char *user_id,
                                     int64_t before_seq, int limit, dp_store_audit_fn *each,
                                     void *arg)
{
    const struct dp_value values[] = {dp_value_text(user_id), dp_value_int(before_seq),
                                      dp_value_int(limit)};
    struct listing listing = {each, arg};

    return dp_store_each(store, DP_SQL_LIST_USER_AUDIT, values, COUNT(values), list_row, &listing);
}
