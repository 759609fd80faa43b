/* store.h - users, public keys, token hashes and the audit log, in a database that outlives every
 * worker. */
#ifndef DP_STORE_STORE_H
#define DP_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/sandbox.h"
#include "crypto/secp.h"
#include "store/audit.h"
#include "store/names.h"

#define DP_TOKEN_HASH_LEN 32     /* SHA-256 */
#define DP_LIST_MAX 10000        /* rows that one listing gives at most */
#define DP_KEYS_MAX 1000         /* keys that a user may have had */
#define DP_TOKENS_MAX 100        /* bearer tokens in force of one user */
#define DP_KEY_NAMESPACE_SIZE 72 /* the longest KEY_NAMESPACE, "/v999999" and a NUL */

struct dp_store;

enum dp_store_mode { DP_STORE_READ, DP_STORE_WRITE };

/**
 * Open a database. In write mode missing schema versions are applied first, in order.
 *
 * In:  url  "sqlite:PATH", or "postgresql://..." as libpq takes it. It may hold a password, which
 *           is in no detail and no log.
 * Returns: DP_OK
 *          DP_ECONFIG  the URL is of no known kind, or cannot be read; detail says what is known
 *          DP_ESTORE   cannot be opened, or its schema is newer than this program; detail says why
 *          DP_ENOMEM
 */
DP_MUST_CHECK
enum dp_err dp_store_open(struct dp_store **out, const char *url, enum dp_store_mode mode,
                          struct dp_detail *detail);

/* No call may be under way. Takes NULL. */
void dp_store_close(struct dp_store *store);

/* Add to a sandbox what the store needs to go on inside of it; what it points to is the store's. */
void dp_store_reach(const struct dp_store *store, struct dp_sandbox *sandbox);

/* Is the database answering? Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_ping(struct dp_store *store);

/* A user and one of their keys. All text is as it goes out: hex with 0x, EIP-55, UTF-8. */
struct dp_user {
    int64_t id, created_ms;
    char email[DP_EMAIL_SIZE];
    char user_id[DP_USER_ID_SIZE];
    int64_t key_created_ms, key_retired_ms; /* retired 0: the key is in force */
    char key_namespace[DP_KEY_NAMESPACE_SIZE];
    char pub_key_hex[2 * DP_SECP_PUB_LEN + 3];
    char address[43];
    char app_id[43];
    char signature_chain[2 * (2 * DP_SECP_SIG_LEN + 5) + 3]; /* JSON array */
};

struct dp_token {
    int64_t id;
    uint8_t hash[DP_TOKEN_HASH_LEN];
    int64_t created_ms;
    int64_t expires_ms; /* 0: never */
    bool session;       /* a cookie's, not a bearer token */
    bool admin;
    char user_id[DP_USER_ID_SIZE]; /* "" for the admin */
    /* Only when it is added: */
    char name[DP_TOKEN_NAME_SIZE]; /* of a user's bearer token; a listing gives it too */
    int64_t started_by;            /* id of the token that a session was started with, or 0 */
    enum dp_actor actor;           /* who adds it, for the log */
};

/*
 * What changes something is all or nothing and durable on return, with its row in the audit log;
 * changes that come at the same time share one commit. DP_ESTORE means that nothing was changed,
 * unless a connection to PostgreSQL was lost in the commit and stayed lost: then nobody can say.
 */

/**
 * Add a user with a key and some tokens.
 *
 * In-out: user  id is set; everything else but key_retired_ms must be filled
 * In:     tokens  count of them; their user_id is not looked at
 * Returns: DP_OK, DP_EUSEREXISTS, DP_EEMAILEXISTS, DP_ESTORE, DP_ESELFTEST (another user has this
 *          very key: the guest agent does not keep users apart)
 */
DP_MUST_CHECK
enum dp_err dp_store_add_user(struct dp_store *store, struct dp_user *user,
                              const struct dp_token *tokens, size_t count);

/**
 * Retire a user's key in force and put another in its place.
 *
 * In-out: user   by its user_id; id is set. Of the rest only the key's part is looked at
 * Returns: DP_OK, DP_EUNKNOWNUSER, DP_ENAMESPACEUSED (the user has or had a key there),
 *          DP_ETOOMANYKEYS (DP_KEYS_MAX), DP_ESTORE, DP_ESELFTEST (somebody has this very key)
 */
DP_MUST_CHECK
enum dp_err dp_store_rotate_key(struct dp_store *store, struct dp_user *user, enum dp_actor actor);

