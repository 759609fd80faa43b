/* engine.c - statements on a connection to a database, whichever it is. */
#include "store/engine.h"

#include <string.h>

/* --- values --- */

struct dp_value dp_value_int(int64_t number)
{
    return (struct dp_value){.type = DP_VALUE_INT, .number = number};
}

struct dp_value dp_value_int_or_null(int64_t number)
{
    return number != 0 ? dp_value_int(number) : (struct dp_value){.type = DP_VALUE_NULL};
}

struct dp_value dp_value_text(const char *text)
{
    return (struct dp_value){.type = DP_VALUE_TEXT, .data = text, .len = strlen(text)};
}

struct dp_value dp_value_text_or_null(const char *text)
{
    return text[0] != '\0' ? dp_value_text(text) : (struct dp_value){.type = DP_VALUE_NULL};
}

struct dp_value dp_value_blob(const uint8_t *data, size_t len)
{
    return (struct dp_value){.type = DP_VALUE_BLOB, .data = (const char *)data, .len = len};
}

int64_t dp_sql_int(struct dp_sql *c, int column)
{
    return c->engine->value(c, column).number;
}

void dp_sql_text(char *out, size_t size, struct dp_sql *c, int column)
{
    struct dp_value value = c->engine->value(c, column);

    out[0] = '\0';
    if (value.type != DP_VALUE_TEXT || value.len >= size || memchr(value.data, '\0', value.len))
        return;
    memcpy(out, value.data, value.len);
    out[value.len] = '\0';
}

void dp_sql_blob(uint8_t *out, size_t len, struct dp_sql *c, int column)
{
    struct dp_value value = c->engine->value(c, column);

    memset(out, 0, len);
    if (value.type == DP_VALUE_BLOB && value.len == len)
        memcpy(out, value.data, len);
}

/* --- statements --- */

const struct dp_engine *dp_engine_of(const char *url)
{
    static const struct {
        const char *scheme;
        const struct dp_engine *engine;
    } known[] = {
        {"sqlite:", &dp_sqlite},
        {"postgresql://", &dp_postgres},
        {"postgres://", &dp_postgres},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strncmp(url, known[i].scheme, strlen(known[i].scheme)) == 0)
            return known[i].engine;
    }
    return NULL;
}

const char *dp_sql_query(const struct dp_engine *engine, enum dp_query query)
{
    return engine->queries[query] != NULL ? engine->queries[query] : dp_queries[query];
}

enum dp_err dp_sql_run(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                       size_t count)
{
    enum dp_err err = c->engine->run(c, query, values, count);

    if (err == DP_OK && c->engine->step(c) == DP_ESTORE)
        err = DP_ESTORE;
    c->engine->end(c);
    return err;
}

enum dp_err dp_sql_later(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                         size_t count)
{
    return c->engine->later(c, query, values, count);
}

enum dp_err dp_sql_find(struct dp_sql *c, enum dp_query query, const struct dp_value *values,
                        size_t count, enum dp_err none)
{
    enum dp_err err = c->engine->run(c, query, values, count);

    if (err == DP_OK)
        err = c->engine->step(c);
    return err == DP_ENOTFOUND ? none : err;
}

void dp_sql_end(struct dp_sql *c)
{
    c->engine->end(c);
}

enum dp_err dp_sql_number(struct dp_sql *c, int64_t *out, enum dp_query query,
                          const struct dp_value *values, size_t count)
{
    enum dp_err err = dp_sql_find(c, query, values, count, DP_ESTORE);

    *out = err == DP_OK ? dp_sql_int(c, 0) : 0;
    dp_sql_end(c);
    return err;
}
