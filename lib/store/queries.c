/* queries.c - the text of every statement, in what all engines understand. Parameters appear in the
 * order of their numbers: SQLite counts them, PostgreSQL reads the number. */
#include "store/engine.h"

#define KEY_COLUMNS                                                                                \
    "u.id, u.created_at, u.email, u.user_id, k.namespace, k.pub_key_hex, k.address,"               \
    " k.created_at, k.retired_at"
#define KEY_PROOF ", k.app_id, k.signature_chain"
#define IN_FORCE " FROM users u JOIN user_keys k ON k.user_id = u.id AND k.retired_at IS NULL"
#define TOKEN_COLUMNS                                                                              \
    "t.id, t.kind = 'session', t.created_at, t.expires_at, u.user_id, t.user_id IS NULL"
/* The admin's are those for nobody, not those whose user is gone. */
#define TOKEN_IN_FORCE                                                                             \
    " WHERE t.token_hash = $1 AND (t.user_id IS NULL OR u.id IS NOT NULL)"                         \
    " AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)"
#define AUDIT_COLUMNS "seq, time, actor, action, user_id, data, prev_hash, hash"

/* All columns of a table, the key first, as a copy takes them. */
#define ALL_OF_USERS "id, email, user_id, created_at"
#define ALL_OF_KEYS                                                                                \
    "id, user_id, namespace, pub_key_hex, address, app_id, signature_chain, created_at, "          \
    "retired_at"
#define ALL_OF_TOKENS                                                                              \
    "id, user_id, kind, token_hash, created_at, expires_at, revoked_at, name, started_by"
#define PAGE_OF " WHERE id > $1 ORDER BY id LIMIT $2"
#define NINE " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"

