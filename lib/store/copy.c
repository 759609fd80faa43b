/* copy.c - a whole database at one moment: counted, checked, and copied into another. */
#include "store/copy.h"

#include <endian.h>
#include <string.h>

#include <nettle/sha2.h>

#include "store/engine.h"

#define PAGE 1000 /* rows that are read at a time */

static const struct {
    const char *name;
    enum dp_query dump, load, count, resume;
    int columns; /* the first is the key, by which rows are in order */
} tables[DP_TABLE_COUNT] = {
    [DP_TABLE_USERS] = {"users", DP_SQL_DUMP_USERS, DP_SQL_LOAD_USERS, DP_SQL_COUNT_USERS,
                        DP_SQL_RESUME_USERS, 4},
    [DP_TABLE_KEYS] = {"user_keys", DP_SQL_DUMP_KEYS, DP_SQL_LOAD_KEYS, DP_SQL_COUNT_ALL_KEYS,
                       DP_SQL_RESUME_KEYS, 9},
    [DP_TABLE_TOKENS] = {"tokens", DP_SQL_DUMP_TOKENS, DP_SQL_LOAD_TOKENS, DP_SQL_COUNT_ALL_TOKENS,
                         DP_SQL_RESUME_TOKENS, 9},
    [DP_TABLE_AUDIT] = {.name = "audit_log",
                        .dump = DP_SQL_LIST_AUDIT,
                        .load = DP_SQL_ADD_AUDIT,
                        .count = DP_SQL_COUNT_AUDIT,
                        .columns = 8},
};

const char *dp_table_name(enum dp_table table)
{
    return tables[table].name;
}

bool dp_census_equal(const struct dp_census *one, const struct dp_census *other)
{
    for (size_t i = 0; i < DP_TABLE_COUNT; i++) {
        if (one->tables[i].rows != other->tables[i].rows ||
            memcmp(one->tables[i].hash, other->tables[i].hash, sizeof(one->tables[i].hash)) != 0)
            return false;
    }
    return true;
}

/* --- reading --- */

struct reading {
    struct dp_sql *from, *to; /* to: NULL where nothing is copied */
    struct dp_census *census;
    dp_census_fn *told;
    void *arg;
    struct sha256_ctx hash; /* of the table that is read */
};

static void hash_value(struct sha256_ctx *hash, const struct dp_value *value)
{
    uint64_t number =
        htobe64(value->type == DP_VALUE_INT ? (uint64_t)value->number : (uint64_t)value->len);
    uint8_t type = (uint8_t)value->type;

    sha256_update(hash, 1, &type);
    sha256_update(hash, sizeof(number), (const uint8_t *)&number);
    if (value->len > 0)
        sha256_update(hash, value->len, (const uint8_t *)value->data);
}

static void check_audit_row(struct reading *reading)
{
    struct dp_audit_row row;

    dp_sql_read_audit(&row, reading->from);
    dp_audit_check_row(&reading->census->chain, &row);
}

/* Of a row that is stepped to. Out: key  of it */
static enum dp_err take_row(struct reading *reading, enum dp_table table, int64_t *key)
{
    struct dp_value values[DP_VALUES_MAX] = {{.type = DP_VALUE_NULL}};

    for (int i = 0; i < tables[table].columns; i++) {
        values[i] = reading->from->engine->value(reading->from, i);
        hash_value(&reading->hash, &values[i]);
    }
    *key = values[0].number;
    reading->census->tables[table].rows++;
    if (table == DP_TABLE_AUDIT)
        check_audit_row(reading);
    return reading->to == NULL ? DP_OK
                               : dp_sql_later(reading->to, tables[table].load, values,
                                              (size_t)tables[table].columns);
}

/* Out: count  rows read; key  of the last */
static enum dp_err read_page(struct reading *reading, enum dp_table table, int64_t *key,
                             size_t *count)
{
    const struct dp_value values[] = {dp_value_int(*key), dp_value_int(PAGE)};
    struct dp_sql *c = reading->from;
    enum dp_err err = c->engine->run(c, tables[table].dump, values, 2), at_end = DP_OK;

    *count = 0;
    while (err == DP_OK && (at_end = c->engine->step(c)) == DP_OK) {
        err = take_row(reading, table, key);
        ++*count;
    }
    dp_sql_end(c);
    if (reading->told != NULL)
        reading->told(table, reading->census->tables[table].rows, reading->arg);
    return err == DP_OK && at_end != DP_ENOTFOUND ? at_end : err;
}

