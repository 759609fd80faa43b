/* copy.h - a whole database at one moment: counted, checked, and copied into another. */
#ifndef DP_STORE_COPY_H
#define DP_STORE_COPY_H

#include "store/store.h"

enum dp_table { DP_TABLE_USERS, DP_TABLE_KEYS, DP_TABLE_TOKENS, DP_TABLE_AUDIT, DP_TABLE_COUNT };

/* As it is called in the database. Static. */
const char *dp_table_name(enum dp_table table);

/* What a database holds. */
struct dp_census {
    struct dp_table_census {
        int64_t rows;
        uint8_t hash[32]; /* SHA-256 of every value of every row in order, the same on any engine */
    } tables[DP_TABLE_COUNT];
    struct dp_audit_check chain;
    int64_t faults; /* that the engine finds in its own files; dp_store_census alone looks */
};

/* Told now and then how far it is. May be NULL where it is asked for. */
typedef void dp_census_fn(enum dp_table table, int64_t rows, void *arg);

/* Read all of a database, as it is at one moment, while others go on writing. Returns: DP_OK,
 * DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_census(struct dp_store *store, struct dp_census *census, dp_census_fn *told,
                            void *arg);

/* Are the rows of one the rows of the other? */
bool dp_census_equal(const struct dp_census *one, const struct dp_census *other);

/**
 * Copy all of a database, as it is at one moment, into another: all of it, or nothing.
 *
 * In:  to       open for writing
 *      replace  take away what is in it first; else it must be empty
 * Out: census   of what was read
 * Returns: DP_OK, DP_ECONFLICT (to is not empty), DP_ESTORE
 */
DP_MUST_CHECK
enum dp_err dp_store_copy(struct dp_store *from, struct dp_store *to, bool replace,
                          struct dp_census *census, dp_census_fn *told, void *arg);

/* Does a program of ours have this database open? Returns: DP_OK, and as dp_store_open. A database
 * that is not there is not in use. */
DP_MUST_CHECK
enum dp_err dp_store_in_use(bool *out, const char *url, struct dp_detail *detail);

#endif