const char *const dp_queries[DP_SQL_COUNT] = {
    [DP_SQL_SAVE] = "SAVEPOINT one",
    [DP_SQL_RELEASE] = "RELEASE SAVEPOINT one",
    [DP_SQL_UNDO] = "ROLLBACK TO SAVEPOINT one",
    [DP_SQL_COMMIT] = "COMMIT",
    [DP_SQL_ROLLBACK] = "ROLLBACK",
    [DP_SQL_PING] = "SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1) AS one",

    [DP_SQL_ADD_USER] = "INSERT INTO users (email, user_id, created_at) VALUES ($1, $2, $3)"
                        " RETURNING id",
    [DP_SQL_FIND_USER] = "SELECT " KEY_COLUMNS KEY_PROOF IN_FORCE " WHERE u.user_id = $1",
    [DP_SQL_FIND_USER_ROW] = "SELECT id FROM users WHERE user_id = $1",
    [DP_SQL_LIST_USERS] = "SELECT " KEY_COLUMNS IN_FORCE " WHERE u.id > $1 ORDER BY u.id LIMIT $2",
    /* The pattern is in lower case. */
    [DP_SQL_SEARCH_USERS] =
        "SELECT " KEY_COLUMNS IN_FORCE " WHERE u.id > $1 AND (u.email LIKE $2 ESCAPE '\\'"
        " OR u.user_id LIKE $2 ESCAPE '\\' OR k.address LIKE $2 ESCAPE '\\')"
        " ORDER BY u.id LIMIT $3",

    [DP_SQL_ADD_KEY] = "INSERT INTO user_keys (user_id, namespace, pub_key_hex, address, app_id,"
                       " signature_chain, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [DP_SQL_RETIRE_KEY] = "UPDATE user_keys SET retired_at = $1 WHERE user_id = $2"
                          " AND retired_at IS NULL",
    [DP_SQL_COUNT_KEYS] = "SELECT count(*), count(CASE WHEN namespace = $1 THEN 1 END)"
                          " FROM user_keys WHERE user_id = $2",
    [DP_SQL_LIST_KEYS] = "SELECT " KEY_COLUMNS KEY_PROOF " FROM users u"
                         " JOIN user_keys k ON k.user_id = u.id"
                         " WHERE u.user_id = $1 ORDER BY k.id DESC",

    [DP_SQL_ADD_TOKEN] = "INSERT INTO tokens (user_id, kind, token_hash, created_at, expires_at,"
                         " name, started_by) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    [DP_SQL_FIND_TOKEN] = "SELECT " TOKEN_COLUMNS " FROM tokens t"
                          " LEFT JOIN users u ON u.id = t.user_id" TOKEN_IN_FORCE,
    [DP_SQL_FIND_TOKEN_USER] =
        "SELECT " TOKEN_COLUMNS ", " KEY_COLUMNS KEY_PROOF " FROM tokens t"
        " LEFT JOIN users u ON u.id = t.user_id"
        " LEFT JOIN user_keys k ON k.user_id = u.id AND k.retired_at IS NULL" TOKEN_IN_FORCE,
    [DP_SQL_COUNT_TOKENS] = "SELECT count(*) FROM tokens WHERE user_id = $1 AND kind = 'bearer'"
                            " AND revoked_at IS NULL",
    [DP_SQL_LIST_TOKENS] = "SELECT t.id, t.created_at, t.name FROM tokens t"
                           " JOIN users u ON u.id = t.user_id WHERE u.user_id = $1"
                           " AND t.kind = 'bearer' AND t.revoked_at IS NULL ORDER BY t.id",
    [DP_SQL_REVOKE_TOKEN] = "UPDATE tokens SET revoked_at = $1 WHERE token_hash = $2"
                            " AND revoked_at IS NULL",
    [DP_SQL_REVOKE_USER_TOKEN] = "UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND user_id = $3"
                                 " AND kind = 'bearer' AND revoked_at IS NULL",
    [DP_SQL_REVOKE_STARTED] = "UPDATE tokens SET revoked_at = $1 WHERE started_by = $2"
                              " AND revoked_at IS NULL",
    [DP_SQL_HAS_ADMIN_TOKEN] = "SELECT count(*) FROM tokens WHERE user_id IS NULL"
                               " AND kind = 'bearer' AND revoked_at IS NULL",
    [DP_SQL_REVOKE_ADMIN_TOKENS] = "UPDATE tokens SET revoked_at = $1 WHERE user_id IS NULL"
                                   " AND revoked_at IS NULL",

    [DP_SQL_LAST_AUDIT] = "SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1",
    [DP_SQL_ADD_AUDIT] =
        "INSERT INTO audit_log (" AUDIT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [DP_SQL_FIND_AUDIT] = "SELECT hash FROM audit_log WHERE seq = $1",
    [DP_SQL_LIST_AUDIT] = "SELECT " AUDIT_COLUMNS " FROM audit_log WHERE seq > $1"
                          " ORDER BY seq LIMIT $2",
    [DP_SQL_LIST_USER_AUDIT] = "SELECT " AUDIT_COLUMNS " FROM audit_log WHERE user_id = $1"
                               " AND seq < $2 ORDER BY seq DESC LIMIT $3",

    [DP_SQL_DUMP_USERS] = "SELECT " ALL_OF_USERS " FROM users" PAGE_OF,
    [DP_SQL_DUMP_KEYS] = "SELECT " ALL_OF_KEYS " FROM user_keys" PAGE_OF,
    [DP_SQL_DUMP_TOKENS] = "SELECT " ALL_OF_TOKENS " FROM tokens" PAGE_OF,
    [DP_SQL_LOAD_USERS] = "INSERT INTO users (" ALL_OF_USERS ") VALUES ($1, $2, $3, $4)",
    [DP_SQL_LOAD_KEYS] = "INSERT INTO user_keys (" ALL_OF_KEYS ")" NINE,
    [DP_SQL_LOAD_TOKENS] = "INSERT INTO tokens (" ALL_OF_TOKENS ")" NINE,
    [DP_SQL_COUNT_USERS] = "SELECT count(*) FROM users",
    [DP_SQL_COUNT_ALL_KEYS] = "SELECT count(*) FROM user_keys",
    [DP_SQL_COUNT_ALL_TOKENS] = "SELECT count(*) FROM tokens",
    [DP_SQL_COUNT_AUDIT] = "SELECT count(*) FROM audit_log",
};
