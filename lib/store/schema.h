/* schema.h - the numbered SQL files of schema/, built in. */
#ifndef DP_STORE_SCHEMA_H
#define DP_STORE_SCHEMA_H

#include <stddef.h>

/* Version n is dp_schema_sqlite[n - 1]; the same of PostgreSQL. */
extern const char *const dp_schema_sqlite[];
extern const size_t dp_schema_sqlite_count;
extern const char *const dp_schema_postgresql[];
extern const size_t dp_schema_postgresql_count;

#endif