/* Find a user, with the key in force, by user id. Returns: DP_OK, DP_EUNKNOWNUSER, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_find_user(struct dp_store *store, struct dp_user *user, const char *user_id);

/* Called for each row of a listing; anything but DP_OK ends it. */
typedef enum dp_err dp_store_user_fn(const struct dp_user *user, void *arg);
typedef enum dp_err dp_store_token_fn(const struct dp_token *token, void *arg);
typedef enum dp_err dp_store_audit_fn(const struct dp_audit_row *row, void *arg);

/**
 * List users by ascending id.
 *
 * In:  after_id  only greater ids
 *      limit     1 to DP_LIST_MAX
 *      query     text to be found in email, user id or address, ASCII case ignored; "" for all
 * Returns: DP_OK, DP_ESTORE, or what each returned. signature_chain and app_id are not filled.
 */
DP_MUST_CHECK
enum dp_err dp_store_list_users(struct dp_store *store, int64_t after_id, int limit,
                                const char *query, dp_store_user_fn *each, void *arg);

/* List a user once for each key that they have or had, newest first: none where nobody has this
 * user id. Returns: DP_OK, DP_ESTORE, or what each returned. */
DP_MUST_CHECK
enum dp_err dp_store_list_keys(struct dp_store *store, const char *user_id, dp_store_user_fn *each,
                               void *arg);

/* Find a token that is neither revoked nor expired at now_ms. Returns: DP_OK, DP_EUNAUTHORIZED,
 * DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_find_token(struct dp_store *store, struct dp_token *token,
                                const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms);

/**
 * The same, and in one read the user whose token it is, with the key in force.
 *
 * Out: user  as dp_store_find_user finds it; its id is 0 where the token is the admin's, its
 *            key_namespace "" where the user has no key in force. Not to be looked at unless DP_OK
 */
DP_MUST_CHECK
enum dp_err dp_store_find_token_user(struct dp_store *store, struct dp_token *token,
                                     struct dp_user *user,
                                     const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms);

/* Add a token for its user_id, or for the admin; its id is set. Returns: DP_OK, DP_EUNKNOWNUSER,
 * DP_ETOOMANYTOKENS (a user's bearer token, over DP_TOKENS_MAX), DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_add_token(struct dp_store *store, struct dp_token *token);

/* Add a token for the admin unless there is a bearer token in force. Returns: DP_OK,
 * DP_EUSEREXISTS (there is one), DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_add_first_admin_token(struct dp_store *store, struct dp_token *token);

/**
 * Revoke every token and session of the admin and add a new token.
 *
 * In:  old_hash  the token, or session, by which this is asked for
 * Returns: DP_OK, DP_EUNAUTHORIZED (old_hash is no longer in force), DP_ESTORE
 */
DP_MUST_CHECK
enum dp_err dp_store_rotate_admin_token(struct dp_store *store, struct dp_token *token,
                                        const uint8_t old_hash[static DP_TOKEN_HASH_LEN]);

/* List a user's bearer tokens in force, oldest first: id, name and created_ms. Returns: DP_OK,
 * DP_ESTORE, or what each returned. */
DP_MUST_CHECK
enum dp_err dp_store_list_tokens(struct dp_store *store, const char *user_id,
                                 dp_store_token_fn *each, void *arg);

/* Revoke a session without a row in the log; one that does not exist is revoked already. Returns:
 * DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_revoke_token(struct dp_store *store,
                                  const uint8_t hash[static DP_TOKEN_HASH_LEN], int64_t now_ms);

/* Revoke a user's bearer token, and the sessions that were started with it. Returns: DP_OK,
 * DP_EUNKNOWNUSER, DP_ENOTFOUND (the user has no such token in force), DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_revoke_user_token(struct dp_store *store, const char *user_id, int64_t id,
                                       int64_t now_ms, enum dp_actor actor);

/* --- the audit log --- */

/* Append rows that belong to no change of the database: signatures, what the admin reads. Their seq
 * and hashes are set. Returns: DP_OK, DP_ESTORE */
DP_MUST_CHECK
enum dp_err dp_store_append_audit(struct dp_store *store, struct dp_audit_row *rows, size_t count);

/* List rows whose seq is greater, oldest first. Returns: DP_OK, DP_ESTORE, or what each returned.
 */
DP_MUST_CHECK
enum dp_err dp_store_list_audit(struct dp_store *store, int64_t after_seq, int limit,
                                dp_store_audit_fn *each, void *arg);

/* List rows about a user whose seq is smaller, newest first. Returns: as dp_store_list_audit */
DP_MUST_CHECK
enum dp_err dp_store_list_user_audit(struct dp_store *store, const char *user_id,
                                     int64_t before_seq, int limit, dp_store_audit_fn *each,
                                     void *arg);

#endif