static enum dp_err read_table(struct reading *reading, enum dp_table table)
{
    int64_t key = INT64_MIN;
    size_t count = PAGE;
    enum dp_err err = DP_OK;

    sha256_init(&reading->hash);
    while (err == DP_OK && count == PAGE)
        err = read_page(reading, table, &key, &count);
    sha256_digest(&reading->hash, 32, reading->census->tables[table].hash);
    return err;
}

/* In one transaction, which sees one moment. */
static enum dp_err read_all(struct reading *reading)
{
    struct dp_sql *c = reading->from;
    enum dp_err err = c->engine->ready(c);

    memset(reading->census, 0, sizeof(*reading->census));
    dp_audit_check_begin(&reading->census->chain);
    if (err == DP_OK)
        err = dp_sql_run(c, DP_SQL_BEGIN_READ, NULL, 0);
    for (int i = 0; err == DP_OK && i < DP_TABLE_COUNT; i++)
        err = read_table(reading, (enum dp_table)i);
    c->engine->rollback(c);
    return err;
}

enum dp_err dp_store_census(struct dp_store *store, struct dp_census *census, dp_census_fn *told,
                            void *arg)
{
    struct reading reading = {.census = census, .told = told, .arg = arg};
    enum dp_err err;

    reading.from = dp_store_take(store);
    err = read_all(&reading);
    if (err == DP_OK)
        err = dp_sql_number(reading.from, &census->faults, DP_SQL_FAULTS, NULL, 0);
    dp_store_return(store, reading.from);
    return err;
}

/* --- copying --- */

struct copy {
    struct reading reading;
    bool replace;
};

static enum dp_err check_empty(struct dp_sql *c)
{
    enum dp_err err = DP_OK;

    for (int i = 0; err == DP_OK && i < DP_TABLE_COUNT; i++) {
        int64_t rows = 0;

        err = dp_sql_number(c, &rows, tables[i].count, NULL, 0);
        if (err == DP_OK && rows > 0)
            err = DP_ECONFLICT;
    }
    return err;
}

/* Ids go on after those that were copied; the log's rows number themselves. */
static enum dp_err resume_ids(struct dp_sql *c)
{
    enum dp_err err = DP_OK;

    for (int i = 0; err == DP_OK && i < DP_TABLE_AUDIT; i++)
        err = dp_sql_run(c, tables[i].resume, NULL, 0);
    return err;
}

/* By the end of the log a commit is known again whose answer was lost. */
static void note_head(struct dp_sql *c, const struct dp_audit_check *chain)
{
    c->head =
        (struct dp_audit_head){.known = true, .ours = chain->count > 0, .seq = chain->next - 1};
    memcpy(c->head.hash, chain->last_hash, sizeof(c->head.hash));
}

static enum dp_err write_all(void *db, void *arg)
{
    struct copy *copy = arg;
    struct dp_sql *c = db;
    enum dp_err err = copy->replace ? c->engine->clear(c) : check_empty(c);

    copy->reading.to = c;
    if (err == DP_OK)
        err = read_all(&copy->reading);
    if (err == DP_OK)
        err = resume_ids(c);
    if (err == DP_OK)
        note_head(c, &copy->reading.census->chain);
    return err;
}

enum dp_err dp_store_copy(struct dp_store *from, struct dp_store *to, bool replace,
                          struct dp_census *census, dp_census_fn *told, void *arg)
{
    struct copy copy = {{.census = census, .told = told, .arg = arg}, replace};
    enum dp_err err;

    copy.reading.from = dp_store_take(from);
    err = dp_store_write(to, write_all, &copy);
    dp_store_return(from, copy.reading.from);
    return err;
}

enum dp_err dp_store_in_use(bool *out, const char *url, struct dp_detail *detail)
{
    const struct dp_engine *engine = dp_engine_of(url);

    *out = false;
    return engine == NULL ? DP_ECONFIG : engine->in_use(out, url, detail);
}
